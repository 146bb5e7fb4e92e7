//! Session files of every kind, as MoinMoin writes them.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::moin::IdForm;
use crate::pickle::{self, Node, NodeId, Text, Tree, TreeBuilder};

/// The users: id, name, whether they are disabled.
pub(super) const USERS: [(&str, &str, bool); 4] = [
    ("1795391009.69.61222", "AdminAda", false),
    ("1795391010.14.58358", "BobBuilder", false),
    ("1795391010.62.4034", "CarolÜnal", false),
    ("1795391011.06.15447", "DaveDisabled", true),
];

/// What a session is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nobody logged in; over for hours or weeks.
    ExpiredVisitor,
    /// A user; over for hours or weeks.
    ExpiredUser,
    /// A user, some with a login for years.
    LiveUser,
    /// Nobody logged in, within the anonymous lifetime.
    LiveVisitor,
    /// A login seconds old: no `expires` yet.
    FreshLogin,
    /// A login that was never used again: no `expires`, days old.
    OneRequest,
    /// A superuser acting as another user.
    Superuser,
    /// The beginning of a session only.
    Truncated,
    /// `expires` is no number.
    OddExpires,
    /// A leftover temporary file, weeks old.
    StaleTemp,
    /// A temp file being written.
    FreshTemp,
}

/// Writes sessions into one directory.
pub(super) struct Writer {
    dir: PathBuf,
    /// 1.8's layout rather than 1.9's.
    old: bool,
    now: i64,
    random: fastrand::Rng,
}

const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

impl Writer {
    pub(super) fn new(dir: &Path, old: bool, now: i64, seed: u64) -> io::Result<Writer> {
        fs::create_dir_all(dir)?;
        Ok(Writer { dir: dir.to_owned(), old, now, random: fastrand::Rng::with_seed(seed) })
    }

    pub(super) fn write(&mut self, kind: Kind, count: usize, wiki: &str) -> io::Result<()> {
        for _ in 0..count {
            let (expires, written) = self.times(kind);
            let (bytes, name) = (self.bytes(kind, expires, wiki)?, self.name(kind));
            let mut file = File::create_new(self.dir.join(name))?;
            file.write_all(&bytes)?;
            let written = u64::try_from(written).unwrap_or(0);
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(written))?;
        }
        Ok(())
    }

    /// When the session ends and when it was last written.
    fn times(&mut self, kind: Kind) -> (i64, i64) {
        let now = self.now;
        match kind {
            Kind::ExpiredVisitor | Kind::ExpiredUser => {
                let expires = now - self.random.i64(2 * HOUR..45 * DAY);
                (expires, expires - self.random.i64(60..12 * HOUR))
            }
            Kind::LiveUser if self.random.u8(0..10) == 0 => {
                // "Remember me": ten years.
                let written = now - self.random.i64(60..60 * DAY);
                (written + 3650 * DAY, written)
            }
            Kind::LiveUser | Kind::Superuser | Kind::OddExpires => {
                let expires = now + self.random.i64(HOUR..12 * HOUR);
                (expires, expires - 12 * HOUR)
            }
            Kind::LiveVisitor => {
                let expires = now + self.random.i64(60..HOUR / 2);
                (expires, expires - HOUR / 2)
            }
            Kind::FreshLogin | Kind::FreshTemp => (0, now - self.random.i64(1..30)),
            Kind::OneRequest => (0, now - self.random.i64(2 * DAY..60 * DAY)),
            Kind::Truncated | Kind::StaleTemp => (0, now - self.random.i64(10 * DAY..90 * DAY)),
        }
    }

    fn name(&mut self, kind: Kind) -> String {
        let form = if self.old { IdForm::Word32 } else { IdForm::LowerHex40 };
        let id = form.random(&mut self.random);
        // The end of a temp file's name is of the same letters as an id of 1.8.
        let mut end = || IdForm::Word32.letters(6, &mut self.random);
        match kind {
            Kind::StaleTemp | Kind::FreshTemp if self.old => format!("{id}{}.tmp", end()),
            Kind::StaleTemp | Kind::FreshTemp => format!("tmp{}.__session", end()),
            _ => id,
        }
    }

    fn bytes(&mut self, kind: Kind, expires: i64, wiki: &str) -> io::Result<Vec<u8>> {
        let pages = self.random.usize(1..8);
        let trail: Vec<String> =
            (0..pages).map(|_| format!("{wiki}:Page{}", self.random.u16(1..2000))).collect();
        let user = match kind {
            Kind::Superuser => USERS.first(),
            Kind::ExpiredVisitor | Kind::LiveVisitor => None,
            _ => self.random.choice(USERS.iter()),
        };
        let expires = match kind {
            Kind::FreshLogin | Kind::OneRequest => None,
            Kind::OddExpires => Some(Node::None),
            // 1.7 and 1.8 write a float, 1.9 an int on a grid of a minute.
            _ if self.old => Some(Node::Float(precise(expires) + 3600.25)),
            _ => Some(Node::Int(expires / 60 * 60)),
        };
        let setuid = if kind == Kind::Superuser { USERS.get(1) } else { None };
        let tree = session(&trail, expires, user.map(|user| user.0), setuid.map(|user| user.0));
        let mut bytes = pickle::write(&tree).map_err(io::Error::other)?;
        if matches!(kind, Kind::Truncated | Kind::StaleTemp) {
            bytes.truncate(bytes.len() / 2);
        }
        Ok(bytes)
    }
}

#[expect(clippy::cast_precision_loss, reason = "unix times are far below 2^53")]
fn precise(seconds: i64) -> f64 {
    seconds as f64
}

/// The value of a session.
fn session(trail: &[String], expires: Option<Node>, user: Option<&str>, setuid: Option<&str>) -> Tree {
    let mut tree = TreeBuilder::new();
    let mut items: Vec<(NodeId, NodeId)> = Vec::new();
    let text = |text: &str| Node::Str(text.as_bytes().into());
    let mut item = |tree: &mut TreeBuilder, key: &str, value: Node| {
        let key = tree.push(text(key));
        items.push((key, tree.push(value)));
    };
    let pages = trail.iter().map(|page| tree.push(Node::Text(Text::from(page.as_str())))).collect();
    item(&mut tree, "trail", Node::List(pages));
    if let Some(expires) = expires {
        item(&mut tree, "expires", expires);
    }
    if let Some(id) = user {
        item(&mut tree, "user.id", text(id));
        item(&mut tree, "user.auth_method", text("moin"));
        item(&mut tree, "user.auth_attribs", Node::Tuple(Vec::new()));
    }
    if let Some(id) = setuid {
        item(&mut tree, "setuid", text(id));
    }
    let root = tree.push(Node::Dict(items));
    tree.finish(root)
}

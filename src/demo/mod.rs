//! A small real farm for trying things out: three wikis of 1.9, one of 1.8, a deliberate log-out trap, a user
//! directory and some thousand sessions of every kind, in the bytes that MoinMoin itself writes.
//!
//! [`make`] writes it into an empty directory and is the only thing here that touches the disk. The same time gives
//! the same farm.

mod sessions;

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use sessions::{Kind, USERS, Writer};

/// The farm file of the demo.
const FARM: &str = r#"# The demo farm of wikifarm: two wikis that share a login, one that traps it, one old one.
moin = "1.9.11"

[farm]
user_dir = "users"
cookie_domain = ".example.org"
superuser = ["AdminAda"]

# Wikis of one lab that are meant to share a login.
[groups.lab]
cookie_name = "lab"
cookie_lifetime = [0.5, 12]
session_dir = "sessions"

[wikis.docs]
group = "lab"
url = "https://docs.example.org/"
data_dir = "docs/data"

[wikis.plans]
group = "lab"
url = "https://plans.example.org/"
data_dir = "plans/data"

# The trap: the same cookie as docs and plans, but sessions of its own.
[wikis.trap]
url = "https://trap.example.org/"
cookie_name = "lab"
data_dir = "trap/data"

[wikis.old]
moin = "1.8.7"
url = "https://example.org/old"
unset = ["cookie_domain"]
anonymous_session_lifetime = 0.5
data_dir = "old/data"

[[share]]
wikis = ["docs", "plans"]

[prune]
grace = "1h"
idle = "400d"
stale_temp = "1d"
max_delete = "50%"
"#;

/// Writes a file that is not there yet.
fn new_file(path: &Path, text: &str) -> io::Result<()> {
    fs::File::create_new(path)?.write_all(text.as_bytes())
}

/// Makes the farm in `dir`, which must be empty, with sessions as they would lie there at `now` (unix seconds).
///
/// # Errors
/// If something can't be written.
pub fn make(dir: &Path, now: i64) -> io::Result<()> {
    new_file(&dir.join("farm.toml"), FARM)?;
    for wiki in ["docs", "plans", "trap", "old"] {
        fs::create_dir_all(dir.join(wiki).join("data/cache"))?;
    }
    fs::create_dir(dir.join("users"))?;
    for (id, name, disabled) in USERS {
        let profile = format!(
            "# Data saved for id '{id}'\ndisabled={}\nemail={}@example.org\nname={name}\nremember_me=1\n",
            u8::from(disabled),
            name.to_lowercase().replace('ü', "ue"),
        );
        new_file(&dir.join("users").join(id), &profile)?;
    }
    let mut lab = Writer::new(&dir.join("sessions"), false, now, 1)?;
    for (kind, count) in [
        (Kind::ExpiredVisitor, 1400),
        (Kind::ExpiredUser, 260),
        (Kind::LiveUser, 210),
        (Kind::LiveVisitor, 90),
        (Kind::FreshLogin, 4),
        (Kind::OneRequest, 180),
        (Kind::Superuser, 1),
        (Kind::Truncated, 3),
        (Kind::OddExpires, 1),
        (Kind::StaleTemp, 6),
        (Kind::FreshTemp, 1),
    ] {
        lab.write(kind, count, "docs")?;
    }
    new_file(&dir.join("sessions/README"), "Sessions of the lab's wikis. Looked after by wikifarm.\n")?;
    let mut trap = Writer::new(&dir.join("trap/data/cache/__session__"), false, now, 2)?;
    for (kind, count) in [(Kind::ExpiredUser, 300), (Kind::LiveUser, 40), (Kind::OneRequest, 60)] {
        trap.write(kind, count, "trap")?;
    }
    let mut old = Writer::new(&dir.join("old/data/cache/__common__/session"), true, now, 3)?;
    for (kind, count) in [
        (Kind::ExpiredVisitor, 500),
        (Kind::ExpiredUser, 80),
        (Kind::LiveUser, 60),
        (Kind::OneRequest, 2),
        (Kind::StaleTemp, 2),
    ] {
        old.write(kind, count, "old")?;
    }
    Ok(())
}

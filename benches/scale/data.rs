//! Session directories as a wiki of MoinMoin 1.9 leaves them: pickles of protocol 2 by Python 2's cPickle, most of them
//! of anonymous visitors with a short trail, some of users with a longer one.

use std::fs::{self, File, FileTimes};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fastrand::Rng;

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// Makes `dir` with so many sessions, a share of which ended 1 hour to 30 days ago; the others end within a year.
pub(super) fn fill(dir: &Path, count: u64, expired: f64, seed: u64) {
    fs::create_dir_all(dir).unwrap();
    let mut rng = Rng::with_seed(seed);
    let now = now();
    for _ in 0..count {
        let id = id(&mut rng);
        let end = if rng.f64() < expired { now - rng.u64(2 * HOUR..30 * DAY) } else { later(now, &mut rng) };
        write(&dir.join(id), end, now, &mut rng);
    }
}

/// Replaces so many sessions of `dir` as a wiki does that saves them: a temporary file, renamed.
pub(super) fn replace(dir: &Path, count: u64, seed: u64) {
    let mut rng = Rng::with_seed(seed);
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
    let names = rng.choose_multiple(names, usize::try_from(count).unwrap());
    let (now, temp) = (now(), dir.join("tmpbench1.__session"));
    for name in names {
        let end = later(now, &mut rng);
        write(&temp, end, now, &mut rng);
        fs::rename(&temp, dir.join(name)).unwrap();
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// An end that no benchmark will see.
fn later(now: u64, rng: &mut Rng) -> u64 {
    now + rng.u64(DAY..365 * DAY)
}

fn id(rng: &mut Rng) -> String {
    format!("{:032x}{:08x}", rng.u128(..), rng.u32(..))
}

/// Last written up to half a day before it ended, or before now.
fn write(path: &Path, end: u64, now: u64, rng: &mut Rng) {
    let mut file = File::create_new(path).unwrap();
    file.write_all(&session(end, rng)).unwrap();
    let written = end.min(now) - rng.u64(60..DAY / 2);
    let time = UNIX_EPOCH + Duration::from_secs(written);
    file.set_times(FileTimes::new().set_modified(time).set_accessed(time)).unwrap();
}

fn session(end: u64, rng: &mut Rng) -> Vec<u8> {
    let is_user = rng.f64() < 0.3;
    let mut trail = [short("trail"), b"](".to_vec()].concat();
    for _ in 0..rng.u32(1..=if is_user { 20 } else { 6 }) {
        let page = format!("wiki1:Page{}", rng.u32(1..10_000));
        trail.push(b'X');
        trail.extend(u32::try_from(page.len()).unwrap().to_le_bytes());
        trail.extend(page.as_bytes());
    }
    trail.push(b'e');
    let expires =
        [short("expires"), b"J".to_vec(), u32::try_from(end).unwrap().to_le_bytes().to_vec()].concat();
    let mut items = vec![trail, expires];
    if is_user {
        let id = format!("17953{:05}.{:02}.{}", rng.u32(0..100_000), rng.u32(0..100), rng.u32(1..65_000));
        items.push([short("user.id"), short(&id)].concat());
        items.push([short("user.auth_method"), short("moin")].concat());
        items.push([short("user.auth_attribs"), b")".to_vec()].concat());
    }
    rng.shuffle(&mut items);
    [b"\x80\x02}(".to_vec(), items.concat(), b"u.".to_vec()].concat()
}

/// A byte string of up to 255 bytes.
fn short(text: &str) -> Vec<u8> {
    [&[b'U', u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

//! Commands beside wikis that write sessions, and beside an attacker.
//!
//! Runs for a second. `WIKIFARM_STRESS=60 cargo test --test manual beside_others` runs each test for a
//! minute.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

#[cfg(feature = "sqlite")]
use wikifarm::location::SqliteLocation;
use wikifarm::location::{Layout, Location};
use wikifarm::ops::migrate::AllowList;
use wikifarm::ops::prune::{self, ClockCheck, Filter, Policy};
use wikifarm::ops::{revoke, verify};
use wikifarm::store::StoreSpec;

#[cfg(feature = "sqlite")]
use crate::support::clients::Stored;
use crate::support::clients::{self, Client, Found, Stops, Wiki};
use crate::support::{DAY, HOUR, Place, Session, clock, is_root, output, traced};

fn patience() -> Duration {
    let seconds = std::env::var("WIKIFARM_STRESS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(1))
}

fn spec(layout: Layout, dir: &Path) -> StoreSpec {
    Location::Directory { layout, path: dir.to_owned() }.into()
}

fn prune(specs: Vec<StoreSpec>, locks: &Path) -> prune::Report {
    let options = prune::Options {
        policy: Policy::default().with_unreadable(Some(Duration::from_secs(600))).unwrap(),
        filter: Filter::default(),
        now: clock(),
        clock: ClockCheck::Trusted { state_dir: None },
        lock_dir: locks.to_owned(),
        wait: false,
        index: None,
        dry_run: false,
    };
    let stop = AtomicBool::new(false);
    prune::plan(specs, options, &stop).execute(&stop)
}

/// How a wiki saves a session.
#[derive(Clone, Copy)]
enum Saves {
    /// 1.7 and 1.8: writes `<id>XXXXXX.tmp` and renames it.
    Old,
    /// From 1.9.2: writes `tmpXXXXXX.__session` and renames it.
    New,
    /// 1.9.0 and 1.9.1: truncates the file and writes in place.
    InPlace,
}

impl Saves {
    fn save(self, dir: &Path, id: &str, user: &str, number: usize) {
        let end = clock() + HOUR;
        let bytes = format!("(dS'user.id'\nS'{user}'\nsS'expires'\nF{end}.0\nsS'n'\nI{number}\ns.");
        self.put(dir, id, &bytes, number);
    }

    fn put(self, dir: &Path, id: &str, bytes: &str, number: usize) {
        let temp = match self {
            Saves::InPlace => return fs::write(dir.join(id), bytes).unwrap(),
            Saves::Old => dir.join(format!("{id}{:06}.tmp", number % 1_000_000)),
            Saves::New => dir.join(format!("tmp{:.8}{:05}.__session", id, number % 100_000)),
        };
        fs::write(&temp, bytes).unwrap();
        fs::rename(&temp, dir.join(id)).unwrap();
    }

    fn id(self, number: usize) -> String {
        match self {
            Saves::Old => format!("{number:032}"),
            Saves::New | Saves::InPlace => format!("{number:040x}"),
        }
    }
}

#[test]
fn prune_beside_writing_wikis_removes_no_live_session() {
    let place = Place::new();
    let kinds =
        [(Saves::Old, Layout::Moin18), (Saves::New, Layout::Moin19), (Saves::InPlace, Layout::Moin19)];
    let dirs: Vec<PathBuf> = (0..kinds.len()).map(|number| place.path().join(number.to_string())).collect();
    dirs.iter().for_each(|dir| fs::create_dir(dir).unwrap());
    let specs: Vec<StoreSpec> = kinds.iter().zip(&dirs).map(|(kind, dir)| spec(kind.1, dir)).collect();
    let (stop, until) = (AtomicBool::new(false), Instant::now() + patience());
    let (mut pruned, mut revoked, mut runs) = (0, 0, 0);
    thread::scope(|scope| {
        let writers: Vec<_> = kinds
            .iter()
            .zip(&dirs)
            .map(|((saves, _), dir)| {
                let stop = &stop;
                // Refreshes 50 sessions, and creates a new session, a session of the revoked user, and an
                // expired one.
                let work = move || {
                    let mut round = 0;
                    while !stop.load(Ordering::Relaxed) {
                        for number in 0..50 {
                            saves.save(dir, &saves.id(number), "1.2", round * 100 + number);
                        }
                        saves.save(dir, &saves.id(1000 + round), "1.2", round * 100 + 60);
                        saves.save(dir, &saves.id(8_000_000 + round), "7.7", round * 100 + 61);
                        let over = Session::named(&saves.id(9_000_000 + round));
                        let over = over.expires(clock() - 2 * DAY).written(clock() - 2 * DAY);
                        over.write(dir);
                        round += 1;
                    }
                    round
                };
                scope.spawn(work)
            })
            .collect();
        // On a busy machine, continue until both have done something.
        let late = until + Duration::from_secs(60);
        while Instant::now() < until || (runs < 3 || pruned == 0 || revoked == 0) && Instant::now() < late {
            runs += 1;
            pruned += prune(specs.clone(), &place.lock_dir()).total.counts.deleted;
            let users = Some(BTreeSet::from(["7.7".to_owned()]));
            let options = revoke::Options {
                target: revoke::Target { users, ..Default::default() },
                lock_dir: place.lock_dir(),
                wait: false,
                dry_run: false,
                settle: Duration::ZERO,
                shown: 0,
            };
            revoked += revoke::plan(specs.clone(), options, &AtomicBool::new(false))
                .execute(&AtomicBool::new(false))
                .total
                .revoked;
            let options = verify::Options {
                policy: Policy::default(),
                now: clock(),
                allow: AllowList::default(),
                whole_farm: false,
            };
            let report = verify::verify(specs.clone(), None, &options, &AtomicBool::new(false));
            for (spec, found) in &report.stores {
                let half = found.by_rule.get(&verify::Rule::Unreadable);
                assert!(half.is_none(), "half-read in {}: {half:?}", spec.address());
            }
        }
        stop.store(true, Ordering::Relaxed);
        for (((saves, _), dir), writer) in kinds.iter().zip(&dirs).zip(writers) {
            let rounds = writer.join().unwrap();
            for number in (0..50).chain(1000..1000 + rounds) {
                let id = saves.id(number);
                assert!(dir.join(&id).exists(), "the live session {id} of {} is lost", dir.display());
            }
        }
    });
    assert!(pruned > 0 && revoked > 0, "{runs} runs pruned {pruned} and revoked {revoked}");
}

/// A session in a directory, as the requests of its wiki see it.
struct InDir {
    saves: Saves,
    dir: PathBuf,
    /// Whether visitors who are not logged in also have sessions.
    anonymous: bool,
}

impl InDir {
    fn path(&self) -> PathBuf {
        self.dir.join(self.saves.id(1))
    }

    fn put(&self, user: Option<&str>, number: usize) {
        self.saves.put(&self.dir, &self.saves.id(1), &clients::pickle(user, number), number);
    }
}

impl Wiki for InDir {
    fn load(&self) -> Found {
        fs::read(self.path()).map_or(Found::Nothing, |bytes| clients::found(&bytes))
    }

    fn save(&self, number: usize) {
        self.put(Some("1.2"), number);
    }

    fn save_anonymous(&self, number: usize) {
        match (self.saves, self.anonymous) {
            (_, true) => self.put(None, number),
            // 1.9 removes the session and the cookie of a visitor who may not have one.
            (Saves::New, false) => drop(fs::remove_file(self.path())),
            (Saves::Old | Saves::InPlace, false) => {}
        }
    }
}

/// Checks that each client is logged out, unless the report says that its session still exists.
#[test]
fn revoke_beside_busy_clients_ends_their_sessions() {
    const THREADS: usize = 2;
    let place = Place::new();
    let mut wikis: Vec<(Box<dyn Wiki>, StoreSpec)> = Vec::new();
    for (saves, layout) in
        [(Saves::Old, Layout::Moin18), (Saves::New, Layout::Moin19), (Saves::InPlace, Layout::Moin19)]
    {
        for anonymous in [false, true] {
            let dir = place.path().join(wikis.len().to_string());
            fs::create_dir(&dir).unwrap();
            let spec = spec(layout, &dir);
            wikis.push((Box::new(InDir { saves, dir, anonymous }), spec));
        }
    }
    #[cfg(feature = "sqlite")]
    {
        use wikifarm::store::{EntryName, create, open_writable};
        let spec = StoreSpec::from(Location::Sqlite(SqliteLocation::at(place.path().join("sessions.db"))));
        create(&spec).unwrap();
        // Wikis with older modules: no tombstone keeps them from saving.
        let older = "DROP TABLE tombstone; PRAGMA user_version = 1";
        rusqlite::Connection::open(spec.location.path().unwrap()).unwrap().execute_batch(older).unwrap();
        let (store, id) = (open_writable(spec.clone()).unwrap(), EntryName::new(&[b'a'; 40]).unwrap());
        wikis.push((Box::new(Stored { store, id }), spec));
    }
    let until = Instant::now() + patience();
    let (mut rounds, mut returns, mut lost) = (0, 0, 0);
    while rounds == 0 || Instant::now() < until {
        rounds += 1;
        let clients: Vec<Client> = wikis.iter().map(|_| Client::new(THREADS)).collect();
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            for ((wiki, _), client) in wikis.iter().zip(&clients) {
                wiki.save(0);
                for number in 0..THREADS {
                    let stop = &stop;
                    scope.spawn(move || client.run(number, wiki.as_ref(), stop));
                }
            }
            let _stops = Stops(&stop);
            thread::sleep(Duration::from_millis(30));
            let specs = wikis.iter().map(|(_, spec)| spec.clone()).collect();
            let report = revoke_user(specs, &place, Duration::from_secs(3));
            for (client, store) in clients.iter().zip(&report.stores) {
                let still = store.counts.still_there > 0;
                assert!(still || client.is_logged_out(), "round {rounds}: logged in despite {store:?}");
                if still {
                    println!("round {rounds}: kept: {store:?}");
                }
                lost += usize::from(still);
            }
            assert!(report.problems.is_empty(), "{:?}", report.problems);
            returns += report.total.returns;
        });
        for (wiki, spec) in &wikis {
            assert!(lost > 0 || wiki.load() != Found::LoggedIn, "logged in: {}", spec.address());
        }
    }
    let all = rounds * wikis.len();
    println!("{all} clients: {lost} kept their sessions, which came back {returns} times");
    // On an overloaded machine, the watch may be late. The report then says so.
    let most = 1 + all / 20;
    assert!(returns > 0 && lost <= most, "{lost} of {all} clients kept their sessions, {returns} returns");
}

fn revoke_user(specs: Vec<StoreSpec>, place: &Place, settle: Duration) -> revoke::Report {
    let users = Some(BTreeSet::from(["1.2".to_owned()]));
    let options = revoke::Options {
        target: revoke::Target { users, ..Default::default() },
        lock_dir: place.lock_dir(),
        wait: false,
        dry_run: false,
        settle,
        shown: 0,
    };
    let stop = AtomicBool::new(false);
    revoke::plan(specs, options, &stop).execute(&stop)
}

/// The attack of a user who can write to the session directory: `$1` contains `sessions`, and `$2` is the
/// directory that the attacker wants to reach.
const SWAPS: &str = r#"
    cd "$1" || exit 1
    # Gone with the test's directory, whatever becomes of the test.
    while [ -d "$2" ]; do
        for name in $(ls "$2"); do
            path=sessions/$name
            cp -p "$2/$name" $path; rm -f $path
            ln -s "$2/$name" $path; rm -f $path
            ln "$2/$name" $path; rm -f $path
            mkfifo $path; rm -f $path
            mkdir $path; rmdir $path
            truncate -s 1T $path; rm -f $path
            [ "$3" = dir ] && mv sessions aside && ln -s "$2" sessions && rm sessions && mv aside sessions
            cp -p "$2/$name" $path
        done
    done 2>/dev/null
"#;

/// A child process that is killed at the end of the test, even if the test fails.
struct Killed(std::process::Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// For root, the attacker is `nobody`, who owns the directory. For other users, the attacker is the tester,
/// whose links are followed.
#[test]
fn prune_beside_an_attacker_who_swaps_files_reaches_nothing_outside() {
    const NOBODY: u32 = 65534;
    let place = Place::new().dir("his/sessions").dir("outside");
    let (inside, outside) = (place.path().join("his"), place.path().join("outside"));
    for letter in ['a', 'b', 'c'] {
        // `prune` would remove these sessions if they were in the store.
        Session::new(letter).expires(clock() - 2 * DAY).written(clock() - 2 * DAY).write(&outside);
    }
    // The attacker can read the target, but not write to it.
    for path in [place.path().parent().unwrap(), &outside] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut attacker = Command::new("sh");
    attacker.args(["-c", SWAPS, "sh"]).arg(&inside).arg(&outside);
    if is_root() {
        for path in [&inside, &inside.join("sessions")] {
            std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        attacker.arg("dir").uid(NOBODY).gid(NOBODY);
    }
    let attacker = Killed(attacker.spawn().unwrap());
    let until = Instant::now() + patience();
    let (mut longest, mut removed, mut refused) = (Duration::ZERO, 0, 0);
    while Instant::now() < until || removed == 0 {
        let begun = Instant::now();
        let total = prune(vec![spec(Layout::Moin19, &inside.join("sessions"))], &place.lock_dir()).total;
        longest = longest.max(begun.elapsed());
        removed += total.counts.deleted;
        refused += total.refused;
        assert!(
            until.elapsed() < Duration::from_secs(60),
            "nothing was removed in 60 s: no race took place, {refused} runs refused"
        );
    }
    drop(attacker);
    assert_eq!(place.names("outside").len(), 3, "{removed} removed, {refused} runs refused");
    assert!(longest < Duration::from_secs(60), "a prune took {longest:?}");
}

#[test]
fn session_commands_open_entries_relative_to_the_directory_without_following_links() {
    let place = Place::new()
        .session("sessions", Session::new('a').expires(clock() - 2 * DAY).written(clock() - 2 * DAY))
        .session("sessions", Session::new('b').expires(clock() + DAY));
    symlink("/etc/passwd", place.path().join("sessions").join("c".repeat(40))).unwrap();
    let trace = place.path().join("trace");
    let calls = "trace=setgroups,open,openat,openat2,creat,unlink,unlinkat,rename,truncate";
    let options = ["-s", "4096", "-e", calls, "-o", trace.to_str().unwrap()];
    let traced = output(traced(&place, options, "session prune --store moin-1.9:sessions"));
    assert!(traced.status.success(), "{}", String::from_utf8_lossy(&traced.stderr));
    let text = fs::read_to_string(&trace).unwrap();
    let entries: Vec<&str> = text
        .lines()
        .filter(|line| ["a", "b", "c"].iter().any(|letter| line.contains(&letter.repeat(40))))
        .collect();
    assert!(entries.iter().any(|line| line.contains("unlinkat(")), "{text}");
    for line in &entries {
        assert!(!line.contains(&"c".repeat(40)), "a link is opened: {line}");
        assert!(!line.contains("AT_FDCWD") && !line.contains("/sessions/"), "not by the handle: {line}");
        assert!(line.contains("unlinkat(") || line.contains("O_NOFOLLOW"), "without NOFOLLOW: {line}");
        assert!(!line.contains("O_WRONLY") && !line.contains("O_RDWR"), "for writing: {line}");
    }
    // The groups of root are given up before anything in the store is opened.
    if is_root() {
        let (groups, first) = (text.find("setgroups(0"), text.find("\"sessions\""));
        assert!(groups.is_some() && groups < first, "{text}");
    }
    // The path to the directory is also opened without following links.
    for line in text.lines().filter(|line| line.contains("\"sessions\"")) {
        assert!(line.contains("O_NOFOLLOW"), "without NOFOLLOW: {line}");
    }
}

//! How fast wikifarm is beside the least system calls that can do the work, on session directories as MoinMoin fills
//! them. Run it with `make bench`, or `cargo bench --bench scale -- --help`.
//!
//! Each line is measured by turns, ours and theirs, after a sync and a run of each that does not count; the times are
//! medians, the ratio is the median of the ratios pair by pair. The floor is the program in `floor.rs`: list, open,
//! read and close, and unlink what has expired, on two threads, with no safety and no report.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a measurement that cannot be made ends here")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use wikifarm::report::table;

mod data;
mod floor;
mod measure;
mod moves;

use measure::{Times, alternate, peak_mib};

const HELP: &str = "\
Usage: cargo bench --bench scale -- [OPTIONS]

  --sessions N,N   sizes of the stores [default: 100000,1000000]
  --only WHAT,..   of scan, prune and move [default: all]
  --runs N         counted runs of each [default: 5]
  --dir DIR        where the stores are made, and removed again [default: a directory under target]
  --moves DIR      where those are made that are moved, a tmpfs [default: /dev/shm]
  --tool PATH      another wikifarm than the one just built
";

struct Options {
    sizes: Vec<u64>,
    only: Vec<String>,
    runs: usize,
    dir: PathBuf,
    moves: PathBuf,
    tool: PathBuf,
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        // What is measured beside us, as processes of their own.
        ["--floor", dir, delete] => floor::floor(Path::new(dir), *delete == "1"),
        ["--plain", dir] => floor::plain(Path::new(dir)),
        ["--sqlite", packed, database] => moves::sqlite(Path::new(packed), Path::new(database)),
        ["--redis", packed, socket] => moves::redis(Path::new(packed), Path::new(socket)),
        ["--peak", command @ ..] => measure::print_peak(command),
        ["--help" | "-h"] => print!("{HELP}"),
        _ => bench(&options(&words)),
    }
}

fn options(words: &[&str]) -> Options {
    let mut options = Options {
        sizes: vec![100_000, 1_000_000],
        only: ["scan", "prune", "move"].map(str::to_owned).into(),
        runs: 5,
        moves: PathBuf::from("/dev/shm"),
        dir: Path::new(env!("CARGO_TARGET_TMPDIR")).join("scale"),
        tool: PathBuf::from(env!("CARGO_BIN_EXE_wikifarm")),
    };
    for pair in words.chunks(2) {
        match pair {
            ["--sessions", sizes] => {
                options.sizes = sizes.split(',').map(|size| size.parse().unwrap()).collect()
            }
            ["--only", what] => options.only = what.split(',').map(str::to_owned).collect(),
            ["--moves", dir] => options.moves = PathBuf::from(dir),
            ["--runs", runs] => options.runs = runs.parse().unwrap(),
            ["--dir", dir] => options.dir = PathBuf::from(dir),
            ["--tool", tool] => options.tool = fs::canonicalize(tool).unwrap(),
            _ => panic!("{pair:?} is not understood\n{HELP}"),
        }
    }
    options
}

/// A line of the table.
struct Row {
    what: String,
    ours: String,
    theirs: String,
    ratio: String,
    target: String,
}

impl Row {
    fn of(what: String, times: &Times, target: &str) -> Row {
        Row {
            what,
            ours: format!("{:.4} s", times.ours()),
            theirs: format!("{:.4} s", times.theirs()),
            ratio: format!("{:.4}", times.ratio()),
            target: target.to_owned(),
        }
    }

    fn alone(what: String, ours: String, target: &str) -> Row {
        Row { what, ours, theirs: String::new(), ratio: String::new(), target: target.to_owned() }
    }
}

fn bench(options: &Options) {
    fs::create_dir_all(&options.dir).unwrap();
    let scratch = tempfile::Builder::new().prefix("wikifarm-bench-").tempdir_in(&options.dir).unwrap();
    let bench = Bench { options, root: scratch.path(), rows: Vec::new() };
    bench.run();
}

struct Bench<'a> {
    options: &'a Options,
    root: &'a Path,
    rows: Vec<Row>,
}

impl Bench<'_> {
    fn run(mut self) {
        println!("{}", measure::machine(self.root));
        println!(
            "{} counted runs of each, by turns, after a sync and one that does not count\n",
            self.options.runs
        );
        self.version();
        for size in &self.options.sizes {
            let asked = |what: &str| self.options.only.iter().any(|only| only == what);
            let (scan, prune, moves) = (asked("scan"), asked("prune"), asked("move"));
            if scan {
                self.live(*size);
            }
            if prune {
                self.prune(*size);
            }
            if moves {
                self.moves(*size);
            }
        }
        let rows =
            self.rows.into_iter().map(|row| vec![row.what, row.ours, row.theirs, row.ratio, row.target]);
        print!("{}", table::list(&["", "WIKIFARM", "BESIDE", "RATIO", "TARGET"], rows, None));
    }

    fn tool(&self, words: &str, store: Option<&Path>) -> Command {
        let mut command = Command::new(&self.options.tool);
        command.args(words.split_whitespace());
        if let Some(store) = store {
            command.arg("--store").arg(format!("moin-1.9:{}", store.display()));
        }
        for (name, dir) in
            [("STATE_DIRECTORY", "state"), ("RUNTIME_DIRECTORY", "run"), ("CACHE_DIRECTORY", "cache")]
        {
            command.env(name, self.root.join(dir));
        }
        command
    }

    fn floor(&self, dir: &Path, delete: bool) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg("--floor").arg(dir).arg(if delete { "1" } else { "0" });
        command
    }

    fn push(&mut self, what: String, times: &Times, target: &str) {
        eprintln!("{what}: {:.4}", times.ratio());
        self.rows.push(Row::of(what, times, target));
    }

    fn version(&mut self) {
        let runs = self.options.runs.max(20);
        let times =
            alternate(runs, || {}, &mut || self.tool("--version", None), &mut || Command::new("/bin/true"));
        self.push("--version, beside /bin/true".to_owned(), &times, "at most 0.003 s");
    }

    /// Scans of live sessions, and runs with an index of them.
    fn live(&mut self, size: u64) {
        let dir = self.root.join("live");
        data::fill(&dir, size, 0.0, size);
        let runs = self.options.runs;
        let scan = "-q session prune --dry-run --no-index";
        let floor = || self.floor(&dir, false);
        let mut ours = || self.tool(scan, Some(&dir));

        let times = alternate(runs, || {}, &mut ours, &mut || floor());
        let find = alternate(runs, || {}, &mut ours, &mut || {
            let mut command = Command::new("find");
            command.arg(&dir).args(["-type", "f", "-mmin", "+60"]);
            command
        });
        let plain = alternate(runs, || {}, &mut ours, &mut || {
            let mut command = Command::new(std::env::current_exe().unwrap());
            command.arg("--plain").arg(&dir);
            command
        });
        let peak = peak_mib(&ours());
        self.push(format!("scan of {size}, beside the floor"), &times, "at most 1.3");
        self.push("  beside find DIR -type f -mmin +60".to_owned(), &find, "");
        self.push("  beside a plain read of every file, one thread".to_owned(), &plain, "");
        self.rows.push(Row::alone("  peak memory".to_owned(), peak, "at most 64 MiB"));

        // Others may list no session directory, else there is a finding.
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o700)).unwrap();
        for (words, target) in
            [("session verify", "at most 1.4"), ("session list --format ndjson", "at most 1.6")]
        {
            let mut ours = || self.tool(words, Some(&dir));
            let times = alternate(runs, || {}, &mut ours, &mut || self.floor(&dir, false));
            let peak = peak_mib(&ours());
            self.push(format!("{words} of {size}, beside the floor"), &times, target);
            self.rows.push(Row::alone("  peak memory".to_owned(), peak, "at most 64 MiB"));
        }

        // The first run makes the index, the second sees a directory that was left alone before it.
        let prune = "-q session prune";
        let first = peak_mib(&self.tool(prune, Some(&dir)));
        self.rows.push(Row::alone(
            format!("first run with an index, {size}: peak memory"),
            first,
            "at most 64 MiB",
        ));
        thread::sleep(Duration::from_millis(2500));
        measure::run(&mut self.tool(prune, Some(&dir)));
        let floor = || self.floor(&dir, false);
        let mut ours = || self.tool(prune, Some(&dir));
        let times = alternate(runs, || {}, &mut ours, &mut || floor());
        let mut seed = size;
        let replace = || {
            seed += 1;
            data::replace(&dir, size / 100, seed);
        };
        let replaced = alternate(runs, replace, &mut ours, &mut || floor());
        data::replace(&dir, size / 100, 1);
        let peak = peak_mib(&ours());
        self.push(format!("run with an index, {size} unchanged"), &times, "at most 0.02");
        self.push(format!("run with an index, 1 % of {size} replaced"), &replaced, "at most 0.30");
        self.rows.push(Row::alone("  peak memory".to_owned(), peak, "at most 64 MiB"));
        fs::remove_dir_all(dir).unwrap();
    }

    /// A prune that removes 70 % of a store, which is made anew for each run.
    fn prune(&mut self, size: u64) {
        if size > 100_000 {
            return;
        }
        let dir = self.root.join("expired");
        let fresh = || {
            if dir.exists() {
                fs::remove_dir_all(&dir).unwrap();
            }
            data::fill(&dir, size, 0.7, 7);
        };
        let times = measure::alternate_each(
            self.options.runs,
            fresh,
            &mut || self.tool("-q session prune --no-index", Some(&dir)),
            &mut || self.floor(&dir, true),
        );
        self.push(format!("prune of 70 % of {size}, beside the floor that deletes"), &times, "at most 1.15");
        fs::remove_dir_all(&dir).unwrap();
        data::fill(&dir, 10_000, 1.0, 8);
        let (median, late, longest) = measure::window(&dir);
        let window = format!("{median:.1} µs, {late:.1} µs, {longest:.1} µs");
        let what = "from the last look to the removal: median, 99.9 %, longest".to_owned();
        self.rows.push(Row::alone(what, window, ""));
        fs::remove_dir_all(dir).unwrap();
    }
    /// Moves between a directory and stores of every kind, on a tmpfs; of a large store, the memory that it takes.
    fn moves(&mut self, size: u64) {
        let scratch =
            tempfile::Builder::new().prefix("wikifarm-bench-").tempdir_in(&self.options.moves).unwrap();
        let at = |name: &str| scratch.path().join(name);
        data::fill(&at("from"), size, 0.0, size);
        let migrate = |to: String| {
            let mut command = self.tool("-q session migrate", None);
            command.arg("--from").arg(format!("moin-1.9:{}", at("from").display())).arg("--to").arg(to);
            command.env("STATE_DIRECTORY", at("state"));
            command
        };
        let fresh = || {
            for name in ["to", "state"] {
                fs::remove_dir_all(at(name)).ok();
            }
            for name in ["s.db", "s.db-wal", "s.db-shm", "p.db", "p.db-wal", "p.db-shm"] {
                fs::remove_file(at(name)).ok();
            }
        };
        let with_target = || {
            fresh();
            fs::create_dir(at("to")).unwrap();
        };
        let ours = || migrate(format!("moin-1.9:{}", at("to").display()));
        let sqlite = || migrate(format!("sqlite:{}", at("s.db").display()));
        let client = |kind: &str, place: &Path| {
            let mut command = Command::new(std::env::current_exe().unwrap());
            command.arg(kind).arg(at("packed")).arg(place);
            command
        };
        let mut rows = Vec::new();
        let runs = self.options.runs;
        if size > 100_000 {
            with_target();
            rows.push((
                format!("move of {size} to a directory: peak memory"),
                Err(peak_mib(&ours())),
                "flat",
            ));
            fresh();
            rows.push((format!("move of {size} to SQLite: peak memory"), Err(peak_mib(&sqlite())), "flat"));
        } else {
            moves::pack(&at("from"), &at("packed"));
            let copy = || {
                let mut command = Command::new("cp");
                command.arg("-a").arg(at("from")).arg(at("to"));
                command
            };
            let mut ours_next = false;
            let prepare = || {
                ours_next = !ours_next;
                if ours_next { with_target() } else { fresh() }
            };
            let times = measure::alternate_each(runs, prepare, &mut || ours(), &mut || copy());
            rows.push((format!("move of {size} to a directory, beside cp -a"), Ok(times), "at most 1.3"));
            let times = measure::alternate_each(runs, fresh, &mut || sqlite(), &mut || {
                client("--sqlite", &at("p.db"))
            });
            rows.push((format!("move of {size} to SQLite, beside a plain client"), Ok(times), "at most 1.5"));
            let what = format!("move of {size} to Redis, beside a plain client");
            match moves::Server::start(scratch.path()) {
                Some(server) => {
                    let times = measure::alternate_each(
                        runs,
                        || {
                            fresh();
                            server.empty();
                        },
                        &mut || migrate(format!("redis+unix://{}", server.socket.display())),
                        &mut || client("--redis", &server.socket),
                    );
                    rows.push((what, Ok(times), "at most 1.5"));
                }
                None => rows.push((what, Err("no redis-server here".to_owned()), "at most 1.5")),
            }
            with_target();
            rows.push((format!("move of {size} to a directory: peak memory"), Err(peak_mib(&ours())), ""));
            fresh();
            rows.push((format!("move of {size} to SQLite: peak memory"), Err(peak_mib(&sqlite())), ""));
        }
        for (what, measured, target) in rows {
            match measured {
                Ok(times) => self.push(what, &times, target),
                Err(text) => self.rows.push(Row::alone(what, text, target)),
            }
        }
    }
}

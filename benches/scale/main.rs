//! How fast wikifarm is beside the least system calls that can do the work, on session directories as MoinMoin fills
//! them. Run it with `make bench`, or `cargo bench --bench scale -- --help`.
//!
//! Each line is measured by turns, ours and theirs, after a sync and a run of each that does not count; the times are
//! medians, the ratio is the median of the ratios pair by pair. The floor is the program in `floor.rs`: list, open,
//! read and close, and unlink what has expired, on two threads, with no safety and no report.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a measurement that cannot be made ends here")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use wikifarm::report::table;

mod data;
mod floor;
mod measure;

use measure::{Times, alternate, peak_mib};

const HELP: &str = "\
Usage: cargo bench --bench scale -- [OPTIONS]

  --sessions N,N   sizes of the stores [default: 100000,1000000]
  --runs N         counted runs of each [default: 5]
  --dir DIR        where the stores are made, and removed again [default: a directory under target]
  --tool PATH      another wikifarm than the one just built
";

struct Options {
    sizes: Vec<u64>,
    runs: usize,
    dir: PathBuf,
    tool: PathBuf,
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        // What is measured beside us, as processes of their own.
        ["--floor", dir, delete] => floor::floor(Path::new(dir), *delete == "1"),
        ["--plain", dir] => floor::plain(Path::new(dir)),
        ["--peak", command @ ..] => measure::print_peak(command),
        ["--help" | "-h"] => print!("{HELP}"),
        _ => bench(&options(&words)),
    }
}

fn options(words: &[&str]) -> Options {
    let mut options = Options {
        sizes: vec![100_000, 1_000_000],
        runs: 5,
        dir: Path::new(env!("CARGO_TARGET_TMPDIR")).join("scale"),
        tool: PathBuf::from(env!("CARGO_BIN_EXE_wikifarm")),
    };
    for pair in words.chunks(2) {
        match pair {
            ["--sessions", sizes] => {
                options.sizes = sizes.split(',').map(|size| size.parse().unwrap()).collect()
            }
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
            self.live(*size);
            self.prune(*size);
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
}

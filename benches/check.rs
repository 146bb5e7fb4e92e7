//! How long `config check` takes over a farm of 5,000 wikis with all rules, and how much memory. Run it with
//! `cargo bench --bench check`; a number behind `--` is another number of wikis.
//!
//! The farm has groups that share a login over a domain, wikis of 1.8 below paths of common hosts, aliases and proxies.
//! The time is the median of the wall clock; CPU time is beside it, for machines that do other things meanwhile.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot be made ends here")]

use std::fmt::Write;
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

/// Counted runs.
const RUNS: u32 = 11;

/// The farm file.
fn farm(wikis: usize) -> String {
    let mut text =
        String::from("moin = \"1.9.11\"\n[farm]\nuser_dir = \"u\"\nother_hosts = [\"www.example.org\"]\n");
    for group in 0..20 {
        writeln!(
            text,
            "[groups.g{group}]\ncookie_domain = \".d{group}.example.org\"\ncookie_name = \"g{group}\"\n\
             cookie_secure = true\nsession_dir = \"s{group}\"\ncookie_lifetime = [0.5, 12]"
        )
        .unwrap();
    }
    for number in 0..wikis {
        let group = number % 20;
        if number % 5 == 4 {
            let host = number % 50;
            writeln!(
                text,
                "[wikis.w{number}]\nmoin = \"1.8.7\"\nurl = \"https://h{host}.example.org/w{number}\"\ndata_dir = \"w{number}/data\""
            )
        } else {
            let port = 8000 + number % 1000;
            writeln!(
                text,
                "[wikis.w{number}]\ngroup = \"g{group}\"\nurl = \"https://w{number}.d{group}.example.org/\"\n\
                 aliases = [\"https://w{number}.d{group}.example.org:8443/\"]\n\
                 backend_url = \"http://127.0.0.1:{port}/\"\ndata_dir = \"w{number}/data\""
            )
        }
        .unwrap();
    }
    text.push_str("[prune]\nidle = \"400d\"\n[lint]\nallow = [\"missing-directory\", \"unused-group\"]\n");
    text
}

fn main() {
    let wikis = std::env::args().skip(1).find_map(|arg| arg.parse().ok()).unwrap_or(5000);
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("farm.toml"), farm(wikis)).unwrap();
    let check = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wikifarm"));
        command.args(["config", "check"]).current_dir(dir.path()).stdout(Stdio::null());
        assert!(command.status().unwrap().success());
    };
    check();
    let cpu = || {
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
        let seconds = |time: nix::sys::time::TimeVal| {
            Duration::from_secs(time.tv_sec().unsigned_abs())
                + Duration::from_micros(time.tv_usec().unsigned_abs())
        };
        (seconds(usage.user_time()) + seconds(usage.system_time()), usage.max_rss())
    };
    let (before, _) = cpu();
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let begun = Instant::now();
            check();
            begun.elapsed()
        })
        .collect();
    times.sort_unstable();
    let (after, rss) = cpu();
    let median = times.get(times.len() / 2).unwrap();
    println!(
        "config check, {wikis} wikis: {} ms (CPU {} ms), {} MiB; the aim for 5000 is 300 ms and 100 MiB",
        median.as_millis(),
        ((after - before) / RUNS).as_millis(),
        rss >> 10
    );
}

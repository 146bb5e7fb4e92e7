//! The README's examples, run: each `console` block holds a command and what it prints in the demo farm.
//!
//! `WIKIFARM_BLESS=1 cargo test --test manual readme` writes what the commands print now.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

/// When the demo farm of the README was made.
const NOW: &str = "2026-11-23T02:00:00Z";

fn wikifarm(dir: &Path, words: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wikifarm"));
    command
        .args(words)
        .args(["--now", NOW])
        .current_dir(dir)
        .env_clear()
        .env("HOME", dir)
        .env("LC_ALL", "C.UTF-8");
    let output = command.output().unwrap();
    assert!(output.stderr.is_empty(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn readme_examples_print_what_the_readme_shows() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let farm = tempfile::tempdir().unwrap();
    wikifarm(farm.path(), &["demo", "."]);
    let mut fresh = String::new();
    let mut lines = readme.lines();
    let mut commands = 0;
    while let Some(line) = lines.next() {
        writeln!(fresh, "{line}").unwrap();
        if line != "```console" {
            continue;
        }
        let prompt = lines.next().unwrap();
        // Quotes are for the shell of the reader.
        let words = prompt.strip_prefix("$ wikifarm ").unwrap().split(' ').map(|word| word.trim_matches('"'));
        let words: Vec<&str> = words.collect();
        writeln!(fresh, "{prompt}").unwrap();
        fresh.push_str(&wikifarm(farm.path(), &words));
        fresh.push_str("```\n");
        commands += 1;
        lines.by_ref().find(|line| *line == "```").unwrap();
    }
    assert!(commands >= 8, "{commands}");
    if std::env::var_os("WIKIFARM_BLESS").is_some() {
        std::fs::write(&path, &fresh).unwrap();
        return;
    }
    assert!(fresh == readme, "the README differs from what the commands print; it should be:\n{fresh}");
}

#[test]
#[cfg(target_env = "gnu")]
fn readme_names_every_library_that_the_program_needs() {
    let output = Command::new("ldd").arg(env!("CARGO_BIN_EXE_wikifarm")).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let libraries: Vec<&str> = text.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let known = ["libc.so", "libm.so", "libgcc_s.so", "linux-vdso.so", "/lib"];
    let known = |library: &&str| known.iter().any(|known| library.starts_with(known));
    assert!(libraries.iter().any(|library| library.starts_with("libc.so")), "{text}");
    assert!(libraries.iter().all(known), "{text}");
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    assert!(readme.contains("needs the C library (glibc) and libgcc of the"), "the README says otherwise");
}

#[test]
fn readme_lists_each_format_of_each_command() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let farm = tempfile::tempdir().unwrap();
    wikifarm(farm.path(), &["demo", "."]);
    for (command, arguments) in [
        ("session list", ""),
        ("session show", "1"),
        ("session stats", ""),
        ("session verify", ""),
        ("session whois", "1"),
        ("store list", ""),
        ("store find", "."),
        ("config check", ""),
        ("config show", ""),
        ("cookie diff", "farm.toml farm.toml"),
        ("cookie preview", ""),
    ] {
        let has = |format: &&str| {
            let words = [command, arguments, "--format", format, "--now", NOW].join(" ");
            let mut run = Command::new(env!("CARGO_BIN_EXE_wikifarm"));
            run.args(words.split_whitespace()).current_dir(farm.path()).env_clear().env("HOME", farm.path());
            !String::from_utf8(run.output().unwrap().stderr).unwrap().contains("invalid value")
        };
        let formats = ["ndjson", "csv", "sarif", "markdown", "github", "junit"].into_iter().filter(has);
        let formats: Vec<String> = formats.map(|format| format!("`{format}`")).collect();
        let row = readme.lines().find_map(|line| line.strip_prefix(&format!("| `{command}` | ")));
        assert_eq!(row.unwrap_or(" |"), format!("{} |", formats.join(", ")), "{command}");
    }
}

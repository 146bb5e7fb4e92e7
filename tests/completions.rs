//! `wikifarm completions SHELL`

use std::path::Path;
use std::process::Command;

use crate::support::Place;

/// The completions of a command line, as the bash script asks for them. The last word is incomplete.
fn candidates(place: &Place, line: &str) -> Vec<String> {
    let words: Vec<&str> = line.split(' ').collect();
    let ran = place
        .wikifarm("--")
        .args(&words)
        .env("WIKIFARM_COMPLETE", "bash")
        .env("_CLAP_COMPLETE_INDEX", &(words.len() - 1).to_string())
        .env("_CLAP_IFS", "\n")
        .any_stdout()
        .run();
    ran.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn completions_for_each_shell_call_wikifarm() {
    let place = Place::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = place.wikifarm("completions").arg(shell).any_stdout().run().stdout;
        assert!(script.contains("WIKIFARM_COMPLETE"), "{shell}: {script}");
    }
}

#[test]
fn completions_in_bash_complete_a_command() {
    let place = Place::new();
    let script = place.wikifarm("completions bash").any_stdout().run().stdout;
    let bin = Path::new(env!("CARGO_BIN_EXE_wikifarm")).parent().unwrap();
    let path = format!("PATH={}:$PATH\n", bin.display());
    let ask = "\nCOMP_WORDS=(wikifarm session pr); COMP_CWORD=2; COMP_TYPE=9\n_clap_complete_wikifarm wikifarm pr session; \
               echo ${COMPREPLY[@]}";
    let bash = Command::new("bash").arg("-c").arg(path + &script + ask).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&bash.stderr), "");
    assert_eq!(String::from_utf8_lossy(&bash.stdout), "prune\n");
}

#[test]
fn completions_offer_wikis_rules_and_kinds_of_stores() {
    let wiki = |name| format!("[wikis.{name}]\nurl = \"https://{name}.example.org/\"\n");
    let place = Place::farm(&[wiki("docs"), wiki("plans")].concat()).file("other.toml", wiki("drafts"));
    assert_eq!(candidates(&place, "wikifarm cookie header d"), ["docs"]);
    assert_eq!(candidates(&place, "wikifarm cookie explain docs p"), ["plans"]);
    assert_eq!(candidates(&place, "wikifarm -f other.toml cookie header d"), ["drafts"]);
    assert_eq!(candidates(&place, "wikifarm --farm=other.toml session list --store-of d"), ["drafts"]);
    assert_eq!(candidates(&place, "wikifarm -f missing.toml cookie header d"), Vec::<String>::new());
    assert_eq!(candidates(&place, "wikifarm session list --store s"), ["sqlite:"]);
    assert_eq!(candidates(&place, "wikifarm config rules log-out"), ["log-out-trap"]);
    assert_eq!(candidates(&place, "wikifarm cookie suggest --share docs,"), ["docs,plans"]);
    assert_eq!(candidates(&place, "wikifarm config check --deny warn"), ["warnings"]);
    assert_eq!(candidates(&place, "wikifarm config check --allow warn"), Vec::<String>::new());
    assert_eq!(candidates(&place, "wikifarm config check --allow lifetime")[0], "lifetime");
}

#[test]
fn completions_for_an_unknown_shell_are_refused() {
    Place::new()
        .wikifarm("completions tcsh")
        .status(2)
        .stderr(str![[r#"
error: invalid value 'tcsh' for '<SHELL>'
  [possible values: bash, elvish, fish, powershell, zsh]
help: did you mean 'zsh'?

For more information, try '--help'.

"#]])
        .run();
}

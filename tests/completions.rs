//! `wikifarm completions SHELL`

use std::process::Command;

use crate::support::Place;

#[test]
fn completions_for_each_shell_know_the_commands() {
    let place = Place::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = place.wikifarm("completions").arg(shell).any_stdout().run().stdout;
        for word in ["wikifarm", "config", "preview", "prune", "store-of", "demo", "completions"] {
            assert!(script.contains(word), "{shell}: no {word}");
        }
    }
}

#[test]
fn completions_in_bash_complete_a_command() {
    let script = Place::new().wikifarm("completions bash").any_stdout().run().stdout;
    let ask = "\nCOMP_WORDS=(wikifarm session pr); COMP_CWORD=2; _wikifarm wikifarm pr session; echo ${COMPREPLY[@]}";
    let bash = Command::new("bash").arg("-c").arg(script + ask).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&bash.stderr), "");
    assert_eq!(String::from_utf8_lossy(&bash.stdout), "prune\n");
}

#[test]
fn completions_for_an_unknown_shell_are_refused() {
    Place::new()
        .wikifarm("completions tcsh")
        .status(2)
        .stderr(str![[r#"
error: invalid value 'tcsh' for '<SHELL>'
  [possible values: bash, elvish, fish, powershell, zsh]

  tip: a similar value exists: 'zsh'

For more information, try '--help'.

"#]])
        .run();
}

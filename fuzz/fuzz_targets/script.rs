//! Any text as a script of `cookie simulate`: each line is a step, nothing, or an error of that line, and no error repeats
//! more than the beginning of it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wikifarm::simulate::parse;

fuzz_target!(|text: &str| {
    let (steps, errors) = parse(text.lines());
    let lines = text.lines().count();
    assert!(steps.len() + errors.len() <= lines);
    assert!(errors.iter().all(|error| error.message.len() < 2000 && (1..=lines).contains(&error.number)));
});

//! Any JSON, taken for the form of a value: a value or an error; and a value that has a form comes back from it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wikifarm::pickle::JsonForm;

fuzz_target!(|bytes: &[u8]| {
    let Ok(value) = serde_json::from_slice(bytes) else { return };
    let Ok(tree) = (JsonForm { value, memo: vec![0], memo_start: 1 }).tree() else { return };
    if let Some(form) = JsonForm::of(&tree) {
        assert!(form.tree().expect("what has a form comes back") == tree);
    }
});

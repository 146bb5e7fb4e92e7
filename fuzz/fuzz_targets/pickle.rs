//! Any bytes: reading ends in a value or an error; a value is displayed, written, read again and is the same;
//! and where the scan is sure, it says what the reader says.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wikifarm::pickle::{JsonForm, Limits, WriteError, read, read_with, scan, write};

const KEYS: [&str; 3] = ["expires", "user.id", "setuid"];

fuzz_target!(|bytes: &[u8]| {
    let small = Limits { nodes: 100, bigint: 100, ops: 1000, ..Limits::default() };
    let _ = read_with(bytes, &small);

    let scanned = scan(bytes, KEYS);
    let Ok(tree) = read(bytes) else {
        assert!(scanned.is_none(), "scanned what cannot be read");
        return;
    };
    for (key, scanned) in KEYS.into_iter().zip(scanned.into_iter().flatten()) {
        use wikifarm::pickle::Scalar::{Number, Other, Text};
        match (scanned, tree.get(tree.root(), key)) {
            (None, None) => {}
            (Some(Number(number)), Some(id)) => {
                assert_eq!(tree.as_f64(id).map(f64::to_bits), Some(number.to_bits()));
            }
            (Some(Text(text)), Some(id)) => assert_eq!(tree.bytes_or_text(id), Some(text)),
            (Some(Other(kind)), Some(id)) => assert_eq!(tree.node(id).kind(), kind),
            (scanned, read) => panic!("{key}: scanned {scanned:?}, read {read:?}"),
        }
    }

    assert!(tree == tree.clone());
    assert!(tree.to_display_json(tree.root()).to_string().len() < 8 << 20);
    if let Some(form) = JsonForm::of(&tree) {
        assert!(form.tree().expect("what has a form comes back") == tree);
    }
    match write(&tree) {
        Ok(written) => {
            let again = read(&written).expect("what was written can be read");
            assert!(again == tree);
            assert_eq!(write(&again).as_ref(), Ok(&written));
        }
        Err(WriteError::TooLarge | WriteError::Protocol(_) | WriteError::Cycle) => {}
    }
});

//! The JSON form keeps all information, and for most pickles all bytes.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::corpus::{Pickled, corpus, sessions};
use crate::pickle::{JsonForm, Tree, read, write};

/// The JSON form of a tree. Checks that the text of the form gives the same value.
pub(super) fn form_of(tree: &Tree) -> Option<JsonForm> {
    let form = JsonForm::of(tree)?;
    let text = form.value.to_string();
    let parsed: Value = serde_json::from_str(&text).unwrap();
    let again = JsonForm { value: parsed, ..form.clone() };
    assert!(again.tree().unwrap() == *tree, "{text}");
    Some(form)
}

/// Whether the form gives the same bytes.
fn gives_the_same_bytes(bytes: &[u8]) -> bool {
    let tree = read(bytes).unwrap();
    form_of(&tree).is_some_and(|form| write(&form.tree().unwrap()).is_ok_and(|again| again == bytes))
}

#[test]
fn each_session_has_a_form_that_gives_the_same_bytes() {
    let sessions = sessions();
    assert_eq!(sessions.len(), 364);
    for (name, bytes, _) in sessions {
        assert!(gives_the_same_bytes(&bytes), "{name}");
    }
}

#[test]
fn pickles_of_the_corpus_have_forms() {
    let (mut forms, mut same) = (0, 0);
    for Pickled { bytes, .. } in corpus() {
        forms += usize::from(form_of(&read(&bytes).unwrap()).is_some());
        same += usize::from(gives_the_same_bytes(&bytes));
    }
    // The pickles of the most deeply nested value have no form. The pickles with other bytes have other
    // protocols.
    assert_eq!((forms, same), (608, 130));
}

#[test]
fn form_is_readable() {
    let bytes = b"\x80\x02}q\x01(U\x07expiresI1400000000\nU\x07user.idU\x0512.34U\x05trailq\x02]q\x03(X\x05\0\0\0W:\xc3\xa4bh\x02eU\x01f(G?\xb9\x99\x99\x99\x99\x99\x9a\x8a\x01\x05U\x01\xffNtu.";
    let form = form_of(&read(bytes).unwrap()).unwrap();
    let wanted = json!({"dict": {
        "expires": 1_400_000_000, "user.id": "12.34", "trail": [{"text": "W:äb"}, {"again": 5}],
        "f": {"tuple": [{"float": "0.1"}, {"long": "5"}, {"str64": "/w=="}, null]},
    }});
    assert_eq!(form.value, wanted);
    assert_eq!((form.memo, form.memo_start), (vec![0, 5, 6], 1));
}

#[test]
fn invalid_form_is_an_error() {
    let tables = [
        json!("ä"),
        json!(1.5),
        json!(18_446_744_073_709_551_615_u64),
        json!({}),
        json!({"text": 1}),
        json!({"text": "a", "long": "1"}),
        json!({"again": 0}),
        json!({"again": -1}),
        json!({"float": "nan"}),
        json!({"float64": "xyz"}),
        json!({"long": "1e5"}),
        json!({"str64": "!"}),
        json!({"text64": "/w=="}),
        json!({"dict": [[1]]}),
        json!({"dict": {"ä": 1}}),
        json!({"global": ["a"]}),
        json!({"object": {"make": "eval", "of": null, "args": []}}),
        json!({"object": {"make": "reduce", "of": null}}),
        json!({"object": {"make": "reduce", "of": null, "args": null, "more": 1}}),
        json!({"object": {"make": "reduce", "of": null, "args": null, "then": [["jump", 1]]}}),
    ];
    for value in tables {
        let form = JsonForm { value, memo: Vec::new(), memo_start: 1 };
        assert!(form.tree().is_err(), "{}", form.value);
    }
    let form = JsonForm { value: Value::Null, memo: vec![1], memo_start: 1 };
    assert!(form.tree().is_err());
    let deep = [b"\x80\x02".to_vec(), b"(".repeat(5000), b"l".repeat(5000), b".".to_vec()].concat();
    assert_eq!(JsonForm::of(&read(&deep).unwrap()), None);
}

proptest! {
    #[test]
    fn any_json_ends_in_a_value_or_an_error(text in "[\\[\\]{}\",:0-9a-z]{0,60}") {
        if let Ok(value) = serde_json::from_str(&text) {
            let _ = JsonForm { value, memo: Vec::new(), memo_start: 0 }.tree();
        }
    }
}

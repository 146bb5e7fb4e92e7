//! Writing a pickle that was read keeps its value, and for most pickles of cPickle also its bytes.

use super::corpus::{Pickled, corpus, sessions};
use crate::pickle::{Tree, WriteError, read, write};

/// Writes a tree, reads it again, and compares. Returns the bytes.
pub(super) fn round_trip(tree: &Tree, name: &str) -> Result<Vec<u8>, WriteError> {
    let bytes = write(tree)?;
    let again = read(&bytes).unwrap_or_else(|error| panic!("{name}: {error} in {}", bytes.escape_ascii()));
    assert_eq!(again.consumed(), bytes.len(), "{name}");
    assert!(again == *tree, "{name}: {} became {}", show(tree), show(&again));
    // Writing again changes nothing.
    assert_eq!(write(&again).as_ref(), Ok(&bytes), "{name}");
    Ok(bytes)
}

fn show(tree: &Tree) -> String {
    tree.to_display_json(tree.root()).to_string()
}

#[test]
fn corpus_keeps_values_and_python_2_pickles_keep_bytes() {
    let (mut python2, mut different) = (0, Vec::new());
    for Pickled { name, bytes, .. } in corpus() {
        let written = round_trip(&read(&bytes).unwrap(), &name).unwrap();
        if name.starts_with("py2-") && name.contains("-p2-") {
            python2 += 1;
            if written != bytes {
                different.push(name);
            }
        }
    }
    different.sort();
    // Sets use temporary lists and tuples, which the reader does not keep.
    assert_eq!(different, ["py2-c-p2-sets", "py2-py-p2-sets"]);
    assert_eq!(python2, 74);
}

#[test]
fn recorded_sessions_keep_all_bytes() {
    for (name, bytes, _) in sessions() {
        let written = round_trip(&read(&bytes).unwrap(), &name).unwrap();
        assert_eq!(written.escape_ascii().to_string(), bytes.escape_ascii().to_string(), "{name}");
    }
}

#[test]
fn values_that_contain_themselves_are_written() {
    for (name, pickle) in [
        ("a list in itself", &b"]q\x00h\x00a."[..]),
        ("a tuple, by its list", b"]q\x00h\x00\x85q\x01a0h\x01."),
        ("a long tuple, by its list", b"(NNN]q\x00tq\x01h\x00h\x01a0."),
        ("an object, by its state", b"ca\nB\n)\x81q\x00}U\x01xh\x00sb."),
        ("an object, by a list among its arguments", b"ca\nB\n]q\x00\x85Rq\x01h\x00h\x01a0."),
        ("an old object, by a list among its arguments", b"(ca\nB\n]q\x00oq\x01h\x00h\x01a0."),
        ("a set, by the state of an element", b"\x8fq\x00(ca\nB\n)\x81}U\x01sh\x00sb\x90."),
        ("a class that is changed", b"ca\nB\nq\x00}U\x01xh\x00sb."),
    ] {
        let tree = read(pickle).unwrap_or_else(|error| panic!("{name}: {error}"));
        round_trip(&tree, name).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

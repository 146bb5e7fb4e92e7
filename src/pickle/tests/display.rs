//! Values as JSON for people.

use num_bigint::BigInt;

use serde_json::{Value, json};

use crate::pickle::read;

fn display(pickle: &[u8]) -> Value {
    let tree = read(pickle).unwrap();
    tree.to_display_json(tree.root())
}

#[test]
fn plain_values_are_displayed_as_plain_json() {
    let session = display(
        b"\x80\x02}q\x01(U\x07user.idU\x0512.34U\x05trail]X\x06\0\0\0w:Gr\xc3\xb6a\
        U\x07expiresG\x3f\xf8\0\0\0\0\0\0u.",
    );
    assert_eq!(session, json!({"user.id": "12.34", "trail": ["w:Grö"], "expires": 1.5}));
    assert_eq!(display(b"(I01\nI-7\nNL12L\nl."), json!([true, -7, null, 12]));
}

#[test]
fn values_without_json_type_are_displayed_with_kind() {
    assert_eq!(display(b")."), json!({"$py": "tuple", "items": []}));
    assert_eq!(display(b"K\x01\x85."), json!({"$py": "tuple", "items": [1]}));
    assert_eq!(display(b"U\x04\xff\\\na."), json!({"$py": "str", "value": "\\xff\\\\\\na"}));
    assert_eq!(display(b"C\x01a."), json!({"$py": "bytes", "value": "a"}));
    assert_eq!(display(b"Va\\ud800\n."), json!({"$py": "unicode", "value": "a\\ud800"}));
    assert_eq!(display(b"Fnan\n."), json!({"$py": "float", "value": "nan"}));
    assert_eq!(display(b"F-inf\n."), json!({"$py": "float", "value": "-inf"}));
    let digits = BigInt::from(1u128 << 100).to_string();
    assert_eq!(display(format!("L{digits}L\n.").as_bytes()), json!({"$py": "long", "value": digits}));
    assert_eq!(display(b"}K\x01Ns."), json!({"$py": "dict", "items": [[1, null]]}));
    assert_eq!(display(b"}U\x03$pyNs."), json!({"$py": "dict", "items": [["$py", null]]}));
    assert_eq!(display(b"cos\nsystem\n."), json!({"$py": "global", "name": "os.system"}));
}

#[test]
fn objects_are_displayed_with_class_arguments_and_log() {
    assert_eq!(
        display(b"ca.b\nC\n(K\x01t\x81}U\x01xNsbNa(U\x01kNu."),
        json!({"$py": "object", "class": "a.b.C", "how": "newobj", "args": [1],
            "log": [["build", {"x": null}], ["append", null], ["setitems", ["k", null]]]})
    );
    assert_eq!(
        display(b"ccopy_reg\n_reconstructor\n(ca\nC\nc__builtin__\nobject\nNtR.")["class"],
        json!("a.C")
    );
}

#[test]
fn container_is_displayed_once() {
    assert_eq!(display(b"]q\0h\0a."), json!([{"$py": "ref", "to": ""}]));
    assert_eq!(
        display(b"}(U\x03a/~(K\x01tq\0U\x01b]h\0au."),
        json!({"a/~": {"$py": "tuple", "items": [1]}, "b": [{"$py": "ref", "to": "/a~1~0"}]})
    );
}

#[test]
fn display_limits_nesting_size_and_text() {
    let mut deep = vec![b']'; 100_000];
    deep.extend(vec![b'a'; 99_999]);
    deep.push(b'.');
    let text = display(&deep).to_string();
    assert_eq!(text.bytes().filter(|&byte| byte == b'[').count(), 100);
    assert!(serde_json::from_str::<Value>(&text).is_ok());

    let mut wide = b"(".to_vec();
    wide.extend(b"N".repeat(50_000));
    wide.extend(b"l.");
    let shown = display(&wide);
    assert_eq!((shown["items"].as_array().unwrap().len(), &shown["omitted"]), (9_999, &json!(40_001)));

    let mut long = b"(".to_vec();
    for _ in 0..20 {
        long.extend(b"X\x00\x00\x01\x00");
        long.extend(vec![b'x'; 1 << 16]);
    }
    long.extend(b"l.");
    let shown = display(&long);
    assert_eq!(shown[15].as_str().unwrap().len(), 1 << 16);
    assert_eq!(shown[16], json!({"$py": "truncated", "kind": "unicode"}));
}

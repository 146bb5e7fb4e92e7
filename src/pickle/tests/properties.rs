//! Property tests for any bytes and any values.

use num_bigint::BigInt;
use proptest::prelude::*;

use super::corpus::{Pickled, corpus, sessions};
use super::json::form_of;
use super::roundtrip::round_trip;
use crate::pickle::{
    DisplayLimits, Event, Global, Limits, Make, Node, NodeId, Object, Scalar, Text, Tree, TreeBuilder,
    WriteError, find, read, read_with, scan, write,
};

/// Opcodes with well-formed arguments, so that random sequences run further.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let whole: Vec<&'static [u8]> = vec![
        b"(",
        b".",
        b"0",
        b"1",
        b"2",
        b"N",
        b"R",
        b"a",
        b"b",
        b"d",
        b"}",
        b"e",
        b"l",
        b"]",
        b"o",
        b"s",
        b"t",
        b")",
        b"u",
        b"\x81",
        b"\x85",
        b"\x86",
        b"\x87",
        b"\x88",
        b"\x8f",
        b"\x90",
        b"\x91",
        b"\x92",
        b"\x93",
        b"\x94",
        b"I01\n",
        b"I-7\n",
        b"K\x07",
        b"L5L\n",
        b"\x8a\x01\xfe",
        b"F1.5\n",
        b"G\x7f\xf8\0\0\0\0\0\x01",
        b"S'a'\n",
        b"U\x01\xe4",
        b"U\x07expires",
        b"X\x03\0\0\0\xed\xa0\x80",
        b"Va\n",
        b"C\x01b",
        b"c__builtin__\nset\n",
        b"c__builtin__\nfrozenset\n",
        b"c_codecs\nencode\n",
        b"Vlatin1\n",
        b"ca\nB\n",
        b"(ia\nB\n",
        b"c__builtin__\nbytearray\n",
        b"\x80\x02",
        b"]]\x86",
        b"}NNs",
        b"(NNt",
        b"\x96\x01\0\0\0\0\0\0\0x",
    ];
    prop_oneof![
        5 => prop::sample::select(whole).prop_map(<[u8]>::to_vec),
        1 => (0u8..4).prop_map(|index| vec![b'q', index]),
        1 => (0u8..4).prop_map(|index| vec![b'h', index]),
    ]
}

/// Checks the properties of a tree.
fn check(tree: &Tree) {
    let _ = tree.to_display_json_with(tree.root(), &DisplayLimits { nodes: 20, depth: 9, text: 50 });
    let text = tree.to_display_json(tree.root()).to_string();
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
    let own = tree.clone();
    assert!(own == *tree);
    let _ = form_of(tree);
    match round_trip(tree, "random") {
        Ok(_) | Err(WriteError::Protocol(_) | WriteError::Cycle) => {}
        Err(WriteError::TooLarge) => panic!("from so little"),
    }
}

/// Checks that the scan and the reader agree. Returns whether the scan could decide.
fn check_scan(bytes: &[u8]) -> bool {
    let keys = ["expires", "user.id", "setuid"];
    let Some(scanned) = scan(bytes, keys) else { return false };
    let tree = read(bytes).unwrap_or_else(|error| panic!("{error}, but scanned: {}", bytes.escape_ascii()));
    assert!(tree.entries(tree.root()).is_some());
    for (key, scanned) in keys.into_iter().zip(scanned) {
        let wanted = tree.get(tree.root(), key).map(|id| match (tree.as_f64(id), tree.bytes_or_text(id)) {
            (Some(number), _) => format!("number {:x}", number.to_bits()),
            (_, Some(text)) => format!("text {text}"),
            _ => tree.node(id).kind().to_owned(),
        });
        let found = scanned.map(|scalar| match scalar {
            Scalar::Number(number) => format!("number {:x}", number.to_bits()),
            Scalar::Text(text) => format!("text {text}"),
            Scalar::Other(kind) => kind.to_owned(),
        });
        assert_eq!(found, wanted, "{key} in {}", bytes.escape_ascii());
    }
    assert!(find(bytes, keys).unwrap().is_some());
    true
}

#[test]
fn scan_answers_for_recorded_sessions_and_agrees_with_the_reader() {
    for (name, bytes, _) in sessions() {
        assert!(check_scan(&bytes), "{name}");
    }
    let mut answered = Vec::new();
    for Pickled { name, bytes, .. } in corpus() {
        if check_scan(&bytes)
            && let Some(name) = name.strip_prefix("py2-c-p2-")
        {
            answered.push(name.to_owned());
        }
    }
    // All 39 except pickles with objects, sets, reads from the memo, or a long `expires` of more than 64
    // bits.
    assert_eq!(answered.len(), 30, "{answered:?}");
}

/// Well-formed parts of dicts, including the relevant keys.
fn dict_piece() -> impl Strategy<Value = &'static [u8]> {
    prop::sample::select(vec![
        &b"}"[..],
        b"}",
        b"(",
        b"(",
        b"u",
        b"u",
        b"s",
        b"s",
        b"]",
        b"e",
        b"a",
        b"t",
        b"\x85",
        b"\x86",
        b")",
        b"N",
        b"U\x07expires",
        b"U\x07expires",
        b"U\x07user.id",
        b"X\x06\0\0\0setuid",
        b"U\x04\xff\0ab",
        b"K\x05",
        b"G\x7f\xf8\0\0\0\0\0\0",
        b"I5000000000\n",
        b"I01\n",
        b"\x8a\x01\x07",
        b"\x88",
        b"q\x01",
        b"h\x01",
        b".",
        b"X\x03\0\0\0\xed\xa0\x80",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_end_in_a_value_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(tree) = read(&bytes) {
            prop_assert!(tree.consumed() <= bytes.len());
            check(&tree);
        }
    }

    #[test]
    fn any_opcodes_end_in_a_value_or_an_error(pieces in prop::collection::vec(piece(), 0..40)) {
        // Build a pickle that can be read: drop pieces that fail, then add STOP.
        let mut bytes = Vec::new();
        for piece in pieces {
            let before = bytes.len();
            bytes.extend(piece);
            let mut whole = bytes.clone();
            whole.push(b'.');
            match read(&whole) {
                Ok(_) => {}
                Err(error) if error.offset >= bytes.len() => {}
                Err(_) => bytes.truncate(before),
            }
        }
        bytes.push(b'.');
        if let Ok(tree) = read(&bytes) {
            check(&tree);
            for ops in [1, 5, 20] {
                let _ = read_with(&bytes, &Limits { ops, nodes: 4, ..Limits::default() });
            }
        }
    }

    #[test]
    fn scan_agrees_with_the_reader(pieces in prop::collection::vec(dict_piece(), 0..25)) {
        // Drop the pieces that neither the scan nor the reader can read, so that most cases reach the end.
        let mut bytes = b"}".to_vec();
        for piece in pieces {
            let before = bytes.len();
            bytes.extend(piece);
            if read(&bytes).is_err_and(|error| error.offset < bytes.len()) {
                bytes.truncate(before);
            } else {
                check_scan(&[&bytes[..], b"."].concat());
            }
        }
        check_scan(&[&b"}("[..], &bytes, b"u."].concat());
    }

    #[test]
    fn scan_agrees_about_damaged_sessions(
        at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = b"\x80\x02}q\x01(U\x07user.idq\x02U\x0512.34q\x03U\x05trail]q\x04(X\x07\0\0\0expiresK\x01e\
            U\x01x}q\x05U\x06setuidU\x01nsU\x07expiresI4294967297\nU\x04attr(K\x01N\x86ttu.".to_vec();
        let index = at.index(bytes.len());
        bytes[index] = byte;
        check_scan(&bytes);
        bytes.truncate(cut.index(bytes.len()));
        check_scan(&bytes);
    }

    #[test]
    fn written_tree_is_read_back(spec in prop::collection::vec(any::<(u8, u32, u32, Vec<u8>)>(), 1..30)) {
        let tree = grow(&spec);
        let bytes = write(&tree).unwrap();
        prop_assert!(read(&bytes).unwrap() == tree);
        check(&tree);
    }
}

/// A tree from random numbers. A node may refer to any earlier node; lists, dicts, and states may also refer
/// to later nodes.
fn grow(spec: &[(u8, u32, u32, Vec<u8>)]) -> Tree {
    let mut tree = TreeBuilder::new();
    let mut ids: Vec<NodeId> = vec![tree.push(Node::None)];
    for (kind, a, b, bytes) in spec {
        let pick = |n: &u32| ids[*n as usize % ids.len()];
        let all = || bytes.iter().take(5).map(|byte| ids[usize::from(*byte) % ids.len()]).collect::<Vec<_>>();
        let text = || {
            bytes.iter().fold(Text::default(), |mut text, byte| {
                assert!(text.push_code_point(0xd7f0 + u32::from(*byte)));
                text
            })
        };
        let node = match kind % 16 {
            0 => Node::Bool(*a % 2 == 0),
            1 => Node::Int(i64::from(*a as i32) << (b % 33)),
            2 => Node::Long(BigInt::from_signed_bytes_le(&bytes.repeat(5))),
            3 => Node::Float(f64::from_bits(u64::from(*a) << 32 | u64::from(*b))),
            4 => Node::Str(bytes.repeat(3)),
            5 => Node::Bytes(bytes.clone()),
            6 => Node::ByteArray(bytes.clone()),
            7 => Node::Text(text()),
            8 => Node::Tuple(all()),
            9 => Node::Set(hashable(&mut tree, bytes)),
            10 => Node::FrozenSet(hashable(&mut tree, bytes)),
            11 => Node::Global(Box::new(Global::new("a.b", "C"))),
            12 => {
                let class = tree.push(Node::Global(Box::new(Global::new("x", "Y"))));
                let args = tree.push(Node::Tuple(all()));
                Node::Object(Box::new(Object { make: Make::NewObj { class, args }, log: vec![] }))
            }
            13 => {
                let class = tree.push(Node::Global(Box::new(Global::new("x", "Old"))));
                Node::Object(Box::new(Object { make: Make::Instance { class, args: vec![] }, log: vec![] }))
            }
            14 => Node::Dict(hashable(&mut tree, bytes).into_iter().map(|key| (key, pick(a))).collect()),
            _ => Node::List(all()),
        };
        let id = tree.push(node);
        // Make a cycle: a mutable node gets the new node.
        let older = pick(b);
        match tree.node_mut(older) {
            Some(Node::List(items)) => items.push(id),
            Some(Node::Dict(entries)) => {
                if let Some(entry) = entries.last_mut() {
                    entry.1 = id;
                }
            }
            Some(Node::Object(object)) => object.log.push(Event::Build(id)),
            _ => {}
        }
        ids.push(id);
    }
    let root = ids[ids.len() - 1];
    tree.finish(root)
}

/// Keys that are all different.
fn hashable(tree: &mut TreeBuilder, bytes: &[u8]) -> Vec<NodeId> {
    let mut bytes = bytes.to_vec();
    bytes.sort_unstable();
    bytes.dedup();
    bytes.iter().map(|byte| tree.push(Node::Int(i64::from(*byte) << 30))).collect()
}

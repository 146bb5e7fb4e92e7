//! Hostile files: each is an error or gives a result within the limits, in a short time.

use std::time::{Duration, Instant};

use crate::pickle::{Limits, Node, ReadErrorKind, Tree, WriteError, read, read_with, write};

/// Enough time for anything linear in a debug build on a busy machine, but not for anything slower.
const PATIENCE: Duration = Duration::from_secs(60);

/// Reads a pickle, and checks the time.
#[track_caller]
fn timed(pickle: &[u8]) -> Result<Tree, ReadErrorKind> {
    let start = Instant::now();
    let result = read(pickle).map_err(|error| error.kind);
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    result
}

/// Like [`timed`], and also displays, compares, and writes the tree within the limits.
#[track_caller]
fn bounded(pickle: &[u8]) -> Tree {
    let tree = timed(pickle).unwrap();
    let start = Instant::now();
    let display = tree.to_display_json(tree.root()).to_string();
    assert!(display.len() < 4 << 20, "{}", display.len());
    assert!(tree == tree.clone());
    match write(&tree) {
        Ok(bytes) => assert!(read(&bytes).unwrap() == tree),
        Err(error) => assert_ne!(error, WriteError::Cycle),
    }
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    tree
}

/// The error with a budget of 8 Mi operations.
fn error_on_small_budget(pickle: &[u8]) -> ReadErrorKind {
    read_with(pickle, &Limits { ops: 8 << 20, ..Limits::default() }).unwrap_err().kind
}

fn error(pickle: &[u8]) -> ReadErrorKind {
    timed(pickle).unwrap_err()
}

#[test]
fn nested_shared_lists_are_read_in_linear_time() {
    // Printed, the value would have 2^100 elements.
    let mut pickle = b"]q\x00".to_vec();
    for _ in 0..100 {
        pickle.extend(b"0(h\x00h\x00lq\x00");
    }
    pickle.push(b'.');
    assert_eq!(bounded(&pickle).node_count(), 101);
}

#[test]
fn nested_shared_tuples_as_dict_keys_are_read_in_linear_time() {
    let mut pickle = b"}".to_vec();
    let dag = [&b")q\x00"[..], &b"0h\x00h\x00\x86q\x00".repeat(1000)].concat();
    // The same shape twice with different nodes: the keys are equal.
    for value in [b"K\x01s", b"K\x02s"] {
        pickle.extend(&dag);
        pickle.extend(value);
    }
    pickle.push(b'.');
    let tree = bounded(&pickle);
    assert_eq!(tree.entries(tree.root()).unwrap().len(), 1);
    // The same as elements of sets in sets.
    let sets = [&b"(\x91q\x00"[..], &b"0(h\x00h\x00\x91q\x00".repeat(1000), b"."].concat();
    bounded(&sets);
}

#[test]
fn claimed_lengths_allocate_no_memory() {
    for claim in [
        &b"X\xff\xff\xff\xff"[..],
        b"B\xff\xff\xff\xff",
        b"T\xff\xff\xff\x7f",
        b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x8e\xff\xff\xff\xff\xff\xff\xff\x7f",
        b"\x96\xff\xff\xff\xff\x01\0\0\0",
        b"\x95\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x8b\xff\xff\xff\x7f",
    ] {
        assert_eq!(
            error(&[claim, b"abc."].concat()),
            ReadErrorKind::UnexpectedEnd,
            "{}",
            claim.escape_ascii()
        );
    }
    for claim in [&b"T\xff\xff\xff\xff"[..], b"\x8b\xff\xff\xff\xff", b"T\0\0\0\x80"] {
        assert!(matches!(error(claim), ReadErrorKind::Argument(_)));
    }
}

#[test]
fn million_nested_lists_are_read_written_and_dropped() {
    let lists = |depth: usize| [vec![b']'; depth], vec![b'a'; depth - 1], vec![b'.']].concat();
    assert_eq!(timed(&lists(1_000_000)).unwrap().node_count(), 1_000_000);
    bounded(&lists(200_000));
    assert_eq!(error(&lists(1_000_001)), ReadErrorKind::Limit("number of values"));
    let tuples = |depth: usize| [vec![b')'], vec![0x85; depth - 1]].concat();
    timed(&[&tuples(1_000_000)[..], b"."].concat()).unwrap();
    bounded(&[&tuples(100_000)[..], b"."].concat());
    // As a key, of which every level is hashed.
    timed(&[&b"}"[..], &tuples(400_000), b"Ns."].concat()).unwrap();
    bounded(&[&b"ca\nb\n"[..], &b")R".repeat(100_000), b"."].concat());
}

#[test]
fn more_than_a_million_values_are_refused() {
    let full = [&b"("[..], &vec![b'N'; 999_999], b"l."].concat();
    assert_eq!(timed(&full).unwrap().node_count(), 1_000_000);
    let over = [&b"("[..], &vec![b'N'; 1_000_000], b"l."].concat();
    assert_eq!(error(&over), ReadErrorKind::Limit("number of values"));
    assert_eq!(error(&vec![b'('; 2_000_000]), ReadErrorKind::Limit("number of marks"));
    assert_eq!(
        error(&[&b"N"[..], &vec![b'2'; 5_000_000]].concat()),
        ReadErrorKind::Limit("depth of the stack")
    );
    assert_eq!(
        error(&[&b"N"[..], &vec![0x94; 2_000_000]].concat()),
        ReadErrorKind::Limit("size of the memo")
    );
    let events = [&b"ca\nb\n)RNq\x00b"[..], &b"h\x00b".repeat(1_000_001), b"."].concat();
    assert_eq!(error(&events), ReadErrorKind::Limit("number of events"));
}

#[test]
fn huge_memo_index_allocates_no_memory() {
    let tree = bounded(b"Nr\xff\xff\xff\xff0j\xff\xff\xff\xff.");
    assert_eq!(tree.node(tree.root()), &Node::None);
    bounded(b"Np18446744073709551615\n.");
    assert!(matches!(error(b"Np18446744073709551616\n."), ReadErrorKind::Argument(_)));
    assert!(matches!(error(b"Np-1\n."), ReadErrorKind::Argument(_)));
    assert_eq!(error(b"h\x07."), ReadErrorKind::MissingMemo(7));
}

#[test]
fn big_integers_are_limited_and_written_once() {
    let long4 =
        |len: usize| [&b"\x8b"[..], &u32::try_from(len).unwrap().to_le_bytes(), &vec![0x5a; len]].concat();
    bounded(&[&long4(64 << 10)[..], b"."].concat());
    assert_eq!(
        error(&[&long4((64 << 10) + 1)[..], b"."].concat()),
        ReadErrorKind::Limit("size of an integer")
    );
    // Many long decimal numbers: the conversion is quadratic, so the budget ends the read.
    let digits = [&b"L"[..], &vec![b'9'; 150_000], b"L\n0"].concat();
    assert_eq!(error_on_small_budget(&digits.repeat(60)), ReadErrorKind::Limit("operations"));
    // One big integer with a hundred thousand references is written once.
    let shared = [&b"("[..], &long4(64 << 10), b"q\x00", &b"h\x00".repeat(100_000), b"l."].concat();
    let tree = bounded(&shared);
    assert!(write(&tree).unwrap().len() < 1 << 20);
}

#[test]
fn copies_are_charged_to_the_budget() {
    // A list of 100,000 items, converted to a set ten thousand times.
    let many = [&b"("[..], &b"K\x01".repeat(100_000), b"lq\x00"].concat();
    let set = b"c__builtin__\nset\nh\x00\x85R0".repeat(10_000);
    assert_eq!(error_on_small_budget(&[many, set].concat()), ReadErrorKind::Limit("operations"));
    // A long text, encoded many times.
    let text = [&b"X\x00\x00\x10\x00"[..], &vec![b'x'; 1 << 20], b"q\x00X\x06\0\0\0latin1q\x01"].concat();
    let encode = b"c_codecs\nencode\nh\x00h\x01\x86R".repeat(10_000);
    assert_eq!(error_on_small_budget(&[text, encode].concat()), ReadErrorKind::Limit("operations"));
    // A long class name, used many times.
    let name = [&b"X\x00\x00\x10\x00"[..], &vec![b'x'; 1 << 20], b"q\x00"].concat();
    assert_eq!(
        error_on_small_budget(&[name, b"h\x00h\x00\x93".repeat(10_000)].concat()),
        ReadErrorKind::Limit("operations")
    );
}

#[test]
fn many_references_to_one_value_are_limited() {
    // DUP and APPEND: a list that contains itself a million times.
    let dup = [&b"]"[..], &b"2a".repeat(1_000_000), b"."].concat();
    let tree = bounded(&dup);
    assert_eq!(tree.items(tree.root()).unwrap().len(), 1_000_000);
    // APPENDS in batches to one list, and SETITEMS with one key.
    bounded(&[&b"]q\x00"[..], &b"(h\x00h\x00e".repeat(100_000), b"."].concat());
    let one_key =
        [&b"}q\x00U\x01kq\x01"[..], b"0", &b"(h\x01h\x00h\x01h\x00u".repeat(100_000), b"."].concat();
    let tree = bounded(&one_key);
    assert_eq!(tree.entries(tree.root()).unwrap().len(), 1);
}

#[test]
fn keys_that_collide_in_python_do_not_collide() {
    // In Python 3, all multiples of 2^61 - 1 have the hash 0.
    let mut pickle = b"}(".to_vec();
    for factor in 1..100_000u128 {
        let bytes = (factor * ((1 << 61) - 1)).to_le_bytes();
        pickle.extend([0x8a, 16]);
        pickle.extend(bytes);
        pickle.push(b'N');
    }
    pickle.extend(b"u.");
    let tree = bounded(&pickle);
    assert_eq!(tree.entries(tree.root()).unwrap().len(), 99_999);

    let tree = bounded(b"}(K\x01U\x01aI01\nU\x01bL1L\nU\x01cF1.0\nU\x01du.");
    let [(key, value)] = tree.entries(tree.root()).unwrap() else { panic!() };
    assert_eq!((tree.node(*key), tree.node(*value)), (&Node::Int(1), &Node::Str(b"d".to_vec())));
}

#[test]
fn big_file_of_one_opcode_is_read_or_refused() {
    let limits = Limits::default();
    assert_eq!(error(&vec![b'N'; limits.bytes + 1]), ReadErrorKind::Limit("size of the file"));
    for filler in
        [&b"h\x00"[..], b"2", b"(1", b"N0", b")", b"\x80\x02", b"((((tttt0", b"U\x01a0", b"h\x00h\x00\x860"]
    {
        let mut pickle = b"]q\x00".to_vec();
        pickle.extend(filler.repeat((4 << 20) / filler.len()));
        pickle.push(b'.');
        let _ = timed(&pickle);
    }
    let text = [&b"X"[..], &(16_000_000u32).to_le_bytes(), &vec![b'a'; 16_000_000], b"."].concat();
    bounded(&text);
}

#[test]
fn caller_can_set_the_budget() {
    let limits = Limits { ops: 3, ..Limits::default() };
    assert!(read_with(b"NN.", &limits).is_ok());
    assert_eq!(read_with(b"NNN.", &limits).unwrap_err().kind, ReadErrorKind::Limit("operations"));
}

#[test]
fn globals_are_listed_and_not_resolved() {
    let tree = bounded(b"cposix\nsystem\n(S'rm -rf /'\ntR.");
    assert_eq!(tree.class_name(tree.root()).as_deref(), Some("posix.system"));
    for (pickle, says) in [
        (&b"Pid\n."[..], "invalid pickle: opcode PERSID refers to data outside the file at byte 0"),
        (b"NQ.", "invalid pickle: opcode BINPERSID refers to data outside the file at byte 1"),
        (b"\x80\x02\x82\x01.", "invalid pickle: opcode EXT1 refers to data outside the file at byte 2"),
        (b"\x97.", "invalid pickle: opcode NEXT_BUFFER refers to data outside the file at byte 0"),
        (b"N0z", "invalid pickle: unknown opcode 0x7a at byte 2"),
        (b"\x80\x06.", "invalid pickle: unknown pickle protocol 6 at byte 0"),
        (b"", "truncated pickle: ends at byte 0"),
        (b"N", "truncated pickle: ends at byte 1"),
        (b"S'a'", "truncated pickle: ends at byte 0"),
        (b"(.", "invalid pickle: too few values on the stack at byte 1"),
        (b"]Ne.", "invalid pickle: no mark on the stack at byte 2"),
        (b"}(Nu.", "invalid pickle: odd number of items for a dict at byte 3"),
        (b"}]Ns.", "invalid pickle: a list cannot be a dict key or set element at byte 3"),
        (b"}]\x85Ns.", "invalid pickle: a list cannot be a dict key or set element at byte 4"),
        (b"NNa.", "invalid pickle: expected a list, found None at byte 2"),
        (b"]}b.", "invalid pickle: expected an object, found list at byte 2"),
        (b"N)R.", "invalid pickle: expected a callable, found None at byte 2"),
        (b"ca\nb\n]R.", "invalid pickle: expected a tuple of arguments, found list at byte 6"),
        (b"X\x01\0\0\0\xff.", "invalid pickle: malformed argument, expected UTF-8 at byte 0"),
    ] {
        assert_eq!(read(pickle).unwrap_err().to_string(), says, "{}", pickle.escape_ascii());
    }
}

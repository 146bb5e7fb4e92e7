//! Reads a few keys of the outermost dict without building values. `list` and `prune` use it for every file
//! of a large store.
//!
//! The scan runs the same stack machine as the reader for the opcodes of usual sessions, but keeps only the
//! kind and the position of each value. It gives up if it finds something that could make the result wrong: a
//! reference to the memo, a call, text with surrogates, or an error. Then the reader reads the file. The scan
//! returns a result only for files that the reader accepts, and the result is the same: words inside values
//! or inner dicts are not keys, and the last of repeated keys counts.

use std::borrow::Cow;

use super::cursor::Cursor;
use super::error::{ReadError, ReadErrorKind};
use super::limits::{Limits, Meter};
use super::numbers;
use super::opcode as op;
use super::read::read;
use super::value::{Node, NodeId, Tree};

/// A value of a key, as far as the callers need it.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Scalar<'a> {
    /// An int, long, float, or bool, as [`Tree::as_f64`] returns it.
    Number(f64),
    /// A byte string or text, as [`Tree::bytes_or_text`] returns it.
    Text(Cow<'a, str>),
    /// Anything else, by its kind.
    Other(&'static str),
}

/// The values of `keys` in a pickled dict, in the same order. `Ok(None)` if the pickle is not a dict.
///
/// # Errors
///
/// The same as for [`read`].
pub fn find<'a, const N: usize>(
    bytes: &'a [u8],
    keys: [&str; N],
) -> Result<Option<[Option<Scalar<'a>>; N]>, ReadError> {
    if let Some(found) = scan(bytes, keys) {
        return Ok(Some(found));
    }
    let tree = read(bytes)?;
    let root = tree.root();
    Ok(tree.entries(root).map(|_| keys.map(|key| tree.get(root, key).map(|id| scalar(&tree, id)))))
}

/// Converts a value from the reader.
fn scalar<'a>(tree: &Tree, id: NodeId) -> Scalar<'a> {
    match (tree.as_f64(id), tree.bytes_or_text(id)) {
        (Some(number), _) => Scalar::Number(number),
        (None, Some(text)) => Scalar::Text(Cow::Owned(text.into_owned())),
        (None, None) => Scalar::Other(tree.node(id).kind()),
    }
}

/// Like [`find`], but returns `None` if only the reader can decide.
pub fn scan<'a, const N: usize>(bytes: &'a [u8], keys: [&str; N]) -> Option<[Option<Scalar<'a>>; N]> {
    if bytes.len() > Limits::default().bytes {
        return None;
    }
    let mut scan = Scan {
        cursor: Cursor::new(bytes),
        keys,
        found: [const { None }; N],
        stack: Vec::with_capacity(32),
        marks: Vec::new(),
        values: 0,
    };
    while !scan.step()? {}
    // Only the outermost dict may be left on the stack.
    matches!((scan.stack.as_slice(), scan.marks.as_slice()), ([Item::Dict], [])).then_some(scan.found)
}

/// The maximum number of values in a scan, far below the limits of the reader, so that the scan never exceeds
/// them.
const MOST_VALUES: usize = 100_000;

/// A value on the stack.
#[derive(Clone)]
enum Item<'a> {
    Str(&'a [u8]),
    Text(&'a str),
    Number(f64),
    /// A long with more than eight bytes.
    Long,
    None,
    List,
    Dict,
    Tuple {
        hashable: bool,
    },
}

impl<'a> Item<'a> {
    fn hashable(&self) -> bool {
        !matches!(self, Item::List | Item::Dict | Item::Tuple { hashable: false })
    }

    fn is_text(&self, key: &str) -> bool {
        match self {
            Item::Str(bytes) => bytes.is_ascii() && *bytes == key.as_bytes(),
            Item::Text(text) => *text == key,
            _ => false,
        }
    }

    /// `None` if the scan can't decide.
    fn scalar(&self) -> Option<Scalar<'a>> {
        Some(match self {
            Item::Str(bytes) => Scalar::Text(String::from_utf8_lossy(bytes)),
            Item::Text(text) => Scalar::Text(Cow::Borrowed(text)),
            Item::Number(number) => Scalar::Number(*number),
            Item::Long => return None,
            Item::None => Scalar::Other("None"),
            Item::List => Scalar::Other("list"),
            Item::Dict => Scalar::Other("dict"),
            Item::Tuple { .. } => Scalar::Other("tuple"),
        })
    }
}

struct Scan<'a, 'k, const N: usize> {
    cursor: Cursor<'a>,
    keys: [&'k str; N],
    found: [Option<Scalar<'a>>; N],
    stack: Vec<Item<'a>>,
    marks: Vec<usize>,
    values: usize,
}

impl<'a, const N: usize> Scan<'a, '_, N> {
    /// Runs one opcode. Returns true at STOP, and `None` if the scan can't decide.
    fn step(&mut self) -> Option<bool> {
        self.opcode().ok().flatten()
    }

    fn opcode(&mut self) -> Result<Option<bool>, ReadErrorKind> {
        let opcode = self.cursor.u8()?;
        let item = match opcode {
            op::STOP => return Ok(Some(true)),
            op::PROTO => {
                let version = self.cursor.u8()?;
                return Ok((version <= op::HIGHEST_PROTOCOL).then_some(false));
            }
            op::BINPUT => {
                self.cursor.u8()?;
                return Ok(self.put());
            }
            op::LONG_BINPUT => {
                self.cursor.u32()?;
                return Ok(self.put());
            }
            op::MARK => {
                self.marks.push(self.stack.len());
                return Ok((self.marks.len() < MOST_VALUES).then_some(false));
            }
            op::APPEND => return Ok(self.append(1)),
            op::APPENDS => return Ok(self.unmark().and_then(|count| self.append(count))),
            op::SETITEM => return Ok(self.set_items(2)),
            op::SETITEMS => return Ok(self.unmark().and_then(|count| self.set_items(count))),
            op::TUPLE1 => return Ok(self.tuple(1)),
            op::TUPLE2 => return Ok(self.tuple(2)),
            op::TUPLE3 => return Ok(self.tuple(3)),
            op::TUPLE => return Ok(self.unmark().and_then(|count| self.tuple(count))),

            op::EMPTY_DICT => Item::Dict,
            op::EMPTY_LIST => Item::List,
            op::EMPTY_TUPLE => Item::Tuple { hashable: true },
            op::NONE => Item::None,
            op::NEWTRUE => Item::Number(1.0),
            op::NEWFALSE => Item::Number(0.0),
            op::BININT => Item::Number(f64::from(self.cursor.i32()?)),
            op::BININT1 => Item::Number(f64::from(self.cursor.u8()?)),
            op::BININT2 => Item::Number(f64::from(self.cursor.u16()?)),
            op::BINFLOAT => Item::Number(self.cursor.f64()?),
            op::INT => {
                match numbers::int_line(self.cursor.line()?, &Limits::default(), &mut Meter::new(0))? {
                    Node::Int(value) => Item::Number(value as f64),
                    Node::Bool(value) => Item::Number(f64::from(u8::from(value))),
                    _ => Item::Long,
                }
            }
            op::LONG1 => {
                let len = self.cursor.u8()?;
                let bytes = self.cursor.take(usize::from(len))?;
                let value = numbers::long_bytes(bytes, &Limits::default())?;
                i64::try_from(&value).map_or(Item::Long, |value| Item::Number(value as f64))
            }
            op::SHORT_BINSTRING => {
                let len = self.cursor.u8()?;
                Item::Str(self.cursor.take(usize::from(len))?)
            }
            op::BINSTRING => {
                let Ok(len) = usize::try_from(self.cursor.i32()?) else { return Ok(None) };
                Item::Str(self.cursor.take(len)?)
            }
            op::BINUNICODE => {
                let len = self.cursor.u32()?;
                let Ok(text) = std::str::from_utf8(self.cursor.take_claimed(u64::from(len))?) else {
                    return Ok(None);
                };
                Item::Text(text)
            }
            _ => return Ok(None),
        };
        self.stack.push(item);
        self.values += 1;
        Ok((self.values < MOST_VALUES).then_some(false))
    }

    fn fence(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn top(&self) -> Option<&Item<'a>> {
        self.stack.get(self.fence()..)?.last()
    }

    /// Stores the top of the stack in the memo. The reader's memo also has a limit.
    fn put(&mut self) -> Option<bool> {
        self.top()?;
        self.values += 1;
        (self.values < MOST_VALUES).then_some(false)
    }

    /// Removes the innermost mark. Returns the number of values above it.
    fn unmark(&mut self) -> Option<usize> {
        let mark = self.marks.pop()?;
        self.stack.len().checked_sub(mark)
    }

    /// The start of the top `count` values, all of which must be above the innermost mark.
    fn start(&self, count: usize) -> Option<usize> {
        self.stack.len().checked_sub(count).filter(|&start| start >= self.fence())
    }

    fn append(&mut self, count: usize) -> Option<bool> {
        self.stack.truncate(self.start(count)?);
        matches!(self.top()?, Item::List).then_some(false)
    }

    fn tuple(&mut self, count: usize) -> Option<bool> {
        let start = self.start(count)?;
        let hashable = self.stack.get(start..)?.iter().all(Item::hashable);
        self.stack.truncate(start);
        self.stack.push(Item::Tuple { hashable });
        self.values += 1;
        Some(false)
    }

    fn set_items(&mut self, count: usize) -> Option<bool> {
        let start = self.start(count)?;
        let (pairs, rest) = self.stack.get(start..)?.as_chunks::<2>();
        if !rest.is_empty() || !pairs.iter().all(|[key, _]| key.hashable()) {
            return None;
        }
        if start == 1 {
            // Only the dict at the bottom of the stack is the outermost dict, if the file ends correctly.
            for [key, value] in pairs {
                let wanted = self.keys.iter().zip(&mut self.found).filter(|(name, _)| key.is_text(name));
                for (_, found) in wanted {
                    *found = Some(value.scalar()?);
                }
            }
        }
        self.stack.truncate(start);
        matches!(self.top()?, Item::Dict).then_some(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 3] = ["expires", "user.id", "setuid"];

    #[test]
    fn scan_reads_keys_of_the_outermost_dict() {
        let session =
            b"\x80\x02}q\x01(U\x07user.idq\x02U\x0512.34q\x03U\x05trail]q\x04(X\x07\0\0\0expiresK\x01e\
            U\x01x}q\x05U\x06setuidU\x01nsU\x07expiresI4294967297\nu.";
        let found = scan(session, KEYS).unwrap();
        assert_eq!(found, [Some(Scalar::Number(4_294_967_297.0)), Some(Scalar::Text("12.34".into())), None]);
    }

    #[test]
    fn last_of_repeated_keys_counts() {
        for pickle in
            [&b"}(U\x07expiresK\x01X\x07\0\0\0expiresK\x02u."[..], b"}U\x07expiresK\x01sU\x07expiresK\x02s."]
        {
            assert_eq!(scan(pickle, ["expires"]), Some([Some(Scalar::Number(2.0))]));
            assert_eq!(find(pickle, ["expires"]).unwrap(), Some([Some(Scalar::Number(2.0))]));
        }
    }

    #[test]
    fn unsupported_pickles_are_left_to_the_reader() {
        for (pickle, wanted) in [
            // The key or the dict comes from the memo.
            (&b"}q\0U\x01aU\x07expiresq\x01sh\x01K\x01s."[..], Some([Some(Scalar::Number(1.0))])),
            (b"]}q\0ah\0U\x07expiresK\x01s0h\0.", Some([Some(Scalar::Number(1.0))])),
            // Protocol 0; a long of a hundred bits; not a dict; an object.
            (b"(dp0\nS'expires'\nF1.5\ns.", Some([Some(Scalar::Number(1.5))])),
            (
                b"}U\x07expires\x8a\x09\0\0\0\0\0\0\0\0\x01s.",
                Some([Some(Scalar::Number(18446744073709551616.0))]),
            ),
            (b"].", None),
            (b"}U\x07expiresca\nb\n)Rs.", Some([Some(Scalar::Other("object"))])),
        ] {
            assert_eq!(scan(pickle, ["expires"]), None, "{}", pickle.escape_ascii());
            assert_eq!(find(pickle, ["expires"]).unwrap(), wanted, "{}", pickle.escape_ascii());
        }
        for broken in [
            &b"}U\x07expiresK\x01s"[..],
            b"}(U\x07expiresu.",
            b"}]Ns.",
            b"}]\x85Ns.",
            b"}(U\x07expiresK\x01s.",
            b"}NNe.",
            // More entries than the reader's memo allows.
            &[
                &b"}"[..],
                &(0..1_000_001_u32)
                    .flat_map(|at| [&b"r"[..], &at.to_le_bytes()].concat())
                    .collect::<Vec<u8>>(),
                b"U\x07expiresI1000\ns.",
            ]
            .concat(),
        ] {
            assert_eq!(scan(broken, ["expires"]), None, "{}", broken.escape_ascii());
            assert!(find(broken, ["expires"]).is_err(), "{}", broken.escape_ascii());
        }
    }
}

//! Errors in pickles.

use super::opcode;

/// Why bytes are not a readable pickle, and the offset of the error.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}", .kind.at(*.offset))]
#[non_exhaustive]
pub struct ReadError {
    /// The offset of the failed opcode, in bytes from the start of the file.
    pub offset: usize,
    /// The kind of error.
    pub kind: ReadErrorKind,
}

/// The kinds of errors in a pickle.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadErrorKind {
    /// The bytes end before the STOP opcode, or inside an opcode's argument. Also a claimed length beyond the
    /// end.
    #[error("truncated pickle")]
    UnexpectedEnd,
    /// A byte that is not an opcode of protocols 0 to 5.
    #[error("unknown opcode 0x{0:02x}")]
    UnknownOpcode(u8),
    /// An opcode that refers to something outside the file: persistent ids, extension registry, buffers.
    #[error("opcode {} refers to data outside the file", opcode::name(*.0).unwrap_or("?"))]
    Unreadable(u8),
    /// A limit in [`Limits`](super::Limits) is exceeded; the text names the limit.
    #[error("limit reached: {0}")]
    Limit(&'static str),
    /// The PROTO opcode has a protocol above 5.
    #[error("unknown pickle protocol {0}")]
    Protocol(u8),
    /// An opcode reads a memo entry that was never stored.
    #[error("memo entry {0} was never stored")]
    MissingMemo(u64),
    /// An opcode needs more values than the stack holds above its innermost mark.
    #[error("too few values on the stack")]
    StackUnderflow,
    /// An opcode needs a mark, but there is none.
    #[error("no mark on the stack")]
    NoMark,
    /// The argument of the opcode is malformed; the text has what was expected.
    #[error("malformed argument, expected {0}")]
    Argument(&'static str),
    /// An opcode found a value of a wrong type.
    #[error("expected {wanted}, found {found}")]
    WrongType {
        /// The expected type.
        wanted: &'static str,
        /// The type of the value, by its Python name.
        found: &'static str,
    },
    /// An odd number of items in a list of keys and values.
    #[error("odd number of items for a dict")]
    OddItems,
    /// A dict key or set element that Python can't hash; the text is its type.
    #[error("a {0} cannot be a dict key or set element")]
    Unhashable(&'static str),
}

impl ReadErrorKind {
    fn at(&self, offset: usize) -> String {
        match self {
            ReadErrorKind::UnexpectedEnd => format!("{self}: ends at byte {offset}"),
            _ => format!("invalid pickle: {self} at byte {offset}"),
        }
    }
}

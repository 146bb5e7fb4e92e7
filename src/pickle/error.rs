//! What can be wrong with a pickle, and where.

use std::fmt;

use super::opcode;

/// Why bytes could not be read as a pickle, and the byte at which that showed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadError {
    /// Offset of the opcode that failed, in bytes from the start of the file.
    pub offset: usize,
    /// What was wrong with it.
    pub kind: ReadErrorKind,
}

/// The ways in which reading a pickle fails.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReadErrorKind {
    /// The data ends before its STOP opcode, or inside an opcode's argument; a claimed length that reaches
    /// behind the end counts as this.
    UnexpectedEnd,
    /// A byte that is no opcode of protocols 0 to 5.
    UnknownOpcode(u8),
    /// An opcode whose meaning lies outside the file: persistent ids, extension registry, buffers.
    Unreadable(u8),
    /// A bound of [`Limits`](super::Limits) was reached; the text says which.
    Limit(&'static str),
    /// The PROTO opcode names a protocol above 5.
    Protocol(u8),
    /// A memo entry is fetched that was never stored.
    MissingMemo(u64),
    /// An opcode needs more values than the stack holds above its innermost mark.
    StackUnderflow,
    /// An opcode needs a mark and there is none.
    NoMark,
    /// The argument of the opcode is malformed; the text says what it should have been.
    Argument(&'static str),
    /// An opcode met a value it cannot work on.
    WrongType {
        /// What the opcode works on.
        wanted: &'static str,
        /// What it met, as Python names the type.
        found: &'static str,
    },
    /// An odd number of items where keys and values alternate.
    OddItems,
    /// A dict key or set element that Python cannot hash, by type.
    Unhashable(&'static str),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.kind, self.offset)
    }
}

impl std::error::Error for ReadError {}

impl fmt::Display for ReadErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnexpectedEnd => f.write_str("the pickle ends too early"),
            Self::UnknownOpcode(byte) => write!(f, "unknown opcode 0x{byte:02x}"),
            Self::Unreadable(byte) => {
                write!(
                    f,
                    "opcode {} refers to something outside the file",
                    opcode::name(*byte).unwrap_or("?")
                )
            }
            Self::Limit(what) => write!(f, "limit reached: {what}"),
            Self::Protocol(version) => write!(f, "unknown pickle protocol {version}"),
            Self::MissingMemo(index) => write!(f, "memo entry {index} was never stored"),
            Self::StackUnderflow => f.write_str("too few values on the stack"),
            Self::NoMark => f.write_str("no mark on the stack"),
            Self::Argument(wanted) => write!(f, "malformed argument: wanted {wanted}"),
            Self::WrongType { wanted, found } => write!(f, "wanted {wanted}, found {found}"),
            Self::OddItems => f.write_str("odd number of items for a dict"),
            Self::Unhashable(kind) => write!(f, "a {kind} cannot be a dict key or set element"),
        }
    }
}

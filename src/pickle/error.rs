//! Errors in pickles.

use std::fmt;

use super::opcode;

/// Why bytes are not a readable pickle, and at which byte.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct ReadError {
    /// Offset of the opcode that failed, in bytes from the start of the file.
    pub offset: usize,
    /// What was wrong with it.
    pub kind: ReadErrorKind,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ReadError { offset, kind } = self;
        match kind {
            ReadErrorKind::UnexpectedEnd => write!(f, "{kind}: ends at byte {offset}"),
            _ => write!(f, "invalid pickle: {kind} at byte {offset}"),
        }
    }
}

impl std::error::Error for ReadError {}

/// The ways in which reading a pickle fails.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadErrorKind {
    /// The data ends before its STOP opcode, or inside an opcode's argument; a claimed length that reaches
    /// behind the end counts as this.
    #[error("truncated pickle")]
    UnexpectedEnd,
    /// A byte that is no opcode of protocols 0 to 5.
    #[error("unknown opcode 0x{0:02x}")]
    UnknownOpcode(u8),
    /// An opcode whose meaning lies outside the file: persistent ids, extension registry, buffers.
    #[error("opcode {} refers to data outside the file", opcode::name(*.0).unwrap_or("?"))]
    Unreadable(u8),
    /// A bound of [`Limits`](super::Limits) was reached; the text says which.
    #[error("limit reached: {0}")]
    Limit(&'static str),
    /// The PROTO opcode names a protocol above 5.
    #[error("unknown pickle protocol {0}")]
    Protocol(u8),
    /// A memo entry is fetched that was never stored.
    #[error("memo entry {0} was never stored")]
    MissingMemo(u64),
    /// An opcode needs more values than the stack holds above its innermost mark.
    #[error("too few values on the stack")]
    StackUnderflow,
    /// An opcode needs a mark and there is none.
    #[error("no mark on the stack")]
    NoMark,
    /// The argument of the opcode is malformed; the text says what it should have been.
    #[error("malformed argument, expected {0}")]
    Argument(&'static str),
    /// An opcode met a value it cannot work on.
    #[error("expected {wanted}, found {found}")]
    WrongType {
        /// What the opcode works on.
        wanted: &'static str,
        /// What it met, as Python names the type.
        found: &'static str,
    },
    /// An odd number of items where keys and values alternate.
    #[error("odd number of items for a dict")]
    OddItems,
    /// A dict key or set element that Python cannot hash, by type.
    #[error("a {0} cannot be a dict key or set element")]
    Unhashable(&'static str),
}

//! Pickle bytes to values and back. Nothing is ever imported, called or resolved here.
//!
//! A MoinMoin session is a Python pickle, and unpickling with Python executes code that the file names. This module
//! reads the same bytes as data: every opcode of protocols 0 to 5 becomes a change to an arena of nodes
//! ([`Tree`]), and what would be a call in Python becomes an opaque [`Object`] that remembers the callable, its
//! arguments and what was done to the result. Promises:
//!
//! * Reading ends. Bytes, nodes, the size of one big integer and the work done are bounded by [`Limits`], and no
//!   length claimed by a file is believed before the bytes are there.
//! * No recursion, even for deeply nested values: not in reading, dropping, comparing, writing, or displaying.
//! * Nothing is lost: Python 2 `str` against `unicode`, int against long, tuple against list, shared and
//!   recursive references, class instances, byte strings that are no UTF-8, floats to the last bit.
//!   [`write()`] gives protocol 2 as Python 2's cPickle writes it.
//!
//! [`find`] answers for a few keys of the outermost dict without building the rest, where it can.
//!
//! Pure: no clock, no disk. Sources: `pickletools.py` and `Modules/_pickle.c` of CPython 3, `cPickle.c` of
//! CPython 2.7, PEP 307 (protocol 2), PEP 3154 (protocol 4), PEP 574 (protocol 5).

mod builder;
mod cursor;
mod display;
mod emit;
mod error;
mod json;
mod key;
mod limits;
mod numbers;
mod objects;
mod opcode;
mod quoted;
mod read;
mod same;
mod scan;
mod shape;
mod stack;
mod text;
mod value;
mod write;

#[cfg(test)]
mod tests;

pub use builder::TreeBuilder;
pub use display::DisplayLimits;
pub use emit::WriteError;
pub use error::{ReadError, ReadErrorKind};
pub use json::{FormError, JsonForm};
pub use limits::Limits;
pub use read::{named, read, read_with};
pub use scan::{Scalar, find, scan};
pub use text::{Chunk, Text};
pub use value::{Event, Global, Make, Node, NodeId, Object, Tree};
pub use write::write;

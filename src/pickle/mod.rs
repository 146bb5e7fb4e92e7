//! Converts pickle bytes to values and back. Never imports, calls, or resolves anything.
//!
//! A MoinMoin session is a Python pickle, and unpickling in Python runs code that the file names. This module
//! reads the same bytes as data. Each opcode of protocols 0 to 5 changes an arena of nodes ([`Tree`]). A call
//! in Python becomes an opaque [`Object`], which has the callable, its arguments, and the changes to the
//! result. Promises:
//!
//! * Reading ends. [`Limits`] has maximums for bytes, nodes, the size of one big integer, and work. A length
//!   in the file is not used before the bytes are there.
//! * Nothing is recursive, even for deeply nested values: not reading, dropping, comparing, writing, or
//!   displaying.
//! * Nothing is lost: Python 2 `str` and `unicode`, int and long, tuple and list, shared and recursive
//!   references, class instances, byte strings that are not UTF-8, and all bits of floats. [`write()`] writes
//!   protocol 2 as Python 2's cPickle does.
//!
//! [`find`] reads a few keys of the outermost dict, if possible without building the rest.
//!
//! The module is pure: it uses no clock and no disk. Source: `pickletools.py` and `Modules/_pickle.c` of
//! CPython 3, `cPickle.c` of CPython 2.7, PEP 307 (protocol 2), PEP 3154 (protocol 4), PEP 574 (protocol 5).

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

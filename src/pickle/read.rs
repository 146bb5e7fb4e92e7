//! The pickle machine: a stack, marks, a memo, and the opcodes that move nodes between them.
//!
//! If the Python implementations differ, the machine follows CPython's `_pickle.c`: opcodes can't reach
//! values below the innermost mark, a frame only has to be complete, and bytes after STOP are ignored. This
//! file has the machine and the opcodes for plain values. `objects.rs` has the opcodes for containers and
//! calls.

use std::collections::{HashMap, HashSet};

use super::builder::TreeBuilder;
use super::cursor::Cursor;
use super::error::{ReadError, ReadErrorKind};
use super::key::{KeyClass, Keys};
use super::limits::{Limits, Meter};
use super::numbers;
use super::opcode as op;
use super::quoted;
use super::text::Text;
use super::value::{Global, Node, NodeId, Tree};

/// Reads one pickle within the default [`Limits`].
///
/// # Errors
///
/// The bytes are not a pickle, refer to something outside of the file, do what Python would refuse, or exceed
/// a limit. The error has the offset of the opcode.
pub fn read(bytes: &[u8]) -> Result<Tree, ReadError> {
    read_with(bytes, &Limits::default())
}

/// Reads one pickle within the given limits.
///
/// # Errors
///
/// The same as for [`read`].
pub fn read_with(bytes: &[u8], limits: &Limits) -> Result<Tree, ReadError> {
    if bytes.len() > limits.bytes {
        return Err(ReadError { offset: limits.bytes, kind: ReadErrorKind::Limit("size of the file") });
    }
    let mut machine = Machine::new(bytes, limits);
    loop {
        let offset = machine.cursor.offset();
        match machine.step() {
            Ok(None) => {}
            Ok(Some(root)) => return Ok(machine.nodes.finish_at(root, machine.cursor.offset())),
            Err(kind) => return Err(ReadError { offset, kind }),
        }
    }
}

/// All classes and functions that the bytes name before the end or the first error. Python imports them, and
/// may call them, before it reaches the error. Uses the default [`Limits`].
pub fn named(bytes: &[u8]) -> Vec<Global> {
    let limits = Limits::default();
    let mut machine = Machine::new(bytes.get(..limits.bytes).unwrap_or(bytes), &limits);
    while let Ok(None) = machine.step() {}
    let root = machine.nodes.push(Node::None);
    machine.nodes.finish(root).globals().cloned().collect()
}

/// The state between two opcodes.
pub(super) struct Machine<'a> {
    pub(super) cursor: Cursor<'a>,
    pub(super) limits: &'a Limits,
    pub(super) meter: Meter,
    pub(super) nodes: TreeBuilder,
    pub(super) stack: Vec<NodeId>,
    pub(super) marks: Vec<usize>,
    pub(super) memo: HashMap<u64, NodeId>,
    pub(super) keys: Keys,
    /// The position of a key in a dict.
    pub(super) dict_index: HashMap<(NodeId, KeyClass), usize>,
    /// The elements of a set.
    pub(super) set_index: HashSet<(NodeId, KeyClass)>,
    /// The number of recorded events of all objects.
    pub(super) events: usize,
}

impl<'a> Machine<'a> {
    fn new(bytes: &'a [u8], limits: &'a Limits) -> Self {
        Machine {
            cursor: Cursor::new(bytes),
            limits,
            meter: Meter::new(limits.ops),
            nodes: TreeBuilder::new(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
            keys: Keys::default(),
            dict_index: HashMap::new(),
            set_index: HashSet::new(),
            events: 0,
        }
    }

    /// Runs one opcode. Returns the root at STOP.
    fn step(&mut self) -> Result<Option<NodeId>, ReadErrorKind> {
        self.meter.charge(1)?;
        let opcode = self.cursor.u8()?;
        match opcode {
            op::STOP => return self.pop().map(Some),
            op::PROTO => {
                let version = self.cursor.u8()?;
                if version > op::HIGHEST_PROTOCOL {
                    return Err(ReadErrorKind::Protocol(version));
                }
            }
            op::FRAME => {
                let len = self.cursor.u64()?;
                self.cursor.check_frame(len)?;
            }

            op::NONE => self.push_node(Node::None)?,
            op::NEWTRUE => self.push_node(Node::Bool(true))?,
            op::NEWFALSE => self.push_node(Node::Bool(false))?,
            op::INT => {
                let node = numbers::int_line(self.line()?, self.limits, &mut self.meter)?;
                self.push_node(node)?;
            }
            op::BININT => {
                let value = self.cursor.i32()?;
                self.push_node(Node::Int(i64::from(value)))?;
            }
            op::BININT1 => {
                let value = self.cursor.u8()?;
                self.push_node(Node::Int(i64::from(value)))?;
            }
            op::BININT2 => {
                let value = self.cursor.u16()?;
                self.push_node(Node::Int(i64::from(value)))?;
            }
            op::LONG => {
                let node = numbers::long_line(self.line()?, self.limits, &mut self.meter)?;
                self.push_node(node)?;
            }
            op::LONG1 => {
                let len = self.cursor.u8()?;
                self.push_long(u64::from(len))?;
            }
            op::LONG4 => {
                let len = self.cursor.i32()?;
                self.push_long(not_negative(len)?)?;
            }
            op::FLOAT => {
                let value = numbers::float_line(self.line()?)?;
                self.push_node(Node::Float(value))?;
            }
            op::BINFLOAT => {
                let value = self.cursor.f64()?;
                self.push_node(Node::Float(value))?;
            }

            op::STRING => {
                let value = quoted::string_line(self.line()?)?;
                self.push_node(Node::Str(value))?;
            }
            op::BINSTRING => {
                let len = not_negative(self.cursor.i32()?)?;
                let value = self.payload(len)?.to_vec();
                self.push_node(Node::Str(value))?;
            }
            op::SHORT_BINSTRING => {
                let len = self.cursor.u8()?;
                let value = self.payload(u64::from(len))?.to_vec();
                self.push_node(Node::Str(value))?;
            }
            op::UNICODE => {
                let value = quoted::unicode_line(self.line()?)?;
                self.push_node(Node::Text(value))?;
            }
            op::SHORT_BINUNICODE | op::BINUNICODE | op::BINUNICODE8 => {
                let len = self.length(opcode == op::SHORT_BINUNICODE, opcode == op::BINUNICODE8)?;
                let text = Text::from_generalised_utf8(self.payload(len)?);
                self.push_node(Node::Text(text.ok_or(ReadErrorKind::Argument("UTF-8"))?))?;
            }
            op::SHORT_BINBYTES | op::BINBYTES | op::BINBYTES8 => {
                let len = self.length(opcode == op::SHORT_BINBYTES, opcode == op::BINBYTES8)?;
                let value = self.payload(len)?.to_vec();
                self.push_node(Node::Bytes(value))?;
            }
            op::BYTEARRAY8 => {
                let len = self.cursor.u64()?;
                let value = self.payload(len)?.to_vec();
                self.push_node(Node::ByteArray(value))?;
            }

            op::GLOBAL => {
                let global = self.global_lines()?;
                self.push_node(global)?;
            }
            op::STACK_GLOBAL => {
                let name = self.pop_name()?;
                let module = self.pop_name()?;
                self.push_node(Node::Global(Box::new(Global::new(module, name))))?;
            }

            op::MARK => {
                if self.marks.len() >= self.limits.nodes {
                    return Err(ReadErrorKind::Limit("number of marks"));
                }
                self.marks.push(self.stack.len());
            }
            op::POP => self.pop_or_unmark()?,
            op::POP_MARK => {
                self.pop_to_mark()?;
            }
            op::DUP => {
                let top = self.top()?;
                self.push(top)?;
            }
            op::GET => {
                let index = numbers::index_line(self.line()?)?;
                self.fetch(index)?;
            }
            op::BINGET => {
                let index = self.cursor.u8()?;
                self.fetch(u64::from(index))?;
            }
            op::LONG_BINGET => {
                let index = self.cursor.u32()?;
                self.fetch(u64::from(index))?;
            }
            op::PUT => {
                let index = numbers::index_line(self.line()?)?;
                self.store(index)?;
            }
            op::BINPUT => {
                let index = self.cursor.u8()?;
                self.store(u64::from(index))?;
            }
            op::LONG_BINPUT => {
                let index = self.cursor.u32()?;
                self.store(u64::from(index))?;
            }
            op::MEMOIZE => self.store(self.memo.len() as u64)?,

            op::EMPTY_TUPLE => self.push_node(Node::Tuple(Vec::new()))?,
            op::EMPTY_LIST => self.push_node(Node::List(Vec::new()))?,
            op::EMPTY_DICT => self.push_node(Node::Dict(Vec::new()))?,
            op::EMPTY_SET => self.push_node(Node::Set(Vec::new()))?,
            op::TUPLE1 => self.tuple_of(1)?,
            op::TUPLE2 => self.tuple_of(2)?,
            op::TUPLE3 => self.tuple_of(3)?,
            op::TUPLE => {
                let items = self.pop_to_mark()?;
                self.push_node(Node::Tuple(items))?;
            }
            op::LIST => {
                let items = self.pop_to_mark()?;
                self.push_node(Node::List(items))?;
            }
            op::DICT => self.dict()?,
            op::FROZENSET => self.frozenset()?,
            op::APPEND => self.append_one()?,
            op::APPENDS => self.append_many()?,
            op::SETITEM => self.set_item()?,
            op::SETITEMS => self.set_items()?,
            op::ADDITEMS => self.add_items()?,

            op::REDUCE => self.reduce()?,
            op::NEWOBJ => self.newobj()?,
            op::NEWOBJ_EX => self.newobj_ex()?,
            op::OBJ => self.obj()?,
            op::INST => self.inst()?,
            op::BUILD => self.build()?,

            _ => {
                let kind = if op::name(opcode).is_some() {
                    ReadErrorKind::Unreadable
                } else {
                    ReadErrorKind::UnknownOpcode
                };
                return Err(kind(opcode));
            }
        }
        Ok(None)
    }

    fn line(&mut self) -> Result<&'a [u8], ReadErrorKind> {
        let line = self.cursor.line()?;
        self.meter.charge_bytes(line.len())?;
        Ok(line)
    }

    fn length(&mut self, one_byte: bool, eight_bytes: bool) -> Result<u64, ReadErrorKind> {
        match (one_byte, eight_bytes) {
            (true, _) => self.cursor.u8().map(u64::from),
            (_, true) => self.cursor.u64(),
            _ => self.cursor.u32().map(u64::from),
        }
    }

    fn payload(&mut self, len: u64) -> Result<&'a [u8], ReadErrorKind> {
        let bytes = self.cursor.take_claimed(len)?;
        self.meter.charge_bytes(bytes.len())?;
        Ok(bytes)
    }

    fn push_long(&mut self, len: u64) -> Result<(), ReadErrorKind> {
        let value = numbers::long_bytes(self.payload(len)?, self.limits)?;
        self.push_node(Node::Long(value))
    }

    /// Reads the two lines of GLOBAL and INST.
    pub(super) fn global_lines(&mut self) -> Result<Node, ReadErrorKind> {
        let module = self.line()?;
        let name = self.line()?;
        if module.is_empty() || name.is_empty() {
            return Err(ReadErrorKind::Argument("a module and a name"));
        }
        Ok(Node::Global(Box::new(Global::new(module, name))))
    }

    fn pop_name(&mut self) -> Result<Vec<u8>, ReadErrorKind> {
        let id = self.pop()?;
        let name = match self.nodes.node(id) {
            Node::Text(text) => text.as_bytes(),
            Node::Str(bytes) => bytes,
            other => return Err(ReadErrorKind::WrongType { wanted: "a name", found: other.kind() }),
        };
        // The file can read the name from the memo many times.
        self.meter.charge(name.len() as u64)?;
        Ok(name.to_vec())
    }
}

fn not_negative(len: i32) -> Result<u64, ReadErrorKind> {
    u64::try_from(len).map_err(|_| ReadErrorKind::Argument("a length that is not negative"))
}

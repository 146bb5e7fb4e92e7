//! Writes a tree as a pickle of protocol 2, as cPickle of Python 2 does.
//!
//! This file iterates over the tree; `emit.rs` writes the single opcodes. Lists and dicts are stored in the
//! memo before they are filled, in batches of 1000; tuples are stored after their items. Memo numbers start
//! at 1, or at 0 if the file came from pickle.py. cPickle stores an object in the memo only if something else
//! refers to it at that moment. This writer stores a node if two references lead to it, or if the original
//! file stored it. So a session that MoinMoin wrote gives the same bytes.
//!
//! Values that contain themselves are written as in Python's pickler. Each unfinished value that is not in
//! the memo yet is started again, until a list, dict, or object on the way is in the memo. The outer start is
//! then useless, and is removed from the stack (Python would make the object again and drop it). Source:
//! `cPickle.c` of CPython 2.7.

use std::collections::HashMap;

use super::emit::{MAX_OUTPUT, Output, WriteError};
use super::opcode as op;
use super::text::Text;
use super::value::{Event, Make, Node, NodeId, Tree};

/// The maximum number of items in one APPENDS or SETITEMS.
const BATCH: usize = 1000;

/// Writes a tree as protocol 2.
///
/// # Errors
///
/// The pickle would be larger than 64 MiB, needs a later protocol, or can't be represented in any protocol.
pub fn write(tree: &Tree) -> Result<Vec<u8>, WriteError> {
    let mut writer = Writer {
        tree,
        wanted: wanted(tree),
        memo: HashMap::new(),
        open: HashMap::new(),
        tasks: vec![Task::Save(tree.root())],
        out: Output::new(),
    };
    while let Some(task) = writer.tasks.pop() {
        writer.perform(task)?;
        if writer.out.len() > MAX_OUTPUT {
            return Err(WriteError::TooLarge);
        }
    }
    Ok(writer.out.finish())
}

/// For each node, whether something may read it from the memo: because more than one reference leads to the
/// node, or because it contains others and the tree contains itself somewhere.
fn wanted(tree: &Tree) -> Vec<bool> {
    #[derive(Copy, Clone, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let mut states = vec![State::New; tree.node_count()];
    let mut wanted = vec![false; tree.node_count()];
    let mut cyclic = false;
    let mut stack = vec![(tree.root(), false)];
    while let Some((id, leave)) = stack.pop() {
        let (Some(state), Some(wanted)) = (states.get_mut(id.index()), wanted.get_mut(id.index())) else {
            continue;
        };
        match (leave, *state) {
            (true, _) => *state = State::Done,
            (false, State::New) => {
                *state = State::Open;
                stack.push((id, true));
                tree.node(id).for_each_child(|child| stack.push((child, false)));
            }
            (false, seen) => {
                *wanted = true;
                cyclic |= seen == State::Open;
            }
        }
    }
    if cyclic {
        for (wanted, node) in wanted.iter_mut().zip(tree.nodes()) {
            *wanted |= matches!(node, Node::List(_) | Node::Dict(_) | Node::Object(_) | Node::Global(_));
        }
    }
    wanted
}

/// What is still to be written. The last task runs first.
enum Task {
    Save(NodeId),
    Op(u8),
    /// The items of a list from this index.
    Items(NodeId, usize),
    /// The entries of a dict from this index.
    Entries(NodeId, usize),
    /// Ends a node with this opcode, which pops this number of values from the stack, or all values above
    /// the mark.
    Made(NodeId, u8, usize),
    /// The changes of an unresolved object from this index.
    Log(NodeId, usize),
}

struct Writer<'a> {
    tree: &'a Tree,
    wanted: Vec<bool>,
    memo: HashMap<NodeId, u32>,
    /// Started nodes that are stored in the memo only when complete, with the size of the memo when they were
    /// last started.
    open: HashMap<NodeId, usize>,
    tasks: Vec<Task>,
    out: Output,
}

impl Writer<'_> {
    fn perform(&mut self, task: Task) -> Result<(), WriteError> {
        match task {
            Task::Save(id) => self.save(id),
            Task::Op(opcode) => {
                self.out.op(opcode);
                Ok(())
            }
            Task::Items(id, from) => {
                if let Some(rest) = self.tree.items(id).and_then(|items| items.get(from..)) {
                    self.items(id, from, rest);
                }
                Ok(())
            }
            Task::Entries(id, from) => {
                if let Some(rest) = self.tree.entries(id).and_then(|entries| entries.get(from..)) {
                    self.entries(id, from, rest);
                }
                Ok(())
            }
            Task::Made(id, opcode, count) => self.made(id, opcode, count),
            Task::Log(id, from) => self.log(id, from),
        }
    }

    fn save(&mut self, id: NodeId) -> Result<(), WriteError> {
        if self.get(id) {
            return Ok(());
        }
        let tree = self.tree;
        match tree.node(id) {
            Node::None => self.out.op(op::NONE),
            Node::Bool(true) => self.out.op(op::NEWTRUE),
            Node::Bool(false) => self.out.op(op::NEWFALSE),
            Node::Int(value) => self.out.int(*value),
            Node::Long(value) => {
                self.out.long(value)?;
                // Python never stores a number in the memo. A number of this size is not worth writing twice.
                if value.bits() > 1 << 14 {
                    self.put(id);
                }
            }
            Node::Float(value) => self.out.float(*value),
            Node::Str(bytes) => {
                self.out.str(bytes)?;
                self.put(id);
            }
            Node::Text(text) => {
                self.out.text(text)?;
                self.put(id);
            }
            Node::Bytes(bytes) if bytes.is_empty() => {
                self.out.global(b"__builtin__", b"bytes")?;
                self.out.op(op::EMPTY_TUPLE);
                self.out.op(op::REDUCE);
                self.put(id);
            }
            Node::Bytes(bytes) => {
                self.out.global(b"_codecs", b"encode")?;
                self.latin1(id, bytes, "latin1")?;
            }
            Node::ByteArray(bytes) => {
                self.out.global(b"__builtin__", b"bytearray")?;
                self.latin1(id, bytes, "latin-1")?;
            }
            Node::Tuple(items) if items.is_empty() => self.out.op(op::EMPTY_TUPLE),
            Node::Tuple(items) => {
                self.begin(id)?;
                let opcode = match items.len() {
                    1 => op::TUPLE1,
                    2 => op::TUPLE2,
                    3 => op::TUPLE3,
                    _ => {
                        self.out.op(op::MARK);
                        op::TUPLE
                    }
                };
                self.tasks.push(Task::Made(id, opcode, items.len()));
                self.save_all(items);
            }
            Node::List(_) => {
                self.out.op(op::EMPTY_LIST);
                self.put(id);
                self.tasks.push(Task::Items(id, 0));
            }
            Node::Dict(_) => {
                self.out.op(op::EMPTY_DICT);
                self.put(id);
                self.tasks.push(Task::Entries(id, 0));
            }
            Node::Set(_) | Node::FrozenSet(_) => {
                // As in `__reduce__` of a set: the type is called with a list.
                self.begin(id)?;
                let name: &[u8] = if matches!(tree.node(id), Node::Set(_)) { b"set" } else { b"frozenset" };
                self.out.global(b"__builtin__", name)?;
                self.out.op(op::EMPTY_LIST);
                self.tasks.extend([Task::Made(id, op::REDUCE, 2), Task::Op(op::TUPLE1), Task::Items(id, 0)]);
            }
            Node::Global(global) => {
                self.out.global(&global.module, &global.name)?;
                self.put(id);
                self.tasks.push(Task::Log(id, 0));
            }
            Node::Object(object) => {
                self.begin(id)?;
                match &object.make {
                    Make::Reduce { callable, args } => {
                        self.tasks.push(Task::Made(id, op::REDUCE, 2));
                        self.save_all(&[*callable, *args]);
                    }
                    Make::NewObj { class, args } => {
                        self.tasks.push(Task::Made(id, op::NEWOBJ, 2));
                        self.save_all(&[*class, *args]);
                    }
                    Make::NewObjEx { .. } => {
                        return Err(WriteError::Protocol("an object made with NEWOBJ_EX"));
                    }
                    Make::Instance { class, args } => {
                        self.out.op(op::MARK);
                        self.tasks.push(Task::Made(id, op::OBJ, 0));
                        self.save_all(args);
                        self.tasks.push(Task::Save(*class));
                    }
                }
            }
        }
        Ok(())
    }

    /// Records the start of a node that is stored in the memo only when complete. If nothing was stored in
    /// the memo since its last start, writing would never end.
    fn begin(&mut self, id: NodeId) -> Result<(), WriteError> {
        if self.open.insert(id, self.memo.len()) == Some(self.memo.len()) {
            return Err(WriteError::Cycle);
        }
        Ok(())
    }

    /// Completes a node that [`Writer::begin`] started.
    fn made(&mut self, id: NodeId, opcode: u8, count: usize) -> Result<(), WriteError> {
        self.open.remove(&id);
        if !self.memo.contains_key(&id) {
            self.out.op(opcode);
            self.put(id);
            self.tasks.push(Task::Log(id, 0));
            return Ok(());
        }
        // A part of the node contained the node and completed it. Remove this start.
        match opcode {
            op::TUPLE | op::OBJ => self.out.op(op::POP_MARK),
            _ => (0..count).for_each(|_| self.out.op(op::POP)),
        }
        self.get(id);
        Ok(())
    }

    fn log(&mut self, id: NodeId, from: usize) -> Result<(), WriteError> {
        let log = match self.tree.node(id) {
            Node::Object(object) => &object.log,
            Node::Global(global) => &global.log,
            _ => return Ok(()),
        };
        let Some(event) = log.get(from) else { return Ok(()) };
        self.tasks.push(Task::Log(id, from + 1));
        match event {
            Event::Build(state) => self.tasks.extend([Task::Op(op::BUILD), Task::Save(*state)]),
            Event::Append(items) => match items.as_slice() {
                [item] => self.tasks.extend([Task::Op(op::APPEND), Task::Save(*item)]),
                items => {
                    self.out.op(op::MARK);
                    self.tasks.push(Task::Op(op::APPENDS));
                    self.save_all(items);
                }
            },
            Event::SetItems(entries) => match entries.as_slice() {
                [(key, value)] => {
                    self.tasks.extend([Task::Op(op::SETITEM), Task::Save(*value), Task::Save(*key)]);
                }
                entries => {
                    self.out.op(op::MARK);
                    self.tasks.push(Task::Op(op::SETITEMS));
                    self.save_entries(entries);
                }
            },
            Event::AddItems(_) => return Err(WriteError::Protocol("items added to an unresolved set")),
        }
        Ok(())
    }

    fn items(&mut self, id: NodeId, from: usize, rest: &[NodeId]) {
        let batch = rest.get(..BATCH).unwrap_or(rest);
        match batch {
            [] => {}
            [item] if from == 0 => self.tasks.extend([Task::Op(op::APPEND), Task::Save(*item)]),
            _ => {
                self.out.op(op::MARK);
                self.tasks.extend([Task::Items(id, from + batch.len()), Task::Op(op::APPENDS)]);
                self.save_all(batch);
            }
        }
    }

    fn entries(&mut self, id: NodeId, from: usize, rest: &[(NodeId, NodeId)]) {
        let batch = rest.get(..BATCH).unwrap_or(rest);
        match batch {
            [] if from == 0 => {}
            [(key, value)] if from == 0 => {
                self.tasks.extend([Task::Op(op::SETITEM), Task::Save(*value), Task::Save(*key)]);
            }
            _ => {
                // After a full batch of a dict, cPickle always writes another batch, even if it is empty.
                self.out.op(op::MARK);
                if batch.len() == BATCH {
                    self.tasks.push(Task::Entries(id, from + batch.len()));
                }
                self.tasks.push(Task::Op(op::SETITEMS));
                self.save_entries(batch);
            }
        }
    }

    fn save_all(&mut self, items: &[NodeId]) {
        self.tasks.extend(items.iter().rev().map(|&item| Task::Save(item)));
    }

    fn save_entries(&mut self, entries: &[(NodeId, NodeId)]) {
        for &(key, value) in entries.iter().rev() {
            self.tasks.extend([Task::Save(value), Task::Save(key)]);
        }
    }

    /// Reads a node from the memo, if it is there.
    fn get(&mut self, id: NodeId) -> bool {
        let Some(&index) = self.memo.get(&id) else { return false };
        self.out.memo(op::BINGET, op::LONG_BINGET, index);
        true
    }

    /// Stores the top of the stack in the memo, if something may read it or the original file stored it.
    fn put(&mut self, id: NodeId) {
        let wanted = self.wanted.get(id.index()).copied().unwrap_or(false);
        if wanted || self.tree.is_memoized(id) {
            // There are at most as many entries as nodes, and their numbers are u32.
            let index =
                u32::try_from(self.memo.len()).unwrap_or(u32::MAX).saturating_add(self.tree.memo_start());
            self.memo.insert(id, index);
            self.out.memo(op::BINPUT, op::LONG_BINPUT, index);
        }
    }

    fn latin1(&mut self, id: NodeId, bytes: &[u8], codec: &str) -> Result<(), WriteError> {
        self.out.text(&Text::from_latin1(bytes))?;
        self.out.text(&Text::from(codec))?;
        self.out.op(op::TUPLE2);
        self.out.op(op::REDUCE);
        self.put(id);
        Ok(())
    }
}

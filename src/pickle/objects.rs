//! The opcodes that fill containers or call something. A call becomes an opaque object. Only the calls that
//! Python's picklers write for plain values become values: sets before protocol 4, bytes before protocol 3,
//! and bytearrays before protocol 5.

use super::error::ReadErrorKind;
use super::read::Machine;
use super::value::{Event, Make, Node, NodeId, Object};

impl Machine<'_> {
    pub(super) fn append_one(&mut self) -> Result<(), ReadErrorKind> {
        let item = self.pop()?;
        self.append(vec![item])
    }

    pub(super) fn append_many(&mut self) -> Result<(), ReadErrorKind> {
        let items = self.pop_to_mark()?;
        self.append(items)
    }

    fn append(&mut self, mut items: Vec<NodeId>) -> Result<(), ReadErrorKind> {
        let target = self.top()?;
        if items.is_empty() {
            return Ok(());
        }
        if let Some(Node::List(list)) = self.nodes.node_mut(target) {
            list.append(&mut items);
            return Ok(());
        }
        self.record(target, "a list", Event::Append(items))
    }

    pub(super) fn set_item(&mut self) -> Result<(), ReadErrorKind> {
        let value = self.pop()?;
        let key = self.pop()?;
        self.insert(vec![key, value])
    }

    pub(super) fn set_items(&mut self) -> Result<(), ReadErrorKind> {
        let items = self.pop_to_mark()?;
        self.insert(items)
    }

    fn insert(&mut self, items: Vec<NodeId>) -> Result<(), ReadErrorKind> {
        let target = self.top()?;
        if items.is_empty() {
            return Ok(());
        }
        if matches!(self.nodes.node(target), Node::Dict(_)) {
            return self.insert_into(target, &items);
        }
        let entries = pairs(&items)?.collect();
        self.record(target, "a dict", Event::SetItems(entries))
    }

    pub(super) fn dict(&mut self) -> Result<(), ReadErrorKind> {
        let items = self.pop_to_mark()?;
        let dict = self.make(Node::Dict(Vec::new()))?;
        self.insert_into(dict, &items)?;
        self.push(dict)
    }

    /// Sets keys of a dict. As in Python, an existing key keeps its first form and its position, and gets the
    /// new value.
    fn insert_into(&mut self, dict: NodeId, items: &[NodeId]) -> Result<(), ReadErrorKind> {
        for (key, value) in pairs(items)? {
            let class = self.keys.class(&self.nodes, key, &mut self.meter)?;
            let Some(Node::Dict(entries)) = self.nodes.node_mut(dict) else { break };
            let position = *self.dict_index.entry((dict, class)).or_insert(entries.len());
            match entries.get_mut(position) {
                Some(entry) => entry.1 = value,
                None => entries.push((key, value)),
            }
        }
        Ok(())
    }

    pub(super) fn add_items(&mut self) -> Result<(), ReadErrorKind> {
        let items = self.pop_to_mark()?;
        let target = self.top()?;
        if items.is_empty() {
            return Ok(());
        }
        if matches!(self.nodes.node(target), Node::Set(_)) {
            return self.add_to(target, &items);
        }
        self.record(target, "a set", Event::AddItems(items))
    }

    pub(super) fn frozenset(&mut self) -> Result<(), ReadErrorKind> {
        let items = self.pop_to_mark()?;
        let set = self.make(Node::FrozenSet(Vec::new()))?;
        self.add_to(set, &items)?;
        self.push(set)
    }

    /// Adds the items that a set does not contain yet.
    fn add_to(&mut self, set: NodeId, items: &[NodeId]) -> Result<(), ReadErrorKind> {
        for &item in items {
            let class = self.keys.class(&self.nodes, item, &mut self.meter)?;
            if self.set_index.insert((set, class))
                && let Some(Node::Set(elements) | Node::FrozenSet(elements)) = self.nodes.node_mut(set)
            {
                elements.push(item);
            }
        }
        Ok(())
    }

    /// Records a change to an unresolved object. An error for other values.
    fn record(&mut self, target: NodeId, wanted: &'static str, event: Event) -> Result<(), ReadErrorKind> {
        self.events += 1;
        if self.events > self.limits.nodes {
            return Err(ReadErrorKind::Limit("number of events"));
        }
        match self.nodes.node_mut(target) {
            Some(Node::Object(object)) => object.log.push(event),
            Some(Node::Global(global)) => global.log.push(event),
            other => {
                let found = other.map_or("nothing", |node| node.kind());
                return Err(ReadErrorKind::WrongType { wanted, found });
            }
        }
        Ok(())
    }

    pub(super) fn build(&mut self) -> Result<(), ReadErrorKind> {
        let state = self.pop()?;
        let target = self.top()?;
        self.record(target, "an object", Event::Build(state))
    }

    pub(super) fn reduce(&mut self) -> Result<(), ReadErrorKind> {
        let args = self.pop()?;
        let callable = self.pop()?;
        self.check_callable(callable)?;
        self.check_args(args)?;
        if let Some(node) = self.plain_value(callable, args)? {
            return self.push(node);
        }
        self.push_object(Make::Reduce { callable, args })
    }

    pub(super) fn newobj(&mut self) -> Result<(), ReadErrorKind> {
        let args = self.pop()?;
        let class = self.pop()?;
        self.check_callable(class)?;
        self.check_args(args)?;
        self.push_object(Make::NewObj { class, args })
    }

    pub(super) fn newobj_ex(&mut self) -> Result<(), ReadErrorKind> {
        let kwargs = self.pop()?;
        let args = self.pop()?;
        let class = self.pop()?;
        self.check_callable(class)?;
        self.check_args(args)?;
        match self.nodes.node(kwargs) {
            Node::Dict(_) | Node::Object(_) => {}
            other => return Err(ReadErrorKind::WrongType { wanted: "a dict", found: other.kind() }),
        }
        self.push_object(Make::NewObjEx { class, args, kwargs })
    }

    pub(super) fn obj(&mut self) -> Result<(), ReadErrorKind> {
        let mut items = self.pop_to_mark()?.into_iter();
        let class = items.next().ok_or(ReadErrorKind::StackUnderflow)?;
        self.check_callable(class)?;
        self.push_object(Make::Instance { class, args: items.collect() })
    }

    pub(super) fn inst(&mut self) -> Result<(), ReadErrorKind> {
        let class = self.global_lines()?;
        let args = self.pop_to_mark()?;
        let class = self.make(class)?;
        self.push_object(Make::Instance { class, args })
    }

    fn push_object(&mut self, make: Make) -> Result<(), ReadErrorKind> {
        self.push_node(Node::Object(Box::new(Object { make, log: Vec::new() })))
    }

    fn check_callable(&self, id: NodeId) -> Result<(), ReadErrorKind> {
        match self.nodes.node(id) {
            Node::Global(_) | Node::Object(_) => Ok(()),
            other => Err(ReadErrorKind::WrongType { wanted: "a callable", found: other.kind() }),
        }
    }

    fn check_args(&self, id: NodeId) -> Result<(), ReadErrorKind> {
        match self.nodes.node(id) {
            Node::Tuple(_) | Node::Object(_) => Ok(()),
            other => Err(ReadErrorKind::WrongType { wanted: "a tuple of arguments", found: other.kind() }),
        }
    }

    /// The plain value of a call, if the call is one that Python's picklers write for a plain value.
    ///
    /// The call copies its argument, and two bytes of the file can read a long argument from the memo again.
    /// So the meter charges the whole copy.
    fn plain_value(&mut self, callable: NodeId, args: NodeId) -> Result<Option<NodeId>, ReadErrorKind> {
        let (Node::Global(global), Node::Tuple(args)) = (self.nodes.node(callable), self.nodes.node(args))
        else {
            return Ok(None);
        };
        if !global.log.is_empty() {
            return Ok(None);
        }
        let arg = |index: usize| args.get(index).map(|&id| self.nodes.node(id));
        let name = (global.module.as_slice(), global.name.as_slice());
        let bytes = match (name, arg(0), arg(1), args.len()) {
            ((b"__builtin__" | b"builtins", b"set" | b"frozenset"), arg, _, 0 | 1) => {
                let items = match arg {
                    None => Vec::new(),
                    Some(
                        Node::List(items) | Node::Tuple(items) | Node::Set(items) | Node::FrozenSet(items),
                    ) => items.clone(),
                    Some(_) => return Ok(None),
                };
                let empty =
                    if name.1 == b"set" { Node::Set(Vec::new()) } else { Node::FrozenSet(Vec::new()) };
                self.meter.charge(8 * items.len() as u64)?;
                let set = self.make(empty)?;
                self.add_to(set, &items)?;
                return Ok(Some(set));
            }
            ((b"_codecs", b"encode"), Some(Node::Text(text)), Some(codec), 2) if is_latin1(codec) => {
                self.meter.charge(text.as_bytes().len() as u64)?;
                text.to_latin1().map(Node::Bytes)
            }
            ((b"__builtin__" | b"builtins", b"bytes"), _, _, 0) => Some(Node::Bytes(Vec::new())),
            ((b"__builtin__" | b"builtins", b"bytearray"), None, _, 0) => Some(Node::ByteArray(Vec::new())),
            (
                (b"__builtin__" | b"builtins", b"bytearray"),
                Some(Node::Str(bytes) | Node::Bytes(bytes)),
                _,
                1,
            ) => {
                self.meter.charge(bytes.len() as u64)?;
                Some(Node::ByteArray(bytes.clone()))
            }
            ((b"__builtin__" | b"builtins", b"bytearray"), Some(Node::Text(text)), Some(codec), 2)
                if is_latin1(codec) =>
            {
                self.meter.charge(text.as_bytes().len() as u64)?;
                text.to_latin1().map(Node::ByteArray)
            }
            _ => None,
        };
        bytes.map(|node| self.make(node)).transpose()
    }
}

fn is_latin1(codec: &Node) -> bool {
    codec.is_text("latin1") || codec.is_text("latin-1")
}

fn pairs(items: &[NodeId]) -> Result<impl Iterator<Item = (NodeId, NodeId)>, ReadErrorKind> {
    let (pairs, rest) = items.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(ReadErrorKind::OddItems);
    }
    Ok(pairs.iter().map(|&[key, value]| (key, value)))
}

//! Displays a tree as JSON for people and scripts: the `values` of `session show`.
//!
//! Python text and ASCII byte strings are strings. Numbers are numbers if JSON represents them exactly. Lists
//! are arrays. Dicts are objects if each key is a string of these kinds. All other values are `{"$py": kind,
//! ...}`:
//!
//! | `$py` | further members |
//! |---|---|
//! | `str`, `bytes`, `bytearray`, `unicode` | `value`: the literal's inside, as Python escapes it |
//! | `long`, `float` | `value`: decimal digits; `nan`, `inf`, `-inf` |
//! | `tuple`, `set`, `frozenset`, `list` | `items` (a list only where some are left out) |
//! | `dict` | `items`: pairs |
//! | `global` | `name` |
//! | `object` | `class`, `how`, `args`, `log` |
//! | `ref` | `to`: JSON pointer, within this display, to where the same container is shown |
//! | `truncated` | `kind`: what is not shown because it is too long or too deep |
//!
//! `omitted` beside `items` or `log` is the number of items left out by the limits. Each container is shown
//! once, so [`DisplayLimits`] limits the display however often a file refers to a container. The display
//! can't be read back.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::shape::{Join, Step, escaped, escaped_text, truncated};
use super::value::{Event, Make, Node, NodeId, Tree};

/// The maximum size of a display.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct DisplayLimits {
    /// The maximum number of values (10,000).
    pub nodes: usize,
    /// The maximum nesting of the JSON (100). JSON parsers often stop at 128.
    pub depth: usize,
    /// The maximum size of strings and digits in bytes (1 MiB).
    pub text: usize,
}

impl Default for DisplayLimits {
    fn default() -> Self {
        DisplayLimits { nodes: 10_000, depth: 100, text: 1 << 20 }
    }
}

impl Tree {
    /// Displays a value within the default [`DisplayLimits`].
    pub fn to_display_json(&self, id: NodeId) -> Value {
        self.to_display_json_with(id, &DisplayLimits::default())
    }

    /// Displays a value within the given limits.
    pub fn to_display_json_with(&self, id: NodeId, limits: &DisplayLimits) -> Value {
        let mut left = *limits;
        left.nodes = left.nodes.saturating_sub(1);
        let mut display =
            Display { tree: self, left, shown: HashMap::new(), positions: vec![], done: vec![] };
        let mut tasks = vec![Task::Show { id, depth: 0, position: display.position(None, Step::Root) }];
        while let Some(task) = tasks.pop() {
            match task {
                Task::Show { id, depth, position } => {
                    let value = display.show(id, depth, position, &mut tasks);
                    display.done.extend(value);
                }
                Task::Join(join, count) => {
                    let parts = display.done.split_off(display.done.len().saturating_sub(count));
                    display.done.push(join.of(parts));
                }
            }
        }
        display.done.pop().unwrap_or_default()
    }
}

enum Task {
    Show {
        id: NodeId,
        depth: usize,
        position: usize,
    },
    /// Joins this number of finished values into one.
    Join(Join, usize),
}

struct Display<'a> {
    tree: &'a Tree,
    /// The rest of the limits. A container reserves its items before they are shown, so the number of waiting
    /// tasks has the same limit.
    left: DisplayLimits,
    /// The containers shown so far, with their positions.
    shown: HashMap<NodeId, usize>,
    /// The positions by number: the number of the parent, and the step from there.
    positions: Vec<(Option<usize>, Step)>,
    done: Vec<Value>,
}

impl Display<'_> {
    fn position(&mut self, around: Option<usize>, step: Step) -> usize {
        self.positions.push((around, step));
        self.positions.len() - 1
    }

    /// The value of a node, or `None` after adding tasks that make the value.
    fn show(&mut self, id: NodeId, depth: usize, position: usize, tasks: &mut Vec<Task>) -> Option<Value> {
        let node = self.tree.node(id);
        if let Some(value) = self.scalar(node) {
            return Some(value);
        }
        if let Some(&first) = self.shown.get(&id) {
            return Some(match self.pointer(first) {
                Some(to) => json!({"$py": "ref", "to": to}),
                None => truncated(node),
            });
        }
        let keys = self.object_keys(node);
        let levels = match node {
            Node::Dict(_) if keys.is_some() => 1,
            Node::List(items) if items.len() <= self.left.nodes => 1,
            Node::List(_) | Node::Tuple(_) | Node::Set(_) | Node::FrozenSet(_) => 2,
            Node::Dict(_) => 3,
            _ => 4,
        };
        let depth = depth + levels;
        if depth > self.left.depth {
            return Some(truncated(node));
        }
        self.shown.insert(id, position);
        // The last task runs first.
        let start = tasks.len();
        match node {
            Node::Tuple(items) | Node::List(items) | Node::Set(items) | Node::FrozenSet(items) => {
                let count = items.len().min(self.left.nodes);
                let plain = matches!(node, Node::List(_)) && count == items.len();
                let join = if plain { Join::Array } else { Join::Items(node.kind(), items.len() - count) };
                self.left.nodes -= count;
                for (index, &id) in items.iter().enumerate().take(count) {
                    let step = if plain { Step::Index(index) } else { Step::Item(index) };
                    let position = self.position(Some(position), step);
                    tasks.push(Task::Show { id, depth, position });
                }
                tasks.push(Task::Join(join, count));
            }
            Node::Dict(entries) => {
                let count = entries.len().min(self.left.nodes / 2);
                self.left.nodes -= 2 * count;
                if let Some(keys) = keys.filter(|_| count == entries.len()) {
                    for &(key, id) in entries {
                        let position = self.position(Some(position), Step::Key(key));
                        tasks.push(Task::Show { id, depth, position });
                    }
                    tasks.push(Task::Join(Join::Object(keys), count));
                } else {
                    for (index, &pair) in entries.iter().enumerate().take(count) {
                        self.pair(pair, depth, position, |half| Step::Pair(index, half), tasks);
                    }
                    tasks.push(Task::Join(Join::Items("dict", entries.len() - count), count));
                }
            }
            Node::Global(_) | Node::Object(_) => self.instance(id, depth, position, tasks),
            _ => {}
        }
        if let Some(added) = tasks.get_mut(start..) {
            added.reverse();
        }
        None
    }

    fn pair(
        &mut self,
        (key, value): (NodeId, NodeId),
        depth: usize,
        position: usize,
        step: impl Fn(usize) -> Step,
        tasks: &mut Vec<Task>,
    ) {
        for (half, id) in [key, value].into_iter().enumerate() {
            let position = self.position(Some(position), step(half));
            tasks.push(Task::Show { id, depth, position });
        }
        tasks.push(Task::Join(Join::Array, 2));
    }

    /// Displays an unresolved object, or a global that the pickle changes: the class, the arguments, and the
    /// log.
    fn instance(&mut self, id: NodeId, depth: usize, position: usize, tasks: &mut Vec<Task>) {
        let tree = self.tree;
        let items = |args: &NodeId| tree.items(*args).map_or_else(|| vec![*args], |items| self.first(items));
        let (how, mut args, total, log) = match tree.node(id) {
            Node::Global(global) => ("global", Vec::new(), 0, &global.log),
            Node::Object(object) => {
                let (how, parts, total) = match &object.make {
                    Make::Reduce { args, .. } => {
                        ("reduce", items(args), tree.items(*args).map_or(1, <[_]>::len))
                    }
                    Make::NewObj { args, .. } => {
                        ("newobj", items(args), tree.items(*args).map_or(1, <[_]>::len))
                    }
                    Make::NewObjEx { args, kwargs, .. } => ("newobj_ex", vec![*args, *kwargs], 2),
                    Make::Instance { args, .. } => ("instance", self.first(args), args.len()),
                };
                (how, parts, total, &object.log)
            }
            _ => return,
        };
        args.truncate(self.left.nodes);
        self.left.nodes -= args.len();
        let mut omitted = total - args.len();
        for (index, &id) in args.iter().enumerate() {
            let position = self.position(Some(position), Step::Arg(index));
            tasks.push(Task::Show { id, depth, position });
        }
        let mut events = 0;
        for event in log {
            let cost = match event {
                Event::Build(_) => 2,
                Event::Append(items) | Event::AddItems(items) => 1 + items.len(),
                Event::SetItems(entries) => 1 + 2 * entries.len(),
            };
            match self.left.nodes.checked_sub(cost) {
                Some(left) => self.left.nodes = left,
                None => {
                    omitted += cost - 1;
                    continue;
                }
            }
            self.event(event, events, depth, position, tasks);
            events += 1;
        }
        let class = tree.class_name(id).filter(|name| self.fits(name.len()));
        let join = Join::Instance { class, how, args: args.len(), omitted };
        tasks.push(Task::Join(join, args.len() + events));
    }

    /// The first of `items`, as many as the limits allow.
    fn first(&self, items: &[NodeId]) -> Vec<NodeId> {
        items.iter().copied().take(self.left.nodes).collect()
    }

    fn event(&mut self, event: &Event, number: usize, depth: usize, position: usize, tasks: &mut Vec<Task>) {
        let (name, items) = match event {
            Event::Build(state) => ("build", std::slice::from_ref(state)),
            Event::Append(items) => ("append", items.as_slice()),
            Event::AddItems(items) => ("additems", items.as_slice()),
            Event::SetItems(entries) => {
                for (index, &pair) in entries.iter().enumerate() {
                    self.pair(pair, depth, position, |half| Step::LogPair(number, index, half), tasks);
                }
                return tasks.push(Task::Join(Join::Event("setitems"), entries.len()));
            }
        };
        for (index, &id) in items.iter().enumerate() {
            let position = self.position(Some(position), Step::Log(number, index));
            tasks.push(Task::Show { id, depth, position });
        }
        tasks.push(Task::Join(Join::Event(name), items.len()));
    }

    /// The value of a node that is not a container, or of an empty container.
    fn scalar(&mut self, node: &Node) -> Option<Value> {
        Some(match node {
            Node::None => Value::Null,
            Node::Bool(value) => Value::from(*value),
            Node::Int(value) => Value::from(*value),
            Node::Long(value) => {
                if let Ok(value) = i64::try_from(value) {
                    return Some(Value::from(value));
                }
                // One bit needs 0.30103 decimal digits.
                if !self.fits(usize::try_from(value.bits() / 3).unwrap_or(usize::MAX)) {
                    return Some(truncated(node));
                }
                json!({"$py": "long", "value": value.to_string()})
            }
            Node::Float(value) if value.is_finite() => Value::from(*value),
            Node::Float(value) if value.is_nan() => json!({"$py": "float", "value": "nan"}),
            Node::Float(value) => json!({"$py": "float", "value": if *value > 0.0 { "inf" } else { "-inf" }}),
            Node::Str(bytes) | Node::Bytes(bytes) | Node::ByteArray(bytes) => {
                if !self.fits(bytes.len()) {
                    return Some(truncated(node));
                }
                match std::str::from_utf8(bytes) {
                    Ok(text) if matches!(node, Node::Str(_)) && text.is_ascii() => Value::from(text),
                    _ => json!({"$py": node.kind(), "value": escaped(bytes)}),
                }
            }
            Node::Text(text) => {
                if !self.fits(text.as_bytes().len()) {
                    return Some(truncated(node));
                }
                match text.as_str() {
                    Some(text) => Value::from(text),
                    None => {
                        json!({"$py": "unicode", "value": escaped_text(text)})
                    }
                }
            }
            Node::List(items) if items.is_empty() => json!([]),
            Node::Dict(entries) if entries.is_empty() => json!({}),
            Node::Tuple(items) | Node::Set(items) | Node::FrozenSet(items) if items.is_empty() => {
                json!({"$py": node.kind(), "items": []})
            }
            Node::Global(global) if global.log.is_empty() => {
                if !self.fits(global.module.len() + global.name.len()) {
                    return Some(truncated(node));
                }
                json!({"$py": "global", "name": global.path()})
            }
            _ => return None,
        })
    }

    /// Takes `len` bytes from the limit of text. Returns false if they exceed the limit.
    fn fits(&mut self, len: usize) -> bool {
        match self.left.text.checked_sub(len) {
            Some(left) => {
                self.left.text = left;
                true
            }
            None => false,
        }
    }

    /// The keys of a dict that JSON can represent as an object.
    fn object_keys(&mut self, node: &Node) -> Option<Vec<String>> {
        let Node::Dict(entries) = node else { return None };
        if entries.len() > self.left.nodes / 2 {
            return None;
        }
        let mut keys = Vec::with_capacity(entries.len());
        for &(key, _) in entries {
            let key = match self.tree.node(key) {
                Node::Str(bytes) if bytes.is_ascii() => std::str::from_utf8(bytes).ok()?,
                Node::Text(text) => text.as_str()?,
                _ => return None,
            };
            if key == "$py" || !self.fits(key.len()) {
                return None;
            }
            keys.push(key.to_owned());
        }
        Some(keys)
    }

    /// The JSON pointer (RFC 6901) of a position. `None` if the pointer exceeds the limit of text.
    fn pointer(&mut self, position: usize) -> Option<String> {
        let mut steps = Vec::new();
        let mut at = Some(position);
        while let Some(&(around, step)) = at.and_then(|position| self.positions.get(position)) {
            steps.push(match step {
                Step::Root => String::new(),
                Step::Key(key) => {
                    let len = match self.tree.node(key) {
                        Node::Str(bytes) => bytes.len(),
                        Node::Text(text) => text.as_bytes().len(),
                        _ => 0,
                    };
                    if !self.fits(len) {
                        return None;
                    }
                    let key = self.tree.bytes_or_text(key).unwrap_or_default();
                    format!("/{}", key.replace('~', "~0").replace('/', "~1"))
                }
                Step::Index(index) => format!("/{index}"),
                Step::Item(index) => format!("/items/{index}"),
                Step::Pair(index, half) => format!("/items/{index}/{half}"),
                Step::Arg(index) => format!("/args/{index}"),
                Step::Log(event, index) => format!("/log/{event}/{}", index + 1),
                Step::LogPair(event, index, half) => format!("/log/{event}/{}/{half}", index + 1),
            });
            at = around;
        }
        Some(steps.into_iter().rev().collect())
    }
}

//! Values as Python has them, as far as a configuration needs them, and what could not be known.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::farm::Span;

/// How deep lists, tuples, dictionaries and objects may hold each other. MoinMoin's settings need three.
const DEEPEST: u8 = 24;

/// A value with the place of the expression that gave it.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) val: Val,
    pub(super) span: Span,
}

/// A value.
#[derive(Debug, Clone)]
pub(super) enum Val {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(Text),
    Tuple(Rc<Seq<Item>>),
    List(Rc<Seq<Item>>),
    Dict(Rc<Seq<(Item, Item)>>),
    /// A module that was read.
    Module(usize),
    /// A class of a module that was read.
    Class(usize),
    /// Something of a module that is not among the files, or a built-in name: `os.path.join`, `str`.
    Outside(Rc<str>),
    /// What calling a class gives.
    Object(Rc<Object>),
    /// A method of a value, not yet called.
    Method(Rc<(Item, String)>),
    /// A function of the files: they are not run.
    Function,
    /// Not known without running the files.
    Unknown(Rc<Unknown>),
}

/// A string. Python 2 tells bytes from text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Text {
    pub(super) text: Rc<str>,
    pub(super) unicode: bool,
    /// Whether it is a literal as it stands: Python keeps equal ones as one object, and MoinMoin asks
    /// `cookie_name is 'siteidmagic'`.
    pub(super) literal: bool,
}

/// What calling a class gave: its class and its arguments.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) class: Val,
    pub(super) args: Vec<Item>,
    pub(super) keywords: Vec<(String, Item)>,
    /// All arguments, which say how deep it holds others.
    all: Rc<Seq<Item>>,
}

/// Why a value is not known, and at which expression that began.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Unknown {
    pub(super) span: Span,
    /// Ends the sentence "… can't be known without running it: …".
    pub(super) why: String,
}

/// Items that can be changed in place, and how deep they hold others.
#[derive(Debug)]
pub(super) struct Seq<T> {
    pub(super) items: RefCell<Vec<T>>,
    depth: Cell<u8>,
}

/// What can say how deep it holds others.
pub(super) trait Deep {
    fn depth(&self) -> u8;
}

impl Deep for Item {
    fn depth(&self) -> u8 {
        match &self.val {
            Val::Tuple(seq) | Val::List(seq) => seq.depth.get(),
            Val::Dict(seq) => seq.depth.get(),
            Val::Object(object) => object.all.depth.get(),
            Val::Method(method) => method.0.depth(),
            _ => 0,
        }
    }
}

impl Deep for (Item, Item) {
    fn depth(&self) -> u8 {
        self.0.depth().max(self.1.depth())
    }
}

impl<T: Deep + Clone> Seq<T> {
    /// The items as one value, unless they hold each other too deeply.
    pub(super) fn new(items: Vec<T>) -> Option<Rc<Seq<T>>> {
        let depth = items.iter().map(Deep::depth).max().unwrap_or(0) + 1;
        (depth <= DEEPEST).then(|| Rc::new(Seq { items: RefCell::new(items), depth: Cell::new(depth) }))
    }

    /// Adds an item, unless they would hold each other too deeply.
    pub(super) fn push(&self, item: T) -> bool {
        let depth = self.depth.get().max(item.depth() + 1);
        if depth > DEEPEST {
            return false;
        }
        self.depth.set(depth);
        self.items.borrow_mut().push(item);
        true
    }

    /// A copy of the items.
    pub(super) fn to_vec(&self) -> Vec<T> {
        self.items.borrow().clone()
    }
}

impl Val {
    /// A string that was computed.
    pub(super) fn text(text: impl Into<Rc<str>>, unicode: bool) -> Val {
        Val::Str(Text { text: text.into(), unicode, literal: false })
    }

    pub(super) fn unknown(span: &Span, why: impl Into<String>) -> Val {
        Val::Unknown(Rc::new(Unknown { span: span.clone(), why: why.into() }))
    }

    /// What calling a class with these gives.
    pub(super) fn object(class: Val, args: Vec<Item>, keywords: Vec<(String, Item)>, span: &Span) -> Val {
        let all = args.iter().chain(keywords.iter().map(|(_, item)| item)).cloned().collect();
        match Seq::new(all) {
            Some(all) => Val::Object(Rc::new(Object { class, args, keywords, all })),
            None => Val::unknown(span, TOO_DEEP),
        }
    }

    /// A tuple of these.
    pub(super) fn tuple(items: Vec<Item>, span: &Span) -> Val {
        Seq::new(items).map_or_else(|| Val::unknown(span, TOO_DEEP), Val::Tuple)
    }

    /// A list of these.
    pub(super) fn list(items: Vec<Item>, span: &Span) -> Val {
        Seq::new(items).map_or_else(|| Val::unknown(span, TOO_DEEP), Val::List)
    }

    /// A dictionary of these.
    pub(super) fn dict(items: Vec<(Item, Item)>, span: &Span) -> Val {
        Seq::new(items).map_or_else(|| Val::unknown(span, TOO_DEEP), Val::Dict)
    }

    /// Whether Python takes it for true; `None` where that is not known.
    pub(super) fn truth(&self) -> Option<bool> {
        match self {
            Val::None => Some(false),
            Val::Bool(value) => Some(*value),
            Val::Int(number) => Some(*number != 0),
            Val::Float(number) => Some(*number != 0.0),
            Val::Str(text) => Some(!text.text.is_empty()),
            Val::Tuple(seq) | Val::List(seq) => Some(!seq.items.borrow().is_empty()),
            Val::Dict(seq) => Some(!seq.items.borrow().is_empty()),
            Val::Module(_) | Val::Class(_) | Val::Function => Some(true),
            Val::Outside(_) | Val::Object(_) | Val::Method(_) | Val::Unknown(_) => None,
        }
    }

    /// The number, if it is one; Python's truth values are numbers too.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "as Python's own float()")]
            Val::Int(number) => Some(*number as f64),
            Val::Bool(value) => Some(f64::from(u8::from(*value))),
            Val::Float(number) => Some(*number),
            _ => None,
        }
    }

    /// The whole number, if it is one.
    pub(super) fn int(&self) -> Option<i64> {
        match self {
            Val::Int(number) => Some(*number),
            Val::Bool(value) => Some(i64::from(*value)),
            _ => None,
        }
    }

    /// The items of a list or tuple.
    pub(super) fn items(&self) -> Option<Vec<Item>> {
        match self {
            Val::Tuple(seq) | Val::List(seq) => Some(seq.to_vec()),
            _ => None,
        }
    }

    /// What it is, in a word or two.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Val::None => "None",
            Val::Bool(_) => "a truth value",
            Val::Int(_) => "an integer",
            Val::Float(_) => "a float",
            Val::Str(_) => "a string",
            Val::Tuple(_) => "a tuple",
            Val::List(_) => "a list",
            Val::Dict(_) => "a dictionary",
            Val::Module(_) => "a module",
            Val::Class(_) => "a class",
            Val::Object(_) => "an object",
            Val::Method(_) | Val::Function => "a function",
            Val::Outside(_) | Val::Unknown(_) => "something unknown",
        }
    }
}

/// Why a value that nests too deeply is not kept.
pub(super) const TOO_DEEP: &str = "it is nested too deeply";

impl Item {
    pub(super) fn new(val: Val, span: Span) -> Item {
        Item { val, span }
    }

    /// The text, if it is a string.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.val {
            Val::Str(text) => Some(&text.text),
            _ => None,
        }
    }
}

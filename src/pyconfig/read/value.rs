//! Values as Python has them, as far as configurations need them, and values that are not known.
//!
//! A list, a dictionary, or an object can be changed through any name that stands for it. So these are shared, and when
//! code that is not followed may change one, the value itself is unknown from then on.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::farm::Span;

/// How deep lists, tuples, dictionaries, and objects may nest. MoinMoin's settings need three levels.
const DEEPEST: u8 = 24;

/// Why a value that nests too deeply is not kept.
pub(super) const TOO_DEEP: &str = "it is nested too deeply";

/// Why a statement or expression that Python refuses is not followed.
pub(super) const NO_EXPRESSION: &str = "there is a syntax error in it";

/// Why an operation is not computed.
pub(super) const NOT_COMPUTED: &str = "wikifarm does not compute it";

/// The longest string or list that is computed.
pub(super) const LONGEST: usize = 64 << 10;

/// The arguments of a call.
pub(super) struct Arguments {
    pub(super) args: Vec<Item>,
    pub(super) keywords: Vec<(String, Item)>,
    /// Whether `*` or `**` adds arguments that are not known.
    pub(super) more: bool,
}

/// A value with the span of the expression that gave it.
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
    Tuple(Rc<Seq>),
    List(Rc<Seq>),
    /// Each item is a tuple of key and value.
    Dict(Rc<Seq>),
    /// A module among the files.
    Module(usize),
    /// A class of the files, or one that a class of the files inherits from.
    Class(usize),
    /// Something from a module that is not among the files, or a built-in name: `os.path.join`, `str`.
    Outside(Rc<str>),
    /// The result of calling a class.
    Object(Rc<Object>),
    /// A method of a value, not yet called.
    Method(Rc<(Item, String)>),
    /// A function of the files. Functions are not run.
    Function(Rc<Function>),
    /// Not known without running the files. Everything that could be changed through it is unknown, too.
    Unknown(Rc<Unknown>),
}

/// A string. Python 2 distinguishes bytes and text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Text {
    pub(super) text: Rc<str>,
    pub(super) unicode: bool,
    /// Whether it is a plain literal. Python keeps equal literals as one object, and MoinMoin compares
    /// `cookie_name is 'siteidmagic'`.
    pub(super) literal: bool,
}

/// The result of calling a class: the class and the arguments.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) class: Val,
    pub(super) args: Vec<Item>,
    pub(super) keywords: Vec<(String, Item)>,
    /// All arguments, which carry the depth and the mark.
    pub(super) all: Rc<Seq>,
}

/// What running a function could change.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) module: usize,
    /// The names in its body, and whether it binds them in its module.
    pub(super) names: Vec<(String, bool)>,
    /// The modules that it imports.
    pub(super) imports: Vec<String>,
    /// Whether it may have run, or may run at any time.
    pub(super) lost: Cell<bool>,
}

/// Why a value is not known, and the expression where that began.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Unknown {
    pub(super) span: Span,
    /// Ends the sentence "… can't be known without running the file: …".
    pub(super) why: String,
}

/// Items that can be changed in place.
#[derive(Debug)]
pub(super) struct Seq {
    items: RefCell<Vec<Item>>,
    depth: Cell<u8>,
    lost: RefCell<Option<Rc<Unknown>>>,
}

impl Seq {
    /// The items as one value, unless they nest too deeply.
    pub(super) fn new(items: Vec<Item>) -> Option<Rc<Seq>> {
        let depth = Cell::new(depth_of(&items));
        (depth.get() <= DEEPEST)
            .then(|| Rc::new(Seq { items: RefCell::new(items), depth, lost: RefCell::default() }))
    }

    /// A copy of the items, unless they are unknown.
    pub(super) fn items(&self) -> Option<Vec<Item>> {
        self.lost.borrow().is_none().then(|| self.items.borrow().clone())
    }

    /// Replaces the items. Returns whether that was possible.
    pub(super) fn set(&self, items: Vec<Item>) -> bool {
        let depth = depth_of(&items);
        if depth > DEEPEST || items.len() > LONGEST || self.lost.borrow().is_some() {
            return false;
        }
        self.depth.set(depth.max(self.depth.get()));
        *self.items.borrow_mut() = items;
        true
    }

    /// Makes the items unknown for good and returns them, unless they were unknown before.
    pub(super) fn lose(&self, unknown: &Rc<Unknown>) -> Vec<Item> {
        let items = self.items().unwrap_or_default();
        self.lost.borrow_mut().get_or_insert_with(|| Rc::clone(unknown));
        items
    }

    /// Why the items are unknown, if they are.
    pub(super) fn lost(&self) -> Option<Rc<Unknown>> {
        self.lost.borrow().clone()
    }
}

/// How deep a value with these items nests.
fn depth_of(items: &[Item]) -> u8 {
    items.iter().map(|item| item.val.depth()).max().unwrap_or(0) + 1
}

impl Val {
    /// A computed string.
    pub(super) fn text(text: impl Into<Rc<str>>, unicode: bool) -> Val {
        Val::Str(Text { text: text.into(), unicode, literal: false })
    }

    pub(super) fn unknown(span: &Span, why: impl Into<String>) -> Val {
        Val::Unknown(Rc::new(Unknown { span: span.clone(), why: why.into() }))
    }

    /// The result of calling a class.
    pub(super) fn object(class: Val, given: Arguments, span: &Span) -> Val {
        let Arguments { args, keywords, .. } = given;
        let all = args.iter().chain(keywords.iter().map(|(_, item)| item)).cloned().collect();
        Val::holding(all, |all| Val::Object(Rc::new(Object { class, args, keywords, all })), span)
    }

    /// A tuple, list, or dictionary.
    pub(super) fn holding(items: Vec<Item>, kind: impl FnOnce(Rc<Seq>) -> Val, span: &Span) -> Val {
        Seq::new(items).map_or_else(|| Val::unknown(span, TOO_DEEP), kind)
    }

    /// How deep the value nests.
    pub(super) fn depth(&self) -> u8 {
        match self {
            Val::Tuple(seq) | Val::List(seq) | Val::Dict(seq) => seq.depth.get(),
            Val::Object(object) => object.all.depth.get(),
            Val::Method(method) => method.0.val.depth(),
            _ => 0,
        }
    }

    /// Whether Python takes the value for true; `None` if that is not known.
    pub(super) fn truth(&self) -> Option<bool> {
        match self {
            Val::None => Some(false),
            Val::Str(text) => Some(!text.text.is_empty()),
            Val::Tuple(seq) | Val::List(seq) | Val::Dict(seq) => seq.items().map(|items| !items.is_empty()),
            Val::Module(_) | Val::Function(_) => Some(true),
            other => other.number().map(|number| number != 0.0),
        }
    }

    /// The number, if it is one. Python's truth values are numbers, too.
    pub(super) fn number(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "as Python's own float()")]
        match self {
            Val::Float(number) => Some(*number),
            other => other.int().map(|number| number as f64),
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

    /// The items of a list or tuple, if they are known.
    pub(super) fn items(&self) -> Option<Vec<Item>> {
        match self {
            Val::Tuple(seq) | Val::List(seq) => seq.items(),
            _ => None,
        }
    }

    /// The kind of value, in a word or two.
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
            Val::Method(_) | Val::Function(_) => "a function",
            Val::Outside(_) | Val::Unknown(_) => "an unknown value",
        }
    }
}

impl Item {
    pub(super) fn new(val: Val, span: Span) -> Item {
        Item { val, span }
    }

    /// The text, if it is a string.
    pub(super) fn text(&self) -> Option<&str> {
        self.string().map(|text| text.text.as_ref())
    }

    /// The string, if it is one.
    pub(super) fn string(&self) -> Option<&Text> {
        match &self.val {
            Val::Str(text) => Some(text),
            _ => None,
        }
    }

    /// Why the value can't be used: the reason why it is unknown, or else `why`.
    pub(super) fn reason(&self, why: &str) -> Rc<Unknown> {
        let at = |why: String| Rc::new(Unknown { span: self.span.clone(), why });
        match &self.val {
            Val::Unknown(unknown) => Rc::clone(unknown),
            Val::Tuple(seq) | Val::List(seq) | Val::Dict(seq) => {
                seq.lost().unwrap_or_else(|| at(why.to_owned()))
            }
            Val::Outside(name) if name.starts_with("os.environ") => {
                at("it depends on the environment of the wiki".to_owned())
            }
            Val::Outside(name) => at(format!("{name} is not among the files")),
            Val::Object(object) => {
                object.all.lost().unwrap_or_else(|| at("it depends on an object".to_owned()))
            }
            Val::Function(_) | Val::Method(_) => at("it is a function".to_owned()),
            _ => at(why.to_owned()),
        }
    }
}

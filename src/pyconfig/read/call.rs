//! Calls: functions and methods that only compute, `os.path` above all. No other call is followed.

use std::rc::Rc;

use tree_sitter::Node;

use super::compare::find;
use super::database::FUNCTIONS;
use super::frame::Frame;
use super::spoil::reaches_all;
use super::syntax::children;
use super::value::{Arguments, Item, LONGEST, NO_EXPRESSION, Seq, Text, Unknown, Val};
use super::world::World;
use super::{literal, paths};
use crate::farm::Span;

/// How many lists, dictionaries, and objects may be put into others one by one.
const MOST_NESTINGS: usize = 500;

/// Built-in functions that change nothing they are given.
const HARMLESS: [&str; 18] = [
    "str",
    "unicode",
    "int",
    "long",
    "float",
    "bool",
    "len",
    "range",
    "xrange",
    "type",
    "hasattr",
    "isinstance",
    "issubclass",
    "dir",
    "bytes",
    "property",
    "super",
    "open",
];

/// Functions whose result shares the items of what they are given.
const SHARING: [&str; 5] = ["sorted", "reversed", "enumerate", "zip", "set"];

impl World<'_> {
    pub(super) fn call(&mut self, node: Node<'_>, frame: &mut Frame) -> Val {
        let span = frame.span(node);
        let parts = (node.child_by_field_name("function"), node.child_by_field_name("arguments"));
        let (Some(function), Some(arguments)) = parts else {
            return Val::unknown(&span, NO_EXPRESSION);
        };
        let shown: String = frame.text(function).chars().take(60).collect();
        let object = function.child_by_field_name("object").filter(|_| function.kind() == "attribute");
        let receiver = object.map(|object| self.item(object, frame));
        let callee = match (&receiver, function.child_by_field_name("attribute")) {
            (Some(receiver), Some(name)) => {
                let span = frame.span(function);
                Item::new(self.attribute(receiver, frame.text(name), &span), span)
            }
            _ => self.item(function, frame),
        };
        let consumes = match &callee.val {
            Val::Method(method) => matches!(method.0.val, Val::Str(_)),
            Val::Outside(name) => matches!(name.as_ref(), "list" | "tuple"),
            _ => false,
        };
        let arguments = self.arguments(arguments, consumes, frame);
        let followed = match &callee.val {
            _ if arguments.more => None,
            Val::Method(method) => self.method(&method.0, &method.1, &arguments, &span),
            Val::Outside(name) => self.known_function(name, &arguments, &span, frame),
            _ => None,
        };
        if let Some(val) = followed {
            return val;
        }
        let why = format!("it depends on the call {shown}()");
        let unknown = Rc::new(Unknown { span: span.clone(), why });
        let harmless = matches!(&callee.val, Val::Outside(name) if HARMLESS.contains(&name.as_ref()));
        let reason = match (&callee.val, arguments.args.first().map(|item| item.lost(""))) {
            (Val::Unknown(reason), _) => Rc::clone(reason),
            (_, Some(reason)) if harmless && !reason.why.is_empty() => reason,
            _ => Rc::clone(&unknown),
        };
        match &callee.val {
            _ if harmless => {}
            Val::Outside(name) if SHARING.contains(&name.as_ref()) => {
                let items = arguments.args.iter().filter_map(|item| item.val.items()).flatten();
                items.for_each(|item| self.spoil_value(&item.val, &unknown));
            }
            Val::Outside(name) if name.starts_with("MoinMoin.") || name.starts_with("moin.") => {}
            // `'%(name)s' % locals()` only reads.
            Val::Outside(name) if reaches_all(name) && !reads(node) => self.spoil_all(&unknown),
            Val::Outside(name) if reaches_all(name) => {}
            Val::Class(class) if self.plain_class(*class) => {}
            _ => {
                let given = arguments.args.iter().chain(arguments.keywords.iter().map(|(_, item)| item));
                given.for_each(|item| self.spoil_value(&item.val, &unknown));
                self.spoil_value(
                    if let Val::Class(_) = callee.val { &Val::None } else { &callee.val },
                    &unknown,
                );
                self.construct(&callee.val, &unknown);
                self.run_escaped(&unknown);
            }
        }
        // A method may change its object, also one that is not known.
        if let Some(receiver) = receiver.filter(|_| matches!(callee.val, Val::Unknown(_) | Val::Function(_)))
            && (matches!(callee.val, Val::Unknown(_)) || !matches!(receiver.val, Val::Module(_)))
        {
            self.spoil_value(&receiver.val, &unknown);
        }
        let known = matches!(&callee.val, Val::Class(_))
            || matches!(&callee.val, Val::Outside(name) if is_class(name));
        match known && !arguments.more {
            true => Val::object(callee.val, arguments.args, arguments.keywords, &span),
            false => Val::Unknown(reason),
        }
    }

    /// The arguments of a call. `consumes`: a generator is followed, as the call takes all items at once.
    fn arguments(&mut self, node: Node<'_>, consumes: bool, frame: &mut Frame) -> Arguments {
        let mut arguments = Arguments { args: Vec::new(), keywords: Vec::new(), more: false };
        if node.kind() == "generator_expression" {
            let val = if consumes { self.comprehension(node, frame) } else { None };
            let val = val.unwrap_or_else(|| Val::Unknown(self.spoil(node, frame, "it is a generator")));
            arguments.args.push(Item::new(val, frame.span(node)));
            return arguments;
        }
        for child in children(node) {
            let (name, value) = (child.child_by_field_name("name"), child.child_by_field_name("value"));
            match (child.kind(), name, value) {
                ("keyword_argument", Some(name), Some(value)) => {
                    let item = self.item(value, frame);
                    arguments.keywords.push((frame.text(name).to_owned(), item));
                }
                (kind, ..) if kind.ends_with("splat") => {
                    arguments.more = true;
                    self.spoil(child, frame, "it is given with `*`");
                }
                _ => arguments.args.push(self.item(child, frame)),
            }
        }
        arguments
    }

    /// Whether no code of the files runs when the class is called, and none that could change what it is given.
    fn plain_class(&self, class: usize) -> bool {
        let own = |name: &str| {
            name.starts_with("MoinMoin.") || name.starts_with("moin.") || name == "DefaultConfig"
        };
        let order = self.classes.get(class).map(|class| class.order.as_slice()).unwrap_or_default();
        order.iter().filter_map(|class| self.classes.get(*class)).all(|class| {
            let open = class.space.open.is_some() && !own(&class.name);
            !open && !class.space.names.contains_key("__init__")
        })
    }

    /// The effects of making an object.
    fn construct(&mut self, class: &Val, unknown: &Rc<Unknown>) {
        let Val::Class(class) = class else { return };
        if let Some(binding) = self.class_attribute(*class, "__init__") {
            self.spoil_value(&binding.item.val, unknown);
        }
    }

    /// A function that only computes; `None` for all others.
    fn known_function(
        &mut self,
        name: &str,
        arguments: &Arguments,
        span: &Span,
        frame: &mut Frame,
    ) -> Option<Val> {
        let args = arguments.args.as_slice();
        if self.patched {
            return None;
        }
        if let Some(function) = name.strip_prefix("os.path.").or_else(|| name.strip_prefix("posixpath.")) {
            return Some(self.path_function(function, args, span));
        }
        match (name, args) {
            ("str" | "unicode", [item]) => {
                let text = literal::display(&item.val).filter(|text| {
                    self.python_3 || text.text.is_ascii() || text.unicode == (name == "unicode")
                })?;
                Some(Val::text(text.text, name == "unicode" || self.python_3))
            }
            ("list", []) => Some(Val::list(Vec::new(), span)),
            ("list", [item]) => Some(Val::list(self.iterate(item)?, span)),
            ("tuple", [item]) => Some(Val::tuple(self.iterate(item)?, span)),
            ("dict", []) => {
                let text = |name: &str| Val::text(name, self.python_3);
                let named = arguments.keywords.iter();
                let pairs =
                    named.map(|(name, item)| (Item::new(text(name), item.span.clone()), item.clone()));
                Some(Val::dict(pairs.collect(), span))
            }
            ("getattr", [object, name]) => Some(self.attribute(object, name.text()?, span)),
            ("setattr", [object, name, item]) => {
                self.set_attribute(&object.val, name.text()?, item.clone(), span.clone());
                Some(Val::None)
            }
            // With a literal name it is no more than `import`.
            ("__import__", [module, rest @ ..]) => {
                let whole = rest.len() > 2 || arguments.keywords.iter().any(|(key, _)| key == "fromlist");
                let root = module.text()?.split('.').next().unwrap_or_default();
                let module = if whole { module.text()? } else { root }.to_owned();
                Some(self.found(&module, 0, span, frame.module))
            }
            ("sys.path.insert" | "sys.path.append", _) => {
                if let (true, Some(directory)) = (name.ends_with("insert"), args.last()) {
                    let directory = directory.text().unwrap_or_default().replace(paths::COMPILED, "");
                    self.search.push(directory.into());
                }
                Some(Val::None)
            }
            _ => None,
        }
    }

    fn path_function(&mut self, function: &str, args: &[Item], span: &Span) -> Val {
        let unknown = |why: &str| Val::unknown(span, why);
        let texts: Option<Vec<&Text>> = args.iter().map(Item::string).collect();
        let Some(texts) = texts else {
            let odd = args.iter().find(|arg| arg.text().is_none());
            return odd.map_or_else(|| unknown(""), |odd| Val::Unknown(odd.lost("it is no string")));
        };
        let unicode = texts.iter().any(|text| text.unicode);
        let text = |text: &str| Val::text(text, unicode);
        match (function, texts.as_slice()) {
            ("join", parts) if literal::join(parts, "/").is_some() => {
                text(&paths::join(&parts.iter().map(|part| part.text.as_ref()).collect::<Vec<_>>()))
            }
            ("splitext", [path]) => {
                let (stem, end) = paths::splitext(&path.text);
                Val::tuple([stem, end].map(|part| Item::new(text(part), span.clone())).to_vec(), span)
            }
            ("dirname", [path]) => text(paths::dirname(&path.text)),
            ("basename", [path]) => text(paths::basename(&path.text)),
            ("normpath", [path]) => text(&paths::normpath(&path.text)),
            ("abspath" | "realpath", [path]) if !path.text.starts_with('/') => {
                unknown("it is relative to the directory in which the wiki is started")
            }
            ("abspath", [path]) => text(&paths::normpath(&path.text)),
            ("realpath", [path]) => {
                let real = self.files.real(std::path::Path::new(&path.text.replace(paths::COMPILED, "")));
                real.map_or_else(
                    || unknown("there is no such path here"),
                    |real| text(&real.display().to_string()),
                )
            }
            ("expanduser", [path]) => match (path.text.strip_prefix('~'), &self.home) {
                (None, _) => text(&path.text),
                (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => {
                    let home = home.display().to_string();
                    let note =
                        format!("~ is read as {home}, the home directory of the user who runs wikifarm");
                    self.assumed.push((span.clone(), note));
                    text(&format!("{}{rest}", home.trim_end_matches('/')))
                }
                _ => unknown("~ is the home directory of the user who runs the wiki"),
            },
            _ => unknown(&format!("it depends on os.path.{function}()")),
        }
    }

    /// A method of a string, list, or dictionary; `None` if it is not followed.
    fn method(&mut self, owner: &Item, name: &str, arguments: &Arguments, span: &Span) -> Option<Val> {
        let args = arguments.args.as_slice();
        if !arguments.keywords.is_empty() && name != "format" {
            return None;
        }
        match &owner.val {
            Val::Str(text) if name == "format" => Some(
                literal::format(text, arguments)
                    .unwrap_or_else(|| Val::unknown(span, "wikifarm does not compute its format()")),
            ),
            Val::Str(text) => {
                let odd = args.iter().find(|arg| matches!(arg.val, Val::Unknown(_) | Val::Outside(_)));
                let computed = string_method(text, name, args, span);
                Some(computed.unwrap_or_else(|| match odd {
                    Some(odd) => Val::Unknown(odd.lost("")),
                    None => Val::unknown(span, format!("wikifarm does not compute its method {name}()")),
                }))
            }
            Val::List(list) => match (name, args) {
                ("append", [item]) => self.extend(list, vec![item.clone()]),
                ("extend", [items]) => self.extend(list, self.iterate(items)?),
                ("insert", [at, item]) if at.val.int() == Some(0) => {
                    let items = [vec![item.clone()], list.items()?].concat();
                    list.set(items)
                }
                _ => false,
            }
            .then_some(Val::None),
            Val::Dict(dict) => {
                let mut pairs = dict.items()?;
                match (name, args) {
                    ("get", [key, other @ ..]) => {
                        let found = find(&pairs, key)?.and_then(|at| pairs.into_iter().nth(at));
                        let found = found.map(|(_, item)| item.val);
                        Some(found.or_else(|| Some(other.first()?.val.clone())).unwrap_or(Val::None))
                    }
                    ("items" | "keys" | "values" | "iteritems", []) if self.python_3 || pairs.len() <= 1 => {
                        let pick = |(key, value): (Item, Item)| match name {
                            "keys" => key,
                            "values" => value,
                            _ => {
                                let span = key.span.clone();
                                Item::new(Val::tuple(vec![key, value], &span), span)
                            }
                        };
                        Some(Val::list(pairs.into_iter().map(pick).collect(), span))
                    }
                    ("copy", []) => Some(Val::dict(pairs, span)),
                    ("update", [Item { val: Val::Dict(more), .. }]) => {
                        for pair in more.items()? {
                            match find(&pairs, &pair.0)? {
                                Some(at) => pairs.get_mut(at)?.1 = pair.1,
                                None => pairs.push(pair),
                            }
                        }
                        dict.set(pairs).then_some(Val::None)
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Counts items that can be changed and are put into others: each could nest them deeper.
    pub(super) fn may_nest(&mut self, items: &[Item]) -> bool {
        let changes = |item: &Item| matches!(item.val, Val::List(_) | Val::Dict(_) | Val::Object(_));
        let inside = |item: &Item| item.val.items().into_iter().flatten().any(|it| changes(&it));
        self.nestings += items.iter().filter(|item| changes(item) || inside(item)).count();
        self.nestings <= MOST_NESTINGS
    }

    /// Adds items to a list; returns whether that was possible.
    pub(super) fn extend(&mut self, list: &Rc<Seq<Item>>, more: Vec<Item>) -> bool {
        let Some(items) = list.items().filter(|items| items.len() + more.len() <= LONGEST) else {
            return false;
        };
        self.may_nest(&more) && list.set([items, more].concat())
    }
}

/// Whether a call is the right side of `%`.
fn reads(call: Node<'_>) -> bool {
    call.parent()
        .is_some_and(|it| it.kind() == "binary_operator" && it.child_by_field_name("right") == Some(call))
}

/// A method of a string; `None` if it is not computed.
fn string_method(text: &Text, name: &str, args: &[Item], span: &Span) -> Option<Val> {
    let ascii = text.text.is_ascii().then_some(text.text.as_ref());
    let texts: Vec<&Text> = args.iter().map(Item::string).collect::<Option<_>>().unwrap_or_default();
    let made = |made: &str| Some(Val::text(made, text.unicode));
    let pieces = |pieces: &mut dyn Iterator<Item = &str>| {
        let pieces = pieces.map(|piece| Item::new(Val::text(piece, text.unicode), span.clone()));
        Some(Val::list(pieces.collect(), span))
    };
    let blank = |c: char| matches!(c, ' ' | '\t'..='\r');
    match (name, args, texts.as_slice()) {
        ("join", [list], _) => {
            let items = list.val.items()?;
            let parts: Vec<&Text> = items.iter().map(Item::string).collect::<Option<_>>()?;
            let all = literal::join(&parts, &text.text)?;
            match all {
                // The text between counts, too.
                Val::Str(all)
                    if all.unicode == text.unicode || (all.text.is_ascii() && text.text.is_ascii()) =>
                {
                    Some(Val::text(all.text, all.unicode || text.unicode))
                }
                _ => None,
            }
        }
        ("encode" | "decode", ..) => Some(Val::text(ascii?, name == "decode")),
        ("lower", [], _) => made(&ascii?.to_ascii_lowercase()),
        ("upper", [], _) => made(&ascii?.to_ascii_uppercase()),
        ("strip", [], _) => made(ascii?.trim_matches(blank)),
        ("split", [], _) => pieces(&mut ascii?.split(blank).filter(|piece| !piece.is_empty())),
        (_, [_], [one]) => match (name, one.text.as_ref()) {
            _ if !one.text.is_ascii() => None,
            ("strip", one) => made(ascii?.trim_matches(|c| one.contains(c))),
            ("lstrip", one) => made(ascii?.trim_start_matches(|c| one.contains(c))),
            ("rstrip", one) => made(ascii?.trim_end_matches(|c| one.contains(c))),
            ("startswith", one) => Some(Val::Bool(text.text.starts_with(one))),
            ("endswith", one) => Some(Val::Bool(text.text.ends_with(one))),
            ("split", one) if !one.is_empty() => pieces(&mut text.text.split(one)),
            _ => None,
        },
        ("replace", [_, _], [from, to]) if !from.text.is_empty() => {
            let (from, to) = (&from.text, &to.text);
            let unicode = texts.iter().any(|it| it.unicode) || text.unicode;
            let fits = text.text.len() + text.text.matches(from.as_ref()).count() * to.len() <= LONGEST;
            let ascii = from.is_ascii() && to.is_ascii() && (text.unicode == unicode || text.text.is_ascii());
            (fits && ascii).then(|| Val::text(text.text.replace(from.as_ref(), to), unicode))
        }
        _ => None,
    }
}

/// Whether a dotted name is that of a class: its last part begins with a capital letter. Functions that make the value
/// of a setting count, too.
fn is_class(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    let known = name == "datetime.timedelta" || FUNCTIONS.contains(&name);
    known || last.chars().next().is_some_and(char::is_uppercase)
}

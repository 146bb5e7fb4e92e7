//! Calls: functions and methods that only compute, `os.path` above all. No other call is followed.

use std::path::Path;
use std::rc::Rc;

use tree_sitter::Node;

use super::compare::find;
use super::database::FUNCTIONS;
use super::frame::Frame;
use super::lose::reaches_all;
use super::syntax::children;
use super::value::{Arguments, Item, NO_EXPRESSION, Text, Unknown, Val};
use super::world::World;
use super::{paths, strings};
use crate::farm::Span;

/// Functions that change nothing they are given, and whose result shares nothing with it.
const HARMLESS: &str =
    "str unicode int long float bool len range xrange hasattr isinstance issubclass bytes open";

impl World<'_> {
    pub(super) fn call(&mut self, node: Node<'_>, frame: &mut Frame) -> Val {
        let span = frame.span(node);
        let parts = (node.child_by_field_name("function"), node.child_by_field_name("arguments"));
        let (Some(function), Some(arguments)) = parts else {
            return Val::unknown(&span, NO_EXPRESSION);
        };
        let shown = frame.shown(function);
        let object = function.child_by_field_name("object").filter(|_| function.kind() == "attribute");
        let receiver = object.map(|object| self.item(object, frame));
        let callee = match (&receiver, function.child_by_field_name("attribute")) {
            (Some(receiver), Some(name)) => {
                let span = frame.span(function);
                Item::new(self.attribute(receiver, frame.text(name), &span), span)
            }
            _ => self.item(function, frame),
        };
        let arguments = self.arguments(arguments, frame);
        let followed = match &callee.val {
            _ if arguments.more => None,
            Val::Method(method) => self.method(&method.0, &method.1, &arguments, &span),
            Val::Outside(name) => self.known_function(name, &arguments, &span, frame),
            _ => None,
        };
        if let Some(val) = followed {
            return val;
        }
        let unknown =
            Rc::new(Unknown { span: span.clone(), why: format!("it depends on the call {shown}()") });
        let result = match (&callee.val, arguments.args.first().map(|item| item.reason(""))) {
            (Val::Unknown(reason), _) => Rc::clone(reason),
            (Val::Outside(name), Some(reason)) if is_harmless(name) && !reason.why.is_empty() => reason,
            _ => Rc::clone(&unknown),
        };
        let own = |name: &str| name.starts_with("MoinMoin.") || name.starts_with("moin.");
        let plain = match &callee.val {
            Val::Outside(name) if reaches_all(name) => reads_names(node, name),
            Val::Outside(name) => own(name) || is_harmless(name),
            Val::Class(class) => {
                let order = self.classes.get(*class).map(|class| class.order.clone()).unwrap_or_default();
                let mut order = order.iter().filter_map(|class| self.classes.get(*class));
                let known = order.all(|class| {
                    class.space.open.is_none() || own(&class.name) || class.name == "DefaultConfig"
                });
                !self.lose_methods(*class, &unknown) && known
            }
            _ => false,
        };
        if !plain {
            let given = arguments.args.iter().chain(arguments.keywords.iter().map(|(_, item)| item));
            given.for_each(|item| self.lose(&item.val, &unknown));
            if !matches!(callee.val, Val::Class(_)) {
                self.lose(&callee.val, &unknown);
            }
            self.lose_receiver(&callee.val, receiver.as_ref(), &unknown);
        }
        match &callee.val {
            Val::Class(_) if !arguments.more => Val::object(callee.val, arguments, &span),
            Val::Outside(name) if !arguments.more && is_class(name) => {
                Val::object(callee.val, arguments, &span)
            }
            _ => Val::Unknown(result),
        }
    }

    /// A function may change the object or class that it is a method of.
    fn lose_receiver(&mut self, callee: &Val, receiver: Option<&Item>, unknown: &Rc<Unknown>) {
        match (callee, receiver) {
            (Val::Function(_), Some(receiver)) if !matches!(receiver.val, Val::Module(_)) => {
                self.lose(&receiver.val, unknown);
            }
            (Val::Unknown(_), receiver) => {
                receiver.into_iter().for_each(|receiver| self.lose(&receiver.val, unknown));
                if self.reached {
                    self.lose_all(unknown);
                }
            }
            _ => {}
        }
    }

    fn arguments(&mut self, node: Node<'_>, frame: &mut Frame) -> Arguments {
        let mut arguments = Arguments { args: Vec::new(), keywords: Vec::new(), more: false };
        if node.kind() == "generator_expression" {
            let unknown = self.skip(node, frame, "it is a generator");
            arguments.args.push(Item::new(Val::Unknown(unknown), frame.span(node)));
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
                    self.skip(child, frame, "it is given with `*`");
                }
                _ => arguments.args.push(self.item(child, frame)),
            }
        }
        arguments
    }

    /// A function that only computes; `None` for all others.
    fn known_function(
        &mut self,
        name: &str,
        arguments: &Arguments,
        span: &Span,
        frame: &Frame,
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
                let text = strings::display(&item.val).filter(|text| {
                    self.python_3 || text.text.is_ascii() || text.unicode == (name == "unicode")
                })?;
                Some(Val::text(text.text, name == "unicode" || self.python_3))
            }
            ("dict", []) => {
                let mut pairs = Vec::new();
                for (name, item) in &arguments.keywords {
                    let key = Item::new(Val::text(name.as_str(), self.python_3), item.span.clone());
                    super::compare::set_key(&mut pairs, key, item.clone())?;
                }
                Some(Val::holding(pairs, Val::Dict, span))
            }
            // With the literal name of a module that is not among the files it is no more than `import`.
            ("__import__", [module, ..]) => match self.found(module.text()?, 0, span, frame.module) {
                outside @ Val::Outside(_) => Some(outside),
                _ => None,
            },
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
            return self.give_up(
                &args.iter().filter(|arg| arg.text().is_none()).collect::<Vec<_>>(),
                "it is no string",
            );
        };
        let unicode = texts.iter().any(|text| text.unicode);
        let text = |text: &str| Val::text(text, unicode);
        match (function, texts.as_slice()) {
            ("join", parts) if strings::join(parts, "/").is_some() => {
                text(&paths::join(&parts.iter().map(|part| part.text.as_ref()).collect::<Vec<_>>()))
            }
            ("splitext", [path]) => {
                let (stem, end) = paths::splitext(&path.text);
                let items = [stem, end].map(|part| Item::new(text(part), span.clone()));
                Val::holding(items.to_vec(), Val::Tuple, span)
            }
            ("dirname", [path]) => text(paths::dirname(&path.text)),
            ("basename", [path]) => text(paths::basename(&path.text)),
            ("abspath" | "realpath", [path]) if !path.text.starts_with('/') => {
                unknown("it is relative to the directory in which the wiki is started")
            }
            ("normpath" | "abspath", [path]) => text(&paths::normpath(&path.text)),
            ("realpath", [path]) => {
                let real = self.files.real(Path::new(&path.text.replace(paths::COMPILED, "")));
                let real = real.map(|real| text(&real.display().to_string()));
                real.unwrap_or_else(|| unknown("there is no such path here"))
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
        match (&owner.val, name, arguments.args.as_slice()) {
            (Val::Str(text), ..) => Some(strings::method(text, name, arguments, span).unwrap_or_else(|| {
                let whole = Item::new(Val::None, span.clone());
                let given = arguments.args.iter().chain(arguments.keywords.iter().map(|(_, item)| item));
                let given: Vec<&Item> = std::iter::once(&whole).chain(given).collect();
                self.give_up(&given, &format!("wikifarm does not compute its {name}()"))
            })),
            (Val::List(list), "append", [item]) => self.extend(list, vec![item.clone()]).then_some(Val::None),
            (Val::List(list), "extend", [items]) => {
                let items = items.val.items()?;
                self.extend(list, items).then_some(Val::None)
            }
            (Val::Dict(dict), "get", [key, other @ ..]) => {
                let found = find(&dict.items()?, key)?.map(|(_, val)| val);
                Some(found.or_else(|| Some(other.first()?.val.clone())).unwrap_or(Val::None))
            }
            _ => None,
        }
    }
}

fn is_harmless(name: &str) -> bool {
    HARMLESS.split(' ').any(|it| it == name)
}

/// Whether a call is `locals()` or its like on the right side of `%`, where it only reads.
fn reads_names(call: Node<'_>, name: &str) -> bool {
    let right =
        |it: Node<'_>| it.kind() == "binary_operator" && it.child_by_field_name("right") == Some(call);
    matches!(name, "locals" | "vars" | "globals") && call.parent().is_some_and(right)
}

/// Whether a dotted name is that of a class: its last part begins with a capital letter. Functions that make the value
/// of a setting count, too.
fn is_class(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    let known = name == "datetime.timedelta" || FUNCTIONS.contains(&name);
    known || last.chars().next().is_some_and(char::is_uppercase)
}

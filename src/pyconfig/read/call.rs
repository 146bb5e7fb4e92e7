//! Calls: functions and methods that only compute, `os.path` above all. No other call is followed.

use std::path::Path;
use std::rc::Rc;

use tree_sitter::Node;

use super::compare::{find, set_key};
use super::database::FUNCTIONS;
use super::lose::{FUNCTION, reaches_all};
use super::namespace::Frame;
use super::syntax::children;
use super::value::{Arguments, Item, NO_EXPRESSION, Unknown, Val};
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
        let attribute = function.child_by_field_name("attribute").filter(|_| function.kind() == "attribute");
        let receiver = attribute.and(function.child_by_field_name("object"));
        let receiver = receiver.map(|object| self.item(object, frame));
        let callee = match (&receiver, attribute) {
            // Their methods are looked up below.
            (Some(Item { val: Val::Str(_) | Val::List(_) | Val::Dict(_), .. }), _) => Val::None,
            (Some(receiver), Some(name)) => self.attribute(receiver, frame.text(name), &frame.span(function)),
            _ => self.eval(function, frame),
        };
        let arguments = self.arguments(arguments, frame);
        let method = attribute.map_or("", |name| frame.text(name));
        let followed = match (&callee, &receiver) {
            _ if arguments.more => None,
            (Val::None, Some(owner)) => self.method(owner, method, &arguments, &span),
            (Val::Outside(name), _) => self.known_function(name, &arguments, &span, frame),
            _ => None,
        };
        if let Some(val) = followed {
            return val;
        }
        let why = format!("it depends on the call {}()", frame.shown(function));
        let unknown = Rc::new(Unknown { span: span.clone(), why });
        if !self.changes_nothing(&callee, node, &unknown) {
            arguments.all().for_each(|item| self.lose(&item.val, &unknown));
            if !matches!(callee, Val::Class(_)) {
                self.lose(&callee, &unknown);
            }
            // A function may change the object or class that it is a method of.
            if let (Val::Unknown(_) | Val::None, Some(receiver)) = (&callee, &receiver) {
                self.lose(&receiver.val, &unknown);
            }
        }
        let class = matches!(&callee, Val::Class(_)) || matches!(&callee, Val::Outside(it) if is_class(it));
        match (&callee, arguments.args.first().map(|item| item.reason(""))) {
            _ if class && !arguments.more => Val::object(callee, arguments, &span),
            (Val::Unknown(reason), _) if reason.why != FUNCTION => Val::Unknown(Rc::clone(reason)),
            (Val::Outside(name), Some(reason)) if is_harmless(name) && !reason.why.is_empty() => {
                Val::Unknown(reason)
            }
            _ => Val::Unknown(unknown),
        }
    }

    /// Whether a call changes neither what it is given nor what it is called on.
    fn changes_nothing(&mut self, callee: &Val, call: Node<'_>, unknown: &Rc<Unknown>) -> bool {
        let own = |name: &str| name.starts_with("MoinMoin.") || name.starts_with("moin.");
        match callee {
            Val::Outside(name) if reaches_all(name) => reads_names(call, name),
            Val::Outside(name) => own(name) || is_harmless(name),
            Val::Class(class) => {
                let order = self.classes.get(*class).map(|class| class.order.as_slice()).unwrap_or_default();
                let mut order = order.iter().filter_map(|class| self.classes.get(*class));
                let known = order.all(|class| {
                    class.space.open.is_none() || own(&class.name) || class.name == "DefaultConfig"
                });
                !self.lose_methods(*class, unknown) && known
            }
            _ => false,
        }
    }

    fn arguments(&mut self, node: Node<'_>, frame: &mut Frame) -> Arguments {
        let mut arguments = Arguments::default();
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
            ("str" | "unicode", [item]) => strings::display(&item.val).map(Val::text),
            ("dict", []) => {
                let mut pairs = Vec::new();
                for (name, item) in &arguments.keywords {
                    set_key(
                        &mut pairs,
                        Item::new(Val::text(name.as_str()), item.span.clone()),
                        item.clone(),
                    )?;
                }
                Some(Val::holding(pairs, Val::Dict, span))
            }
            // With the literal name of a module that is not among the files it is no more than `import`.
            ("__import__", [module, ..]) => match self.found(module.text()?, 0, span, frame.module) {
                outside @ Val::Outside(_) => Some(outside),
                _ => None,
            },
            ("sys.path.append", _) => Some(Val::None),
            ("sys.path.insert", [_, directory]) => {
                let own = self.modules.get(frame.module).and_then(|module| module.path.parent());
                let own = own.and_then(|own| std::path::absolute(own).ok());
                (own.as_deref() == directory.text().map(Path::new)).then_some(Val::None)
            }
            _ => None,
        }
    }

    fn path_function(&mut self, function: &str, args: &[Item], span: &Span) -> Val {
        let texts: Option<Vec<&str>> = args.iter().map(Item::text).collect();
        let Some(texts) = texts else {
            let others: Vec<&Item> = args.iter().filter(|arg| arg.text().is_none()).collect();
            return self.give_up(&others, "it is no string");
        };
        let known = match (function, texts.as_slice()) {
            ("join", parts) if parts.iter().all(|part| part.is_ascii()) => paths::join(parts),
            ("splitext", [path]) => {
                let (stem, end) = paths::splitext(path);
                let items = [stem, end].map(|part| Item::new(Val::text(part), span.clone()));
                return Val::holding(items.to_vec(), Val::Tuple, span);
            }
            ("dirname", [path]) => paths::dirname(path).to_owned(),
            ("basename", [path]) => paths::basename(path).to_owned(),
            ("abspath" | "realpath", [path]) if !path.starts_with('/') => {
                return Val::unknown(span, "it is relative to the directory in which the wiki is started");
            }
            ("normpath" | "abspath", [path]) => paths::normpath(path),
            ("realpath", [path]) => match self.files.real(Path::new(&path.replace(paths::COMPILED, ""))) {
                Some(real) => real.display().to_string(),
                None => return Val::unknown(span, "there is no such path here"),
            },
            ("expanduser", [path]) if !path.starts_with('~') => (*path).to_owned(),
            ("expanduser", _) => {
                return Val::unknown(span, "~ is the home directory of the user who runs the wiki");
            }
            _ => return Val::unknown(span, format!("it depends on os.path.{function}()")),
        };
        Val::text(known)
    }

    /// A method of a string, list, or dictionary; `None` if it is not followed.
    fn method(&mut self, owner: &Item, name: &str, arguments: &Arguments, span: &Span) -> Option<Val> {
        match (&owner.val, name, arguments.args.as_slice()) {
            (Val::Str(_), "encode" | "decode", _) if self.python_3 => None,
            (Val::Str(text), ..) => Some(strings::method(text, name, arguments, span).unwrap_or_else(|| {
                let whole = Item::new(Val::None, span.clone());
                let given: Vec<&Item> = std::iter::once(&whole).chain(arguments.all()).collect();
                self.give_up(&given, &format!("wikifarm does not compute its {name}()"))
            })),
            (Val::List(list), "append", [item]) => self.extend(list, vec![item.clone()]).then_some(Val::None),
            (Val::List(list), "extend", [items]) => {
                self.extend(list, items.val.items()?).then_some(Val::None)
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

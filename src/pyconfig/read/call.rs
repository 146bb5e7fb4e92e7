//! Calls: the functions that only compute, `os.path` above all. All others are not followed.

use tree_sitter::Node;

use super::database::FUNCTIONS;
use super::frame::Frame;
use super::operate::LONGEST;
use super::paths;
use super::syntax::children;
use super::value::{Item, TOO_DEEP, Val};
use super::world::{Binding, World};
use crate::farm::Span;

/// The longest `range()` that is computed.
const LONGEST_RANGE: i64 = 10_000;

/// The arguments of a call.
pub(super) struct Arguments {
    pub(super) args: Vec<Item>,
    pub(super) keywords: Vec<(String, Item)>,
}

impl World<'_> {
    pub(super) fn call(&mut self, node: Node<'_>, frame: &mut Frame) -> Val {
        let span = frame.span(node);
        let parts = (node.child_by_field_name("function"), node.child_by_field_name("arguments"));
        let (Some(function), Some(arguments)) = parts else {
            return Val::unknown(&span, "there is a syntax error in it");
        };
        let shown: String = frame.text(function).chars().take(60).collect();
        let callee = self.item(function, frame);
        let name = if let Val::Outside(name) = &callee.val { name.as_ref() } else { "" };
        let code = matches!(name, "eval" | "execfile" | "compile");
        let arguments = match self.arguments(arguments, frame) {
            Ok(arguments) => arguments,
            Err(unknown) if !code => return unknown,
            Err(_) => Arguments { args: Vec::new(), keywords: Vec::new() },
        };
        // With a name that stands there it is no more than `import`.
        if name == "__import__"
            && let Some(module) = arguments.args.first().and_then(Item::text)
        {
            let whole =
                arguments.args.len() > 3 || arguments.keywords.iter().any(|(key, _)| key == "fromlist");
            let root = module.split('.').next().unwrap_or_default();
            let module = if whole { module } else { root }.to_owned();
            return self.found(&module, 0, &span, frame);
        }
        if code || name == "__import__" {
            self.trick(span.clone(), &format!("{name} runs code that can't be read"));
            return Val::unknown(&span, format!("it calls {name}()"));
        }
        match &callee.val {
            Val::Class(_) => Val::object(callee.val, arguments.args, arguments.keywords, &span),
            Val::Method(method) => self.method(&method.0, &method.1, &arguments, &span),
            Val::Outside(name) => match self.known_function(name, &arguments, &span, frame) {
                Some(val) => val,
                // A class by its name: an authentication method, a session handler.
                None if is_class(name) => {
                    Val::object(callee.val.clone(), arguments.args, arguments.keywords, &span)
                }
                None => Val::unknown(&span, format!("it calls {shown}()")),
            },
            Val::Unknown(_) => callee.val.clone(),
            _ => Val::unknown(&span, format!("it calls {shown}()")),
        }
    }

    fn arguments(&mut self, node: Node<'_>, frame: &mut Frame) -> Result<Arguments, Val> {
        let mut arguments = Arguments { args: Vec::new(), keywords: Vec::new() };
        if node.kind() == "generator_expression" {
            arguments.args.push(self.item(node, frame));
            return Ok(arguments);
        }
        for child in children(node) {
            match child.kind() {
                "keyword_argument" => {
                    let parts = (child.child_by_field_name("name"), child.child_by_field_name("value"));
                    if let (Some(name), Some(value)) = parts {
                        let item = self.item(value, frame);
                        arguments.keywords.push((frame.text(name).to_owned(), item));
                    }
                }
                "list_splat" => {
                    let inner = children(child).next().map(|inner| self.item(inner, frame));
                    match inner.and_then(|inner| inner.val.items()) {
                        Some(items) => arguments.args.extend(items),
                        None => return Err(Val::unknown(&frame.span(child), "what `*` gives is not known")),
                    }
                }
                "dictionary_splat" => {
                    let inner = children(child).next().map(|inner| self.eval(inner, frame));
                    let Some(Val::Dict(dict)) = inner else {
                        return Err(Val::unknown(&frame.span(child), "what `**` gives is not known"));
                    };
                    for (key, value) in dict.to_vec() {
                        match key.text() {
                            Some(name) => arguments.keywords.push((name.to_owned(), value)),
                            None => {
                                return Err(Val::unknown(&frame.span(child), "what `**` gives is not known"));
                            }
                        }
                    }
                }
                _ => arguments.args.push(self.item(child, frame)),
            }
        }
        Ok(arguments)
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
        if let Some(function) = name.strip_prefix("os.path.").or_else(|| name.strip_prefix("posixpath.")) {
            return self.path_function(function, args, span);
        }
        let first = args.first();
        let lost = |world: &Self| first.map(|first| world.lost(first, "it is not computed"));
        Some(match (name, first.map(|first| &first.val)) {
            ("str" | "unicode" | "bytes", Some(val)) => match super::format::display(val) {
                Some(text) if args.len() <= 2 => Val::text(text, name == "unicode" || self.python_3),
                _ => return lost(self),
            },
            ("int" | "long", Some(Val::Str(text))) if args.len() == 1 => {
                text.text.trim().parse().map_or_else(|_| Val::unknown(span, "it is no number"), Val::Int)
            }
            ("int" | "long", Some(val)) if args.len() == 1 => match val.number() {
                #[expect(clippy::cast_possible_truncation, reason = "within 2^53, as checked")]
                Some(number) if number.abs() < 9e15 => Val::Int(number as i64),
                _ => return lost(self),
            },
            ("float", Some(Val::Str(text))) => match text.text.trim().parse::<f64>() {
                Ok(number) if number.is_finite() => Val::Float(number),
                _ => Val::unknown(span, "it is no number"),
            },
            ("float", Some(val)) => val.number().map(Val::Float).or_else(|| lost(self))?,
            ("bool", Some(val)) => val.truth().map(Val::Bool).or_else(|| lost(self))?,
            ("list", None) => Val::list(Vec::new(), span),
            ("tuple", None) => Val::tuple(Vec::new(), span),
            ("list" | "tuple" | "sorted" | "reversed", Some(_))
                if args.len() == 1 && arguments.keywords.is_empty() =>
            {
                let Some(mut items) = first.and_then(|first| self.iterate(first)) else { return lost(self) };
                match name {
                    "sorted" if items.iter().all(|item| item.text().is_some()) => {
                        items.sort_by(|a, b| a.text().cmp(&b.text()));
                    }
                    "sorted" => return lost(self),
                    "reversed" => items.reverse(),
                    _ => {}
                }
                if name == "tuple" { Val::tuple(items, span) } else { Val::list(items, span) }
            }
            ("dict", _) => {
                let mut pairs = match first.map(|first| &first.val) {
                    None => Vec::new(),
                    Some(Val::Dict(dict)) => dict.to_vec(),
                    Some(_) => return lost(self),
                };
                let named = arguments.keywords.iter();
                pairs.extend(named.map(|(name, item)| {
                    (Item::new(Val::text(name.as_str(), false), item.span.clone()), item.clone())
                }));
                Val::dict(pairs, span)
            }
            ("len", Some(val)) => match (val, first.and_then(|first| self.iterate(first))) {
                (Val::Str(text), _) => Val::Int(i64::try_from(text.text.chars().count()).ok()?),
                (_, Some(items)) => Val::Int(i64::try_from(items.len()).ok()?),
                _ => return lost(self),
            },
            ("range" | "xrange", Some(_)) => {
                let numbers: Option<Vec<i64>> = args.iter().map(|arg| arg.val.int()).collect();
                let (from, to) = match numbers?.as_slice() {
                    [to] => (0, *to),
                    [from, to] => (*from, *to),
                    _ => return None,
                };
                if to.saturating_sub(from) > LONGEST_RANGE {
                    return Some(Val::unknown(span, TOO_DEEP));
                }
                Val::list((from..to).map(|number| Item::new(Val::Int(number), span.clone())).collect(), span)
            }
            ("enumerate", Some(_)) if args.len() == 1 => {
                let items = first.and_then(|first| self.iterate(first))?;
                let pair = |(at, item): (usize, Item)| {
                    let number =
                        Item::new(Val::Int(i64::try_from(at).unwrap_or(i64::MAX)), item.span.clone());
                    let span = item.span.clone();
                    Item::new(Val::tuple(vec![number, item], &span), span)
                };
                Val::list(items.into_iter().enumerate().map(pair).collect(), span)
            }
            ("zip", Some(_)) if args.len() == 2 => {
                let other = args.get(1).and_then(|other| self.iterate(other))?;
                let items = first.and_then(|first| self.iterate(first))?;
                let pair = |(a, b): (Item, Item)| {
                    let span = a.span.clone();
                    Item::new(Val::tuple(vec![a, b], &span), span)
                };
                Val::list(items.into_iter().zip(other).map(pair).collect(), span)
            }
            ("locals" | "vars", None) => self.namespace(frame.class, frame, span),
            ("globals", None) => self.namespace(None, frame, span),
            ("re.escape", Some(Val::Str(text))) => Val::text(escape(&text.text), text.unicode),
            ("getattr", Some(_)) => {
                let name = args.get(1).and_then(Item::text)?;
                self.attribute(first?, name, span)
            }
            ("setattr", _) => {
                self.set_attribute(args, span);
                Val::None
            }
            _ => return None,
        })
    }

    /// `setattr(FarmConfig, 'cookie_domain', …)`: told, and that setting is not known any more.
    fn set_attribute(&mut self, args: &[Item], span: &Span) {
        self.trick(span.clone(), "setattr changes a class");
        let (Some(Item { val: Val::Class(class), .. }), Some(name)) = (args.first(), args.get(1)) else {
            return;
        };
        let item = Item::new(Val::unknown(span, "setattr sets it"), span.clone());
        if let (Some(class), Some(name)) = (self.classes.get_mut(*class), name.text()) {
            class.names.insert(name.to_owned(), Binding { item, key: span.clone() });
        }
    }

    /// The names of a class or module, as `'%(name)s' % locals()` wants them.
    fn namespace(&self, class: Option<usize>, frame: &Frame, span: &Span) -> Val {
        let names = match class {
            Some(class) => self.classes.get(class).map(|class| &class.names),
            None => self.modules.get(frame.module).map(|module| &module.names),
        };
        let plain = |val: &Val| super::format::display(val).is_some();
        let pairs =
            names.into_iter().flatten().filter(|(_, it)| plain(&it.item.val)).map(|(name, it)| {
                (Item::new(Val::text(name.as_str(), false), it.key.clone()), it.item.clone())
            });
        Val::dict(pairs.take(LONGEST).collect(), span)
    }

    fn path_function(&mut self, function: &str, args: &[Item], span: &Span) -> Option<Val> {
        let texts: Option<Vec<&str>> = args.iter().map(Item::text).collect();
        let Some(texts) = texts else {
            let odd = args.iter().find(|arg| arg.text().is_none())?;
            return Some(self.lost(odd, "it is no string"));
        };
        let unicode = args.iter().any(|arg| matches!(&arg.val, Val::Str(text) if text.unicode));
        let text = |text: String| Some(Val::text(text, unicode));
        match (function, texts.as_slice()) {
            ("join", [_, ..]) => match texts.iter().map(|text| text.len() + 1).sum::<usize>() {
                ..=LONGEST => text(paths::join(&texts)),
                _ => Some(Val::unknown(span, TOO_DEEP)),
            },
            ("dirname", [path]) => text(paths::dirname(path).to_owned()),
            ("basename", [path]) => text(paths::basename(path).to_owned()),
            ("normpath", [path]) => text(paths::normpath(path)),
            ("normcase", [path]) => text((*path).to_owned()),
            ("isabs", [path]) => Some(Val::Bool(path.starts_with('/'))),
            ("abspath" | "realpath", [path]) if !path.starts_with('/') => {
                Some(Val::unknown(span, "it is relative to the directory in which the wiki is started"))
            }
            ("abspath", [path]) => text(paths::normpath(path)),
            ("realpath", [path]) => {
                let real = self.files.real(std::path::Path::new(path));
                text(real.map_or_else(|| paths::normpath(path), |real| real.display().to_string()))
            }
            ("expanduser", [path]) => match path.strip_prefix('~') {
                None => text((*path).to_owned()),
                Some(rest) if rest.is_empty() || rest.starts_with('/') => match &self.home {
                    Some(home) => {
                        let home = home.display().to_string();
                        let note = format!("~ is taken for {home}, the home of who runs wikifarm");
                        self.assumed.push((span.clone(), note));
                        text(format!("{}{rest}", home.trim_end_matches('/')))
                    }
                    None => Some(Val::unknown(span, "~ is the home of the user who runs the wiki")),
                },
                Some(_) => Some(Val::unknown(span, "it is the home of a user")),
            },
            _ => None,
        }
    }
}

/// `re.escape`, of Python 2: whatever is no letter or digit.
fn escape(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_ascii_alphanumeric() { vec![c] } else { vec!['\\', c] }).collect()
}

/// Whether a dotted name is that of a class: its last part begins with a capital letter. Functions that make what a
/// setting is known by count too.
fn is_class(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    name == "datetime.timedelta"
        || FUNCTIONS.contains(&name)
        || last.chars().next().is_some_and(char::is_uppercase)
}

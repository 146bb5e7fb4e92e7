//! Classes: they look up attributes in the order of their bases, as Python does.

use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

use super::by_method::ANY;
use super::lose::FUNCTION;
use super::namespace::{Binding, Class, Namespace};
use super::value::{Item, Unknown, Val};
use super::world::World;
use crate::farm::Span;

/// How many classes one class may inherit from.
const MOST_BASES: usize = 64;

/// The class that stands for MoinMoin's own `DefaultConfig`.
pub(super) const DEFAULT: usize = 0;

impl World<'_> {
    /// Makes a class of the files. Its names follow.
    pub(super) fn new_class(&mut self, name: &str, span: Span, bases: Vec<Item>) -> usize {
        let object = |base: &Item| matches!(&base.val, Val::Outside(name) if name.as_ref() == "object");
        let new_style = self.python_3 || self.classes.is_empty() || bases.iter().any(object);
        let bases: Vec<usize> = bases.iter().filter_map(|base| self.base(base)).collect();
        let id = self.classes.len();
        let new_style =
            new_style || bases.iter().any(|it| self.classes.get(*it).is_none_or(|it| it.new_style));
        let orders = bases.iter().filter_map(|base| Some(self.classes.get(*base)?.order.clone()));
        let mut lists: Vec<Vec<usize>> = orders.collect();
        lists.push(bases);
        let mut order = vec![id];
        let mut refused = None;
        // Classes that do not derive from `object` look into their first base with all its bases first.
        let mut seen = HashSet::new();
        let merged = match new_style {
            true => merge(lists),
            false => Some(lists.concat().into_iter().filter(|class| seen.insert(*class)).collect()),
        };
        match merged {
            Some(rest) if rest.len() < MOST_BASES => order.extend(rest),
            Some(_) => refused = Some("it has too many bases"),
            None => refused = Some("Python refuses this order of base classes"),
        }
        let meta = order.iter().any(|class| self.classes.get(*class).is_some_and(|class| class.meta));
        let open = refused.map(|why| Rc::new(Unknown { span: span.clone(), why: why.to_owned() }));
        self.classes.push(Class {
            name: name.to_owned(),
            space: Namespace { open, ..Namespace::default() },
            order,
            methods: HashSet::new(),
            calls: HashSet::new(),
            by_methods: BTreeMap::new(),
            named_by: None,
            meta,
            new_style,
            span,
        });
        id
    }

    /// The class that a base stands for; `None` for `object`.
    fn base(&mut self, base: &Item) -> Option<usize> {
        if let Some(class) = base.val.class() {
            return Some(class);
        }
        let name = match &base.val {
            Val::Outside(name) if name.as_ref() == "object" => return None,
            Val::Outside(name) => name.to_string(),
            _ => String::new(),
        };
        let known = self.classes.iter().position(|class| !name.is_empty() && class.name == name);
        known.or_else(|| {
            let why = match name.as_str() {
                "" => format!("it may come from a base class: {}", base.reason("the base is no class").why),
                name => format!("it may come from the base class {name}, which is not among the files"),
            };
            let open = Rc::new(Unknown { span: base.span.clone(), why });
            let id = self.new_class(&name, base.span.clone(), Vec::new());
            let metaclasses = self.classes.iter().any(|class| class.name == "type");
            let class = self.classes.get_mut(id)?;
            class.space.open = Some(open);
            class.new_style = true;
            // What a metaclass makes.
            class.meta = name.is_empty() && metaclasses;
            Some(id)
        })
    }

    /// An attribute of a class, its own or inherited; `None` if MoinMoin's default counts.
    pub(super) fn class_attribute(&self, class: usize, name: &str) -> Option<Binding> {
        let mut order = self.classes.get(class)?.order.iter().filter_map(|class| self.classes.get(*class));
        loop {
            let class = order.next()?;
            if let Some(found) = class.space.get(name) {
                return Some(found);
            }
            if class.order == [DEFAULT] {
                // A class that is not known may derive from MoinMoin's and come before it.
                return order
                    .find(|class| class.space.open.is_some())
                    .and_then(|class| class.space.get(name));
            }
        }
    }

    /// Where a method sets an attribute of an object of this class.
    pub(super) fn set_by_method(&self, class: usize, name: &str) -> Option<Span> {
        let order = self.classes.get(class)?.order.iter().filter_map(|class| self.classes.get(*class));
        let order: Vec<&Class> = order.collect();
        let set = order.iter().find_map(|it| it.by_methods.get(name).or_else(|| it.by_methods.get(ANY)));
        // A function from elsewhere that becomes a method.
        let other = |class: &&Class| {
            let runs = |name: &String, binding: &Binding| {
                let function = matches!(&binding.item.val, Val::Unknown(it) if it.why == FUNCTION);
                function || name == "__init__" || order.iter().any(|class| class.calls.contains(name))
            };
            let own = |binding: &Binding| class.methods.contains(&binding.key.start);
            let names = class.space.names.iter();
            let mut odd = names.filter(|(name, binding)| runs(name, binding) && !own(binding));
            odd.next().map(|(_, binding)| binding.key.clone())
        };
        set.cloned().or_else(|| order.iter().find_map(other))
    }
}

impl Val {
    /// The class, if it is one of the files or MoinMoin's `DefaultConfig`.
    pub(super) fn class(&self) -> Option<usize> {
        match self {
            Val::Class(class) => Some(*class),
            Val::Outside(name) if is_default(name) => Some(DEFAULT),
            _ => None,
        }
    }
}

/// Whether a dotted name is that of MoinMoin's `DefaultConfig`.
fn is_default(name: &str) -> bool {
    let root = name.split('.').next().unwrap_or_default();
    let last = name.rsplit('.').next().unwrap_or_default();
    matches!(root, "MoinMoin" | "moin") && last.contains("DefaultConfig")
}

/// Python's order of inherited classes; `None` where the bases contradict each other.
fn merge(mut lists: Vec<Vec<usize>>) -> Option<Vec<usize>> {
    let mut order = Vec::new();
    loop {
        lists.retain(|list| !list.is_empty());
        if lists.is_empty() {
            return Some(order);
        }
        let later: HashSet<usize> = lists.iter().flat_map(|list| list.iter().skip(1)).copied().collect();
        let next =
            lists.iter().filter_map(|list| list.first()).find(|class| !later.contains(class)).copied()?;
        order.push(next);
        for list in &mut lists {
            list.retain(|class| *class != next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merge_orders_bases_as_python_does() {
        // class O; A(O); B(O); C(A, B): C, A, B, O.
        assert_eq!(merge(vec![vec![1, 0], vec![2, 0], vec![1, 2]]), Some(vec![1, 2, 0]));
        assert_eq!(merge(vec![vec![1, 2], vec![2, 1], vec![1, 2]]), None);
        assert_eq!(merge(Vec::new()), Some(Vec::new()));
    }

    #[test]
    fn is_default_accepts_only_moinmoins_own_class() {
        for name in ["MoinMoin.config.multiconfig.DefaultConfig", "moin.config.default.DefaultConfig"] {
            assert!(is_default(name), "{name}");
        }
        assert!(!is_default("common.DefaultConfig") && !is_default("MoinMoin.farm.Base"));
    }
}

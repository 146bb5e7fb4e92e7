//! Checks the structure of `src/`: no two files depend on each other, directly or through other files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, UseTree, Visibility};

/// The path of a module: `["farm", "parse"]` for `src/farm/parse.rs`.
type Module = Vec<String>;

/// The paths in one file.
#[derive(Default)]
struct File {
    /// The names in the scope of the file, each with the absolute path that it refers to.
    names: BTreeMap<String, Module>,
    /// The modules whose names are all in scope.
    globs: Vec<Module>,
    /// The absolute paths that the code uses.
    used: BTreeSet<Module>,
}

/// Reads the paths of one file.
struct Reader<'a> {
    module: &'a [String],
    children: &'a BTreeSet<String>,
    file: File,
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let text = match &attribute.meta {
            syn::Meta::List(list) => list.tokens.to_string(),
            _ => String::new(),
        };
        attribute.path().is_ident("test") || (attribute.path().is_ident("cfg") && text == "test")
    })
}

impl Reader<'_> {
    /// The absolute form of a path in the file. `None` for paths in other crates.
    fn absolute(&self, path: &[String]) -> Option<Module> {
        let (first, rest) = path.split_first()?;
        let mut base = match first.as_str() {
            "crate" => Module::new(),
            "self" => self.module.to_vec(),
            "super" => self.module[..self.module.len().checked_sub(1)?].to_vec(),
            name if self.children.contains(name) => [self.module, &[name.to_owned()]].concat(),
            name => self.file.names.get(name)?.clone(),
        };
        for name in rest {
            match name.as_str() {
                "super" => drop(base.pop()),
                "self" => {}
                name => base.push(name.to_owned()),
            }
        }
        Some(base)
    }

    fn import(&mut self, tree: &UseTree, before: &[String], public: bool) {
        let with = |name: &dyn ToString| [before, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.import(&path.tree, &with(&path.ident), public),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(tree, before, public)),
            UseTree::Glob(_) => self.file.globs.extend(self.absolute(before)),
            UseTree::Name(name) => self.bring(&with(&name.ident), &name.ident.to_string(), public),
            UseTree::Rename(name) => self.bring(&with(&name.ident), &name.rename.to_string(), public),
        }
    }

    fn bring(&mut self, path: &[String], name: &str, public: bool) {
        let Some(path) = self.absolute(path) else { return };
        let name = if name == "self" { path.last().cloned().unwrap_or_default() } else { name.to_owned() };
        // Re-exporting a name of a child module is not a use of it.
        if !public {
            self.file.used.insert(path.clone());
        }
        self.file.names.insert(name, path);
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes: &[Attribute] = match item {
            Item::Fn(item) => &item.attrs,
            Item::Mod(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            _ => &[],
        };
        if !is_test(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.import(&item.tree, &[], !matches!(item.vis, Visibility::Inherited));
    }

    /// `pub(in crate::cli)` is not a use of `cli`.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if names.len() > 1
            && let Some(absolute) = self.absolute(&names)
        {
            self.file.used.insert(absolute);
        }
        visit::visit_path(self, path);
    }
}

/// Reads a file and the files of the modules that it declares.
fn read(path: &Path, module: &[String], files: &mut BTreeMap<Module, File>) {
    let text = fs::read_to_string(path).unwrap();
    let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let modules = parsed.items.iter().filter_map(|item| match item {
        Item::Mod(ItemMod { ident, attrs, content: None, .. }) if !is_test(attrs) => Some(ident.to_string()),
        _ => None,
    });
    let children: BTreeSet<String> = modules.collect();
    let mut reader = Reader { module, children: &children, file: File::default() };
    // Read the names first, because code can come before the `use` of a name.
    for item in &parsed.items {
        if let Item::Use(item) = item
            && !is_test(&item.attrs)
        {
            reader.visit_item_use(item);
        }
    }
    reader.visit_file(&parsed);
    files.insert(module.to_vec(), reader.file);
    let inside = match path.file_stem().and_then(|stem| stem.to_str()) {
        Some("mod" | "lib") => path.parent().unwrap().to_owned(),
        _ => path.with_extension(""),
    };
    for name in &children {
        let (one, many) = (inside.join(format!("{name}.rs")), inside.join(name).join("mod.rs"));
        let path = if one.exists() { one } else { many };
        read(&path, &[module, std::slice::from_ref(name)].concat(), files);
    }
}

/// The module that defines the item at an absolute path, without re-exports.
fn home(path: &[String], files: &BTreeMap<Module, File>, depth: usize) -> Option<Module> {
    let known = (0..=path.len()).rev().find(|&length| files.contains_key(&path[..length]))?;
    let (module, rest) = path.split_at(known);
    let file = &files[module];
    let Some(name) = rest.first().filter(|_| depth < 8) else { return Some(module.to_vec()) };
    if let Some(behind) = file.names.get(name) {
        return home(&[behind, &rest[1..]].concat(), files, depth + 1);
    }
    Some(module.to_vec())
}

/// Sets of modules that all use each other, directly or through other modules.
fn cycles(uses: &BTreeMap<Module, BTreeSet<Module>>) -> Vec<Vec<String>> {
    let reach = |from: &Module| {
        let (mut seen, mut stack) = (BTreeSet::new(), vec![from]);
        while let Some(module) = stack.pop() {
            for next in uses.get(module).into_iter().flatten() {
                if seen.insert(next) {
                    stack.push(next);
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&Module, BTreeSet<&Module>> = uses.keys().map(|from| (from, reach(from))).collect();
    let mut found = BTreeSet::new();
    for (&from, to) in &reached {
        let both = to.iter().filter(|&&module| reached.get(module).is_some_and(|back| back.contains(from)));
        let cycle: Vec<String> = both.map(|module| module.join("::")).collect();
        if !cycle.is_empty() {
            found.insert(cycle);
        }
    }
    found.into_iter().collect()
}

/// The modules that each file uses.
fn uses() -> BTreeMap<Module, BTreeSet<Module>> {
    let mut files = BTreeMap::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs"), &[], &mut files);
    let used_by = |module: &Module, file: &File| {
        let used = file.used.iter().chain(&file.globs).filter_map(|path| home(path, &files, 0));
        used.filter(|used| used != module).collect()
    };
    files.iter().map(|(module, file)| (module.clone(), used_by(module, file))).collect()
}

#[test]
fn modules_have_no_cycles_between_files() {
    assert_eq!(
        cycles(&uses()),
        Vec::<Vec<String>>::new(),
        "files that use each other, directly or over others"
    );
}

#[test]
fn modules_use_only_modules_below_them_in_the_table_of_architecture_md() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/architecture.md");
    let text = fs::read_to_string(path).unwrap();
    let table = text.split_once("| module |").unwrap().1.split_once("\n\n").unwrap().0;
    let layers: Vec<&str> =
        table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let layer = |module: &Module| {
        let name = module.first()?;
        let found = layers.iter().position(|layer| layer == name);
        Some(found.unwrap_or_else(|| panic!("{name} is not in the table of architecture.md")))
    };
    let mut upward = BTreeSet::new();
    for (module, used) in uses() {
        let up = |used: &Module| Some(layer(used)? < layer(&module)?);
        let up = used.iter().filter(|used| up(used) == Some(true));
        upward.extend(up.map(|used| format!("{} uses {}", module.join("::"), used.join("::"))));
    }
    assert_eq!(upward, BTreeSet::new());
    let modules: BTreeSet<String> = uses().into_keys().filter_map(|module| module.first().cloned()).collect();
    assert_eq!(modules, layers.iter().map(|layer| (*layer).to_owned()).collect());
}

#[test]
fn families_of_commands_use_only_what_all_share() {
    let families = ["config", "cookie", "demo", "doctor", "session", "store"];
    let family = |module: &Module| match module.as_slice() {
        [cli, family, ..] if cli == "cli" && families.contains(&family.as_str()) => Some(family.clone()),
        _ => None,
    };
    let mut across = BTreeSet::new();
    for (module, used) in uses() {
        let Some(own) = family(&module) else { continue };
        let other = used.iter().filter(|used| family(used).is_some_and(|other| other != own));
        across.extend(other.map(|used| format!("{} uses {}", module.join("::"), used.join("::"))));
    }
    assert_eq!(across, BTreeSet::new());
}

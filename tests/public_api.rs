//! The public API of the library: compares the names and types with the list in `docs/public-api.txt`, so that reviews
//! show changes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use quote::ToTokens;
use syn::{Attribute, ImplItem, Item, Signature, TraitItem, UseTree, Visibility};

use crate::support::{bless, same};

/// The modules with a stable API. All others are hidden in the documentation.
const PUBLIC: [&str; 8] = ["browser", "farm", "load", "location", "moin", "pickle", "sharing", "store"];

fn is_hidden(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::List(list) => {
            let text = list.tokens.to_string();
            (attribute.path().is_ident("doc") && text == "hidden")
                || (attribute.path().is_ident("cfg") && text == "test")
        }
        _ => false,
    })
}

fn is_public(visibility: &Visibility, attributes: &[Attribute]) -> bool {
    matches!(visibility, Visibility::Public(_)) && !is_hidden(attributes)
}

/// All Rust files of a module.
fn files(path: &Path) -> Vec<syn::File> {
    if path.is_dir() {
        let mut entries: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        return entries.iter().flat_map(|path| files(path)).collect();
    }
    if path.extension().is_none_or(|extension| extension != "rs") {
        return Vec::new();
    }
    vec![syn::parse_file(&fs::read_to_string(path).unwrap()).unwrap()]
}

/// The names that a `pub use` re-exports.
fn handed_on(tree: &UseTree, names: &mut BTreeSet<String>) {
    match tree {
        UseTree::Path(path) => handed_on(&path.tree, names),
        UseTree::Group(group) => group.items.iter().for_each(|tree| handed_on(tree, names)),
        UseTree::Name(name) => names.extend([name.ident.to_string()]),
        UseTree::Rename(name) => names.extend([name.rename.to_string()]),
        UseTree::Glob(_) => {}
    }
}

/// Code as a person writes it.
fn code(part: impl ToTokens) -> String {
    let mut text = part.to_token_stream().to_string();
    let glued = [
        (" :: ", "::"),
        (" : ", ": "),
        (" , ", ", "),
        (" ,", ","),
        ("& ", "&"),
        ("< ", "<"),
        (" <", "<"),
        (" >", ">"),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        ("-> (", "-> ("),
        (" ]", "]"),
        ("[ ", "["),
        (" ;", ";"),
        ("->(", "-> ("),
    ];
    for (apart, together) in glued {
        text = text.replace(apart, together);
    }
    text
}

/// The arguments and the result of a function.
fn call(signature: &Signature) -> String {
    code(signature).replacen("fn ", "", 1)
}

/// The lines of the types, functions, and constants of these names.
fn items(module: &str, file: &syn::File, names: &BTreeSet<String>, lines: &mut BTreeSet<String>) {
    let promised = |name: &syn::Ident| names.contains(&name.to_string());
    let mut add = |text: String| lines.extend([format!("{module}::{text}")]);
    for item in &file.items {
        match item {
            Item::Fn(item) if is_public(&item.vis, &item.attrs) && promised(&item.sig.ident) => {
                add(call(&item.sig));
            }
            Item::Const(item) if is_public(&item.vis, &item.attrs) && promised(&item.ident) => {
                add(format!("{}: {} (const)", item.ident, code(&item.ty)));
            }
            Item::Static(item) if is_public(&item.vis, &item.attrs) && promised(&item.ident) => {
                add(format!("{}: {} (static)", item.ident, code(&item.ty)));
            }
            Item::Struct(item) if is_public(&item.vis, &item.attrs) && promised(&item.ident) => {
                add(format!("{} (struct)", item.ident));
                for field in item.fields.iter().filter(|field| is_public(&field.vis, &field.attrs)) {
                    let name = field.ident.as_ref().map_or("0".to_owned(), ToString::to_string);
                    add(format!("{}.{name}: {}", item.ident, code(&field.ty)));
                }
            }
            Item::Enum(item) if is_public(&item.vis, &item.attrs) && promised(&item.ident) => {
                add(format!("{} (enum)", item.ident));
                for variant in item.variants.iter().filter(|variant| !is_hidden(&variant.attrs)) {
                    add(format!("{}::{}{}", item.ident, variant.ident, code(&variant.fields)));
                }
            }
            Item::Trait(item) if is_public(&item.vis, &item.attrs) && promised(&item.ident) => {
                add(format!("{} (trait)", item.ident));
                for method in &item.items {
                    if let TraitItem::Fn(method) = method {
                        add(format!("{}::{}", item.ident, call(&method.sig)));
                    }
                }
            }
            Item::Impl(item) if item.trait_.is_none() => {
                let syn::Type::Path(path) = &*item.self_ty else { continue };
                let Some(segment) = path.path.segments.last().filter(|segment| promised(&segment.ident))
                else {
                    continue;
                };
                for method in &item.items {
                    if let ImplItem::Fn(method) = method
                        && is_public(&method.vis, &method.attrs)
                    {
                        add(format!("{}::{}", segment.ident, call(&method.sig)));
                    }
                }
            }
            _ => {}
        }
    }
}

/// The API of one module, a line for each name.
fn api(module: &str) -> BTreeSet<String> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (dir, file) = (src.join(module), src.join(format!("{module}.rs")));
    let root = if dir.is_dir() { dir.join("mod.rs") } else { file.clone() };
    let root = syn::parse_file(&fs::read_to_string(root).unwrap()).unwrap();
    let mut names = BTreeSet::new();
    for item in &root.items {
        match item {
            Item::Mod(item) => assert!(!is_public(&item.vis, &item.attrs), "{module}::{}", item.ident),
            Item::Use(item) if is_public(&item.vis, &item.attrs) => handed_on(&item.tree, &mut names),
            Item::Fn(item) if is_public(&item.vis, &item.attrs) => {
                names.insert(item.sig.ident.to_string());
            }
            Item::Struct(item) => names.extend([item.ident.to_string()]),
            Item::Enum(item) => names.extend([item.ident.to_string()]),
            Item::Trait(item) => names.extend([item.ident.to_string()]),
            Item::Const(item) => names.extend([item.ident.to_string()]),
            _ => {}
        }
    }
    let mut lines = BTreeSet::new();
    for file in files(if dir.is_dir() { &dir } else { &file }) {
        items(module, &file, &names, &mut lines);
    }
    lines
}

#[test]
fn public_api_is_the_committed_list() {
    let lines: Vec<String> = PUBLIC.iter().flat_map(|module| api(module)).collect();
    assert!(lines.len() > 300, "{}", lines.len());
    let found = format!("{}\n", lines.join("\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/public-api.txt");
    if bless() {
        fs::write(&path, &found).unwrap();
    }
    same(&found, fs::read_to_string(&path).unwrap_or_default());
}

#[test]
fn other_modules_are_hidden_in_the_documentation() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs");
    let root = syn::parse_file(&fs::read_to_string(root).unwrap()).unwrap();
    for item in &root.items {
        if let Item::Mod(module) = item {
            let name = module.ident.to_string();
            assert_eq!(is_public(&module.vis, &module.attrs), PUBLIC.contains(&name.as_str()), "{name}");
        }
    }
}

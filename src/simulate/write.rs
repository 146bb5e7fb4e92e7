//! Writes simulated sessions as a wiki of that version does.
//!
//! Source: the files that running wikis wrote (`tests/fixtures`): pickles of protocol 2 with byte strings as keys.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::world::World;
use crate::moin::{Items, Value};
use crate::pickle::{self, Node, NodeId, Text, Tree, TreeBuilder};
use crate::sys::{AsOwner, Dir, why, write_atomically};

/// A file that could not be written; ids are shortened.
#[derive(Debug, thiserror::Error)]
#[error("{dir}: can't write sessions: {why}")]
pub struct WriteFailure {
    /// The directory.
    pub dir: PathBuf,
    /// Why.
    pub why: String,
}

/// Writes every session below `root`, each store at its path in the farm file. Returns the directories, each with the
/// number of sessions written.
///
/// # Errors
/// The first directory or session that could not be written.
pub fn write(world: &World, root: &Path) -> Result<Vec<(PathBuf, usize)>, WriteFailure> {
    let mut written = Vec::new();
    for (path, store) in world.directories() {
        let dir = below(root, &path);
        let failed = |why: String| WriteFailure { dir: dir.clone(), why };
        fs::create_dir_all(&dir).map_err(|error| failed(why(&error)))?;
        let open = Dir::open(&dir).map_err(|error| failed(error.to_string()))?;
        // As root, write as the owner of the directory, so that the wiki can read the files.
        let _owner = AsOwner::of(&open).map_err(|error| failed(why(&error)))?;
        for (id, items) in &store.sessions.0 {
            let bytes = pickle::write(&tree(items)).map_err(io::Error::other);
            let done = bytes.and_then(|bytes| write_atomically(&dir.join(id), &bytes, 0o660));
            done.map_err(|error| failed(why(&error)))?;
        }
        written.push((dir, store.sessions.0.len()));
    }
    Ok(written)
}

/// The path below `root`, even if `path` is absolute.
fn below(root: &Path, path: &Path) -> PathBuf {
    let mut below = root.to_owned();
    for component in path.components() {
        match component {
            Component::Normal(part) => below.push(part),
            // Never leaves `root`.
            Component::ParentDir => below.push("_up"),
            Component::Prefix(_) | Component::RootDir | Component::CurDir => {}
        }
    }
    below
}

/// A session as the tree of a pickle.
fn tree(items: &Items) -> Tree {
    let mut tree = TreeBuilder::new();
    let entries = items
        .iter()
        .map(|(name, value)| (tree.push(Node::Str(name.as_bytes().to_vec())), node(&mut tree, value)))
        .collect();
    let root = tree.push(Node::Dict(entries));
    tree.finish(root)
}

fn node(tree: &mut TreeBuilder, value: &Value) -> NodeId {
    let node = match value {
        Value::None => Node::None,
        Value::Bool(flag) => Node::Bool(*flag),
        Value::Int(number) => Node::Int(*number),
        Value::Float(number) => Node::Float(*number),
        Value::Bytes(bytes) => Node::Str(bytes.clone()),
        Value::Text(text) => Node::Text(Text::from(text.as_str())),
        Value::Tuple(items) => Node::Tuple(items.iter().map(|item| self::node(tree, item)).collect()),
        Value::List(items) => Node::List(items.iter().map(|item| self::node(tree, item)).collect()),
    };
    tree.push(node)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_never_leaves_the_root() {
        let root = Path::new("/tmp/out");
        assert_eq!(below(root, Path::new("sessions")), Path::new("/tmp/out/sessions"));
        assert_eq!(below(root, Path::new("/srv/moin/./s")), Path::new("/tmp/out/srv/moin/s"));
        assert_eq!(below(root, Path::new("../../s")), Path::new("/tmp/out/_up/_up/s"));
    }
}

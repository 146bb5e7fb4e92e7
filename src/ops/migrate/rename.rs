//! New session ids for another generation of MoinMoin, and new user ids in sessions.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::location::{Layout, NameKind};
use crate::moin::Behavior;
use crate::pickle::{self, Node, NodeId, Tree};
use crate::store::{EntryName, StoreSpec};

/// The form of ids that a generation of MoinMoin accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// MoinMoin 1.7 and 1.8: 32 characters of `a-z 0-9 _`.
    Old,
    /// MoinMoin 1.9: 40 hexadecimal digits.
    New,
}

impl Generation {
    /// The form that the wikis of a store accept, by its layout or their versions. `None` if unknown or mixed.
    pub fn of(store: &StoreSpec) -> Option<Generation> {
        match store.location.layout() {
            Some(Layout::Moin18) => Some(Generation::Old),
            Some(Layout::Moin19) => Some(Generation::New),
            None => {
                let mut all = store.wikis.iter().map(|wiki| match wiki.version.behavior() {
                    Behavior::V1_7_0 | Behavior::V1_7_3 | Behavior::V1_8 => Generation::Old,
                    _ => Generation::New,
                });
                let first = all.next()?;
                all.all(|other| other == first).then_some(first)
            }
        }
    }

    /// The name of the form of ids that a store accepts.
    pub(super) fn named(store: &StoreSpec) -> &str {
        Generation::of(store).map_or(store.location.scheme(), |generation| generation.layout().name())
    }

    /// Whether a store accepts an id.
    pub(super) fn fits(store: &StoreSpec, id: &EntryName) -> bool {
        let id = id.reveal().as_bytes();
        let kind = Generation::of(store).map(|generation| generation.layout().kind(id));
        kind.unwrap_or_else(|| store.location.kind(id)) == NameKind::Session
    }

    fn layout(self) -> Layout {
        match self {
            Generation::Old => Layout::Moin18,
            Generation::New => Layout::Moin19,
        }
    }

    /// The id for wikis of this generation: the same id if they accept it, else 160 bits (128 in the old form) of its
    /// SHA-256. Nobody can compute the new id without the old one.
    pub fn id_for(self, id: &EntryName) -> Option<EntryName> {
        if self.layout().kind(id.reveal().as_bytes()) == NameKind::Session {
            return Some(*id);
        }
        let mut hash = Sha256::new();
        hash.update(b"wikifarm session migrate\0");
        hash.update(id.reveal().as_bytes());
        let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let length = if self == Generation::Old { 32 } else { 40 };
        EntryName::new(hex.get(..length)?.as_bytes())
    }
}

/// User ids of the source and the target.
#[derive(Debug, Clone, Default)]
pub struct UserMap {
    /// Old id to new.
    pub ids: HashMap<String, String>,
}

/// The result of replacing user ids in a session.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Mapped {
    /// No change.
    Same,
    /// The changed session.
    Changed(Vec<u8>),
    /// This user has no counterpart.
    Unknown(String),
    /// The session can't be written: why.
    Failed(String),
}

impl UserMap {
    /// Replaces user ids in a session.
    pub(super) fn apply(&self, tree: Tree) -> Mapped {
        let root = tree.root();
        let mut changes: Vec<(NodeId, Node)> = Vec::new();
        for key in ["user.id", "setuid"] {
            let Some(value) = tree.get(root, key) else { continue };
            // Not a user id, for example None.
            let Some(old) = tree.bytes_or_text(value) else { continue };
            let Some(new) = self.ids.get(old.as_ref()) else { return Mapped::Unknown(old.into_owned()) };
            if *new == old {
                continue;
            }
            let node = match tree.node(value) {
                Node::Text(_) => Node::Text(new.as_str().into()),
                _ => Node::Str(new.as_bytes().to_vec()),
            };
            let key = tree
                .entries(root)
                .and_then(|all| all.iter().find(|entry| entry.1 == value && tree.node(entry.0).is_text(key)));
            if let Some((key, _)) = key {
                changes.push((*key, node));
            }
        }
        if changes.is_empty() {
            return Mapped::Same;
        }
        // A new node, because other values may share the old one.
        let mut builder = tree.into_builder();
        for (key, node) in changes {
            let value = builder.push(node);
            if let Some(Node::Dict(entries)) = builder.node_mut(root)
                && let Some(entry) = entries.iter_mut().find(|entry| entry.0 == key)
            {
                entry.1 = value;
            }
        }
        match pickle::write(&builder.finish(root)) {
            Ok(bytes) => Mapped::Changed(bytes),
            Err(error) => Mapped::Failed(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_renamed_only_if_needed_and_deterministically() {
        let id = |text: &str| EntryName::new(text.as_bytes()).unwrap();
        let (old, new) = (id(&"_".repeat(32)), id(&"a".repeat(40)));
        assert_eq!(Generation::New.id_for(&new), Some(new));
        assert_eq!(Generation::Old.id_for(&old), Some(old));
        // hashlib.sha256("wikifarm session migrate\0" + "_" * 32).hexdigest()[:40]
        let renamed = Generation::New.id_for(&old).unwrap();
        assert_eq!(renamed.reveal(), "5390ce662011a850d09814d6eaaa30be2167e3e7");
        assert_eq!(Generation::Old.id_for(&new).unwrap().len(), 32);
    }

    #[test]
    fn user_map_replaces_only_user_ids() {
        let map =
            UserMap { ids: HashMap::from([("1.2".into(), "8.9".into()), ("5.5".into(), "5.5".into())]) };
        // The attribute is the same object as the user id.
        let bytes = b"\x80\x02}q\x01(U\x07user.idU\x031.2q\x02U\x01ah\x02U\x06setuidX\x03\0\0\x001.2u.";
        let Mapped::Changed(written) = map.apply(pickle::read(bytes).unwrap()) else { panic!() };
        let tree = pickle::read(&written).unwrap();
        let text = |key| tree.node(tree.get(tree.root(), key).unwrap()).clone();
        assert_eq!(text("user.id"), Node::Str(b"8.9".to_vec()));
        assert_eq!(text("a"), Node::Str(b"1.2".to_vec()));
        assert_eq!(text("setuid"), Node::Text("8.9".into()));
        let apply = |bytes: &[u8]| map.apply(pickle::read(bytes).unwrap());
        assert_eq!(apply(b"(dS'user.id'\nS'5.5'\ns."), Mapped::Same);
        assert_eq!(apply(b"(dS'user.id'\nNs."), Mapped::Same);
        assert_eq!(apply(b"(dS'user.id'\nS'7.7'\ns."), Mapped::Unknown("7.7".into()));
    }
}

//! Makes a [`Tree`] node by node.

use super::value::{Node, NodeId, Tree};

/// Makes a [`Tree`] node by node.
#[derive(Clone, Debug)]
pub struct TreeBuilder {
    nodes: Vec<Node>,
    memoized: Vec<bool>,
    memo_start: u32,
}

impl Default for TreeBuilder {
    fn default() -> Self {
        TreeBuilder { nodes: Vec::new(), memoized: Vec::new(), memo_start: 1 }
    }
}

impl TreeBuilder {
    /// An empty builder.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a node. It may name nodes that do not exist yet; those never added read as [`Node::None`].
    pub fn push(&mut self, node: Node) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(node);
        self.memoized.push(false);
        id
    }

    /// A node, to change it.
    pub fn node_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        self.nodes.get_mut(id.index())
    }

    /// A node added before.
    pub fn node(&self, id: NodeId) -> &Node {
        self.nodes.get(id.index()).unwrap_or(&Node::None)
    }

    /// How many nodes were added.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn memoize(&mut self, id: NodeId) {
        if let Some(flag) = self.memoized.get_mut(id.index()) {
            *flag = true;
        }
    }

    pub(super) fn memo_starts_at(&mut self, index: u64) {
        self.memo_start = u32::from(index != 0);
    }

    /// The tree whose value is `root`.
    pub fn finish(self, root: NodeId) -> Tree {
        self.finish_at(root, 0)
    }

    pub(super) fn finish_at(self, root: NodeId, consumed: usize) -> Tree {
        Tree { nodes: self.nodes, memoized: self.memoized, memo_start: self.memo_start, root, consumed }
    }
}

impl Tree {
    /// A builder that starts with everything in this tree, to change it.
    pub fn into_builder(self) -> TreeBuilder {
        TreeBuilder { nodes: self.nodes, memoized: self.memoized, memo_start: self.memo_start }
    }
}

//! Builds a [`Tree`] node by node.

use super::value::{Node, NodeId, Tree};

/// Builds a [`Tree`] node by node.
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

    /// Adds a node. The node may refer to nodes that do not exist yet. A node that is never added reads as
    /// [`Node::None`].
    pub fn push(&mut self, node: Node) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(node);
        self.memoized.push(false);
        id
    }

    /// A mutable node.
    pub fn node_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        self.nodes.get_mut(id.index())
    }

    /// A node that was added before.
    pub fn node(&self, id: NodeId) -> &Node {
        self.nodes.get(id.index()).unwrap_or(&Node::None)
    }

    /// The number of added nodes.
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

    /// The tree with the value `root`.
    pub fn finish(self, root: NodeId) -> Tree {
        self.finish_at(root, 0)
    }

    pub(super) fn finish_at(self, root: NodeId, consumed: usize) -> Tree {
        Tree { nodes: self.nodes, memoized: self.memoized, memo_start: self.memo_start, root, consumed }
    }
}

impl Tree {
    /// A builder with all nodes of this tree, to change the tree.
    pub fn into_builder(self) -> TreeBuilder {
        TreeBuilder { nodes: self.nodes, memoized: self.memoized, memo_start: self.memo_start }
    }
}

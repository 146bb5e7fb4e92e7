//! Moves nodes between the stack, the marks, and the memo of the [`Machine`].

use super::error::ReadErrorKind;
use super::read::Machine;
use super::value::{Node, NodeId};

impl Machine<'_> {
    /// Adds a node to the arena, without pushing it on the stack.
    pub(super) fn make(&mut self, node: Node) -> Result<NodeId, ReadErrorKind> {
        if self.nodes.node_count() >= self.limits.nodes {
            return Err(ReadErrorKind::Limit("number of values"));
        }
        Ok(self.nodes.push(node))
    }

    pub(super) fn push_node(&mut self, node: Node) -> Result<(), ReadErrorKind> {
        let id = self.make(node)?;
        self.push(id)
    }

    pub(super) fn push(&mut self, id: NodeId) -> Result<(), ReadErrorKind> {
        if self.stack.len() >= self.limits.nodes.saturating_mul(4) {
            return Err(ReadErrorKind::Limit("depth of the stack"));
        }
        self.stack.push(id);
        Ok(())
    }

    pub(super) fn fence(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    pub(super) fn pop(&mut self) -> Result<NodeId, ReadErrorKind> {
        self.top()?;
        self.stack.pop().ok_or(ReadErrorKind::StackUnderflow)
    }

    /// The value on the top of the stack, which must be above the innermost mark.
    pub(super) fn top(&self) -> Result<NodeId, ReadErrorKind> {
        match self.stack.last() {
            Some(&id) if self.stack.len() > self.fence() => Ok(id),
            _ => Err(ReadErrorKind::StackUnderflow),
        }
    }

    /// Removes the values above the innermost mark, and the mark.
    pub(super) fn pop_to_mark(&mut self) -> Result<Vec<NodeId>, ReadErrorKind> {
        let mark = self.marks.pop().ok_or(ReadErrorKind::NoMark)?;
        Ok(self.stack.drain(mark.min(self.stack.len())..).collect())
    }

    /// POP removes a mark if the mark is on the top of the stack.
    pub(super) fn pop_or_unmark(&mut self) -> Result<(), ReadErrorKind> {
        if self.marks.last() == Some(&self.stack.len()) {
            self.marks.pop();
            return Ok(());
        }
        self.pop().map(|_| ())
    }

    pub(super) fn tuple_of(&mut self, len: usize) -> Result<(), ReadErrorKind> {
        let start = self.stack.len().checked_sub(len).filter(|&start| start >= self.fence());
        let items = self.stack.split_off(start.ok_or(ReadErrorKind::StackUnderflow)?);
        self.push_node(Node::Tuple(items))
    }

    pub(super) fn fetch(&mut self, index: u64) -> Result<(), ReadErrorKind> {
        let id = *self.memo.get(&index).ok_or(ReadErrorKind::MissingMemo(index))?;
        self.push(id)
    }

    pub(super) fn store(&mut self, index: u64) -> Result<(), ReadErrorKind> {
        let id = self.top()?;
        if self.memo.len() >= self.limits.nodes {
            return Err(ReadErrorKind::Limit("size of the memo"));
        }
        if self.memo.is_empty() {
            self.nodes.memo_starts_at(index);
        }
        self.memo.insert(index, id);
        self.nodes.memoize(id);
        Ok(())
    }
}

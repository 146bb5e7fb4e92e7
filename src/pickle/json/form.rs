//! The JSON form of a value.

use serde_json::Value;

/// The maximum nesting of the form. `serde_json` reads 127 levels, and the store adds a few.
pub(super) const MAX_DEPTH: usize = 100;

/// A value in its JSON form.
#[derive(Clone, PartialEq, Debug)]
pub struct JsonForm {
    /// The value.
    pub value: Value,
    /// The numbers of the values that the pickle had in its memo.
    pub memo: Vec<u32>,
    /// The first number in the memo: 1 from cPickle, 0 from pickle.py.
    pub memo_start: u32,
}

//! The form itself.

use serde_json::Value;

/// As deep as the form nests at most; `serde_json` reads 127 levels, and the store puts some around.
pub(super) const MAX_DEPTH: usize = 100;

/// A value in its JSON form.
#[derive(Clone, PartialEq, Debug)]
pub struct JsonForm {
    /// The value.
    pub value: Value,
    /// Which values, by their number, the pickle had in its memo.
    pub memo: Vec<u32>,
    /// The number its memo began with: 1 from cPickle, 0 from pickle.py.
    pub memo_start: u32,
}

//! The readable and lossless JSON form of a value, for the `json:` store.
//!
//! `null`, `true`, and integers represent themselves; arrays represent lists; strings represent ASCII `str`
//! of Python 2. Each other value is an object with one member, which has the name of its kind:
//!
//! | kind | member |
//! |---|---|
//! | unicode | `{"text": "Wiki:Ünicode"}`; with lone surrogates `{"text64": base64 of generalized UTF-8}` |
//! | str that is not ASCII | `{"str64": base64}` |
//! | bytes, bytearray of Python 3 | `{"bytes64": base64}`, `{"bytearray64": base64}` |
//! | long | `{"long": "123"}` |
//! | float | `{"float": "1.5"}`, the shortest digits that give the same double; NaN and the infinities `{"float64": "7ff0000000000000"}` |
//! | dict | `{"dict": {"key": value}}` where every key is an ASCII str, else `{"dict": [[key, value], ..]}` |
//! | tuple, set, frozenset | `{"tuple": [..]}`, `{"set": [..]}`, `{"frozenset": [..]}` |
//! | class or function | `{"global": ["module", "name"]}` |
//! | instance | `{"object": {"make": "reduce"|"newobj"|"newobj-ex"|"instance", "of": value, "args": value, "kwargs": value, "then": [["build", value], ["append", [..]], ["set-items", [[key, value], ..]], ["add-items", [..]]]}}` |
//! | the same object again | `{"again": n}`: the n-th value in the order of the text, from 0 |
//!
//! Beside the value, [`JsonForm::memo`] has the values that the pickle had in its memo, so that writing gives
//! the same bytes. Some values have no form: values that are nested too deeply for JSON parsers, and changes
//! to a class itself.

use super::value::Tree;

mod decode;
mod encode;
mod form;

pub use decode::FormError;
pub use form::JsonForm;

impl JsonForm {
    /// The form of a value. `None` if it has no form.
    pub fn of(tree: &Tree) -> Option<JsonForm> {
        encode::encode(tree)
    }

    /// Converts the form to the value.
    ///
    /// # Errors
    ///
    /// The JSON is not a valid form.
    pub fn tree(&self) -> Result<Tree, FormError> {
        decode::decode(self)
    }
}

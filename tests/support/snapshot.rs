//! Exact output in the tests as `str![]`, which `make bless` updates.

use snapbox::Data;
use snapbox::assert::{Action, Assert};

/// Compares a text with its snapshot byte for byte. With `SNAPSHOTS=overwrite`, updates the snapshot instead.
pub(super) fn compare(name: &str, found: &str, expected: &Data) -> Result<(), String> {
    if expected.render().as_deref() == Some(found) {
        return Ok(());
    }
    // `raw`: in output, `[..]` and `...` are plain text.
    let assert = Assert::new().action_env("SNAPSHOTS");
    let same = assert.try_eq(Some(&name), found.into(), expected.clone().raw());
    match (same, assert.selected_action()) {
        (Err(difference), _) => Err(difference.to_string()),
        (Ok(()), Action::Overwrite) => Ok(()),
        (Ok(()), _) => Err(format!("{name}: lines end differently, or SNAPSHOTS allows any difference")),
    }
}

/// Whether `make bless` runs the tests.
pub(crate) fn bless() -> bool {
    std::env::var_os("SNAPSHOTS").is_some_and(|action| action == "overwrite")
}

/// Panics if a text differs from its snapshot.
#[track_caller]
pub(crate) fn same(found: &str, expected: impl snapbox::IntoData) {
    if let Err(difference) = compare("found", found, &expected.into_data()) {
        panic!("{difference}");
    }
}

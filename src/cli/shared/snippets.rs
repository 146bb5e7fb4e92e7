//! Settings for MoinMoin's configuration, as text and as JSON.

use schemars::JsonSchema;
use serde::Serialize;

use crate::pyconfig::write::Snippet;

/// Settings for one of MoinMoin's files.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Snippet")]
pub(crate) struct Json<'a> {
    /// The name of the file, such as `farmconfig.py`.
    file: &'a str,
    /// The release of MoinMoin.
    moin: String,
    /// The wikis that use the file.
    wikis: &'a [String],
    /// The settings as Python.
    python: &'a str,
}

/// The snippets as JSON.
pub(crate) fn json(snippets: &[Snippet]) -> Vec<Json<'_>> {
    fn one(snippet: &Snippet) -> Json<'_> {
        let Snippet { file, version, wikis, text } = snippet;
        Json { file, moin: version.to_string(), wikis, python: text }
    }
    snippets.iter().map(one).collect()
}

/// All snippets, one after the other.
pub(crate) fn text(snippets: &[Snippet]) -> String {
    snippets.iter().map(|snippet| snippet.text.as_str()).collect::<Vec<_>>().join("\n\n")
}

//! Settings to paste into MoinMoin, as text and as JSON.

use serde::Serialize;

use crate::pyconfig::write::Snippet;

/// A snippet for programs.
#[derive(Serialize)]
pub(crate) struct Json<'a> {
    file: &'a str,
    moin: String,
    wikis: &'a [String],
    python: &'a str,
}

/// The snippets for programs.
pub(crate) fn json(snippets: &[Snippet]) -> Vec<Json<'_>> {
    fn one(snippet: &Snippet) -> Json<'_> {
        let Snippet { file, version, wikis, text } = snippet;
        Json { file, moin: version.to_string(), wikis, python: text }
    }
    snippets.iter().map(one).collect()
}

/// All snippets one after the other; together too they are Python.
pub(crate) fn text(snippets: &[Snippet]) -> String {
    snippets.iter().map(|snippet| snippet.text.as_str()).collect::<Vec<_>>().join("\n\n")
}

//! How results look: text for terminals with everything untrusted escaped, tables, findings with their source lines,
//! JSON.
//!
//! Nothing here decides anything: a command counts first and renders second, so the exit status never depends on the
//! format.

mod escape;
pub mod findings;
pub mod github;
pub mod junit;
pub mod measure;
pub mod progress;
pub mod prometheus;
pub mod sarif;
pub mod table;

pub use escape::escape;

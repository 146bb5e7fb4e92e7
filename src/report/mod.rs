//! How results look: text for terminals with everything untrusted escaped, tables, findings with their source lines,
//! and the formats for programs.
//!
//! Everything passes `safe` on its way to a terminal. Each format has one escape, in its own file.
//!
//! Nothing here decides anything: a command counts first and renders second, so the exit status never depends on the
//! format.

pub mod csv;
pub mod findings;
pub mod github;
pub mod json;
pub mod junit;
pub mod progress;
pub mod prometheus;
mod safe;
pub mod sarif;
pub mod table;

pub use safe::safe;

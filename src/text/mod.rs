//! Text for people: ages, sizes, and lists in words, lines of a given width, colors, and escapes.

mod age;
mod escape;
mod list;
pub mod measure;
mod problem;
mod shell;
mod wrap;

pub use age::age_text;
pub(crate) use age::span_text;
pub(crate) use escape::escape_into;
pub use escape::{escape, is_unsafe};
pub(crate) use list::list;
pub use problem::Problem;
pub(crate) use shell::{shell_path, shell_word};
pub use wrap::{Paint, columns, ellipsis, hang, length, message, only_ascii, paint, wrap};

//! Tests that need several files of the module: the corpus, hostile files, and properties.

mod corpus;
mod decoded;
mod display;
mod hostile;
mod json;
mod properties;
mod roundtrip;

//! Tests that need more than one file of the module: the corpus, hostile files, properties.

mod corpus;
mod decoded;
mod display;
mod hostile;
mod json;
mod properties;
mod roundtrip;

//! The manual as tests: one module per command, driven through the binary.

mod readme;

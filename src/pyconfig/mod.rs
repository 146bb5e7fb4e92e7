//! MoinMoin's own configuration, `farmconfig.py` and its like: [`read`] without running it, [`write`](mod@write) what
//! a farm file says, and the [`drift`] between both.

pub mod drift;
pub mod read;
mod to_toml;
pub mod write;

pub use to_toml::to_toml;

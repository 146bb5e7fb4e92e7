//! MoinMoin's own configuration, `farmconfig.py` and its like: [`read`] without running it, [`run`] if the
//! administrator asks for it, [`write`](mod@write) from a farm file, and compared with a farm file as [`drift`].

pub mod drift;
mod main_files;
pub mod read;
pub mod run;
mod to_toml;
pub mod write;

pub use to_toml::to_toml;

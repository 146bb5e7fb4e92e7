//! Simulates a browser and the wikis of a farm: log in, visit, wait, log out.
//!
//! The browser is [`crate::browser::Jar`], a wiki is [`crate::moin::Handler`]. [`Plan::new`] checks a whole script, with an
//! error for each bad line. [`World::run`] then performs one line after the other, and reports each as an [`Event`].
//!
//! Promises:
//!
//! * The same script, farm, time, and seed give the same events. The module reads only user directories, and writes
//!   nothing before [`write`](write()) is called.
//! * Whole session ids are only in [`World::stores`]. Events have shortened ids.
//!
//! A user without a readable user file is assumed to have an account wherever they log in. A wiki whose session or user
//! directory is not in the farm file is assumed to have its own. Events and plans report each assumption.

pub mod diff;
mod event;
mod people;
mod person;
mod plan;
mod script;
mod step;
mod wiki;
mod world;
mod write;

pub use event::{Event, Expected, Seen, Sent, SessionView, StoreView, time};
pub(crate) use person::Person;
pub use plan::{LoadFarm, Plan};
pub use script::{Line, ScriptError, Step, is_verb, parse};
pub(crate) use step::Exchanged;
pub(crate) use wiki::{Dir, Site};
pub use world::{Store, World};
pub use write::{WriteFailure, write};

//! A browser and the wikis of a farm, acting out a script: log in here, go there, wait, log out.
//!
//! The browser is [`crate::browser::Jar`], a wiki [`crate::moin::Handler`]; here they meet. [`Plan::new`] understands a
//! whole script before anything is acted out, with an error for each line that is not; [`World::run`] then does one line
//! after the other, and tells all that can be seen of it as an [`Event`].
//!
//! What it promises:
//!
//! * The same script, farm, time and seed give the same events. Only user directories are read, and nothing is written
//!   before [`write`](write()) is called.
//! * Whole session ids are in [`World::stores`] alone: in events they are shortened.
//!
//! A user whom no readable user directory knows is taken to have an account wherever he logs in; a wiki of which the
//! farm file does not say where it keeps sessions or users keeps them for itself. Each such assumption is told.

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

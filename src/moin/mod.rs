//! What MoinMoin does, by version: its defaults, the name, path, domain and lifetime of its session cookie, the
//! Set-Cookie header byte for byte, which of several cookies of one name it uses, and the whole life cycle of its session
//! handler ([`Handler`]).
//!
//! Pure: no clock and no disk, time comes in as an argument, sessions and users through traits. Source: the MoinMoin
//! releases 1.7.0 to 1.9.11 and 2.0.0a1 to 2.0.0b5, and what running wikis of 1.7.3, 1.8.7, 1.9.0, .1, .3, .8, .10, .11,
//! 2.0.0a1 and 2.0.0b1 to b5 sent and wrote.

mod cookie;
mod data;
mod date;
mod flask;
mod handler;
mod id;
mod lifetime;
mod memory;
mod people;
mod read;
mod settings;
mod signed;
mod version;

pub use cookie::{NoCookie, SetCookie, deletion, session_cookie};
pub use data::{Items, Loaded, Session, SessionData, Sessions, Value};
pub use flask::domain_of_server;
pub use handler::{Action, Answer, Exchange, Failure, Handler, Outside, Remark};
pub use id::{IdForm, id_form, placeholder_id};
pub use lifetime::{Broken, Lifetime, Lifetimes, TEN_YEARS, lifetimes, signature_lifetime};
pub use memory::{MemorySessions, MemoryUsers, SeededIds};
pub use people::{Login, Profile, Users};
pub use read::read_cookie;
pub use settings::{Backend, CookieLifetime, Duplicate, Settings, Visitor};
pub use signed::{Age, SIGNATURE_LIFETIME, SignedCookie, SignedError};
pub use version::{Behavior, Version, VersionError};

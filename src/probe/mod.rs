//! The cookie of a live wiki, held against the predicted one.
//!
//! `fetch` is the only thing here that touches the network: it visits a URL as a browser would that has a session
//! cookie of the predicted name with a random id, and never logs in. `compare` is pure. From 1.9.2 on such a visit
//! is answered with a deletion or a new cookie, in which name, domain and path show; before, a wiki without anonymous
//! sessions stays silent.

mod compare;
mod fetch;

pub use compare::{Difference, Finding, compare};
pub use fetch::{Broken, FetchError, Hop, Options, certificates, fetch};

//! Compares the cookies of live wikis with the prediction.
//!
//! Only `fetch` uses the network. It visits a URL as a browser does that has a session cookie of the predicted name with a
//! random id, and never logs in. `compare` is pure. From 1.9.2 on, wikis respond to such a visit with a deletion or a new
//! cookie, which shows name, domain, and path. Before, wikis without anonymous sessions send no cookie.

mod compare;
mod fetch;

pub use compare::{Difference, Finding, compare};
pub use fetch::{Broken, FetchError, Hop, Options, certificates, fetch};

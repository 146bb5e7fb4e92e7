//! Compares the cookies of live wikis with the prediction.
//!
//! Only `fetch` uses the network. It visits a URL as a browser does that has session cookies of the predicted name with
//! random ids, and never logs in. `compare` is pure: it predicts the answer to that request. From 1.9.2 on, wikis answer with
//! a deletion or an anonymous session, which show name, domain, and path. Before, wikis without anonymous sessions send no
//! cookie. 2.0 answers at its login form.

mod compare;
mod fetch;
mod spelling;

pub use compare::{Difference, Finding, compare, cookie_for};
pub use fetch::{Broken, FetchError, Hop, Options, certificates, fetch};

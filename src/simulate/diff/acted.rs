//! A seat with what is known of it before anybody comes back.

use super::pair::Seat;
use crate::browser::Cookie;
use crate::simulate::person::Person;

/// A seat with what is known of it before anybody comes back.
#[derive(Debug)]
pub(super) struct Acted {
    /// Which pair of wikis it is.
    pub(super) pair: usize,
    pub(super) seat: Seat,
    /// A remembered user with the old wiki's cookie, if the old wiki and the browser let anybody log in.
    pub(super) remembered: Option<(Person, Cookie)>,
    /// The cookie of the new wiki, from a fresh browser.
    pub(super) ours: Option<Cookie>,
}

//! A seat, prepared for the simulation.

use super::pair::Seat;
use crate::browser::Cookie;
use crate::simulate::person::Person;

/// A seat, prepared for the simulation.
#[derive(Debug)]
pub(super) struct Acted {
    /// The position of the pair of wikis.
    pub(super) pair: usize,
    pub(super) seat: Seat,
    /// A user with "remember me" and the old wiki's cookie, if users can log in at the old wiki.
    pub(super) remembered: Option<(Person, Cookie)>,
    /// The cookie of the new wiki in a fresh browser.
    pub(super) ours: Option<Cookie>,
}

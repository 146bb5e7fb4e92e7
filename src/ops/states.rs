//! Sessions counted by state; the field names are those of every JSON document that counts them.

use std::ops::AddAssign;

use serde::Serialize;

use crate::store::State;

/// How many sessions are in each state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct States {
    /// Valid.
    pub live: u64,
    /// Over, within grace or beyond it.
    pub expired: u64,
    /// Not over, but not written for longer than the policy's `idle`.
    pub idle: u64,
    /// Without `expires`.
    pub no_expires: u64,
    /// With an `expires` that is no finite number.
    pub invalid_expires: u64,
    /// Not to be understood.
    pub unreadable: u64,
}

impl States {
    /// Counts one session.
    pub fn count(&mut self, state: State) {
        *self.field(state) += 1;
    }

    /// How many are in that state.
    pub fn of(mut self, state: State) -> u64 {
        *self.field(state)
    }

    /// How many there are.
    pub fn sum(self) -> u64 {
        State::all().map(|state| self.of(state)).sum()
    }

    fn field(&mut self, state: State) -> &mut u64 {
        match state {
            State::Live => &mut self.live,
            State::Expired => &mut self.expired,
            State::Idle => &mut self.idle,
            State::NoExpires => &mut self.no_expires,
            State::InvalidExpires => &mut self.invalid_expires,
            State::Unreadable => &mut self.unreadable,
        }
    }
}

impl AddAssign for States {
    fn add_assign(&mut self, other: Self) {
        for state in State::all() {
            *self.field(state) += other.of(state);
        }
    }
}

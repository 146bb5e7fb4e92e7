//! Numbers of sessions by state. All JSON documents use these field names.

use std::ops::AddAssign;

use schemars::JsonSchema;
use serde::Serialize;

use crate::store::State;

/// Numbers of sessions by state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct States {
    /// Not expired.
    pub live: u64,
    /// Expired, within the grace period or not.
    pub expired: u64,
    /// Not expired, but not written for longer than `idle`.
    pub idle: u64,
    /// Without `expires`.
    pub no_expires: u64,
    /// With an `expires` that is not a finite number.
    pub invalid_expires: u64,
    /// Not readable.
    pub unreadable: u64,
}

impl States {
    /// Counts one session.
    pub fn count(&mut self, state: State) {
        *self.field(state) += 1;
    }

    /// The number in a state.
    pub fn of(mut self, state: State) -> u64 {
        *self.field(state)
    }

    /// The total number.
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

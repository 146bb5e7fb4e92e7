//! Exit statuses.

use std::process::ExitCode;

use crate::store::StoreError;

/// The exit status of a run. If several apply, the highest counts: [`Exit::and`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Exit {
    /// 0: success.
    #[default]
    Success,
    /// 1: the check found something.
    Found,
    /// 2: bad usage, or the farm file can't be read.
    Usage,
    /// 3: partly done: some files or stores failed, each is named.
    Partial,
    /// 4: refused by a guard.
    Refused,
}

impl Exit {
    /// Both happened: the higher one counts.
    #[must_use]
    pub fn and(self, other: Exit) -> Exit {
        self.max(other)
    }

    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Exit::Success => 0,
            Exit::Found => 1,
            Exit::Usage => 2,
            Exit::Partial => 3,
            Exit::Refused => 4,
        }
    }
}

impl From<&StoreError> for Exit {
    /// The status of a run with a store that can't be opened.
    fn from(error: &StoreError) -> Exit {
        if error.is_unsafe() { Exit::Refused } else { Exit::Partial }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_counts() {
        assert_eq!(Exit::Found.and(Exit::Partial), Exit::Partial);
        assert_eq!(Exit::Refused.and(Exit::Success), Exit::Refused);
        assert_eq!(Exit::Success.and(Exit::Success).code(), 0);
        let codes = [Exit::Success, Exit::Found, Exit::Usage, Exit::Partial, Exit::Refused].map(Exit::code);
        assert_eq!(codes, [0, 1, 2, 3, 4]);
    }
}

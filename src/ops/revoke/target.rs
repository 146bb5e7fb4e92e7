//! Decides which sessions match.

use std::collections::BTreeSet;

use crate::store::{EntryName, Facts, Session};

/// The sessions to end: those that match all given conditions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target {
    /// Sessions with these ids.
    pub ids: Option<BTreeSet<EntryName>>,
    /// Sessions of users with these ids, and sessions in which a superuser acts as one of them.
    pub users: Option<BTreeSet<String>>,
    /// Logins by this method.
    pub auth_method: Option<String>,
    /// Issued before this time, in unix seconds.
    ///
    /// A session does not record its time of issue. A session that was last written before this time was issued before it.
    /// For a session that was written later, this is unknown.
    pub issued_before: Option<i64>,
}

/// Why a session matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Why {
    /// By its id.
    Named,
    /// A login of the user.
    User,
    /// A superuser acts as the user.
    ActsAs,
    /// By the method of the login.
    AuthMethod,
    /// By the time of issue.
    IssuedBefore,
}

impl Why {
    /// The stable name: `named`, `user`, `acts-as`, `auth-method`, `issued-before`.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// For people.
    pub fn sentence(self) -> &'static str {
        match self {
            Why::Named => "named",
            Why::User => "a login of the user",
            Why::ActsAs => "a superuser acts as the user",
            Why::AuthMethod => "login by the method",
            Why::IssuedBefore => "issued before the time",
        }
    }
}

/// Whether a session matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// Yes.
    Yes(Why),
    /// No.
    No,
    /// It matches except for `issued_before`, and was written later.
    Written,
    /// Unknown: it is unreadable.
    Unreadable,
}

impl Target {
    /// Decides on a session.
    pub fn matches(&self, session: &Session) -> Match {
        if self.ids.as_ref().is_some_and(|ids| !ids.contains(&session.id)) {
            return Match::No;
        }
        let by_facts = self.users.is_some() || self.auth_method.is_some();
        let why = match &session.facts {
            Ok(facts) => match self.why(facts) {
                Some(why) => why,
                None => return Match::No,
            },
            // An unreadable session matches by its id. A session that was not read is never removed.
            Err(why) if !by_facts && self.ids.is_some() && why.was_read() => Why::Named,
            Err(_) => return Match::Unreadable,
        };
        match self.issued_before {
            Some(before) if session.modified >= before => Match::Written,
            _ => Match::Yes(why),
        }
    }

    /// Whether a session matches.
    pub(super) fn is_met_by(&self, session: &Session) -> bool {
        matches!(self.matches(session), Match::Yes(_))
    }

    /// Decides on a session that matched before a wiki wrote it again.
    ///
    /// The request that wrote it started earlier, so it still matches. If a user was logged in and nobody is now, the client
    /// is logged out and continues with the same id: that is another session.
    pub(super) fn is_still_met_by(&self, session: &Session, logged_in: bool) -> Match {
        match &session.facts {
            Ok(facts) if logged_in && facts.user.is_none() => return Match::No,
            Err(_) if logged_in => return Match::Unreadable,
            _ => {}
        }
        let ids = Some(BTreeSet::from([session.id]));
        let (users, auth_method) = (self.users.clone(), self.auth_method.clone());
        Target { ids, users, auth_method, issued_before: None }.matches(session)
    }

    fn why(&self, facts: &Facts) -> Option<Why> {
        let by_method = |method: &String| {
            facts.user.as_ref().is_some_and(|user| user.auth_method.as_ref() == Some(method))
        };
        if !self.auth_method.as_ref().is_none_or(by_method) {
            return None;
        }
        match &self.users {
            Some(ids) if facts.user.as_ref().is_some_and(|user| ids.contains(&user.id)) => Some(Why::User),
            Some(ids) if facts.setuid.as_ref().is_some_and(|id| ids.contains(id)) => Some(Why::ActsAs),
            Some(_) => None,
            None if self.ids.is_some() => Some(Why::Named),
            None if self.auth_method.is_some() => Some(Why::AuthMethod),
            // Without conditions, nothing matches.
            None => self.issued_before.map(|_| Why::IssuedBefore),
        }
    }
}

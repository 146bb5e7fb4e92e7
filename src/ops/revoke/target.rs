//! Which sessions are meant: one pure decision a session.

use std::collections::BTreeSet;

use crate::store::{EntryName, Facts, Session};

/// Which sessions are meant: those for which all that is given here is true.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target {
    /// Sessions of these ids.
    pub ids: Option<BTreeSet<EntryName>>,
    /// Sessions of users of these ids, and those in which a superuser acts as one of them.
    pub users: Option<BTreeSet<String>>,
    /// Logins that this method vouched for.
    pub auth_method: Option<String>,
    /// Issued before this time, in seconds since 1970.
    ///
    /// A session says nowhere when it was issued. One that was last written before the time was certainly issued
    /// before it; of one written since, nobody can tell.
    pub issued_before: Option<i64>,
}

/// Why a session is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Why {
    /// It was named.
    Named,
    /// It is a login of the user.
    User,
    /// A superuser acts as the user in it.
    ActsAs,
    /// The method vouched for it.
    AuthMethod,
    /// It was issued before the time.
    IssuedBefore,
}

impl Why {
    /// A stable name: `named`, `user`, `acts-as`, `auth-method`, `issued-before`.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// For people.
    pub fn sentence(self) -> &'static str {
        match self {
            Why::Named => "named",
            Why::User => "a login of the user",
            Why::ActsAs => "a superuser acts as the user",
            Why::AuthMethod => "logged in by that method",
            Why::IssuedBefore => "issued before that time",
        }
    }
}

/// Whether a session is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// It is.
    Yes(Why),
    /// It is not.
    No,
    /// It would be, were it issued before the time; but it was written since.
    Written,
    /// It could be: nobody can tell from its bytes.
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
            // Named by its id, it goes whatever it says; what was not even read is never removed.
            Err(why) if !by_facts && self.ids.is_some() && why.was_read() => Why::Named,
            Err(_) => return Match::Unreadable,
        };
        match self.issued_before {
            Some(before) if session.modified >= before => Match::Written,
            _ => Match::Yes(why),
        }
    }

    /// Whether a session is meant.
    pub(super) fn is_met_by(&self, session: &Session) -> bool {
        matches!(self.matches(session), Match::Yes(_))
    }

    /// Decides on a session that was meant before, as a wiki has written it since.
    ///
    /// The request that wrote it began before, so whoever was meant is meant still. But where somebody was logged in
    /// and nobody is now, the client is logged out and goes on under the same id: that is another session.
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
            // Nothing given means nothing.
            None => self.issued_before.map(|_| Why::IssuedBefore),
        }
    }
}

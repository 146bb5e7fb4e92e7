//! A macro that remembers a value from one request to the next, as MoinMoin's documentation shows it to extension
//! programmers, over [`wikifarm::moin::Handler`].
//!
//! The first request has no cookie: the macro stores nothing, for nobody knows yet whether this browser sends cookies
//! back, and one that does not would leave a session behind for each of its requests. With the second request the cookie
//! comes back, and the macro sets a random value. From the third on it finds it again. Nowhere does it save anything: the
//! handler does that when the request ends.
//!
//! ```text
//! $ cargo run --example counter_macro
//! ```

use std::error::Error;

use wikifarm::moin::{
    Action, Answer, Backend, CookieLifetime, Handler, MemorySessions, MemoryUsers, Outside, SeededIds,
    SessionData, Settings, Value, Version,
};

/// The macro: all it needs is something like a dict.
fn counter_macro(session: &mut dyn SessionData, random: i64) -> String {
    if session.is_new() {
        return "not storing anything until the cookie comes back".to_owned();
    }
    if let Some(Value::Int(value)) = session.get("testing") {
        return format!("loaded {value}");
    }
    session.set("testing", Value::Int(random));
    format!("set {random}")
}

/// A wiki with one page, on which the macro stands.
struct Wiki {
    handler: Handler,
    sessions: MemorySessions,
    users: MemoryUsers,
    ids: SeededIds,
}

impl Wiki {
    /// With anonymous sessions of an hour: without, the session would be new at every request.
    fn new(version: Version) -> Wiki {
        let backend = Backend { https: true, port: 443, script_path: String::new() };
        let mut settings = Settings::defaults(version, "wiki", backend);
        settings.cookie_lifetime = Some(CookieLifetime::Pair(1.0, 12.0));
        Wiki {
            handler: Handler::new(settings),
            sessions: MemorySessions::default(),
            users: MemoryUsers::default(),
            ids: SeededIds::new(1),
        }
    }

    /// One request: what the macro says, and the answer's Set-Cookie headers.
    fn request(&mut self, cookie: Option<&str>, now: f64) -> Result<(String, Answer), Box<dyn Error>> {
        let Wiki { handler, sessions, users, ids } = self;
        let mut outside = Outside { now, sessions, users, new_id: &mut |form| ids.next(form) };
        let mut exchange = handler.start(cookie.map(str::as_bytes), &mut outside)?;
        handler.authenticate(&mut exchange, &Action::Visit, &mut outside);
        handler.after_auth(&mut exchange, &mut outside)?;
        // The page is made: here the macro runs. Its random value would be random in a wiki.
        #[expect(clippy::cast_possible_truncation, reason = "a time of our own")]
        let said = counter_macro(&mut exchange.session, now as i64 % 1000);
        handler.add_trail(&mut exchange, "CounterMacro")?;
        Ok((said, handler.finish(exchange, &mut outside)?))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut wiki = Wiki::new("1.9.11".parse()?);
    let mut cookie: Option<String> = None;
    for now in [1_795_400_017.0, 1_795_400_042.0, 1_795_400_099.0] {
        let (said, answer) = wiki.request(cookie.as_deref(), now)?;
        println!(
            "{}: {said}; {} stored",
            if cookie.is_some() { "cookie" } else { "no cookie" },
            wiki.sessions.0.len()
        );
        // What a browser would do; `wikifarm::browser::Jar` does it with every rule.
        cookie =
            answer.set_cookie.first().map(|cookie| format!("{}={}", cookie.name, cookie.value)).or(cookie);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The three stages, on every version with its own session files.
    #[test]
    fn nothing_is_stored_until_a_cookie_comes_back() -> Result<(), Box<dyn Error>> {
        for version in ["1.9.1", "1.9.3", "1.9.8", "1.9.10", "1.9.11"] {
            let mut wiki = Wiki::new(version.parse()?);
            let (said, answer) = wiki.request(None, 17.0)?;
            assert_eq!(said, "not storing anything until the cookie comes back");
            assert!(wiki.sessions.0.is_empty());
            let cookie = format!("{}={}", answer.set_cookie[0].name, answer.set_cookie[0].value);
            assert_eq!(wiki.request(Some(&cookie), 42.0)?.0, "set 42", "{version}");
            assert_eq!(wiki.sessions.0[&answer.session]["testing"], Value::Int(42));
            assert_eq!(wiki.request(Some(&cookie), 99.0)?.0, "loaded 42", "{version}");
            // A browser that sends no cookies leaves nothing behind.
            wiki.request(None, 100.0)?;
            assert_eq!(wiki.sessions.0.len(), 1);
        }
        Ok(())
    }
}

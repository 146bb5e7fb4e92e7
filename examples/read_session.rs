//! Reads one session file as data, without executing it: over [`wikifarm::pickle`].
//!
//! ```text
//! $ cargo run --example read_session -- /srv/wiki/sessions/031d8acb800cc038fab650b412fa1073b51d67ec
//! ```

use std::env;
use std::error::Error;
use std::fs::File;
use std::io::Read;

use wikifarm::pickle;

/// No session file is longer, in bytes.
const LONGEST: u64 = 16 << 20;

/// The session as text: when it expires, and all its values as JSON.
fn describe(bytes: &[u8]) -> Result<String, pickle::ReadError> {
    let session = pickle::read(bytes)?;
    let expires = session.get(session.root(), "expires").and_then(|id| session.as_f64(id));
    let expires = expires.map_or_else(|| "never".to_owned(), |seconds| format!("at {seconds}"));
    Ok(format!("expires {expires} (unix time)\n{:#}", session.to_display_json(session.root())))
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args_os().nth(1).ok_or("usage: read_session FILE")?;
    let mut bytes = Vec::new();
    File::open(path)?.take(LONGEST).read_to_end(&mut bytes)?;
    println!("{}", describe(&bytes)?);
    Ok(())
}

#[test]
fn read_session_shows_values_and_executes_nothing() {
    let text = describe(b"(dS'expires'\nF4000000000.0\nsS'user.id'\nS'1.2.3'\ns.").unwrap();
    assert_eq!(
        text,
        "expires at 4000000000 (unix time)\n{\n  \"expires\": 4000000000.0,\n  \"user.id\": \"1.2.3\"\n}"
    );
    let hostile = describe(b"cos\nsystem\n(S'touch /tmp/here'\ntR.").unwrap();
    assert!(hostile.contains("os.system"), "{hostile}");
    assert!(describe(b"(dS'expires'\n").is_err());
}

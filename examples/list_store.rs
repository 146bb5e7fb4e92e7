//! Lists the sessions of a store, with their states: over [`wikifarm::location`] and [`wikifarm::store`].
//!
//! ```text
//! $ cargo run --example list_store -- moin-1.9:/srv/wiki/sessions
//! ```

use std::env;
use std::error::Error;
use std::io::{self, Write};
use std::sync::atomic::AtomicBool;
use std::time::{SystemTime, UNIX_EPOCH};

use wikifarm::store::{self, Address, Fields, Found, SessionStore};

/// Writes one line for each entry of the store. `now` is in seconds since 1970.
fn list(store: &dyn SessionStore, now: i64, out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let mut lines = Vec::new();
    store.scan(Fields::default(), &AtomicBool::new(false), &mut |found| {
        lines.push(match found {
            // An id is a secret: what is displayed is the beginning of it.
            Found::Session(session) => format!("{}  {}", session.id, session.state(now, None)),
            Found::Temp(temp) => format!("{}  left over, {} bytes", temp.name, temp.size),
            Found::Foreign(name) => format!("{}  no session", name.display()),
            Found::Failed { name, error } => format!("{name}  {error}"),
        });
    })?;
    lines.sort();
    writeln!(out, "{}", store.spec().address())?;
    for line in lines {
        writeln!(out, "  {line}")?;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let address = env::args_os().nth(1).ok_or("usage: list_store ADDRESS")?;
    let spec = Address::parse(&address)?.resolve()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    list(store::open(spec)?.as_ref(), i64::try_from(now)?, &mut io::stdout())
}

#[test]
fn list_store_prints_each_entry_with_its_state() {
    let root = tempfile::tempdir().unwrap();
    let file = |name: String, bytes: &[u8]| std::fs::write(root.path().join(name), bytes).unwrap();
    file("a".repeat(40), b"(dS'expires'\nI2000\ns.");
    file("b".repeat(40), b"(dS'expires'\nI1000\ns.");
    file("README".to_owned(), b"");
    let address = format!("moin-1.9:{}", root.path().display());
    let spec = address.parse::<Address>().unwrap().resolve().unwrap();
    let mut out = Vec::new();
    list(store::open(spec).unwrap().as_ref(), 1500, &mut out).unwrap();
    let lines = "  README  no session\n  aaaaaaaa…  live\n  bbbbbbbb…  expired\n";
    assert_eq!(String::from_utf8(out).unwrap(), format!("{address}\n{lines}"));
}

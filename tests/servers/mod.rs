//! The servers that tests share.

mod cookie_map;
mod lossless;
mod moin_modules;
mod redis;
mod redis_commands;
mod redis_lost;
mod redis_revoke;
mod redis_server;
mod redis_tls;
mod web;

use wikifarm::store::{Address, open_writable};

/// Why a store can't be opened, with the advice.
fn why(address: &str) -> String {
    let spec = Address::parse(address.as_ref()).unwrap().resolve().unwrap();
    let error = open_writable(spec).err().unwrap();
    error.help().map_or_else(|| error.to_string(), |help| format!("{error}: {help}"))
}

/// The output for a terminal without its line breaks.
fn one_line(output: &[u8]) -> String {
    String::from_utf8_lossy(output).split_whitespace().collect::<Vec<_>>().join(" ")
}

//! Tests of the commands, which run the binary. There is one module for each command. Output and status are
//! compared exactly.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in tests a panic is the answer; clippy.toml allows these only inside #[test] functions"
)]

// `str!` in all files is a snapshot that `make bless` updates.
#[macro_use(str)]
extern crate snapbox;

mod bad_input;
mod bad_toml;
mod beside_others;
mod completions;
mod config_check;
mod config_check_fix;
mod config_check_formats;
mod config_check_levels;
mod config_check_messages;
mod config_export;
mod config_import;
mod config_import_bad;
mod config_import_cases;
mod config_import_drift;
mod config_import_reading;
mod config_import_run;
mod config_new;
mod config_python;
mod config_rules;
mod config_schema;
mod config_show;
mod contrib;
mod contrib_night;
mod cookie_bad_input;
mod cookie_diff;
mod cookie_explain;
mod cookie_header;
mod cookie_preview;
mod cookie_preview_named;
mod cookie_preview_rules;
mod cookie_probe;
mod cookie_probe_aliases;
mod cookie_simulate;
mod cookie_suggest;
mod cookie_suggest_rollout;
mod cookie_test;
mod cookie_test_agreement;
mod demo;
mod docs;
mod doctor;
mod faults;
mod global;
mod health;
mod hostile_output;
mod log;
mod man;
mod metrics;
mod missing_paths;
mod modules;
mod mounted;
mod one_url;
mod public_api;
#[cfg(feature = "redis")]
mod redis_guards;
mod reports;
mod run_as;
mod schema;
mod security;
mod session_list;
mod session_migrate;
mod session_migrate_bad_input;
mod session_migrate_cookie_map;
mod session_migrate_killed;
mod session_prune;
mod session_prune_guards;
mod session_prune_index;
mod session_refused;
mod session_revoke;
mod session_show;
mod session_stats;
mod session_store;
#[cfg(feature = "sqlite")]
mod session_tombstone;
mod session_verify;
mod session_verify_counts;
mod session_verify_owners;
mod session_verify_young;
mod session_whois;
#[cfg(feature = "sqlite")]
mod sqlite_guards;
mod stopping;
mod store_find;
mod store_list;
mod summaries;
mod support;
mod trust;
mod two_browsers;
mod two_commands;
mod unread_output;
mod width;
mod words;

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

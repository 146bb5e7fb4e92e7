//! What the tests share: the servers.

mod cookie_map;
mod redis;
mod redis_server;
mod web;

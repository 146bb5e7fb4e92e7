//! What the tests share: the servers.

mod redis;
mod redis_server;

//! The store's server as a process, over raw HTTP/1.1.

mod booted;
mod cors;
mod crash;
mod defects;
mod fire;
mod http;
mod idempotency;
mod long_poll;
mod replay;
mod routes;
mod stop;
mod traces;

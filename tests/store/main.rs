//! The embedded store: its server and its client, as processes and as a library.

mod classification;
mod client;
mod flag;
mod server;

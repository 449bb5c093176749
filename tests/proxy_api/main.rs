//! `quietdown proxy` as a process, over raw HTTP/1.1: what clients of Toxiproxy rely on, and the extensions.

mod addresses;
mod config;
mod extensions;
mod flags;
mod gates;
mod refuse;
mod routes;
mod run;
mod served;
mod shortage;
mod traffic;

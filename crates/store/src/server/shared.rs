//! What all requests share.

use std::rc::Rc;

use super::cors::Cors;
use super::stop::ServerStop;
use crate::data::Data;

/// The largest body of a request, in bytes.
pub const LARGEST: usize = 64 << 20;

/// What all requests share.
#[derive(Debug)]
pub struct Server {
    /// Where the server is on its way to its end.
    pub stop: Rc<ServerStop>,
    /// What the store keeps.
    pub data: Data,
    /// Which pages of other origins may read answers.
    pub cors: Cors,
}

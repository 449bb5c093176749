//! What is left of a connection after a cut: sockets that are read to their end, so that no reset is sent by accident.

use tokio::net::TcpStream;

use super::Ends;
use crate::proxy::control::Control;

/// Reads both sockets and throws away what comes, until their peers have ended them.
pub(super) async fn until_ended(control: &Control, ends: &mut Ends) {
    loop {
        tokio::select! {
            () = drained(ends.client.as_ref()), if ends.client.is_some() => ends.client = None,
            () = drained(ends.server.as_ref()), if ends.server.is_some() => ends.server = None,
            // Another cut finds nothing to break; it must be answered nevertheless.
            () = control.wake.notified() => drop(control.take()),
            else => return,
        }
        if ends.client.is_none() && ends.server.is_none() {
            return;
        }
    }
}

async fn drained(stream: Option<&TcpStream>) {
    let Some(stream) = stream else { return };
    let mut chunk = [0; 4096];
    loop {
        if stream.readable().await.is_err() {
            return;
        }
        match stream.try_read(&mut chunk) {
            Ok(0) => return,
            Ok(_) => {}
            Err(wrong) if wrong.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}

//! What is left of a connection after a cut: sockets that are read to their end, so that no reset is sent by accident.

use std::sync::atomic::Ordering;

use tokio::net::TcpStream;

use super::ends::Ends;
use crate::Side;
use crate::control::Control;
use crate::event::{ConnectionId, ConnectionSeen, Effect};

/// Reads both sockets and throws away what comes, until their peers have ended them. A side that the cut has spared can
/// be cut later.
pub(super) async fn until_ended(id: ConnectionId, control: &Control, ends: &mut Ends) {
    while ends.sockets.iter().any(Option::is_some) {
        tokio::select! {
            () = drained(ends.of(Side::Client)), if ends.of(Side::Client).is_some() => ends.sockets[Side::Client] = None,
            () = drained(ends.of(Side::Server)), if ends.of(Side::Server).is_some() => ends.sockets[Side::Server] = None,
            () = control.wakeup.woken() => obey(id, control, ends),
        }
    }
}

/// Nothing is left to be held or let go; a cut may find a side that is still there.
fn obey(id: ConnectionId, control: &Control, ends: &mut Ends) {
    let Some(orders) = control.take() else { return };
    for answer in orders.server_lost {
        let _ = answer.send(());
    }
    for answer in orders.asked {
        let _ = answer.send(ConnectionSeen {
            connection: id,
            server_open: ends.of(Side::Server).is_some(),
            client_open: ends.of(Side::Client).is_some(),
            held: false,
            http1: true,
            sent: control.sent.load(Ordering::Relaxed),
            received: 0,
            answered: 0,
            requests: Vec::new(),
        });
    }
    if let Some(answer) = orders.close {
        *ends = Ends::default();
        let _ = answer.send(Effect::default());
    } else if let Some((mode, toward, answer)) = orders.cut {
        let broken = ends.breaks(toward);
        ends.cut(mode, toward);
        let _ = answer.send(Effect { broken: u64::from(broken), ..Effect::default() });
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
            // Somebody who never stops sending must not keep everything else from running.
            Ok(_) => tokio::task::coop::consume_budget().await,
            Err(wrong) if wrong.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}

//! What is left of a connection after a cut: sockets that are read to their end, so that no reset is sent by accident.

use tokio::net::TcpStream;

use super::ends::Ends;
use crate::Side;
use crate::control::Control;
use crate::event::Effect;

/// Reads both sockets and throws away what comes, until their peers have ended them. A side that the cut has spared can
/// be cut later.
pub(super) async fn until_ended(control: &Control, ends: &mut Ends) {
    while ends.sockets.iter().any(Option::is_some) {
        tokio::select! {
            () = drained(ends.of(Side::Client)), if ends.of(Side::Client).is_some() => ends.sockets[Side::Client] = None,
            () = drained(ends.of(Side::Server)), if ends.of(Side::Server).is_some() => ends.sockets[Side::Server] = None,
            () = control.wakeup.woken() => obey(control, ends),
        }
    }
}

/// Nothing is left to be held or let go; a cut may find a side that is still there.
fn obey(control: &Control, ends: &mut Ends) {
    let Some(orders) = control.take() else { return };
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

//! Orders to connections: each is answered, wherever the connection is and whatever becomes of it.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;

use rustix::net::{AddressFamily, SocketType, bind, getsockname, listen, socket};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::peer::{Bench, End, REQUEST, bare, soon};
use crate::ReservedPort;
use crate::{CutMode, Effect, EventLink, LinkEventKind, Point, Toward};

#[tokio::test(flavor = "current_thread")]
async fn a_cut_is_answered_when_the_connection_ends_by_itself_meanwhile() {
    let mut bench = Bench::new([]).await;
    let nobody = ReservedPort::new().expect("a port");
    bench.link.set_upstream(Some(nobody.addr()));
    for _ in 0..50 {
        let client = bench.client().await;
        let id = bench.opened().await;
        let effect = soon("the answer", bench.link.cut(id, CutMode::Rst, Toward::Both)).await;
        assert!(effect.broken <= 1, "{effect:?}");
        assert_eq!(bench.closed().await, id);
        drop(client);
    }
}

#[tokio::test(flavor = "current_thread")]
async fn towards_a_server_that_is_not_connected_to_there_is_nothing_to_cut() {
    let mut bench = Bench::new([bare(1, Point::Connect)]).await;
    let mut client = bench.client().await;
    let (_, id, _) = bench.parked().await;
    for mode in [CutMode::Fin, CutMode::Rst] {
        assert_eq!(bench.link.cut(id, mode, Toward::Server).await, Effect::default());
    }
    bench.link.resume(1);
    let mut server = bench.server().await;
    client.exchange(&mut server).await;
}

/// A server whose queue is full: who connects now waits. Gives what keeps it so.
pub async fn full() -> (SocketAddr, (OwnedFd, TcpStream)) {
    let listener = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
    bind(&listener, &SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port");
    listen(&listener, 0).expect("listens");
    let addr: SocketAddr = getsockname(&listener).expect("bound").try_into().expect("an address");
    // Accepted by the kernel, and never by a server.
    let queued = soon("a place in the queue", TcpStream::connect(addr)).await.expect("queued");
    (addr, (listener, queued))
}

#[tokio::test(flavor = "current_thread")]
async fn a_connection_that_waits_for_a_server_obeys_meanwhile() {
    let (addr, _full) = full().await;
    let (sent, _events) = mpsc::unbounded_channel();
    let link = EventLink::open("a", Some(addr), sent).expect("a link");
    let mut client = soon("connect", TcpStream::connect(link.addr())).await.expect("accepted");
    while link.counters().connections == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(soon("held", link.hold_all()).await.held, 1);
    assert_eq!(soon("cut", link.cut_all(CutMode::Rst, Toward::Both)).await.broken, 1);
    let wrong = soon("the reset", client.read(&mut [0; 1])).await.expect_err("reset");
    assert_eq!(wrong.kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test(flavor = "current_thread")]
async fn a_client_that_resets_while_the_server_is_waited_for_is_noticed() {
    let (addr, _full) = full().await;
    let mut bench = Bench::new([]).await;
    bench.link.set_upstream(Some(addr));
    let client = bench.client().await;
    let id = bench.opened().await;
    client.reset();
    assert_eq!(bench.closed().await, id);
}

#[tokio::test(flavor = "current_thread")]
async fn a_dropped_link_accepts_nobody_and_tells_what_has_ended() {
    let Bench { link, server, mut events } = Bench::new([]).await;
    let mut bench = Bench { link, server, events: mpsc::unbounded_channel().1 };
    let (mut client, mut peer) = bench.pair().await;
    client.say(REQUEST).await;
    peer.hear(REQUEST.len()).await;
    let addr = bench.link.addr();
    let other = Bench::new([]).await;
    // Nothing has run between: the port is refused at once, not when the runtime comes to it.
    bench.link = other.link;
    assert!(std::net::TcpStream::connect(addr).is_err());
    let mut told = Vec::new();
    while let Some(event) = soon("the end of the events", events.recv()).await {
        told.push(event.what);
    }
    let end = &told[told.len() - 3..];
    let all = |end: &[LinkEventKind]| match end {
        [LinkEventKind::RequestDone(seen), LinkEventKind::Sent { bytes, .. }, LinkEventKind::Closed(1)] => {
            !seen.finished && *bytes == REQUEST.len() as u64
        }
        _ => false,
    };
    assert!(all(end), "{told:?}");
    assert!(matches!(client.rest().await.1, End::Fin | End::Rst));
}

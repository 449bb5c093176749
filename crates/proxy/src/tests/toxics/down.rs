//! Links that are taken down, and servers that cannot be reached.

use super::super::orders::full;
use super::super::peer::{Bench, End, Peer, is_refused, soon};
use crate::{Effect, Upstream};
use tokio::net::TcpStream;

#[tokio::test(flavor = "current_thread")]
async fn a_link_that_is_down_refuses_and_has_closed_what_was_open() {
    let mut bench = Bench::new([]).await;
    let mut pairs = vec![bench.pair().await, bench.pair().await];
    for (client, server) in &mut pairs {
        client.exchange(server).await;
    }
    bench.link.set_enabled(false).await.expect("taken down");
    assert_eq!(bench.link.counters().connections, 0);
    for (mut client, mut server) in pairs {
        assert_eq!(client.rest().await, (String::new(), End::Fin));
        assert_eq!(server.rest().await, (String::new(), End::Fin));
        bench.closed().await;
    }
    assert!(is_refused(bench.link.addr()).await);
    assert!(!bench.link.is_enabled());
    bench.link.set_enabled(true).await.expect("taken up");
    let (mut client, mut server) = bench.pair().await;
    client.exchange(&mut server).await;
}

#[tokio::test(flavor = "current_thread")]
async fn closing_all_closes_what_is_left_of_a_cut_too() {
    let bench = Bench::new([]).await;
    let (mut client, mut server) = bench.pair().await;
    client.exchange(&mut server).await;
    bench.link.cut(1, crate::CutMode::Fin, crate::Toward::Client).await;
    assert_eq!(bench.link.close_all().await, Effect::default());
    assert_eq!(server.rest().await, (String::new(), End::Fin));
}

#[tokio::test(flavor = "current_thread")]
async fn a_server_that_is_slow_to_connect_to_keeps_nobody_else_waiting() {
    let bench = Bench::new([]).await;
    let live = bench.server.local_addr().expect("bound");
    let (addr, _full) = full().await;
    bench.link.lead_to(Some(Upstream::Addr(addr)));
    let _waiting = bench.client().await;
    while bench.link.counters().connections == 0 {
        tokio::task::yield_now().await;
    }
    bench.link.lead_to(Some(Upstream::Addr(live)));
    let (mut client, mut server) = bench.pair().await;
    client.exchange(&mut server).await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_name_is_looked_up_when_somebody_connects() {
    let bench = Bench::new([]).await;
    let port = bench.server.local_addr().expect("bound").port();
    bench.link.lead_to(Some(Upstream::parse(&format!("localhost:{port}")).expect("a name")));
    let (mut client, mut server) = bench.pair().await;
    client.exchange(&mut server).await;
    bench.link.lead_to(Some(Upstream::parse("no-such-host.invalid:80").expect("a name")));
    let mut client = Peer(soon("connect", TcpStream::connect(bench.link.addr())).await.expect("accepted"));
    // It must not look as if somebody were there.
    assert_eq!(client.rest().await, (String::new(), End::Rst));
}

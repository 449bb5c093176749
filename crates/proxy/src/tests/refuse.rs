//! Links that nobody listens on, and servers that are not there.

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::peer::{Bench, End, Peer, REQUEST, gate, is_refused, repeated};
use crate::ReservedPort;
use crate::{Effect, EventLink, LinkEventKind, Phase, RepeatAction, Settings, Unreachable, Upstream};

#[tokio::test(flavor = "current_thread")]
async fn a_refusing_link_refuses_who_comes_and_spares_who_is_there() {
    let bench = Bench::new([]).await;
    let (mut client, mut server) = bench.pair().await;
    client.exchange(&mut server).await;
    assert_eq!(bench.link.refuse(), Effect { refused: 1, ..Effect::default() });
    assert!(is_refused(bench.link.addr()).await);
    client.exchange(&mut server).await;
    // Refusing again changes nothing.
    assert_eq!(bench.link.refuse(), Effect::default());
    bench.link.accept();
    let (mut later, mut later_server) = bench.pair().await;
    later.exchange(&mut later_server).await;
}

#[tokio::test(flavor = "current_thread")]
async fn without_an_upstream_a_link_refuses_and_a_fault_refuses_whatever_the_upstream() {
    let server = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let upstream = server.local_addr().expect("bound");
    let (sent, events) = mpsc::unbounded_channel();
    let bench = Bench { link: EventLink::open("a", None, sent).expect("a link"), server, events };
    let addr = bench.link.addr();
    assert!(is_refused(addr).await);
    bench.link.set_upstream(Some(upstream));
    bench.pair().await;
    bench.link.set_upstream(None);
    assert!(is_refused(addr).await);
    assert_eq!(bench.link.refuse(), Effect::default());
    bench.link.set_upstream(Some(upstream));
    assert!(is_refused(addr).await);
    bench.link.accept();
    bench.pair().await;
    assert_eq!(bench.link.addr(), addr);
}

#[tokio::test(flavor = "current_thread")]
async fn a_dead_server_is_a_reset_before_any_byte() {
    let mut bench = Bench::new([]).await;
    // Held, not listened at: a port that is given back may be another test's server the next moment.
    let dead = ReservedPort::new().expect("a port");
    bench.link.set_upstream(Some(dead.addr()));
    let mut client = bench.client().await;
    assert_eq!(client.rest().await, (String::new(), End::Rst));
    assert_eq!(bench.closed().await, 1);
    assert!(!bench.told().iter().any(|event| matches!(event, LinkEventKind::Request(_))));
    // A server that comes back is found.
    bench.link.set_upstream(bench.server.local_addr().ok());
    let (mut client, mut server) = bench.pair().await;
    client.exchange(&mut server).await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_dead_server_is_the_end_of_the_stream_where_that_is_asked_for() {
    let dead = ReservedPort::new().expect("a port");
    let settings = Settings {
        upstream: Some(Upstream::Addr(dead.addr())),
        unreachable: Unreachable::Close,
        ..Settings::default()
    };
    let link = EventLink::with("a", settings, None).expect("a link");
    let mut client = Peer(TcpStream::connect(link.addr()).await.expect("accepted"));
    assert_eq!(client.rest().await, (String::new(), End::Fin));
}

#[tokio::test(flavor = "current_thread")]
async fn a_link_that_finds_itself_behind_a_name_does_not_connect() {
    let (sent, mut events) = mpsc::unbounded_channel();
    let link = EventLink::open("a", None, sent).expect("a link");
    let own = format!("localhost:{}", link.addr().port());
    link.lead_to(Some(Upstream::parse(&own).expect("a name")));
    let mut client = Peer(TcpStream::connect(link.addr()).await.expect("accepted"));
    assert_eq!(client.rest().await, (String::new(), End::Rst));
    let told: Vec<_> = std::iter::from_fn(|| events.try_recv().ok()).map(|event| event.what).collect();
    assert_eq!(told.iter().filter(|event| matches!(event, LinkEventKind::Opened { .. })).count(), 1, "{told:?}");
}

#[tokio::test(flavor = "current_thread")]
async fn a_link_refuses_by_itself_where_that_is_repeated() {
    let mut bench = Bench::new([repeated(gate(1, Phase::RequestHead, 0), None, RepeatAction::Refuse)]).await;
    let (mut client, mut server) = bench.pair().await;
    client.say(REQUEST).await;
    bench.parked().await;
    bench.link.resume(1);
    server.hear(REQUEST.len()).await;
    assert!(!is_refused(bench.link.addr()).await);
    client.say(REQUEST).await;
    // It breaks nothing: the request passes.
    server.hear(REQUEST.len()).await;
    assert!(is_refused(bench.link.addr()).await);
    bench.link.accept();
    assert!(!is_refused(bench.link.addr()).await);
}

#[tokio::test(flavor = "current_thread")]
async fn a_dropped_link_lets_nobody_in_from_that_moment() {
    let Bench { link, .. } = Bench::new([]).await;
    let addr = link.addr();
    drop(link);
    // From this very thread: the runtime has had no chance to do anything.
    let refused = std::net::TcpStream::connect(addr).expect_err("nobody listens");
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
}

#[tokio::test(flavor = "current_thread")]
async fn a_refusal_where_nobody_listened_meets_nothing() {
    let bench = Bench::new([]).await;
    assert!(bench.link.refuse().fired());
    assert!(!bench.link.refuse().fired());
    bench.link.accept();
    assert!(bench.link.refuse().fired());
}

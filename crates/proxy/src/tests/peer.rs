//! Both ends of a link, played by the test.

use crate::At;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::{
    ConnectionId, EventLink, FirstMatch, GateId, GateSpec, LinkEvent, LinkEventKind, Phase, Point, Repeat,
    RepeatAction, RequestSeen, Side,
};

pub const HEAD: &str = "POST /a HTTP/1.1\r\ncontent-length: 5\r\n\r\n";
pub const REQUEST: &str = "POST /a HTTP/1.1\r\ncontent-length: 5\r\n\r\nhello";
pub const ANSWER_HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n";
pub const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone";

/// A link, the server that it leads to, and what it tells.
pub struct Bench {
    pub link: EventLink,
    pub server: TcpListener,
    pub events: mpsc::UnboundedReceiver<LinkEvent>,
}

impl Bench {
    pub async fn new(gates: impl IntoIterator<Item = GateSpec>) -> Self {
        let server = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let (sent, events) = mpsc::unbounded_channel();
        let link = EventLink::open("a", Some(server.local_addr().expect("bound")), sent).expect("a link");
        gates.into_iter().for_each(|gate| link.arm(gate));
        Self { link, server, events }
    }

    /// A connection through the link: the client's end and the server's.
    pub async fn pair(&self) -> (Peer, Peer) {
        (self.client().await, self.server().await)
    }

    pub async fn client(&self) -> Peer {
        Peer(soon("connect", TcpStream::connect(self.link.addr())).await.expect("accepted"))
    }

    pub async fn server(&self) -> Peer {
        Peer(soon("accept", self.server.accept()).await.expect("the link connects").0)
    }

    /// The next event that is wanted; those before it are passed over.
    pub async fn event<T>(&mut self, what: &str, mut wanted: impl FnMut(&LinkEventKind) -> Option<T>) -> T {
        loop {
            let event = soon(what, self.events.recv()).await.expect("the link lives");
            if let Some(found) = wanted(&event.what) {
                return found;
            }
        }
    }

    pub async fn opened(&mut self) -> ConnectionId {
        self.event("opened", |event| match event {
            LinkEventKind::Opened { connection, .. } => Some(*connection),
            _ => None,
        })
        .await
    }

    pub async fn requested(&mut self) -> RequestSeen {
        self.event("a request", |event| match event {
            LinkEventKind::Request(seen) => Some(seen.clone()),
            _ => None,
        })
        .await
    }

    pub async fn closed(&mut self) -> ConnectionId {
        self.event("closed", |event| match event {
            LinkEventKind::Closed(id) => Some(*id),
            _ => None,
        })
        .await
    }

    pub async fn parked(&mut self) -> (GateId, ConnectionId, Option<RequestSeen>) {
        self.event("parked", |event| match event {
            LinkEventKind::Parked { gate, connection, request } => Some((*gate, *connection, request.clone())),
            _ => None,
        })
        .await
    }

    pub async fn done(&mut self) -> RequestSeen {
        self.event("request done", |event| match event {
            LinkEventKind::RequestDone(seen) => Some(seen.clone()),
            _ => None,
        })
        .await
    }

    /// What was told so far, in order.
    pub fn told(&mut self) -> Vec<LinkEventKind> {
        std::iter::from_fn(|| self.events.try_recv().ok()).map(|event| event.what).collect()
    }
}

/// How a stream ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    Fin,
    Rst,
}

/// One end of a connection.
pub struct Peer(pub TcpStream);

impl Peer {
    pub async fn say(&mut self, text: &str) {
        soon("write", self.0.write_all(text.as_bytes())).await.expect("writes");
    }

    /// Reads so many bytes.
    pub async fn hear(&mut self, count: usize) -> String {
        let mut bytes = vec![0; count];
        soon("read", self.0.read_exact(&mut bytes)).await.expect("so many bytes");
        String::from_utf8(bytes).expect("text")
    }

    /// Reads what is left, and how it ends.
    pub async fn rest(&mut self) -> (String, End) {
        let (mut all, mut chunk) = (Vec::new(), [0; 4096]);
        let end = loop {
            match soon("the end of the stream", self.0.read(&mut chunk)).await {
                Ok(0) => break End::Fin,
                Ok(count) => all.extend_from_slice(&chunk[..count]),
                Err(wrong) if wrong.kind() == io::ErrorKind::ConnectionReset => break End::Rst,
                Err(wrong) => panic!("neither an end nor a reset: {wrong}"),
            }
        };
        (String::from_utf8(all).expect("text"), end)
    }

    /// Ends its own stream; the other direction stays.
    pub async fn finish(&mut self) {
        self.0.shutdown().await.expect("shuts down");
    }

    /// Goes away with a reset.
    pub fn reset(self) {
        self.0.set_zero_linger().expect("a socket");
    }

    /// Goes through a whole exchange with the other end.
    pub async fn exchange(&mut self, server: &mut Self) {
        self.say(REQUEST).await;
        assert_eq!(server.hear(REQUEST.len()).await, REQUEST);
        server.say(ANSWER).await;
        assert_eq!(self.hear(ANSWER.len()).await, ANSWER);
    }
}

/// What must happen, however busy the machine is. Without a bound, a failure would be a test that never ends.
pub async fn soon<T>(what: &str, happens: impl Future<Output = T>) -> T {
    match tokio::time::timeout(Duration::from_secs(60), happens).await {
        Ok(happened) => happened,
        Err(_) => panic!("never happened: {what}"),
    }
}

/// A gate at any request.
pub fn gate(id: GateId, phase: Phase, at: i64) -> GateSpec {
    gate_at(id, phase, At::Byte(at))
}

pub fn gate_at(id: GateId, phase: Phase, at: At) -> GateSpec {
    GateSpec {
        id,
        point: Point::Request { method: None, path: None, without: Vec::new(), phase, at, exact: false },
        nth: 1,
        first: FirstMatch::Parks,
        repeat: None,
    }
}

pub fn bytes_gate(id: GateId, toward: Side, at: u64) -> GateSpec {
    GateSpec { id, point: Point::Bytes { toward, at }, nth: 1, first: FirstMatch::Parks, repeat: None }
}

pub fn bare(id: GateId, point: Point) -> GateSpec {
    GateSpec { id, point, nth: 1, first: FirstMatch::Parks, repeat: None }
}

pub fn repeated(gate: GateSpec, more: Option<u32>, action: RepeatAction) -> GateSpec {
    GateSpec { repeat: Some(Repeat { more, action }), ..gate }
}

/// Whether nobody listens there.
pub async fn is_refused(addr: SocketAddr) -> bool {
    match TcpStream::connect(addr).await {
        Ok(_) => false,
        Err(wrong) => {
            assert_eq!(wrong.kind(), io::ErrorKind::ConnectionRefused);
            true
        }
    }
}

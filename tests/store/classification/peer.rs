//! A peer that does to every request what a script says, down to the byte.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Seen {
    pub path: String,
    pub key: Option<String>,
    /// The number of its connection, from 1.
    pub connection: usize,
}

/// What the peer does when a request has arrived whole.
pub enum Act {
    /// Writes this and waits for the next request.
    Answer(Vec<u8>),
    /// Writes this, ends the stream, and waits for the other side to end it too.
    Close(Vec<u8>),
    /// Resets the connection.
    Reset,
    /// Writes this and resets the connection.
    ResetAfter(Vec<u8>),
    /// Does nothing until the other side ends the stream.
    Hold,
    /// Writes this and then does nothing until the other side ends the stream.
    HoldAfter(Vec<u8>),
}

type Script = Box<dyn FnMut(&Seen) -> Act + Send>;

pub struct Peer {
    pub url: String,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
    /// Bound and not listening: the port stays ours when the peer refuses.
    _port: TcpSocket,
}

struct Shared {
    script: Mutex<Script>,
    seen: Mutex<Vec<Seen>>,
    /// How many connections the other side has ended.
    ended: watch::Sender<usize>,
}

impl Peer {
    pub fn start(script: impl FnMut(&Seen) -> Act + Send + 'static) -> Self {
        let port = bound(0);
        let address = port.local_addr().expect("bound");
        let listener = bound(address.port()).listen(64).expect("it listens");
        let shared = Arc::new(Shared {
            script: Mutex::new(Box::new(script)),
            seen: Mutex::default(),
            ended: watch::Sender::new(0),
        });
        let accepting = tokio::spawn(accept(listener, shared.clone()));
        Self { url: format!("http://{address}"), shared, accepting, _port: port }
    }

    /// From now on connections are refused.
    pub async fn refuse(&mut self) {
        self.accepting.abort();
        let _ = (&mut self.accepting).await;
    }

    /// The requests that arrived, in their order.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().expect("no panic").clone()
    }

    /// Waits until the other side has ended so many connections.
    pub async fn ended(&self, connections: usize) {
        self.shared.ended.subscribe().wait_for(|ended| *ended >= connections).await.expect("the sender is alive");
    }
}

/// An answer with a JSON body, after which the connection stays.
pub fn answer(status: u16, draining: bool, body: &str) -> Vec<u8> {
    let header = if draining { "x-store-state: draining\r\n" } else { "" };
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{header}content-length: {length}\r\n\r\n{body}")
        .into()
}

fn bound(port: u16) -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_reuseaddr(true).expect("an option");
    socket.bind((Ipv4Addr::LOCALHOST, port).into()).expect("a port");
    socket
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    for connection in 1.. {
        let (stream, _) = listener.accept().await.expect("a connection");
        let shared = shared.clone();
        tokio::spawn(async move {
            serve(stream, connection, &shared).await;
            shared.ended.send_modify(|ended| *ended += 1);
        });
    }
}

async fn serve(mut stream: TcpStream, connection: usize, shared: &Shared) {
    let mut bytes = Vec::new();
    while let Some(seen) = request(&mut stream, &mut bytes, connection).await {
        shared.seen.lock().expect("no panic").push(seen.clone());
        let act = (shared.script.lock().expect("no panic"))(&seen);
        match act {
            Act::Answer(answer) => {
                let _ = stream.write_all(&answer).await;
                continue;
            }
            Act::Close(answer) => {
                let _ = stream.write_all(&answer).await;
                let _ = stream.shutdown().await;
            }
            Act::Reset => {
                stream.set_zero_linger().expect("an option");
                return;
            }
            Act::ResetAfter(answer) => {
                let _ = stream.write_all(&answer).await;
                stream.set_zero_linger().expect("an option");
                return;
            }
            Act::Hold => {}
            Act::HoldAfter(answer) => {
                let _ = stream.write_all(&answer).await;
            }
        }
        let _ = stream.read_to_end(&mut Vec::new()).await;
        return;
    }
}

/// The next request; nothing when the stream ends.
async fn request(stream: &mut TcpStream, bytes: &mut Vec<u8>, connection: usize) -> Option<Seen> {
    loop {
        let text = String::from_utf8_lossy(bytes).into_owned();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let header = |name: &str| {
                head.lines().filter_map(|line| line.split_once(": ")).find(|(key, _)| key.eq_ignore_ascii_case(name))
            };
            let body: usize = header("content-length").map_or(0, |(_, length)| length.parse().expect("a number"));
            let whole = head.len() + 4 + body;
            if bytes.len() >= whole {
                bytes.drain(..whole);
                let path = head.split(' ').nth(1).expect("a request line").to_owned();
                return Some(Seen { path, key: header("idempotency-key").map(|(_, key)| key.to_owned()), connection });
            }
        }
        if stream.read_buf(bytes).await.unwrap_or(0) == 0 {
            return None;
        }
    }
}

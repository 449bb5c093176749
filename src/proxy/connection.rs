//! One connection: a task that moves bytes both ways, as far as gates and orders let it.

mod drain;
mod ends;
mod scan;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::io::Interest;
use tokio::net::TcpStream;

use super::control::{Control, Shared};
use super::direction::Direction;
use super::event::{ConnectionId, Effect, LinkEventKind, Point, RepeatAction, RequestSeen};
use super::gates::Outcome;
use super::requests::Requests;
use super::{CutMode, Side, Toward};
use ends::Ends;
use scan::Scan;

/// Serves a connection to its end.
pub(super) async fn serve(shared: Arc<Shared>, id: ConnectionId, control: Arc<Control>, client: TcpStream) {
    shared.tell(LinkEventKind::Opened(id));
    let mut connection = Connection::new(Arc::clone(&shared), id, control);
    connection.run(client).await;
    connection.report_unanswered();
    let mut state = shared.state();
    state.connections.remove(&id);
    state.gates.parked.retain(|(_, parked)| *parked != id);
    drop(state);
    shared.tell(LinkEventKind::Closed(id));
}

/// A gate that stops the whole connection, not a request of it.
#[derive(Debug)]
struct Stop {
    outcome: Outcome,
    place: Place,
    met: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Connect,
    /// No byte of the next request goes on past this one.
    Idle(u64),
    Bytes(Side, u64),
}

struct Connection {
    shared: Arc<Shared>,
    id: ConnectionId,
    control: Arc<Control>,
    up: Direction,
    down: Direction,
    scan: Scan,
    requests: Requests,
    stops: Vec<Stop>,
    held: bool,
}

/// How a connection goes on after its orders.
enum Next {
    Go,
    Ended,
}

impl Connection {
    fn new(shared: Arc<Shared>, id: ConnectionId, control: Arc<Control>) -> Self {
        let mut state = shared.state();
        let due = state.gates.count(|point| matches!(point, Point::Connect | Point::Bytes { .. }));
        let held = state.holding;
        drop(state);
        control.held.store(held, Ordering::Relaxed);
        let stops = due.into_iter().filter_map(|(outcome, point)| match point {
            Point::Connect => Some(Stop { outcome, place: Place::Connect, met: false }),
            Point::Bytes { toward, at } => Some(Stop { outcome, place: Place::Bytes(toward, at), met: false }),
            _ => None,
        });
        let stops = stops.collect();
        Self {
            shared,
            id,
            control,
            up: Direction::default(),
            down: Direction::default(),
            scan: Scan::default(),
            requests: Requests::default(),
            stops,
            held,
        }
    }

    async fn run(&mut self, client: TcpStream) {
        // Without this, small messages wait for acknowledgements that nobody needs on a link that only forwards.
        let _ = client.set_nodelay(true);
        let mut ends = Ends { client: Some(client), server: None };
        if !self.before_connecting(&mut ends).await {
            return;
        }
        let upstream = self.shared.state().upstream;
        let connected = match upstream {
            Some(upstream) => self.connect(upstream, &mut ends).await,
            None => Some(Err(io::ErrorKind::ConnectionRefused.into())),
        };
        match connected {
            // Cut meanwhile.
            None => return,
            // It must not look as if somebody were there.
            Some(Err(_)) => return ends.reset(Toward::Client),
            Some(Ok(server)) => {
                let _ = server.set_nodelay(true);
                ends.server = Some(server);
            }
        }
        if self.forward(&mut ends).await.is_err() && !self.last_words(&mut ends).await {
            // Who reset it is gone; the other one is told the same way.
            ends.reset(Toward::Both);
        }
    }

    /// Connects to the server; nothing when the connection was cut meanwhile. A server that is stopped may let it wait long.
    async fn connect(&mut self, upstream: SocketAddr, ends: &mut Ends) -> Option<io::Result<TcpStream>> {
        let control = Arc::clone(&self.control);
        let connected = {
            let connecting = TcpStream::connect(upstream);
            tokio::pin!(connecting);
            loop {
                tokio::select! {
                    biased;
                    connected = &mut connecting => break Some(connected),
                    wrong = reset_seen(ends.client.as_ref()) => break Some(Err(wrong)),
                    () = control.wake.notified() => {
                        // Given up first: a server that is just being connected to sees it too.
                        if control.is_cut() {
                            break None;
                        }
                        self.obey(ends).await;
                    }
                }
            }
        };
        if connected.is_none() {
            self.obey(ends).await;
        }
        connected
    }

    /// What a peer has sent before its reset still passes, as far as gates let it; whether the connection was cut there.
    async fn last_words(&mut self, ends: &mut Ends) -> bool {
        loop {
            let (moved, _) = self.pump(ends);
            if self.meet_gates(ends).await {
                return true;
            }
            if !moved || self.held {
                return false;
            }
        }
    }

    /// Meets the gates at the connect, and waits out a hold; false when the connection has ended there.
    async fn before_connecting(&mut self, ends: &mut Ends) -> bool {
        loop {
            self.meet_connection_gates(ends).await;
            if matches!(self.obey(ends).await, Next::Ended) || ends.client.is_none() {
                return false;
            }
            let parked = self.stops.iter().any(|stop| stop.place == Place::Connect);
            if !parked && !self.held {
                return true;
            }
            // What the client sends waits in its socket, and its end behind that.
            tokio::select! {
                () = self.control.wake.notified() => {}
                _ = reset_seen(ends.client.as_ref()), if !self.held => {
                    ends.reset(Toward::Client);
                    return false;
                }
            }
        }
    }

    async fn forward(&mut self, ends: &mut Ends) -> io::Result<()> {
        loop {
            if matches!(self.obey(ends).await, Next::Ended) {
                return Ok(());
            }
            if self.held {
                self.control.wake.notified().await;
                continue;
            }
            let (moved, failure) = self.pump(ends);
            if self.meet_gates(ends).await {
                return Ok(());
            }
            failure.map_or(Ok(()), Err)?;
            if moved || self.held {
                // Traffic that never pauses must not keep orders and other connections from running.
                tokio::task::coop::consume_budget().await;
                continue;
            }
            self.pass_ends(ends)?;
            if self.up.end_passed && self.down.end_passed {
                return Ok(());
            }
            let (up_limit, down_limit) = self.limits();
            let client = Self::interest(self.up.has_room(), self.down.allowed(down_limit) > 0);
            let server = Self::interest(self.down.has_room(), self.up.allowed(up_limit) > 0);
            let (Some(client_end), Some(server_end)) = (&ends.client, &ends.server) else { return Ok(()) };
            tokio::select! {
                () = self.control.wake.notified() => {}
                ready = client_end.ready(client) => Self::fail_on_error(client_end, ready?)?,
                ready = server_end.ready(server) => Self::fail_on_error(server_end, ready?)?,
            }
        }
    }

    /// A reset must be noticed even where nothing is read or written.
    fn interest(read: bool, write: bool) -> Interest {
        let interest = if read { Interest::ERROR.add(Interest::READABLE) } else { Interest::ERROR };
        if write { interest.add(Interest::WRITABLE) } else { interest }
    }

    fn fail_on_error(stream: &TcpStream, ready: tokio::io::Ready) -> io::Result<()> {
        if !ready.is_error() {
            return Ok(());
        }
        Err(stream.take_error()?.unwrap_or_else(|| io::ErrorKind::ConnectionReset.into()))
    }

    /// Reads and forwards once in each direction; whether anything moved, and what failed.
    ///
    /// Both are read before either is written: an answer to what is written now is not read before the gates have seen
    /// that it was written.
    fn pump(&mut self, ends: &Ends) -> (bool, Option<io::Error>) {
        let (Some(client), Some(server)) = (&ends.client, &ends.server) else { return (false, None) };
        let mut moved = false;
        let mut failure = None;
        let mut failed = |wrong| {
            failure.get_or_insert(wrong);
            0
        };
        if self.up.has_room()
            && let Some(count) = self.up.read(client).unwrap_or_else(|wrong| {
                failed(wrong);
                None
            })
        {
            moved |= count > 0;
            self.scan.requests(&self.up, count, &mut self.requests, &self.shared, self.id);
        }
        if self.down.has_room()
            && let Some(count) = self.down.read(server).unwrap_or_else(|wrong| {
                failed(wrong);
                None
            })
        {
            moved |= count > 0;
            self.scan.responses(&self.down, count, &mut self.requests, &self.shared, self.id);
        }
        let (up_limit, down_limit) = self.limits();
        moved |= self.up.write(server, up_limit).unwrap_or_else(&mut failed) > 0;
        moved |= self.down.write(client, down_limit).unwrap_or_else(&mut failed) > 0;
        (moved, failure)
    }

    /// How far each direction may go: (towards the server, towards the client).
    fn limits(&self) -> (u64, u64) {
        let (mut up, mut down) = self.requests.limits();
        let (up_scanned, down_scanned) = self.scan.limits(&self.up, &self.down, &self.requests, &self.shared);
        (up, down) = (up.min(up_scanned), down.min(down_scanned));
        for stop in &self.stops {
            match stop.place {
                Place::Connect => {}
                Place::Idle(at) | Place::Bytes(Side::Server, at) => up = up.min(at),
                Place::Bytes(Side::Client, at) => down = down.min(at),
            }
        }
        (up, down)
    }

    /// Passes the end of a direction on, when everything before it has passed. A gate stops bytes, not the end.
    fn pass_ends(&mut self, ends: &Ends) -> io::Result<()> {
        for (direction, to) in [(&mut self.up, &ends.server), (&mut self.down, &ends.client)] {
            if direction.end_is_due() {
                direction.end_passed = true;
                if let Some(to) = to {
                    // The other side may have ended its stream and its socket meanwhile: that is no failure of this one.
                    match rustix::net::shutdown(to, rustix::net::Shutdown::Write) {
                        Ok(()) | Err(rustix::io::Errno::NOTCONN) => {}
                        Err(wrong) => return Err(wrong.into()),
                    }
                }
            }
        }
        Ok(())
    }

    /// Parks or acts at every gate that is met now; whether that was the end of the connection.
    async fn meet_gates(&mut self, ends: &mut Ends) -> bool {
        let met = self.requests.passed(self.up.forwarded, self.down.forwarded);
        for (outcome, seen) in met {
            if self.meet(outcome, Some(seen), ends).await {
                return true;
            }
        }
        for seen in self.requests.take_answered() {
            self.shared.tell(LinkEventKind::RequestDone(seen));
        }
        let at = self.up.forwarded;
        if self.scan.is_between_requests() && self.requests.becomes_idle(at) {
            let due = self.shared.state().gates.count(|point| matches!(point, Point::Idle));
            let stops = due.into_iter().map(|(outcome, _)| Stop { outcome, place: Place::Idle(at), met: false });
            self.stops.extend(stops);
        }
        self.meet_connection_gates(ends).await
    }

    async fn meet_connection_gates(&mut self, ends: &mut Ends) -> bool {
        let connected = ends.server.is_some();
        for index in 0..self.stops.len() {
            let stop = &mut self.stops[index];
            let reached = match stop.place {
                Place::Connect => !connected,
                Place::Idle(_) => true,
                Place::Bytes(Side::Server, at) => connected && self.up.forwarded >= at,
                Place::Bytes(Side::Client, at) => connected && self.down.forwarded >= at,
            };
            if reached && !stop.met {
                stop.met = true;
                let outcome = stop.outcome;
                if self.meet(outcome, None, ends).await {
                    return true;
                }
            }
        }
        self.stops.retain(|stop| !(stop.met && matches!(stop.outcome, Outcome::Repeat(..))));
        false
    }

    /// What happens where a gate is met; whether that was the end of the connection.
    async fn meet(&mut self, outcome: Outcome, request: Option<RequestSeen>, ends: &mut Ends) -> bool {
        match outcome {
            Outcome::Park(gate) => {
                // Disarmed since it was counted: nobody waits for it.
                if !self.shared.state().gates.park(gate, self.id) {
                    self.let_go(|outcome| matches!(outcome, Outcome::Park(id) if *id == gate));
                    return false;
                }
                self.shared.tell(LinkEventKind::Parked { gate, connection: self.id, request });
                false
            }
            Outcome::Repeat(gate, action) => {
                let effect = match action {
                    RepeatAction::Cut(mode, toward) => self.cut(mode, toward, ends),
                    RepeatAction::Hold => self.hold(),
                    RepeatAction::Refuse => {
                        self.shared.state().refused = true;
                        let _ = self.shared.listener.set(false);
                        Effect { refused: 1, ..Effect::default() }
                    }
                };
                self.shared.tell(LinkEventKind::Repeated { gate, connection: self.id, request, effect });
                if let RepeatAction::Cut(..) = action {
                    self.after_cut(ends).await;
                    return true;
                }
                false
            }
        }
    }

    /// Does what the link orders.
    async fn obey(&mut self, ends: &mut Ends) -> Next {
        let orders = self.control.take();
        self.let_go(|outcome| match outcome {
            Outcome::Park(id) => orders.resumed.contains(id) || orders.disarmed.contains(id),
            // What the link does by itself at later requests is still to be done after a resume.
            Outcome::Repeat(id, _) => orders.disarmed.contains(id),
        });
        if let Some(answer) = orders.hold {
            let _ = answer.send(self.hold());
        }
        if orders.release {
            self.held = false;
            self.control.held.store(false, Ordering::Relaxed);
        }
        if let Some((mode, toward, answer)) = orders.cut {
            let effect = self.cut(mode, toward, ends);
            // The history of the requests is told before whoever ordered the cut goes on.
            self.report_unanswered();
            let _ = answer.send(effect);
            self.after_cut(ends).await;
            return Next::Ended;
        }
        Next::Go
    }

    fn let_go(&mut self, gone: impl Fn(&Outcome) -> bool) {
        self.stops.retain(|stop| !gone(&stop.outcome));
        self.requests.resume(gone);
    }

    fn hold(&mut self) -> Effect {
        self.held = true;
        self.control.held.store(true, Ordering::Relaxed);
        Effect { held: 1, withheld: (self.up.buffer.len() + self.down.buffer.len()) as u64, ..Effect::default() }
    }

    fn cut(&mut self, mode: CutMode, toward: Toward, ends: &mut Ends) -> Effect {
        // Whichever side is told: nothing is forwarded any more, either way.
        let withheld =
            [&mut self.up, &mut self.down].map(|direction| std::mem::take(&mut direction.buffer).len() as u64);
        let broken = u64::from(ends.are_live());
        ends.cut(mode, toward);
        Effect { withheld: withheld.iter().sum(), broken, ..Effect::default() }
    }

    async fn after_cut(&mut self, ends: &mut Ends) {
        self.shared.state().gates.parked.retain(|(_, parked)| *parked != self.id);
        self.report_unanswered();
        drain::until_ended(&self.control, ends).await;
    }

    /// Requests that will not be answered any more.
    fn report_unanswered(&mut self) {
        self.requests.passed(self.up.forwarded, self.down.forwarded);
        for request in self.requests.open.drain(..) {
            self.shared.tell(LinkEventKind::RequestDone(request.seen));
        }
    }
}

/// Ends when the peer has reset its connection, with what that was; never, when there is no peer.
async fn reset_seen(peer: Option<&TcpStream>) -> io::Error {
    match peer {
        Some(peer) => match peer.ready(Interest::ERROR).await {
            Ok(_) => io::ErrorKind::ConnectionReset.into(),
            Err(wrong) => wrong,
        },
        None => std::future::pending().await,
    }
}

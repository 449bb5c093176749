//! One connection: a task that moves bytes both ways, as far as gates and orders let it.
//!
//! Towards each end a direction reads, is scanned, and writes up to its limit: toxics would sit between the reading and the writing.

mod drain;
mod ends;
mod left;
mod meet;
mod obey;
mod scan;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::net::TcpStream;

use super::Side;
use super::control::{Control, Shared};
use super::direction::Direction;
use super::event::{ConnectionId, GateId, LinkEventKind, Point};
use super::gates::Outcome;
use super::requests::Requests;
use ends::{Ends, connect, ready};
use scan::Scan;

/// Serves a connection to its end.
pub(super) async fn serve(shared: Arc<Shared>, id: ConnectionId, control: Arc<Control>, client: TcpStream) {
    shared.tell(LinkEventKind::Opened(id));
    // Its end is told when it is dropped, after its sockets: also when this task is aborted.
    let mut connection = Connection::new(shared, id, control);
    connection.run(client).await;
}

/// A gate that stops the whole connection, not a request of it.
#[derive(Debug)]
struct Stop {
    gate: GateId,
    place: Place,
    /// What happens there; not known before it is met, where only meeting it counts.
    outcome: Option<Outcome>,
    met: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Connect,
    /// No byte of the next request goes on past this one.
    Idle(u64),
    Bytes(Side, u64),
}

impl Stop {
    fn due(outcome: Outcome, place: Place) -> Self {
        Self { gate: outcome.gate(), place, outcome: Some(outcome), met: false }
    }
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
    /// How many requests were answered when it was last found idle.
    idle_at: u64,
    held: bool,
    /// The client's socket was reset, or cannot be written to any more.
    client_lost: bool,
    server_lost: bool,
    /// The client has closed its socket behind what a gate withholds.
    client_left: bool,
}

/// How a connection goes on after its orders.
enum Next {
    Go,
    Ended,
}

impl Connection {
    fn new(shared: Arc<Shared>, id: ConnectionId, control: Arc<Control>) -> Self {
        let mut state = shared.state();
        let due = state.gates.count(|point| matches!(point, Point::Connect));
        let mut stops: Vec<Stop> = due.into_iter().map(|(outcome, _)| Stop::due(outcome, Place::Connect)).collect();
        stops.extend(state.gates.at_bytes().into_iter().map(|(gate, toward, at)| Stop {
            gate,
            place: Place::Bytes(toward, at),
            outcome: None,
            met: false,
        }));
        let held = state.holding;
        drop(state);
        control.held.store(held, Ordering::Relaxed);
        Self {
            shared,
            id,
            control,
            up: Direction::default(),
            down: Direction::default(),
            scan: Scan::default(),
            requests: Requests::default(),
            stops,
            idle_at: 0,
            held,
            client_lost: false,
            server_lost: false,
            client_left: false,
        }
    }

    async fn run(&mut self, client: TcpStream) {
        let _ = client.set_nodelay(true);
        let mut ends = Ends { client: Some(client), server: None, watch: None };
        if !self.before_connecting(&mut ends).await {
            return;
        }
        match self.connect(&mut ends).await {
            Next::Ended => return,
            // It must not look as if somebody were there.
            Next::Go if ends.server.is_none() => return ends.reset(super::Toward::Client),
            Next::Go => {}
        }
        self.forward(&mut ends).await;
    }

    /// Meets the gates at the connect, and waits out a hold; false when the connection has ended there.
    ///
    /// What the client sends waits in its socket, and the end of its stream too; it is noticed when the client is gone.
    async fn before_connecting(&mut self, ends: &mut Ends) -> bool {
        loop {
            if self.meet_connection_gates(ends).await || matches!(self.obey(ends).await, Next::Ended) {
                return false;
            }
            if !self.held && !self.stops.iter().any(|stop| stop.place == Place::Connect) {
                return true;
            }
            self.watch_client(ends);
            tokio::select! {
                () = self.control.wake.notified() => {}
                _ = ready(ends.client.as_ref(), false, false, false) => return false,
                () = left::gone(&mut ends.watch, true) => return false,
            }
        }
    }

    /// Connects to the server. That may take long, when its queue is full: orders are obeyed meanwhile.
    async fn connect(&mut self, ends: &mut Ends) -> Next {
        loop {
            let upstream = self.shared.state().upstream.clone();
            let mut connecting = Some(Box::pin(connect(upstream)));
            while let Some(attempt) = &mut connecting {
                tokio::select! {
                    biased;
                    server = attempt => {
                        ends.server = server;
                        return Next::Go;
                    }
                    _ = ready(ends.client.as_ref(), false, false, false) => return Next::Ended,
                    () = self.control.wake.notified() => {}
                }
                // Given up before a cut: a server that is just being connected to sees it too.
                if self.control.is_cut() {
                    connecting = None;
                }
                if matches!(self.obey(ends).await, Next::Ended) {
                    return Next::Ended;
                }
            }
        }
    }

    async fn forward(&mut self, ends: &mut Ends) {
        loop {
            // A stream that never pauses must leave room for the other connections, which share a thread with it.
            tokio::task::consume_budget().await;
            if matches!(self.obey(ends).await, Next::Ended) {
                return;
            }
            if self.held {
                self.withhold(ends);
                if self.client_lost && self.server_lost {
                    return;
                }
            } else {
                let moved = self.pump(ends);
                if self.meet_gates(ends).await {
                    return;
                }
                if moved || self.held {
                    continue;
                }
                if self.client_lost || self.server_lost {
                    // Who reset it is gone; the other one has what was sent before, and is told the same way.
                    return ends.reset(super::Toward::Both);
                }
                let goes_on = !self.client_left || self.goes_on_without_client();
                self.pass_ends(ends);
                if !goes_on {
                    // Behind its end, as the client's own socket would have done it.
                    return ends.reset(super::Toward::Both);
                }
                if self.up.end_passed && self.down.end_passed {
                    return;
                }
            }
            self.watch_client(ends);
            self.wait(ends).await;
        }
    }

    /// Waits for an order, for bytes, or for room for bytes.
    async fn wait(&mut self, ends: &mut Ends) {
        let (up, down) = if self.held { (0, 0) } else { self.limits() };
        let (up, down) = (self.up.allowed(up) > 0, self.down.allowed(down) > 0);
        let (client, server) = (ends.client.as_ref(), ends.server.as_ref());
        tokio::select! {
            () = self.control.wake.notified() => {}
            // Where there is room, reading gives what came before the reset, and then the reset itself.
            ready = ready(client, self.client_lost, self.up.has_room(), down) => {
                self.client_lost |= ready.is_error() && !self.up.has_room();
            }
            ready = ready(server, self.server_lost, self.down.has_room(), up) => {
                self.server_lost |= ready.is_error() && !self.down.has_room();
            }
            () = left::gone(&mut ends.watch, !self.up.has_room()) => self.client_left = true,
        }
    }

    /// Reads once from each end; how much came.
    fn read(&mut self, ends: &Ends) -> u64 {
        let mut came = 0;
        if let Some(client) = ends.client.as_ref().filter(|_| self.up.has_room() && !self.client_lost) {
            match self.up.read(client) {
                Ok(Some(count)) => {
                    came += count as u64;
                    self.shared.flow(Side::Server).received.fetch_add(count as u64, Ordering::Relaxed);
                    self.scan.requests(&self.up, count, &mut self.requests, &self.shared, self.id);
                }
                Ok(None) => {}
                Err(_) => self.client_lost = true,
            }
        }
        if let Some(server) = ends.server.as_ref().filter(|_| self.down.has_room() && !self.server_lost) {
            match self.down.read(server) {
                Ok(Some(count)) => {
                    came += count as u64;
                    self.shared.flow(Side::Client).received.fetch_add(count as u64, Ordering::Relaxed);
                    self.scan.responses(&self.down, count, &mut self.requests, &self.shared, self.id);
                }
                Ok(None) => {}
                Err(_) => self.server_lost = true,
            }
        }
        came
    }

    /// Reads and forwards once in each direction; whether anything moved.
    fn pump(&mut self, ends: &Ends) -> bool {
        let came = self.read(ends);
        let mut gone = 0;
        // What has gone to the server decides about what may go to the client.
        let (limit, _) = self.limits();
        if let Some(server) = ends.server.as_ref().filter(|_| !self.server_lost) {
            match self.up.write(server, limit) {
                Ok(count) => {
                    gone += count as u64;
                    self.shared.flow(Side::Server).sent.fetch_add(count as u64, Ordering::Relaxed);
                }
                Err(_) => self.server_lost = true,
            }
        }
        let (_, limit) = self.limits();
        if let Some(client) = ends.client.as_ref().filter(|_| !self.client_lost) {
            match self.down.write(client, limit) {
                Ok(count) => {
                    gone += count as u64;
                    self.shared.flow(Side::Client).sent.fetch_add(count as u64, Ordering::Relaxed);
                }
                Err(_) => self.client_lost = true,
            }
        }
        self.shared.moved.fetch_add(gone, Ordering::Relaxed);
        came + gone > 0
    }

    /// Black hole: what comes is taken, and goes nowhere.
    fn withhold(&mut self, ends: &Ends) {
        let came = self.read(ends);
        let mut state = self.shared.state();
        if state.holding {
            state.later.withheld += came;
        }
    }

    /// How far each direction may go: (towards the server, towards the client).
    fn limits(&self) -> (u64, u64) {
        let (mut up, mut down) = self.requests.limits(self.up.forwarded);
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
    fn pass_ends(&mut self, ends: &Ends) {
        for (direction, to) in [(&mut self.up, &ends.server), (&mut self.down, &ends.client)] {
            if direction.end_is_due() {
                direction.end_passed = true;
                if let Some(to) = to {
                    // The other side may have ended its socket meanwhile: then it needs no end any more.
                    let _ = rustix::net::shutdown(to, rustix::net::Shutdown::Write);
                }
            }
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.report_unanswered();
        let mut state = self.shared.state();
        state.connections.remove(&self.id);
        state.gates.parked.retain(|(_, parked)| *parked != self.id);
        drop(state);
        // Whoever gave an order that was not taken must not wait for its answer.
        self.control.close();
        self.shared.tell(LinkEventKind::Closed(self.id));
    }
}

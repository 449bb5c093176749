//! One connection: a task that moves bytes both ways, as far as gates, toxics and orders let it.

mod drain;
mod ends;
mod gates;
mod half_close;
mod orders;
mod pump;
mod scan;
mod toxics;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;

use tokio::net::TcpStream;

use super::by_side::BySide;
use super::chain::{End, earliest};
use super::control::{Control, Shared};
use super::direction::Direction;
use super::event::{ConnectionId, GateId, LinkEventKind, Point};
use super::gates::Outcome;
use super::requests::Requests;
use super::timer::Timer;
use super::{Side, Toward, Unreachable};
use ends::{Ends, connect, ready};
use scan::Scan;
use toxics::Followed;

/// Serves a connection to its end.
pub(super) async fn serve(
    shared: Arc<Shared>,
    id: ConnectionId,
    control: Arc<Control>,
    (client, addr): (TcpStream, SocketAddr),
) {
    shared.tell(LinkEventKind::Opened { connection: id, client: addr });
    // Its end is told when it is dropped, after its sockets: also when this task is aborted.
    let mut connection = Connection::new(shared, id, control);
    connection.followed.client = Some(addr);
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
    /// The server was connected to: not a byte goes on, in neither direction.
    Connected,
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
    streams: BySide<Direction>,
    scan: Scan,
    requests: Requests,
    stops: Vec<Stop>,
    followed: Followed,
    timer: Timer,
    /// Every gate was met that could be, so far.
    gates_met: bool,
    /// How many requests were answered when it was last found idle.
    idle_at: u64,
    held: bool,
    /// Which socket was reset, or cannot be written to any more.
    lost: BySide<bool>,
    /// Whoever knows says that the server is gone, whatever its socket looks like: nothing is written to it any more.
    server_is_gone: bool,
    /// Something was to be written to a server that is gone.
    is_unsendable: bool,
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
            streams: BySide::new(Direction::default(), Direction::to_new_sink()),
            scan: Scan::default(),
            requests: Requests::default(),
            stops,
            followed: Followed::default(),
            timer: Timer::default(),
            gates_met: false,
            idle_at: 0,
            held,
            lost: BySide::default(),
            server_is_gone: false,
            is_unsendable: false,
            client_left: false,
        }
    }

    async fn run(&mut self, client: TcpStream) {
        let mut ends = Ends { sockets: BySide::new(Some(client), None), watch: None };
        if !self.before_connecting(&mut ends).await {
            return;
        }
        match self.connect(&mut ends).await {
            Next::Ended => return,
            Next::Go if ends.of(Side::Server).is_none() => {
                if self.shared.unreachable == Unreachable::Reset {
                    ends.reset(Toward::Client);
                }
                return;
            }
            Next::Go => self.note_connected(),
        }
        self.follow_toxics(false);
        self.forward(&mut ends).await;
    }

    /// Meets the gates at the connect, and waits out a hold; false when the connection has ended there.
    ///
    /// What the client sends waits in its socket, and the end of its stream too; it is noticed when the client is gone. A black
    /// hole takes it in.
    async fn before_connecting(&mut self, ends: &mut Ends) -> bool {
        loop {
            if self.meet_connection_gates(ends).await || matches!(self.obey(ends).await, Next::Ended) {
                return false;
            }
            if !self.held && !self.stops.iter().any(|stop| stop.place == Place::Connect) {
                return true;
            }
            if self.held {
                self.withhold(ends).await;
                if self.lost[Side::Client] {
                    return false;
                }
            }
            self.watch_client(ends);
            let takes_in = self.held && self.streams[Side::Server].has_room();
            tokio::select! {
                () = self.control.wakeup.woken() => {}
                ready = ready(ends.sockets[Side::Client].as_ref(), false, takes_in, false) => {
                    if ready.is_error() && !takes_in {
                        return false;
                    }
                }
                () = half_close::gone(&mut ends.watch, true) => return false,
            }
        }
    }

    /// Connects to the server. That may take long, when its queue is full: orders are obeyed meanwhile.
    async fn connect(&mut self, ends: &mut Ends) -> Next {
        loop {
            let upstream = self.shared.state().upstream.clone();
            let own = self.shared.listener.addr();
            let mut connecting = Some(Box::pin(connect(upstream, self.shared.receive_buffer, own)));
            while let Some(attempt) = &mut connecting {
                tokio::select! {
                    biased;
                    server = attempt => {
                        ends.sockets[Side::Server] = server;
                        return Next::Go;
                    }
                    _ = ready(ends.sockets[Side::Client].as_ref(), false, false, false) => return Next::Ended,
                    () = self.control.wakeup.woken() => {}
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

    /// Counts for the gates that stop here, before anything is read.
    fn note_connected(&mut self) {
        let due = self.shared.state().gates.count(|point| matches!(point, Point::Connected));
        self.stops.extend(due.into_iter().map(|(outcome, _)| Stop::due(outcome, Place::Connected)));
        self.shared.tell(LinkEventKind::Connected(self.id));
    }

    async fn forward(&mut self, ends: &mut Ends) {
        loop {
            if matches!(self.obey(ends).await, Next::Ended) {
                return;
            }
            if self.follow_toxics(true) {
                return self.end(End::Close, ends);
            }
            if self.held {
                self.withhold(ends).await;
                if self.lost[Side::Client] && self.lost[Side::Server] {
                    return;
                }
            } else {
                let moved = std::future::poll_fn(|cx| Poll::Ready(self.pump(ends, cx))).await;
                // Where nothing has moved, no gate can be met that was not met before.
                if (moved.any || !self.gates_met) && self.meet_gates(ends).await {
                    return;
                }
                self.gates_met = true;
                if let Some(end) = self.ending() {
                    return self.end(end, ends);
                }
                if (moved.any && !moved.all) || self.held {
                    continue;
                }
                if self.lost[Side::Client] || self.lost[Side::Server] || self.is_unsendable {
                    // Who reset it is gone; the other one has what was sent before, and is told the same way.
                    return ends.reset(Toward::Both);
                }
                let goes_on = !self.client_left || self.goes_on_without_client();
                self.pass_ends(ends);
                if !goes_on {
                    // Behind its end, as the client's own socket would have done it.
                    return ends.reset(Toward::Both);
                }
                if self.streams[Side::Server].end_passed && self.streams[Side::Client].end_passed {
                    return;
                }
            }
            self.watch_client(ends);
            if self.is_plain(ends) {
                self.wait_for_bytes().await;
            } else {
                self.wait(ends).await;
            }
        }
    }

    /// Whether both sockets are read: then whatever happens to them wakes this task.
    fn is_plain(&self, ends: &Ends) -> bool {
        let open = !self.held && ends.watch.is_none() && !self.lost.iter().any(|lost| *lost);
        open && self.streams.iter().all(Direction::has_room)
    }

    /// Waits for an order, for a toxic's time, and for whatever the sockets were asked for by [`pump`](Self::pump).
    async fn wait_for_bytes(&mut self) {
        let wake = earliest(self.streams[Side::Server].wake, self.streams[Side::Client].wake);
        let (wakeup, timer) = (&self.control.wakeup, &mut self.timer);
        let mut woken = false;
        std::future::poll_fn(|cx| {
            // Woken for the second time: somebody had a reason.
            if std::mem::replace(&mut woken, true) || wakeup.poll(cx).is_ready() {
                return Poll::Ready(());
            }
            wake.map_or(Poll::Pending, |at| timer.poll(at, cx))
        })
        .await;
    }

    /// Waits for an order, for bytes, for room for bytes, or for a toxic's time.
    async fn wait(&mut self, ends: &mut Ends) {
        let (up, down) = if self.held { (0, 0) } else { (self.limit(Side::Server), self.limit(Side::Client)) };
        let (up, down) = (self.streams[Side::Server].allowed(up) > 0, self.streams[Side::Client].allowed(down) > 0);
        let wake = earliest(self.streams[Side::Server].wake, self.streams[Side::Client].wake).filter(|_| !self.held);
        let (client, server, timer) =
            (ends.sockets[Side::Client].as_ref(), ends.sockets[Side::Server].as_ref(), &mut self.timer);
        tokio::select! {
            () = self.control.wakeup.woken() => {}
            () = std::future::poll_fn(|cx| wake.map_or(Poll::Pending, |at| timer.poll(at, cx))) => {}
            // Where there is room, reading gives what came before the reset, and then the reset itself.
            ready = ready(client, self.lost[Side::Client], self.streams[Side::Server].has_room(), down) => {
                self.lost[Side::Client] |= ready.is_error() && !self.streams[Side::Server].has_room();
            }
            ready = ready(server, self.lost[Side::Server], self.streams[Side::Client].has_room(), up) => {
                self.lost[Side::Server] |= ready.is_error() && !self.streams[Side::Client].has_room();
            }
            () = half_close::gone(&mut ends.watch, !self.streams[Side::Server].has_room()) => self.client_left = true,
        }
    }

    /// Passes the end of a direction on, when everything before it has passed. A gate stops bytes, not the end.
    fn pass_ends(&mut self, ends: &Ends) {
        let last = self.streams[Side::Server].end_passed != self.streams[Side::Client].end_passed;
        for side in Side::BOTH {
            let (direction, to) = (&mut self.streams[side], ends.of(side));
            if direction.end_is_due() {
                direction.end_passed = true;
                // The sockets are closed at once behind the second end, and that is an end of the stream, too.
                if let Some(to) = to.filter(|_| !last) {
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
        let bytes = self.control.sent.load(Ordering::Relaxed);
        self.shared.tell(LinkEventKind::Sent { connection: self.id, bytes });
        self.shared.tell(LinkEventKind::Closed(self.id));
        // Whoever gave an order that was not taken must not wait for its answer; and knows all when he waits no more.
        self.control.close();
    }
}

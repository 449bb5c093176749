//! Where the server is on its way to its end, and what it must still wait for.

use std::rc::Rc;

use tokio::sync::watch;

/// Where the server is on its way to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ServerPhase {
    /// It serves.
    Serving,
    /// It was told to stop: what is in flight may finish, the rest is refused.
    Stopping,
    /// Nothing is waited for any more.
    Over,
}

/// The stop, shared by everything that it concerns.
#[derive(Debug)]
pub struct ServerStop {
    phase: watch::Sender<ServerPhase>,
    in_flight: watch::Sender<usize>,
    farewells: watch::Sender<usize>,
}

/// What a [`Ticket`] counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopCounts {
    /// A request in flight: a stop waits for it for the drain time.
    InFlight,
    /// A refusal or the end of a connection: a stop waits for it only briefly.
    Farewell,
}

/// Something that a stop waits for, until this is dropped.
#[derive(Debug)]
#[must_use]
pub struct Ticket {
    stop: Rc<ServerStop>,
    counts: StopCounts,
}

impl Default for ServerStop {
    fn default() -> Self {
        Self {
            phase: watch::Sender::new(ServerPhase::Serving),
            in_flight: watch::Sender::new(0),
            farewells: watch::Sender::new(0),
        }
    }
}

impl ServerStop {
    /// Where the server is now.
    pub fn phase(&self) -> ServerPhase {
        *self.phase.borrow()
    }

    /// Moves on to a phase; nothing moves back.
    pub fn enter(&self, next: ServerPhase) {
        self.phase.send_modify(|phase| *phase = next.max(*phase));
    }

    /// Resolves when the server is in this phase, or beyond.
    pub async fn reached(&self, wanted: ServerPhase) {
        // The sender lives as long as this does, so the wait cannot fail.
        let _ = self.phase.subscribe().wait_for(|phase| *phase >= wanted).await;
    }

    /// Counts something that a stop must wait for.
    pub fn ticket(self: &Rc<Self>, counts: StopCounts) -> Ticket {
        self.counter(counts).send_modify(|count| *count += 1);
        Ticket { stop: Rc::clone(self), counts }
    }

    /// How many requests are in flight.
    pub fn in_flight(&self) -> usize {
        *self.in_flight.borrow()
    }

    /// Resolves when nothing of this kind is left.
    pub async fn none(&self, counts: StopCounts) {
        let _ = self.counter(counts).subscribe().wait_for(|count| *count == 0).await;
    }

    fn counter(&self, counts: StopCounts) -> &watch::Sender<usize> {
        match counts {
            StopCounts::InFlight => &self.in_flight,
            StopCounts::Farewell => &self.farewells,
        }
    }
}

impl Ticket {
    /// What it counts for.
    pub fn counts(&self) -> StopCounts {
        self.counts
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.stop.counter(self.counts).send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn a_stop_waits_for_the_last_ticket_of_its_kind() {
        let stop = Rc::new(ServerStop::default());
        let first = stop.ticket(StopCounts::InFlight);
        let second = stop.ticket(StopCounts::InFlight);
        let _farewell = stop.ticket(StopCounts::Farewell);
        drop(first);
        assert_eq!(stop.in_flight(), 1);
        let waits = stop.none(StopCounts::InFlight);
        tokio::pin!(waits);
        tokio::select! {
            biased;
            () = &mut waits => panic!("one is in flight"),
            () = std::future::ready(()) => {}
        }
        drop(second);
        waits.await;
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_phase_is_never_left_backwards() {
        let stop = ServerStop::default();
        stop.enter(ServerPhase::Over);
        stop.enter(ServerPhase::Stopping);
        assert_eq!(stop.phase(), ServerPhase::Over);
        stop.reached(ServerPhase::Stopping).await;
    }
}

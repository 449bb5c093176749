//! One request and its answer, from the head that was read to the last byte that the kernel has taken.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tracing::debug;

use super::stop::{StopCounts, Ticket};
use crate::logging::SERVER;

/// How far an exchange is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The request's body is still arriving.
    Reading,
    /// The request is complete and being worked on.
    Working,
    /// The answer has begun.
    Answering,
    /// All of the answer was given to the connection, which may still have to write it.
    Answered,
}

#[derive(Debug)]
struct Exchange {
    operation: &'static str,
    stage: Stage,
    /// Whether its end was already spoken of.
    told: bool,
    ticket: Ticket,
}

/// The exchange that a connection is at, if any; shared by all that handles the connection.
///
/// An exchange that ends before all of its answer was written is told of, once.
#[derive(Debug, Clone, Default)]
pub struct Slot {
    exchange: Rc<RefCell<Option<Exchange>>>,
    unread: Rc<Cell<bool>>,
    begun: Rc<Cell<bool>>,
}

impl Slot {
    /// An exchange begins: the head of its request was read.
    pub fn begin(&self, operation: &'static str, ticket: Ticket) {
        self.begun.set(true);
        if ticket.counts() == StopCounts::InFlight {
            debug!(target: SERVER, op = operation, "request begun");
        }
        let next = Exchange { operation, stage: Stage::Reading, told: false, ticket };
        if let Some(mut last) = self.exchange.borrow_mut().replace(next) {
            // Requests came in a row: the last answer is written before the next, so this exchange stands for both.
            last.told = true;
        }
    }

    /// Whether any exchange has ever begun.
    pub fn has_begun(&self) -> bool {
        self.begun.get()
    }

    /// The request is complete.
    pub fn received(&self) {
        self.advance(Stage::Working);
    }

    /// The request's body will never be complete.
    pub fn incomplete(&self, error: &hyper::Error) {
        if let Some(exchange) = self.exchange.borrow_mut().as_mut() {
            exchange.told = true;
            debug!(target: SERVER, op = exchange.operation, %error, "request body is incomplete");
        }
    }

    /// The answer begins.
    pub fn answering(&self) {
        self.advance(Stage::Answering);
    }

    /// All of the answer was given to the connection.
    pub fn answered(&self) {
        self.advance(Stage::Answered);
    }

    /// All that was given to the connection is in the kernel's hands: if that was all of the answer, the exchange is over.
    pub fn flushed(&self) {
        if let Some(mut written) = self.exchange.borrow_mut().take_if(|exchange| exchange.stage == Stage::Answered) {
            written.told = true;
        }
    }

    /// The connection ends, and with it the exchange.
    pub fn end(&self) {
        self.exchange.borrow_mut().take();
    }

    /// Whether the end of the drain time cuts the exchange: its answer has begun, so there is no other to be given.
    pub fn is_cut_by_the_end(&self) -> bool {
        self.exchange.borrow().as_ref().is_some_and(|exchange| {
            exchange.ticket.counts() == StopCounts::InFlight
                && matches!(exchange.stage, Stage::Answering | Stage::Answered)
        })
    }

    /// Notes that a request is answered without having been read to its end.
    pub fn leave_unread(&self) {
        self.unread.set(true);
    }

    /// Whether some of a request was left unread.
    pub fn is_unread(&self) -> bool {
        self.unread.get()
    }

    fn advance(&self, stage: Stage) {
        if let Some(exchange) = self.exchange.borrow_mut().as_mut() {
            exchange.stage = stage;
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let op = self.operation;
        match self.stage {
            _ if self.told => {}
            Stage::Reading => debug!(target: SERVER, op, "request body is incomplete"),
            Stage::Working => debug!(target: SERVER, op, "client went away"),
            // Also when the connection had all of it: the kernel has not.
            Stage::Answering | Stage::Answered => debug!(target: SERVER, op, "response body cut short"),
        }
    }
}

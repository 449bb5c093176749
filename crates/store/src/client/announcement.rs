//! What the server has announced about its own end.

use std::sync::{Mutex, PoisonError};

/// Whether the server has announced its shutdown.
///
/// A later response without the announcement takes it back: it comes from a server that was started again. Later means
/// that its request was sent after the announcement was heard, because responses of several connections may overtake
/// each other.
#[derive(Debug, Default)]
pub struct Announcement(Mutex<Heard>);

#[derive(Debug, Default, Clone, Copy)]
struct Heard {
    announced: bool,
    times: u64,
}

/// What had been heard when a request was sent.
#[derive(Debug, Clone, Copy)]
pub struct Mark(u64);

impl Announcement {
    /// Whether it stands.
    pub fn stands(&self) -> bool {
        self.heard().announced
    }

    /// To be taken when a request is sent.
    pub fn mark(&self) -> Mark {
        Mark(self.heard().times)
    }

    /// A response came to the request sent at `mark`, with the announcement or without it.
    pub fn response(&self, draining: bool, mark: Mark) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if draining {
            *heard = Heard { announced: true, times: heard.times + 1 };
        } else if heard.times == mark.0 {
            heard.announced = false;
        }
    }

    fn heard(&self) -> Heard {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_later_request_takes_it_back() {
        let announcement = Announcement::default();
        let before = announcement.mark();
        announcement.response(true, announcement.mark());
        announcement.response(false, before);
        assert!(announcement.stands(), "the response was overtaken");
        announcement.response(false, announcement.mark());
        assert!(!announcement.stands());
    }
}

//! What a valve sees of the stream, and what it makes of it.

use std::time::Instant;

use super::selection::{Messages, Run, Selection};
use crate::HitEffect;
use crate::buffer::Buffer;

/// One direction of a connection, at a time.
pub(crate) struct ByteStream<'a> {
    pub now: Instant,
    /// How far it was forwarded: the buffer begins there.
    pub forwarded: u64,
    /// How far it has come.
    pub input: u64,
    /// It ends there.
    pub ended: bool,
    pub buffer: &'a mut Buffer,
    pub messages: &'a Messages,
}

/// How a connection is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// In an orderly way, towards both.
    Close,
    /// By a reset, towards both.
    Reset,
}

/// What a valve did to a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Touch {
    pub effect: HitEffect,
    pub offset: u64,
}

/// The stream at one valve.
pub(super) struct Flow<'a, 'b> {
    pub stream: &'a mut ByteStream<'b>,
    /// How far it has come to this valve.
    pub input: u64,
    /// It ends there.
    pub ended: bool,
    /// How far it has left this valve.
    pub passed: u64,
    /// Its end stays here, though all before it has passed.
    pub keeps_end: bool,
    /// When more may pass.
    pub wake: Option<Instant>,
    pub ending: Option<(End, u64)>,
    pub touched: Vec<Touch>,
}

impl<'a, 'b> Flow<'a, 'b> {
    pub fn new(stream: &'a mut ByteStream<'b>, (passed, input): (u64, u64), ended: bool) -> Self {
        Self { stream, input, ended, passed, keeps_end: false, wake: None, ending: None, touched: Vec::new() }
    }

    pub fn now(&self) -> Instant {
        self.stream.now
    }

    /// The run that the next byte belongs to.
    pub fn run(&self, selection: Selection) -> Run {
        selection.at(self.passed, self.stream.messages)
    }

    /// Lets it pass up to an offset, as far as it has come.
    pub fn pass(&mut self, offset: u64) {
        self.passed = self.passed.max(offset.min(self.input));
    }

    /// Whether more has come than has passed.
    pub fn has_more(&self) -> bool {
        self.passed < self.input
    }

    /// Whether all has passed but the end of the stream.
    pub fn is_at_end(&self) -> bool {
        self.ended && !self.has_more()
    }

    /// Throws away what has not passed.
    pub fn throw_away(&mut self) {
        let keep = self.passed.saturating_sub(self.stream.forwarded) as usize;
        if self.stream.buffer.truncate(keep) > 0 {
            self.touch(HitEffect::Dropped, self.passed);
        }
    }

    pub fn touch(&mut self, effect: HitEffect, offset: u64) {
        self.touched.push(Touch { effect, offset });
    }
}

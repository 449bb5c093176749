//! A chain that is driven by hand.

use std::time::{Duration, Instant};

use crate::chain::*;
use crate::toxics::Toxics;
use crate::{HitEffect, Side, ToxicKind};

/// No write at all.
pub const NONE: [u64; 0] = [];

/// One direction, driven by hand.
pub struct Line {
    pub toxics: Toxics,
    pub chain: Chain,
    pub buffer: crate::buffer::Buffer,
    pub messages: Messages,
    pub began: Instant,
    pub now: Instant,
    pub read: u64,
    pub forwarded: u64,
    pub ended: bool,
    pub reach: Reach,
    pub out: Vec<u8>,
}

pub fn toxic(kind: &str) -> Toxic {
    let kind: ToxicKind = serde_json::from_str(kind).expect("a kind");
    let toxic = Toxic::new(kind, Side::Client);
    toxic.check().expect("sensible");
    toxic
}

impl Line {
    pub fn new(kinds: &[&str]) -> Self {
        Self::with(kinds.iter().map(|kind| toxic(kind)))
    }

    pub fn with(toxics: impl IntoIterator<Item = Toxic>) -> Self {
        let began = Instant::now();
        let mut line = Self {
            toxics: Toxics::default(),
            chain: Chain::default(),
            buffer: Default::default(),
            messages: Messages::default(),
            began,
            now: began,
            read: 0,
            forwarded: 0,
            ended: false,
            reach: Reach::default(),
            out: Vec::new(),
        };
        for toxic in toxics {
            assert!(line.toxics.add(toxic));
        }
        line.follow(false);
        line
    }

    pub fn follow(&mut self, open: bool) -> bool {
        self.follow_as(1, 1, open)
    }

    pub fn follow_as(&mut self, seed: u64, connection: u64, open: bool) -> bool {
        let origin = Origin { seed, link: "a", connection, open };
        self.chain.follow(self.toxics.toward(Side::Client), &origin, self.forwarded, self.now)
    }

    /// Forwards all that may pass now, one write after the other; the sizes of the writes.
    pub fn go(&mut self) -> Vec<u64> {
        let mut writes = Vec::new();
        loop {
            let mut stream = ByteStream {
                now: self.now,
                forwarded: self.forwarded,
                input: self.read,
                ended: self.ended,
                buffer: &mut self.buffer,
                messages: &self.messages,
            };
            let touched = std::mem::take(&mut self.reach.touched);
            self.reach = self.chain.advance(&mut stream);
            self.reach.touched.splice(..0, touched);
            let count = (self.reach.limit - self.forwarded).min(self.buffer.len() as u64);
            for _ in 0..count {
                self.out.push(self.buffer.front()[0]);
                self.buffer.consume(1);
            }
            self.forwarded += count;
            if count == 0 {
                return writes;
            }
            writes.push(count);
        }
    }

    pub fn feed(&mut self, count: u64) -> Vec<u64> {
        let bytes: Vec<u8> = (self.read..self.read + count).map(|offset| offset as u8).collect();
        self.buffer.push(&bytes);
        self.read += count;
        self.go()
    }

    pub fn at(&mut self, micros: u64) -> Vec<u64> {
        self.now = self.began + Duration::from_micros(micros);
        self.go()
    }

    /// When the chain wants to be asked again, in microseconds since the beginning.
    pub fn wake(&self) -> Option<u128> {
        self.reach.wake.map(|at| (at - self.began).as_micros())
    }

    pub fn end(&mut self) -> bool {
        self.ended = true;
        self.go();
        self.reach.end
    }

    pub fn effects(&self) -> Vec<(HitEffect, u64)> {
        self.reach.touched.iter().map(|(_, _, touch)| (touch.effect, touch.offset)).collect()
    }
}

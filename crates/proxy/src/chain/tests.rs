//! Chains without sockets and without a clock: what passes when, to the byte and to the microsecond.

use std::time::{Duration, Instant};

/// No write at all.
const NONE: [u64; 0] = [];

use super::*;
use crate::toxics::Toxics;
use crate::{HitEffect, Only, Side, ToxicKind};

/// One direction, driven by hand.
struct Line {
    toxics: Toxics,
    chain: Chain,
    buffer: crate::buffer::Buffer,
    messages: Messages,
    began: Instant,
    now: Instant,
    read: u64,
    forwarded: u64,
    ended: bool,
    reach: Reach,
    out: Vec<u8>,
}

fn toxic(kind: &str) -> Toxic {
    let kind: ToxicKind = serde_json::from_str(kind).expect("a kind");
    let toxic = Toxic::new(kind, Side::Client);
    toxic.check().expect("sensible");
    toxic
}

impl Line {
    fn new(kinds: &[&str]) -> Self {
        Self::with(kinds.iter().map(|kind| toxic(kind)))
    }

    fn with(toxics: impl IntoIterator<Item = Toxic>) -> Self {
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

    fn follow(&mut self, open: bool) -> bool {
        self.follow_as(1, 1, open)
    }

    fn follow_as(&mut self, seed: u64, connection: u64, open: bool) -> bool {
        let origin = Origin { seed, link: "a", connection, open };
        self.chain.follow(self.toxics.toward(Side::Client), &origin, self.forwarded, self.now)
    }

    /// Forwards all that may pass now, one write after the other; the sizes of the writes.
    fn go(&mut self) -> Vec<u64> {
        let mut writes = Vec::new();
        loop {
            let mut stream = Stream {
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

    fn feed(&mut self, count: u64) -> Vec<u64> {
        let bytes: Vec<u8> = (self.read..self.read + count).map(|offset| offset as u8).collect();
        self.buffer.push(&bytes);
        self.read += count;
        self.go()
    }

    fn at(&mut self, micros: u64) -> Vec<u64> {
        self.now = self.began + Duration::from_micros(micros);
        self.go()
    }

    /// When the chain wants to be asked again, in microseconds since the beginning.
    fn wake(&self) -> Option<u128> {
        self.reach.wake.map(|at| (at - self.began).as_micros())
    }

    fn end(&mut self) -> bool {
        self.ended = true;
        self.go();
        self.reach.end
    }

    fn effects(&self) -> Vec<(HitEffect, u64)> {
        self.reach.touched.iter().map(|(_, _, touch)| (touch.effect, touch.offset)).collect()
    }
}

#[test]
fn latency_delays_each_byte_from_when_it_came_and_keeps_the_order() {
    let mut line = Line::new(&[r#"{"latency":{"latency":50}}"#]);
    assert_eq!(line.feed(10), NONE);
    assert_eq!(line.wake(), Some(50_000));
    assert_eq!(line.at(20_000), NONE);
    assert_eq!(line.feed(5), NONE);
    assert_eq!(line.at(49_999), NONE);
    assert_eq!(line.at(50_000), [10]);
    assert_eq!(line.wake(), Some(70_000));
    assert_eq!(line.at(70_000), [5]);
    assert!(line.end());
}

#[test]
fn jitter_is_within_its_bounds_and_repeats_by_seed_connection_and_place() {
    let delays = |seed, connection, pieces: &[u64]| {
        let mut line = Line::new(&[]);
        assert!(line.toxics.add(toxic(r#"{"latency":{"latency":20,"jitter":15}}"#)));
        line.follow_as(seed, connection, false);
        let mut delays = Vec::new();
        let mut time = 0;
        for piece in pieces {
            assert_eq!(line.feed(*piece), NONE);
            let due = line.wake().expect("delayed") as u64;
            assert!((5000..=35_000).contains(&(due - time)), "{due} {time}");
            delays.push((line.forwarded, due - time));
            assert_eq!(line.at(due), [*piece]);
            time = due;
        }
        delays
    };
    let first = delays(1, 1, &[10, 10, 10, 10]);
    assert_eq!(first, delays(1, 1, &[10, 10, 10, 10]));
    assert_ne!(first, delays(2, 1, &[10, 10, 10, 10]));
    assert_ne!(first, delays(1, 2, &[10, 10, 10, 10]));
    // What came in another piece before does not move what comes later.
    assert_eq!(first[3], delays(1, 1, &[30, 10])[1]);
}

#[test]
fn a_latency_that_is_smaller_than_its_jitter_never_sends_into_the_past() {
    let mut line = Line::new(&[r#"{"latency":{"latency":1,"jitter":100}}"#]);
    for piece in 1..50 {
        line.feed(piece);
        assert!(line.wake().is_none_or(|at| at <= 101_000 + (line.now - line.began).as_micros()));
        line.at(piece * 200_000);
        assert_eq!(line.forwarded, line.read);
    }
}

#[test]
fn bandwidth_lets_a_byte_pass_when_its_time_on_the_line_is_over() {
    // 1 KB/s: one byte a millisecond.
    let mut line = Line::new(&[r#"{"bandwidth":{"rate":1}}"#]);
    assert_eq!(line.feed(3), NONE);
    assert_eq!(line.wake(), Some(3000));
    assert_eq!(line.at(2999), NONE);
    assert_eq!(line.at(3000), [3]);
    // The line was idle: what comes now has not saved anything up.
    assert_eq!(line.at(100_000), NONE);
    assert_eq!(line.feed(1000), NONE);
    assert_eq!(line.at(105_000), [5]);
    assert_eq!(line.at(600_000), [495]);
    assert_eq!(line.at(1_099_999), [499]);
    assert_eq!(line.at(1_100_000), [1]);
    assert_eq!(line.out.len(), 1003);
}

#[test]
fn a_bandwidth_of_nothing_lets_nothing_pass_and_a_huge_one_everything() {
    let mut line = Line::new(&[r#"{"bandwidth":{"rate":0}}"#]);
    assert_eq!(line.feed(3), NONE);
    assert_eq!((line.at(3_600_000_000), line.wake()), (vec![], None));
    let mut line = Line::new(&[r#"{"bandwidth":{"rate":18446744073709551615}}"#]);
    line.feed(1_000_000);
    line.at(1);
    assert_eq!(line.forwarded, 1_000_000);
}

#[test]
fn slices_end_at_the_same_places_however_the_bytes_come() {
    let slices = |pieces: &[u64]| {
        let mut line = Line::new(&[r#"{"slicer":{"average_size":10,"size_variation":5,"delay":100}}"#]);
        let mut ends = Vec::new();
        for piece in pieces {
            line.feed(*piece);
            // Whatever waits is at the end of a slice.
            while line.forwarded < line.read {
                ends.push(line.forwarded);
                let next = line.wake().expect("it goes on") as u64;
                line.at(next);
            }
        }
        assert_eq!(line.out, (0..200).map(|offset: u64| offset as u8).collect::<Vec<_>>());
        ends
    };
    assert!(slices(&[200]).len() > 10);
    assert_eq!(slices(&[200]), slices(&[1; 200]));
    assert_eq!(slices(&[200]), slices(&[7, 50, 3, 140]));
}

#[test]
fn slices_are_average_size_give_or_take_the_variation_with_the_delay_between() {
    let mut line = Line::new(&[r#"{"slicer":{"average_size":10,"size_variation":5,"delay":100}}"#]);
    let (mut sizes, mut now) = (line.feed(1000), 0);
    while line.forwarded < 1000 {
        now += 100;
        assert_eq!(line.wake(), Some(now));
        let writes = line.at(now as u64);
        assert_eq!(writes.len(), 1);
        sizes.extend(writes);
    }
    let (last, whole) = sizes.split_last().expect("slices");
    assert!(whole.iter().all(|size| (5..=15).contains(size)) && *last <= 15, "{sizes:?}");
    assert!(whole.iter().min() < Some(&8) && whole.iter().max() > Some(&12), "{sizes:?}");
}

#[test]
fn lost_time_is_made_good_little_by_little() {
    let mut line = Line::new(&[r#"{"slicer":{"average_size":10,"delay":100}}"#]);
    assert_eq!(line.feed(100), [10]);
    assert_eq!(line.at(130), [10]);
    // On time by the clock.
    assert_eq!(line.wake(), Some(200));
    assert_eq!(line.at(270), [10]);
    assert_eq!(line.wake(), Some(320));
    assert_eq!(line.at(320), [10]);
    // On time again.
    assert_eq!(line.wake(), Some(400));
    for _ in 0..5 {
        let next = line.wake().expect("it goes on") as u64;
        line.at(next);
    }
    assert_eq!(line.forwarded, 90);
    line.at(2000);
    // What comes to an idle line is not late.
    line.at(10_000);
    assert_eq!(line.feed(20), [10]);
    assert_eq!(line.wake(), Some(10_100));
}

#[test]
fn limit_data_passes_exactly_so_many_bytes_and_ends_there() {
    let mut line = Line::new(&[r#"{"limit_data":{"bytes":5}}"#]);
    assert_eq!(line.feed(4), [4]);
    assert_eq!(line.reach.ending, None);
    assert_eq!(line.feed(4), [1]);
    assert_eq!(line.reach.ending, Some((End::Close, 5)));
    assert_eq!(line.effects(), [(HitEffect::Closed, 5)]);
    let mut line = Line::new(&[r#"{"limit_data":{"bytes":0}}"#]);
    assert_eq!((line.go(), line.reach.ending), (vec![], None));
    assert_eq!((line.feed(1), line.reach.ending), (vec![], Some((End::Close, 0))));
}

#[test]
fn a_timeout_drops_everything_and_fires_on_time_whatever_comes() {
    let mut line = Line::new(&[r#"{"timeout":{"timeout":10}}"#]);
    for time in 0..10 {
        line.at(time * 1000);
        assert_eq!(line.feed(7), NONE);
        assert!(line.buffer.is_empty());
        assert_eq!((line.reach.ending, line.wake()), (None, Some(10_000)));
    }
    line.at(10_000);
    assert_eq!(line.reach.ending, Some((End::Close, 0)));
    assert_eq!(line.effects()[0], (HitEffect::Dropped, 0));
    let mut line = Line::new(&[r#"{"timeout":{"timeout":0}}"#]);
    line.feed(3);
    line.at(3_600_000_000);
    assert_eq!((line.reach.ending, line.wake(), line.end()), (None, None, false));
}

#[test]
fn the_time_of_a_timeout_begins_anew_when_it_is_changed() {
    let mut line = Line::new(&[r#"{"timeout":{"timeout":1000}}"#]);
    assert_eq!(line.at(500_000), NONE);
    assert!(line.toxics.replace(toxic(r#"{"timeout":{"timeout":100}}"#)));
    line.follow(true);
    // A change of another toxic is none of this one.
    assert_eq!(line.at(550_000), NONE);
    assert!(line.toxics.add(toxic(r#"{"noop":{}}"#)));
    line.follow(true);
    line.go();
    assert_eq!((line.reach.ending, line.wake()), (None, Some(600_000)));
    line.at(600_000);
    assert_eq!(line.reach.ending, Some((End::Close, 0)));
}

#[test]
fn removing_a_timeout_ends_the_connection_and_removing_anything_else_lets_all_pass() {
    let mut line = Line::new(&[r#"{"timeout":{"timeout":0}}"#]);
    line.go();
    assert!(line.toxics.remove("timeout_downstream"));
    assert!(line.follow(true));
    for kind in [
        r#"{"latency":{"latency":1000}}"#,
        r#"{"bandwidth":{"rate":0}}"#,
        r#"{"slicer":{"average_size":1,"delay":1000000}}"#,
        r#"{"slow_close":{"delay":1000}}"#,
        r#"{"noop":{}}"#,
    ] {
        let mut line = Line::new(&[kind]);
        line.feed(50);
        line.ended = true;
        line.toxics.clear();
        assert!(!line.follow(true), "{kind}");
        line.go();
        assert_eq!((line.forwarded, line.reach.end), (50, true), "{kind}");
    }
}

#[test]
fn a_reset_counts_from_the_toxic_on_open_connections_and_else_from_the_first_byte() {
    let mut line = Line::new(&[r#"{"reset_peer":{"timeout":5}}"#]);
    line.at(1_000_000);
    assert_eq!(line.reach.ending, None);
    line.feed(1);
    assert_eq!(line.wake(), Some(1_005_000));
    line.at(1_005_000);
    assert_eq!(line.reach.ending, Some((End::Reset, 0)));
    let mut line = Line::new(&[]);
    line.at(1000);
    assert!(line.toxics.add(toxic(r#"{"reset_peer":{"timeout":5}}"#)));
    line.follow(true);
    line.go();
    assert_eq!(line.wake(), Some(6000));
    line.at(6000);
    assert_eq!(line.reach.ending, Some((End::Reset, 0)));
}

#[test]
fn slow_close_delays_the_end_and_nothing_else() {
    let mut line = Line::new(&[r#"{"slow_close":{"delay":10}}"#]);
    assert_eq!(line.feed(5), [5]);
    assert!(!line.end());
    assert_eq!(line.wake(), Some(10_000));
    line.at(10_000);
    assert!(line.reach.end);
}

#[test]
fn corrupt_changes_the_bytes_of_its_range_and_no_other() {
    for pieces in [vec![10], vec![1; 10], vec![4, 6]] {
        let mut line = Line::new(&[r#"{"corrupt":{"from":3,"length":2,"mask":128}}"#]);
        pieces.iter().for_each(|piece| drop(line.feed(*piece)));
        assert_eq!(line.out, [0, 1, 2, 3 | 128, 4 | 128, 5, 6, 7, 8, 9]);
        assert_eq!(line.effects()[0], (HitEffect::Changed, 3));
    }
}

#[test]
fn toxics_apply_one_after_the_other() {
    let mut line = Line::new(&[r#"{"limit_data":{"bytes":4}}"#, r#"{"latency":{"latency":10}}"#]);
    assert_eq!(line.feed(10), NONE);
    // The end of the connection waits for what may still pass.
    assert_eq!(line.reach.ending, Some((End::Close, 4)));
    assert_eq!(line.forwarded, 0);
    assert_eq!(line.at(10_000), [4]);
}

#[test]
fn a_toxic_that_comes_later_meets_what_has_not_been_forwarded() {
    let mut line = Line::new(&[r#"{"latency":{"latency":10}}"#]);
    line.feed(4);
    assert!(line.toxics.add(toxic(r#"{"limit_data":{"bytes":1}}"#)));
    line.follow(true);
    assert_eq!(line.at(10_000), [1]);
}

#[test]
fn new_values_count_at_once_and_for_what_comes() {
    let mut line = Line::new(&[r#"{"latency":{"latency":50}}"#]);
    line.feed(1);
    assert!(line.toxics.replace(toxic(r#"{"latency":{"latency":100}}"#)));
    line.follow(true);
    line.feed(1);
    // What is under way is delayed by the new value, from when it came.
    assert_eq!((line.at(50_000), line.wake()), (vec![], Some(100_000)));
    assert!(line.toxics.replace(toxic(r#"{"latency":{"latency":0}}"#)));
    line.follow(true);
    assert_eq!(line.go(), [2]);
    let mut line = Line::new(&[r#"{"limit_data":{"bytes":5}}"#]);
    line.feed(3);
    assert!(line.toxics.replace(toxic(r#"{"limit_data":{"bytes":1}}"#)));
    line.follow(true);
    assert_eq!((line.feed(1), line.reach.ending), (vec![], Some((End::Close, 3))));
}

#[test]
fn each_connection_draws_once_and_toxicity_is_the_share_that_is_hit() {
    let hit = |seed, toxicity: f64| {
        let is_hit = |connection| {
            let mut line = Line::with([Toxic { toxicity, ..toxic(r#"{"limit_data":{"bytes":0}}"#) }]);
            line.chain = Chain::default();
            line.follow_as(seed, connection, false);
            line.feed(1);
            line.reach.ending.is_some()
        };
        (1..=1000).filter(|connection| is_hit(*connection)).collect::<Vec<u64>>()
    };
    assert_eq!(hit(1, 0.0), NONE);
    assert_eq!(hit(1, 1.0).len(), 1000);
    let some = hit(1, 0.3);
    assert!((220..380).contains(&some.len()), "{}", some.len());
    assert_eq!(some, hit(1, 0.3));
    assert_ne!(some, hit(2, 0.3));
    // Who is hit at a small share is hit at a larger one.
    let more = hit(1, 0.5);
    assert!(some.iter().all(|connection| more.contains(connection)));
}

#[test]
fn a_toxic_that_chooses_lets_everything_else_alone() {
    let chosen = |kind: &str| {
        let mut line = Line::with([Toxic { only: Some(Only::default()), ..toxic(kind) }]);
        let serial = line.toxics.toward(Side::Client).next().expect("added").serial;
        line.messages.begin(10, vec![serial]);
        line.messages.end(20);
        line
    };
    let mut line = chosen(r#"{"limit_data":{"bytes":3}}"#);
    line.feed(30);
    assert_eq!((line.forwarded, line.reach.ending), (13, Some((End::Close, 13))));
    let mut line = chosen(r#"{"corrupt":{"from":1,"mask":255}}"#);
    line.feed(30);
    assert_eq!(line.out[9..13], [9, 10, !11, 12]);
    let mut line = chosen(r#"{"latency":{"latency":7}}"#);
    assert_eq!(line.feed(30), [10]);
    assert_eq!(line.wake(), Some(7000));
    // What is not delayed itself waits for what is before it.
    line.at(7000);
    assert_eq!(line.forwarded, 30);
    let mut line = chosen(r#"{"timeout":{"timeout":7}}"#);
    line.at(1_000_000);
    assert_eq!(line.reach.ending, None);
    line.feed(30);
    assert_eq!((line.forwarded, line.wake()), (10, Some(1_007_000)));
    let mut line = chosen(r#"{"slicer":{"average_size":4,"delay":100}}"#);
    assert_eq!(line.feed(30), [10, 4]);
    line.at(100);
    line.at(200);
    line.at(300);
    assert_eq!(line.forwarded, 30);
    let mut line = chosen(r#"{"bandwidth":{"rate":1}}"#);
    assert_eq!(line.feed(30), [10]);
    line.at(10_000);
    assert_eq!(line.forwarded, 30);
    let mut line = chosen(r#"{"reset_peer":{"timeout":0}}"#);
    line.feed(10);
    assert_eq!(line.reach.ending, None);
    line.feed(1);
    assert_eq!(line.reach.ending, Some((End::Reset, 0)));
}

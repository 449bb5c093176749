//! Each kind of toxic alone.

use super::line::{Line, NONE, toxic};
use crate::HitEffect;
use crate::chain::*;

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

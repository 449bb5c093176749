//! Toxics one after the other, and toxics that come, change and choose.

use super::line::{Line, NONE, toxic};
use crate::chain::*;
use crate::{Only, Side};

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

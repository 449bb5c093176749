use super::*;

/// 2025-11-25 22:00:00 UTC.
const THEN: i64 = 1_764_108_000_000_000;

fn clock() -> Clock {
    // A week later, and an hour ahead of UTC.
    Clock { ahead: |_| 3600, now: THEN + 7 * DAY * SECOND }
}

#[test]
fn every_shape_of_a_time_with_its_day_is_read() {
    for (text, micros) in [
        ("2025-11-25T22:00:00.123456Z", 123_456),
        ("2025-11-25 22:00:00,123+00:00", 123_000),
        ("2025-11-25 22:00:00 +0000", 0),
        ("2025-11-25 23:00:00.123+01:00", 123_000),
        ("2025-11-25 22:00:00.123 UTC", 123_000),
        ("2025-11-25 17:00:00 EST", 0),
        ("2025-11-25T23:00:00", 0),
        ("2025/11/25 23:00:00", 0),
        ("2025.11.25 23:00:00.123456", 123_456),
        ("2025.11.25-23.00.00", 0),
        ("25/11/25 23:00:00", 0),
        ("25-Nov-2025 23:00:00.123", 123_000),
        ("25-Nov-2025::23:00:00.123456", 123_456),
        ("25 Nov 2025 23:00:00.123", 123_000),
        ("25 Nov 23:00:00.123", 123_000),
        ("25/Nov/2025:22:00:00 +0000", 0),
        ("11/25/2025, 11:00:00 PM", 0),
        ("25.11.2025, 23:00:00", 0),
        ("25-11-2025, 23:00:00", 0),
        ("Tue Nov 25 23:00:00.123456 2025", 123_456),
        ("Tue, 25 Nov 2025 22:00:00 GMT", 0),
        ("Nov 25, 2025 11:00:00 PM", 0),
        ("Nov 25 23:00:00", 0),
        ("251125 23:00:00", 0),
        ("20251125T230000", 0),
        ("20251125 23:00:00", 0),
        ("11-25 23:00:00.123", 123_000),
        ("11-25|23:00:00.123", 123_000),
        ("1764108000.123", 123_000),
        ("1764108000123", 123_000),
    ] {
        assert_eq!(clock().read(text), Some(THEN + micros), "{text}");
    }
}

#[test]
fn a_time_that_does_not_say_its_day_for_certain_is_none() {
    for text in ["22:00:00", "10:00:00 PM", "5/6/2025, 22:00:00", "2025-13-25T22:00:00Z", "hello", "2025-11-25"] {
        assert_eq!(clock().read(text), None, "{text}");
    }
}

#[test]
fn a_time_without_a_year_is_the_last_one_that_has_been() {
    let then = clock().read("Dec 24 23:00:00").expect("a time");
    assert_eq!(rfc3339(then), "2024-12-24T22:00:00Z");
}

#[test]
fn the_time_of_a_head_is_found_wherever_it_stands_but_not_in_its_message() {
    let of = |line: &str| clock().of(line, line, None, false);
    for line in [
        "[2025-11-25T22:00:00Z INFO  app] begun",
        "I1125 23:00:00.000000    1234 file.go:12] begun",
        "I20251125 23:00:00.000000    1234 file.go:12] begun",
        "1:M 25 Nov 2025 22:00:00.000 UTC * begun",
        "127.0.0.1 - - [25/Nov/2025:22:00:00 +0000] \"GET / HTTP/1.1\" 200",
        "=ERROR REPORT==== 25-Nov-2025::23:00:00.000000 ===",
        "I, [2025-11-25T23:00:00.000000 #12]  INFO -- : begun",
        "{\"level\":\"info\",\"time\":1764108000000,\"msg\":\"begun\"}",
        "{\"msg\":\"at 2024-01-01 00:00:00\",\"ts\": 1764108000.0}",
        "{\"t\":{\"$date\":\"2025-11-25T22:00:00.000+00:00\"},\"s\":\"I\",\"msg\":\"begun\"}",
        "{\"instant\":{\"epochSecond\":1764108000,\"nanoOfSecond\":0},\"level\":\"INFO\"}",
        "{\"log\":\"begun\\n\",\"stream\":\"stderr\",\"time\":\"2025-11-25T22:00:00.000000000Z\"}",
        "{\"__REALTIME_TIMESTAMP\":\"1764108000000000\",\"MESSAGE\":\"begun\"}",
    ] {
        assert_eq!(of(line), Some(THEN), "{line}");
    }
    let pairs = "level=info msg=\"for 2024-01-01 00:00:00\" time=\"2025-11-25T22:00:00Z\"";
    assert_eq!(clock().of(pairs, pairs, None, true), Some(THEN));
    let line = "INFO:app:due 2025-11-25 22:00:00";
    assert_eq!(clock().of(line, line, Some(9..line.len()), false), None);
    let behind = format!("2025-11-25T22:00:00Z stderr F {line}");
    assert_eq!(clock().of(&behind, line, Some(9..line.len()), false), Some(THEN));
}

#[test]
fn what_is_written_is_read_again() {
    for micros in [0, THEN, THEN + 1, THEN + 250_000, 951_782_400_000_000, 4_107_542_399_999_999] {
        assert_eq!(from_rfc3339(&rfc3339(micros)), Some(micros), "{}", rfc3339(micros));
    }
    for wrong in ["", "2025-11-25", "2025-11-25T22:00:00", "2025-02-29T22:00:00Z", "2025-11-25T22:00:00.Z", "10m"] {
        assert_eq!(from_rfc3339(wrong), None, "{wrong}");
    }
}

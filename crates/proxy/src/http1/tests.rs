use super::*;

fn scan(requests: bool, asked: Asked, pieces: &[&[u8]]) -> Vec<Mark> {
    let mut scanner = if requests { Scanner::of_requests() } else { Scanner::of_responses() };
    let mut marks = Vec::new();
    pieces.iter().for_each(|piece| scanner.feed(piece, || Some(asked), |mark| marks.push(mark)));
    scanner.finish(|mark| marks.push(mark));
    marks
}

/// The marks of the whole, which are also those of every split in two and of single bytes.
fn marks(requests: bool, asked: Asked, text: &str) -> Vec<Mark> {
    let bytes = text.as_bytes();
    let whole = scan(requests, asked, &[bytes]);
    for at in 0..bytes.len() {
        assert_eq!(scan(requests, asked, &[&bytes[..at], &bytes[at..]]), whole, "split at {at} of {text:?}");
    }
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(scan(requests, asked, &single), whole);
    whole
}

fn head(start: u64, end: u64, method: &str, path: &str) -> Mark {
    Mark::Head { start, end, head: Head::Request { method: method.into(), path: path.into(), key: None } }
}

fn answer(start: u64, end: u64, status: u16) -> Mark {
    Mark::Head { start, end, head: Head::Response { status } }
}

#[test]
fn requests_with_and_without_bodies_one_after_another() {
    let text = "GET /a?x=1 HTTP/1.1\r\nhost: h\r\n\r\nPOST /b HTTP/1.1\r\ncontent-length: 3\r\n\r\nabc\r\nHEAD http://h:1/c HTTP/1.0\r\n\r\n";
    let wanted = [
        head(0, 32, "GET", "/a"),
        Mark::End(32),
        head(32, 71, "POST", "/b"),
        Mark::End(74),
        head(76, 106, "HEAD", "/c"),
        Mark::End(106),
    ];
    assert_eq!(marks(true, Asked::Other, text), wanted);
}

#[test]
fn chunks_with_extensions_and_trailers() {
    let text = "POST /b HTTP/1.1\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n3;x=y\r\nabc\r\n0A\r\n0123456789\r\n0\r\nt: v\r\n\r\nGET / HTTP/1.1\r\n\r\n";
    let end = text.find("GET").expect("there") as u64;
    assert_eq!(
        marks(true, Asked::Other, text),
        [head(0, 54, "POST", "/b"), Mark::End(end), head(end, end + 18, "GET", "/"), Mark::End(end + 18)]
    );
}

#[test]
fn responses_by_status_and_by_what_they_answer() {
    let continued = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    assert_eq!(
        marks(false, Asked::Other, continued),
        [answer(0, 25, 100), Mark::End(25), answer(25, 63, 200), Mark::End(65)]
    );
    assert_eq!(
        marks(false, Asked::Head, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"),
        [answer(0, 38, 200), Mark::End(38)]
    );
    assert_eq!(
        marks(false, Asked::Other, "HTTP/1.1 304 No\r\ncontent-length: 9\r\n\r\n"),
        [answer(0, 38, 304), Mark::End(38)]
    );
    assert_eq!(marks(false, Asked::Other, "HTTP/1.0 200 OK\r\n\r\nuntil the end"), [answer(0, 19, 200), Mark::End(32)]);
}

#[test]
fn what_is_not_plain_http_passes_unrecognised() {
    assert_eq!(
        marks(false, Asked::Other, "HTTP/1.1 101 Up\r\n\r\n\x01\x02GET / HTTP/1.1\r\n\r\n"),
        [answer(0, 19, 101), Mark::End(19), Mark::NotHttp]
    );
    assert_eq!(
        marks(false, Asked::Connect, "HTTP/1.1 200 OK\r\n\r\nraw"),
        [answer(0, 19, 200), Mark::End(19), Mark::NotHttp]
    );
    assert_eq!(marks(true, Asked::Other, "\x16\x03\x01 no http\n\n"), [Mark::NotHttp]);
    assert_eq!(marks(true, Asked::Other, "POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n"), [Mark::NotHttp]);
    let broken = "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n";
    assert_eq!(marks(true, Asked::Other, broken), [head(0, 47, "POST", "/"), Mark::NotHttp]);
    assert_eq!(scan(true, Asked::Other, &[&vec![b'a'; HEAD_BOUND + 1]]), [Mark::NotHttp]);
}

#[test]
fn a_line_of_chunked_framing_is_too_long_however_it_comes() {
    let begin = "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n";
    let long = "x".repeat(20_000);
    for text in [format!("{begin}1;{long}\r\nx\r\n0\r\n\r\n"), format!("{begin}0\r\nt: {long}\r\n\r\n")] {
        let bytes = text.as_bytes();
        let wanted = [head(0, 47, "POST", "/"), Mark::NotHttp];
        assert_eq!(scan(true, Asked::Other, &[bytes]), wanted);
        assert_eq!(scan(true, Asked::Other, &bytes.chunks(1).collect::<Vec<_>>()), wanted);
        assert_eq!(scan(true, Asked::Other, &bytes.chunks(10_000).collect::<Vec<_>>()), wanted);
    }
}

#[test]
fn what_contradicts_the_framing_is_not_http() {
    for (head, body) in [
        ("content-length: +3", "abc"),
        ("content-length: 3\r\ncontent-length: 4", "abcd"),
        ("transfer-encoding: chunked", "+3\r\nabc\r\n"),
        ("transfer-encoding: chunked", "3\r\nabcd\r\n"),
        ("transfer-encoding: chunked", "3\r\nabc\r\r\n"),
        ("transfer-encoding: chunked", "\r\nabc\r\n"),
        ("transfer-encoding: chunked", "10000000000000000\r\nabc"),
    ] {
        let text = format!("POST /b HTTP/1.1\r\n{head}\r\n\r\n{body}");
        assert_eq!(marks(true, Asked::Other, &text).last(), Some(&Mark::NotHttp), "{text:?}");
    }
}

#[test]
fn a_first_line_that_is_none_is_found_before_its_end() {
    for text in ["\x16\x03", "GET/ HTTP/1.1", "GET / HTTX", "GET / HTTP/2.0\r\n"] {
        assert_eq!(marks(true, Asked::Other, text).last(), Some(&Mark::NotHttp), "{text:?}");
    }
    for text in ["G", "GET / HT", "GET / HTTP/1.1\r\n", "\r\n\r\nGET", "GET / HTTP/1.1\r\nx: y\r\n"] {
        assert_eq!(marks(true, Asked::Other, text), [], "{text:?}");
    }
}

#[test]
fn pieces_of_any_sizes_give_the_same_marks() {
    let text = "POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\n\r\n\r\n0\r\n0\r\nt: v\r\n\r\n\
                GET /c?d HTTP/1.1\r\nhost: h\r\n\r\nPUT /e HTTP/1.0\r\ncontent-length: 4\r\n\r\n\r\n\r\nzz";
    let bytes = &text.as_bytes()[..text.len() - 1];
    let whole = scan(true, Asked::Other, &[bytes]);
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..2000 {
        let mut pieces = Vec::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(random.usize(1..=rest.len().min(20)));
            pieces.push(piece);
            rest = after;
        }
        assert_eq!(scan(true, Asked::Other, &pieces), whole, "{pieces:?}");
    }
}

#[test]
fn a_request_is_known_by_its_idempotency_key() {
    let mut keys = Vec::new();
    let bytes = b"POST /a HTTP/1.1\r\nIdempotency-Key: k-1\r\ncontent-length: 0\r\n\r\nPOST /a HTTP/1.1\r\n\r\n";
    Scanner::of_requests().feed(
        bytes,
        || None,
        |mark| {
            if let Mark::Head { head: Head::Request { key, .. }, .. } = mark {
                keys.push(key);
            }
        },
    );
    assert_eq!(keys, [Some("k-1".to_owned()), None]);
}

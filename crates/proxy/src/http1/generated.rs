//! Generated conversations, whose places are known, and generated nonsense: in whatever pieces they come, the marks are the
//! same.

use std::collections::VecDeque;

use super::*;
use crate::generated::seeds;

/// A connection's two directions, with the marks that are right.
#[derive(Default)]
struct Conversation {
    requests: Vec<u8>,
    responses: Vec<u8>,
    request_marks: Vec<Mark>,
    response_marks: Vec<Mark>,
    asked: VecDeque<Asked>,
}

impl Conversation {
    fn new(random: &mut fastrand::Rng) -> Self {
        let mut conversation = Self::default();
        for _ in 0..random.usize(1..6) {
            conversation.exchange(random);
        }
        if random.u8(0..4) == 0 {
            conversation.upgrade(random);
        }
        conversation
    }

    fn exchange(&mut self, random: &mut fastrand::Rng) {
        let method = ["GET", "POST", "HEAD", "PUT", "DELETE"][random.usize(0..5)];
        let path = ["/", "/a/b", "/x?y=z", "http://h:1/c"][random.usize(0..4)];
        if random.bool() {
            self.requests.extend_from_slice([&b"\r\n"[..], b"\n"][random.usize(0..2)]);
        }
        let (fields, body) = body(random);
        let expects = if random.u8(0..4) == 0 { "expect: 100-continue\r\n" } else { "" };
        let head = format!("{method} {path} HTTP/1.1\r\nhost: h\r\n{expects}{fields}\r\n");
        let start = self.requests.len() as u64;
        let place = (start, start + head.len() as u64);
        self.requests.extend(head.bytes().chain(body));
        let wanted = ["/", "/a/b", "/x", "/c"]
            [["/", "/a/b", "/x?y=z", "http://h:1/c"].iter().position(|it| *it == path).expect("one of them")];
        self.request_marks.push(Mark::Head {
            start: place.0,
            end: place.1,
            head: Head::Request { method: method.to_owned(), path: wanted.to_owned(), key: None },
        });
        self.request_marks.push(Mark::End(self.requests.len() as u64));
        if !expects.is_empty() {
            self.response("HTTP/1.1 100 Continue\r\n\r\n", 100, &[]);
        }
        let asked = if method == "HEAD" { Asked::Head } else { Asked::Other };
        self.asked.push_back(asked);
        let (status, reason) = [(200, "OK"), (204, "No Content"), (304, "Not Modified"), (503, "")][random.usize(0..4)];
        let (fields, body) = self::body(random);
        let (fields, body) = match (fields.is_empty(), status, asked) {
            // It says how long it would be, and has no body.
            (_, _, Asked::Head) | (_, 204 | 304, _) => (fields, Vec::new()),
            (true, _, _) => ("content-length: 0\r\n".to_owned(), Vec::new()),
            _ => (fields, body),
        };
        self.response(&format!("HTTP/1.1 {status} {reason}\r\n{fields}\r\n"), status, &body);
    }

    fn response(&mut self, head: &str, status: u16, body: &[u8]) {
        let start = self.responses.len() as u64;
        let end = start + head.len() as u64;
        self.responses.extend(head.bytes().chain(body.iter().copied()));
        self.response_marks.push(Mark::Head { start, end, head: Head::Response { status } });
        self.response_marks.push(Mark::End(self.responses.len() as u64));
    }

    /// From here on it is something else; what comes may look like HTTP.
    fn upgrade(&mut self, random: &mut fastrand::Rng) {
        let head = "GET /up HTTP/1.1\r\nupgrade: x\r\n\r\n";
        let start = self.requests.len() as u64;
        self.requests.extend(head.bytes());
        let end = self.requests.len() as u64;
        let head = Head::Request { method: "GET".to_owned(), path: "/up".to_owned(), key: None };
        self.request_marks.extend([Mark::Head { start, end, head }, Mark::End(end)]);
        self.asked.push_back(Asked::Other);
        let head = "HTTP/1.1 101 Switching\r\n\r\n";
        let start = self.responses.len() as u64;
        let end = start + head.len() as u64;
        self.responses.extend(head.bytes().chain("HTTP/1.1 200 OK\r\n\r\n".bytes().take(random.usize(0..19))));
        let head = Head::Response { status: 101 };
        self.response_marks.extend([Mark::Head { start, end, head }, Mark::End(end), Mark::NotHttp]);
    }
}

/// The fields that declare a body, and the body.
fn body(random: &mut fastrand::Rng) -> (String, Vec<u8>) {
    let bytes: Vec<u8> = (0..random.usize(0..60)).map(|_| random.u8(..)).collect();
    match random.u8(0..3) {
        0 => (String::new(), Vec::new()),
        1 => (format!("Content-Length:  {}\r\n", bytes.len()), bytes),
        _ => {
            let mut framed = Vec::new();
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let (chunk, after) = rest.split_at(random.usize(1..=rest.len()));
                let extension = if random.bool() { ";a=\"b\"" } else { "" };
                framed.extend(format!("{:x}{extension}\r\n", chunk.len()).bytes());
                framed.extend(chunk);
                framed.extend(b"\r\n");
                rest = after;
            }
            framed.extend(b"0\r\n");
            if random.bool() {
                framed.extend(b"trailer: value\r\n");
            }
            framed.extend(b"\r\n");
            ("transfer-encoding: chunked\r\n".to_owned(), framed)
        }
    }
}

/// Scans bytes that come in random pieces; the marks.
fn scan(requests: bool, bytes: &[u8], asked: &VecDeque<Asked>, random: &mut fastrand::Rng, most: usize) -> Vec<Mark> {
    let mut scanner = if requests { Scanner::of_requests() } else { Scanner::of_responses() };
    let (marks, mut rest) = (std::cell::RefCell::new(Vec::new()), bytes);
    // Each final response answers the next request.
    let answered = || {
        let finals = |mark: &&Mark| matches!(mark, Mark::Head { head: Head::Response { status }, .. } if !matches!(status, 100 | 102..=199));
        marks.borrow().iter().filter(finals).count()
    };
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(random.usize(1..=rest.len().min(most)));
        scanner.feed(piece, || asked.get(answered()).copied(), |mark| marks.borrow_mut().push(mark));
        rest = after;
    }
    scanner.finish(|mark| marks.borrow_mut().push(mark));
    marks.into_inner()
}

#[test]
fn a_conversation_is_recognised_to_the_byte_in_whatever_pieces_it_comes() {
    for seed in 0..seeds(300) {
        let mut random = fastrand::Rng::with_seed(seed);
        let it = Conversation::new(&mut random);
        for most in [usize::MAX, 1, 3, 40] {
            assert_eq!(scan(true, &it.requests, &it.asked, &mut random, most), it.request_marks, "seed {seed}");
            assert_eq!(scan(false, &it.responses, &it.asked, &mut random, most), it.response_marks, "seed {seed}");
        }
    }
}

#[test]
fn nonsense_is_the_same_nonsense_in_whatever_pieces_it_comes() {
    for seed in 0..seeds(300) {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut it = Conversation::new(&mut random);
        for bytes in [&mut it.requests, &mut it.responses] {
            for _ in 0..random.usize(1..5) {
                let at = random.usize(0..bytes.len().max(1));
                match random.u8(0..4) {
                    0 | 1 if bytes.is_empty() => {}
                    0 => bytes[at] = random.u8(..),
                    1 => drop(bytes.remove(at)),
                    2 => bytes.insert(at, random.u8(..)),
                    _ => bytes.truncate(at.max(1)),
                }
            }
        }
        for (requests, bytes) in [(true, &it.requests), (false, &it.responses)] {
            let whole = scan(requests, bytes, &it.asked, &mut random, usize::MAX);
            for most in [1, 2, 17, 100] {
                assert_eq!(scan(requests, bytes, &it.asked, &mut random, most), whole, "seed {seed}");
            }
            let places = whole.iter().filter_map(|mark| match mark {
                Mark::Head { start, end, .. } => Some((*start, *end)),
                Mark::End(at) => Some((*at, *at)),
                Mark::NotHttp => None,
            });
            let mut last = 0;
            for (start, end) in places {
                assert!(last <= start && start <= end && end <= bytes.len() as u64, "seed {seed}: {whole:?}");
                last = end;
            }
        }
    }
}

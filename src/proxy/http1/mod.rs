//! Recognises HTTP/1 messages in a stream of bytes, in whatever pieces it comes (RFC 9112). It keeps nothing but a head that is not complete.

mod body;

use httparse::{EMPTY_HEADER, Status};

use super::direction::BUFFER_BOUND;
use body::Body;

/// The longest head that is recognised; what is longer is not taken for HTTP. It fits into the buffer of a direction, where a gate may withhold it.
pub(super) const HEAD_BOUND: usize = BUFFER_BOUND - 1;
const HEADERS: usize = 128;

/// A place in the stream, as its offset from the beginning.
pub(super) type Offset = u64;

/// Something that was recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mark {
    /// The head of a message is complete.
    Head { start: Offset, end: Offset, head: Head },
    /// The last byte of a message has come.
    End(Offset),
    /// From here on the stream is not plain HTTP/1.
    NotHttp,
}

/// What the first line of a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Head {
    Request {
        method: String,
        path: String,
    },
    /// An interim response (1xx) has no body, and is followed by another one.
    Response {
        status: u16,
    },
}

/// What a response answers, as far as it decides about the response's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Head,
    Connect,
    Other,
}

#[derive(Debug)]
enum State {
    Head(Vec<u8>),
    Body(Body),
    NotHttp,
}

/// Scans one direction of a connection.
#[derive(Debug)]
pub(super) struct Scanner {
    requests: bool,
    state: State,
    offset: Offset,
}

impl Scanner {
    pub fn of_requests() -> Self {
        Self { requests: true, state: State::Head(Vec::new()), offset: 0 }
    }

    pub fn of_responses() -> Self {
        Self { requests: false, state: State::Head(Vec::new()), offset: 0 }
    }

    /// How many of the bytes so far belong to a head that is not complete.
    pub fn incomplete_head(&self) -> u64 {
        match &self.state {
            State::Head(head) => head.len() as u64,
            _ => 0,
        }
    }

    /// Takes the next bytes in. `asked` says what the next response answers; nothing when no request is open.
    pub fn feed(&mut self, bytes: &[u8], mut asked: impl FnMut() -> Option<Asked>, mut mark: impl FnMut(Mark)) {
        let mut rest = bytes;
        while !rest.is_empty() {
            match &mut self.state {
                State::NotHttp => {
                    self.offset += rest.len() as u64;
                    return;
                }
                State::Body(body) => {
                    let (taken, ended) = body.take(rest);
                    self.offset += taken as u64;
                    rest = &rest[taken..];
                    match ended {
                        Some(true) => {
                            self.state = State::Head(Vec::new());
                            mark(Mark::End(self.offset));
                        }
                        Some(false) => self.give_up(&mut mark),
                        None => {}
                    }
                }
                State::Head(head) => {
                    let byte = rest[0];
                    rest = &rest[1..];
                    self.offset += 1;
                    // An empty line before a request is to be ignored (RFC 9112, 2.2): it belongs to no message.
                    if head.is_empty() && self.requests && matches!(byte, b'\r' | b'\n') {
                        continue;
                    }
                    head.push(byte);
                    if head.len() > HEAD_BOUND || (byte == b'\n' && !first_line_fits(self.requests, head)) {
                        self.give_up(&mut mark);
                    } else if head.ends_with(b"\n\r\n") || head.ends_with(b"\n\n") {
                        let head = std::mem::take(head);
                        self.complete(&head, asked(), &mut mark);
                    }
                }
            }
        }
        // What does not begin like HTTP must not wait for the end of a head that never comes.
        if let State::Head(head) = &self.state
            && !head.is_empty()
            && !first_line_fits(self.requests, head)
        {
            self.give_up(&mut mark);
        }
    }

    /// The stream has ended: a body that ends with it is complete.
    pub fn finish(&mut self, mut mark: impl FnMut(Mark)) {
        if matches!(self.state, State::Body(Body::UntilClose)) {
            self.state = State::Head(Vec::new());
            mark(Mark::End(self.offset));
        }
    }

    fn complete(&mut self, bytes: &[u8], asked: Option<Asked>, mark: &mut impl FnMut(Mark)) {
        let read = if self.requests { request(bytes) } else { asked.and_then(|asked| response(bytes, asked)) };
        let Some((head, body)) = read else { return self.give_up(mark) };
        mark(Mark::Head { start: self.offset - bytes.len() as u64, end: self.offset, head });
        match body {
            None => self.give_up(mark),
            Some(Body::Sized(0)) => {
                self.state = State::Head(Vec::new());
                mark(Mark::End(self.offset));
            }
            Some(body) => self.state = State::Body(body),
        }
    }

    fn give_up(&mut self, mark: &mut impl FnMut(Mark)) {
        self.state = State::NotHttp;
        mark(Mark::NotHttp);
    }
}

/// Whether a head that is not complete may still become one, as far as its first line tells. It is asked at the end of
/// each piece and of the line, and no more after it: the answer is the same for every split.
fn first_line_fits(requests: bool, head: &[u8]) -> bool {
    if head[..head.len() - 1].contains(&b'\n') {
        return true;
    }
    // Room for one: none at all is an error even where no header has come.
    let mut headers = [EMPTY_HEADER; 1];
    if requests {
        httparse::Request::new(&mut headers).parse(head).is_ok()
    } else {
        httparse::Response::new(&mut headers).parse(head).is_ok()
    }
}

/// The head, and the body that follows; no body at all when the connection changes its protocol.
fn request(bytes: &[u8]) -> Option<(Head, Option<Body>)> {
    let mut headers = [EMPTY_HEADER; HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let Ok(Status::Complete(_)) = request.parse(bytes) else { return None };
    let method = request.method?.to_owned();
    let target = request.path?;
    let path = target.split('?').next().unwrap_or_default();
    // The absolute form, as it is sent to a proxy.
    let path = path.split_once("://").map_or(path, |(_, rest)| rest.find('/').map_or("/", |at| &rest[at..])).to_owned();
    let body = Body::declared(request.headers)?.unwrap_or(Body::Sized(0));
    Some((Head::Request { method, path }, Some(body)))
}

fn response(bytes: &[u8], asked: Asked) -> Option<(Head, Option<Body>)> {
    let mut headers = [EMPTY_HEADER; HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let Ok(Status::Complete(_)) = response.parse(bytes) else { return None };
    let status = response.code?;
    let head = Head::Response { status };
    let body = match (status, asked) {
        (101, _) | (200..=299, Asked::Connect) => None,
        (100..=199 | 204 | 304, _) | (_, Asked::Head) => Some(Body::Sized(0)),
        _ => Some(Body::declared(response.headers)?.unwrap_or(Body::UntilClose)),
    };
    Some((head, body))
}

#[cfg(test)]
mod tests {
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
        Mark::Head { start, end, head: Head::Request { method: method.into(), path: path.into() } }
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
        assert_eq!(
            marks(false, Asked::Other, "HTTP/1.0 200 OK\r\n\r\nuntil the end"),
            [answer(0, 19, 200), Mark::End(32)]
        );
    }

    #[test]
    fn what_is_not_plain_http_passes_unrecognised() {
        assert_eq!(
            marks(false, Asked::Other, "HTTP/1.1 101 Up\r\n\r\n\x01\x02GET / HTTP/1.1\r\n\r\n"),
            [answer(0, 19, 101), Mark::NotHttp]
        );
        assert_eq!(marks(false, Asked::Connect, "HTTP/1.1 200 OK\r\n\r\nraw"), [answer(0, 19, 200), Mark::NotHttp]);
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
}

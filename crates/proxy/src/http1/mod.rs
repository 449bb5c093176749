//! Recognises HTTP/1 messages in a stream of bytes, in whatever pieces it comes (RFC 9112). It keeps nothing but a head that is not complete.

mod body;

#[cfg(test)]
mod generated;
#[cfg(test)]
mod tests;

use httparse::{EMPTY_HEADER, Status};
use memchr::memchr;

use super::direction::BUFFER_BOUND;
use body::Body;

/// The longest head that is recognised; what is longer is not taken for HTTP. It fits into the buffer of a direction, where a gate may withhold it.
pub(super) const HEAD_BOUND: usize = BUFFER_BOUND - 1;
const HEADERS: usize = 128;
/// The header by which a server knows a request that is repeated (draft-ietf-httpapi-idempotency-key-header).
const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// How many bytes of a key are kept.
const KEY_BOUND: usize = 256;

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
        /// Its idempotency key, if it has one.
        key: Option<String>,
    },
    /// An interim response (1xx) has no body, and is followed by another one.
    Response { status: u16 },
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

    /// Where the message that is coming will end, if its head says so.
    pub fn will_end(&self) -> Option<Offset> {
        match &self.state {
            State::Body(Body::Sized(left)) => Some(self.offset + left),
            _ => None,
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
                    // An empty line before a request is to be ignored (RFC 9112, 2.2): it belongs to no message.
                    if head.is_empty() && self.requests && matches!(rest[0], b'\r' | b'\n') {
                        rest = &rest[1..];
                        self.offset += 1;
                        continue;
                    }
                    // Mostly a head comes in one piece, and need not be kept.
                    if head.is_empty()
                        && let Some(length) = head_length(rest).filter(|length| *length <= HEAD_BOUND)
                    {
                        let (whole, after) = rest.split_at(length);
                        rest = after;
                        self.offset += length as u64;
                        self.complete(whole, asked(), &mut mark);
                        continue;
                    }
                    let line = memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
                    let (new, after) = rest.split_at(line.min(HEAD_BOUND + 1 - head.len()));
                    head.extend_from_slice(new);
                    rest = after;
                    self.offset += new.len() as u64;
                    let is_line = new.ends_with(b"\n");
                    if head.len() > HEAD_BOUND || (is_line && !first_line_fits(self.requests, head)) {
                        self.give_up(&mut mark);
                    } else if is_line && (head.ends_with(b"\n\r\n") || head.ends_with(b"\n\n")) {
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
            None => {
                // The answer ends here, and so does what is HTTP.
                mark(Mark::End(self.offset));
                self.give_up(mark);
            }
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

/// How long the head is that these bytes begin with, if they have all of it.
fn head_length(bytes: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let after = from + memchr(b'\n', &bytes[from..])? + 1;
        match &bytes[after..] {
            [b'\n', ..] => return Some(after + 1),
            [b'\r', b'\n', ..] => return Some(after + 2),
            _ => from = after,
        }
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
    let key = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case(IDEMPOTENCY_KEY));
    let key =
        key.map(|header| String::from_utf8_lossy(&header.value[..header.value.len().min(KEY_BOUND)]).into_owned());
    Some((Head::Request { method, path, key }, Some(body)))
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

use std::fmt;

use super::WrongPlace;
use crate::{At, Phase, Point, Side, matcher};

/// Which requests are meant. Paths have no query; `*` stands for any run of characters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    pub(super) method: Option<String>,
    pub(super) path: Option<String>,
    without: Vec<String>,
}

macro_rules! methods {
    ($($name:ident $method:literal),*) => {
        $(
            #[doc = concat!("`", $method, "` requests for a path.")]
            pub fn $name(path: impl Into<String>) -> Self {
                Self::new($method, path)
            }
        )*
    };
}

impl Request {
    /// Every request.
    pub fn any() -> Self {
        Self::default()
    }

    /// Requests with a method, in upper case, for a path.
    pub fn new(method: impl Into<String>, path: impl Into<String>) -> Self {
        Self { method: Some(method.into()), path: Some(path.into()), without: Vec::new() }
    }

    /// Requests for a path, whatever their method.
    pub fn path(path: impl Into<String>) -> Self {
        Self { method: None, path: Some(path.into()), without: Vec::new() }
    }

    methods!(get "GET", post "POST", put "PUT", patch "PATCH", delete "DELETE", head "HEAD", options "OPTIONS");

    /// But not for this path, although it fits.
    pub fn except(mut self, path: impl Into<String>) -> Self {
        self.without.push(path.into());
        self
    }

    /// A place in these requests, or in their responses.
    pub fn at(self, phase: Phase) -> Place {
        let Self { method, path, without } = self;
        let at = At::default();
        Place::of(Point::Request { method, path, without, phase, at, exact: true })
    }
}

/// An exact position in the traffic of a link.
#[derive(Debug, Clone)]
pub struct Place {
    pub(super) point: Point,
    pub(super) nth: u32,
    /// A number of bytes, where the place has none.
    misplaced: Option<At>,
}

impl Place {
    fn of(point: Point) -> Self {
        Self { point, nth: 1, misplaced: None }
    }

    /// A connection was accepted; the server was not connected to yet.
    pub fn connect() -> Self {
        Self::of(Point::Connect)
    }

    /// The server was connected to; nothing was forwarded yet, in neither direction.
    pub fn connected() -> Self {
        Self::of(Point::Connected)
    }

    /// A connection has answered its last request, and carries none.
    pub fn idle() -> Self {
        Self::of(Point::Idle)
    }

    /// So many bytes of a connection have passed toward one side, whatever is spoken on it.
    pub fn bytes(toward: Side, after: u64) -> Self {
        Self::of(Point::Bytes { toward, at: after })
    }

    /// The n-th time that something comes there, from 1; the first one by default.
    pub fn nth(mut self, nth: u32) -> Self {
        self.nth = nth;
        self
    }

    /// After so many bytes of the head or body; counted from its end, where negative: -1 lets all but the last byte pass. A message
    /// whose head or body is shorter is not met.
    pub fn byte(self, at: i64) -> Self {
        self.moved(At::Byte(at))
    }

    /// In the middle of the head or body.
    pub fn middle(self) -> Self {
        self.moved(At::Middle)
    }

    fn moved(mut self, to: At) -> Self {
        match (&mut self.point, to) {
            (Point::Request { at, phase, .. }, _) if has_bytes(*phase) => *at = to,
            (Point::Bytes { at, .. }, At::Byte(byte)) if byte >= 0 => *at = byte.unsigned_abs(),
            _ => self.misplaced = Some(to),
        }
        self
    }

    /// Whether it can be met at all.
    pub(super) fn check(&self) -> Result<(), WrongPlace> {
        if self.nth == 0 {
            return Err(WrongPlace::NthZero);
        }
        match (&self.point, self.misplaced) {
            (Point::Request { phase: Phase::RequestSent, .. }, Some(_)) => Err(WrongPlace::NoBytes("RequestSent")),
            (Point::Request { .. }, Some(_)) => Err(WrongPlace::NoBytes("ResponseSent")),
            (Point::Connect, Some(_)) => Err(WrongPlace::NoBytes("connect")),
            (Point::Connected, Some(_)) => Err(WrongPlace::NoBytes("connected")),
            (Point::Idle, Some(_)) => Err(WrongPlace::NoBytes("idle")),
            (Point::Bytes { .. }, Some(At::Byte(at))) => Err(WrongPlace::FromTheEnd(at)),
            (Point::Bytes { .. }, Some(At::Middle)) => Err(WrongPlace::NoBytes("the middle of a connection")),
            (Point::Request { method, path, without, .. }, None) => {
                matcher::check(method.as_deref(), path.as_deref())?;
                without.iter().try_for_each(|path| matcher::check(None, Some(path)))?;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl From<Phase> for Place {
    /// This phase of any request.
    fn from(phase: Phase) -> Self {
        Request::any().at(phase)
    }
}

fn has_bytes(phase: Phase) -> bool {
    !matches!(phase, Phase::RequestSent | Phase::ResponseSent)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.point {
            Point::Request { method, path, phase, at, .. } => {
                let (method, path) = (method.as_deref().unwrap_or("*"), path.as_deref().unwrap_or("*"));
                write!(f, "`{method} {path}` at {phase:?}")?;
                match at {
                    At::Byte(0) => {}
                    At::Byte(at) => write!(f, " byte {at}")?,
                    At::Middle => f.write_str(" middle")?,
                }
            }
            Point::Bytes { toward, at } => write!(f, "byte {at} of a connection toward the {}", toward.name())?,
            Point::Connect => f.write_str("the connect of a connection")?,
            Point::Connected => f.write_str("a connection that has reached the server")?,
            Point::Idle => f.write_str("a connection that has become idle")?,
        }
        match self.nth {
            1 => Ok(()),
            nth => write!(f, ", match {nth}"),
        }
    }
}

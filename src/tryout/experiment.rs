//! What is tried: a fault, at a phase of a kind of request.

use super::Shape;
use crate::proxy::Phase;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TryFault {
    /// The server is told to stop: planned.
    Stop,
    /// The server is killed: a crash.
    Kill,
    /// The connection is closed in an orderly way.
    Cut,
    /// The connection is a black hole from then on.
    Hold,
    /// The connection is reset.
    Reset,
    /// The server stands still for half a second.
    Pause,
}

impl TryFault {
    /// All, what matters most first.
    pub const ALL: [Self; 6] = [Self::Stop, Self::Kill, Self::Cut, Self::Hold, Self::Reset, Self::Pause];

    /// Its name in reports and file names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Kill => "kill",
            Self::Cut => "cut",
            Self::Hold => "hold",
            Self::Reset => "reset",
            Self::Pause => "pause",
        }
    }

    /// What was done, for people.
    pub fn past(self) -> &'static str {
        match self {
            Self::Stop => "the server was stopped",
            Self::Kill => "the server was killed",
            Self::Cut => "the connection was closed",
            Self::Hold => "the connection was a black hole",
            Self::Reset => "the connection was reset",
            Self::Pause => "the server stood still",
        }
    }
}

/// When it is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// When nothing passes any more.
    Idle,
    /// At a phase of the first request of this kind.
    At(Shape, Phase),
}

impl std::fmt::Display for When {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Idle => f.write_str("idle"),
            Self::At(shape, phase) => write!(f, "{} of {shape}", phase_name(*phase)),
        }
    }
}

/// The name of a phase in scenario files.
pub(super) fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::RequestHead => "request-head",
        Phase::RequestBody => "request-body",
        Phase::RequestSent => "request-sent",
        Phase::ResponseHead => "response-head",
        Phase::ResponseBody => "response-body",
        Phase::ResponseSent => "response-sent",
    }
}

/// One thing that is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Experiment {
    /// Its number, from 1.
    pub number: usize,
    /// What is done.
    pub fault: TryFault,
    /// When.
    pub when: When,
}

impl Experiment {
    /// Everything that is tried: each kind of request at once by the first fault, then by the second one.
    pub(super) fn all(shapes: &[Shape]) -> Vec<Self> {
        const PHASES: [Phase; 3] = [Phase::RequestSent, Phase::ResponseHead, Phase::ResponseBody];
        let mut all = Vec::new();
        for fault in TryFault::ALL {
            let idle = matches!(fault, TryFault::Stop | TryFault::Kill).then_some(When::Idle);
            // The first phase of all kinds, then the second: whatever is left out for want of time, each kind was struck.
            let places = PHASES.iter().flat_map(|phase| shapes.iter().map(|shape| When::At(shape.clone(), *phase)));
            all.extend(idle.into_iter().chain(places).map(|when| (fault, when)));
        }
        all.into_iter().zip(1..).map(|((fault, when), number)| Self { number, fault, when }).collect()
    }

    /// A name for its file.
    pub fn name(&self) -> String {
        let when = match &self.when {
            When::Idle => "idle".to_owned(),
            When::At(shape, phase) => format!("{}-{}{}", phase_name(*phase), shape.method, shape.path),
        };
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        let text: String = format!("{}-{when}", self.fault.name()).chars().map(plain).collect();
        let words: Vec<&str> = text.split('-').filter(|word| !word.is_empty()).collect();
        let mut name = words.join("-");
        name.truncate(80);
        format!("{name}-{}", self.number)
    }
}

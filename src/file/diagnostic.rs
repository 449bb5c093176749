//! What is wrong with a file, drawn where it is wrong.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use annotate_snippets::renderer::DecorStyle;

use crate::log::printable;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// One thing that is wrong in a file, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong, in one line.
    pub message: String,
    /// Where, as a range of bytes.
    pub span: Range<usize>,
    /// What stands there, in a few words.
    pub label: String,
    /// What to write instead.
    pub help: Option<String>,
    /// What the scenario uses and the system does not have; another system may have it.
    pub need: Option<Need>,
}

/// A name that a scenario uses, and that a system file would have to declare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// What kind of thing it is.
    pub kind: NeedKind,
    /// Its name; of an option the role's and its own, as `server.drain`.
    pub name: String,
}

/// What a scenario can need of a system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NeedKind {
    /// It is the system itself.
    System,
    /// A kind of process.
    Role,
    /// What a driven client can be asked for.
    Operation,
    /// The request that an operation makes.
    Request,
    /// What a role can be told.
    Option,
    /// A log line by its name.
    Line,
    /// An end of a process by its name.
    Exit,
    /// A policy.
    Policy,
    /// A defect that can be planted; only a control needs it.
    Defect,
}

impl std::fmt::Display for Need {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = &self.name;
        match self.kind {
            NeedKind::System => write!(f, "it is for the system `{name}`"),
            NeedKind::Role => write!(f, "no role `{name}`"),
            NeedKind::Operation => write!(f, "no operation `{name}`"),
            NeedKind::Request => write!(f, "no known request of `{name}`"),
            NeedKind::Option => write!(f, "no option `{name}`"),
            NeedKind::Line => write!(f, "no line `{name}`"),
            NeedKind::Exit => write!(f, "no exit `{name}`"),
            NeedKind::Policy => write!(f, "no policy `{name}`"),
            NeedKind::Defect => write!(f, "no defect `{name}`"),
        }
    }
}

impl Diagnostic {
    /// A diagnostic without help.
    pub fn new(span: Range<usize>, message: impl Into<String>, label: impl Into<String>) -> Self {
        Self { message: message.into(), span, label: label.into(), help: None, need: None }
    }

    /// Says that a system lacks something, which another may have.
    #[must_use]
    pub fn need(mut self, kind: NeedKind, name: impl Into<String>) -> Self {
        self.need = Some(Need { kind, name: name.into() });
        self
    }

    /// Says what to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Everything that is wrong with one file. Its `Display` draws it without colours.
#[derive(Debug, Clone)]
pub struct Diagnostics {
    /// The file.
    pub path: PathBuf,
    /// Its text.
    pub source: String,
    /// What is wrong, at least one.
    pub list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// `Ok` when nothing is wrong.
    pub(crate) fn unless_empty(path: &Path, source: &str, list: Vec<Diagnostic>) -> Result<(), Self> {
        if list.is_empty() { Ok(()) } else { Err(Self { path: path.into(), source: source.into(), list }) }
    }

    /// Draws all of it, with colours if asked.
    pub fn render(&self, colours: bool) -> String {
        let renderer = if colours { Renderer::styled() } else { Renderer::plain() }.decor_style(DecorStyle::Ascii);
        let path = self.path.display().to_string();
        let mut drawn: Vec<String> = Vec::new();
        drawn.extend(self.list.iter().take(SHOWN).map(|diagnostic| {
            // A span at the very end of the file, or of a parser that counts differently, must not panic the drawing.
            let end = self.source.len();
            let start = floor_char_boundary(&self.source, diagnostic.span.start.min(end));
            let stop = floor_char_boundary(&self.source, diagnostic.span.end.clamp(start, end));
            let lines = lines_around(&self.source, start, stop);
            let (message, label) = (shown(&diagnostic.message), shown(&diagnostic.label));
            let help = diagnostic.help.as_deref().map(shown);
            let snippet = Snippet::source(&self.source[lines.clone()])
                .path(path.as_str())
                .line_start(1 + self.source[..lines.start].matches('\n').count())
                .annotation(
                    AnnotationKind::Primary
                        .span(start - lines.start..stop.min(lines.end) - lines.start)
                        .label(label.as_str()),
                );
            let title = Level::ERROR.primary_title(message.as_str()).element(snippet);
            let groups: Vec<Group<'_>> = match &help {
                Some(help) => vec![title.element(Level::HELP.message(help.as_str()))],
                None => vec![title],
            };
            // What is left of controls is in the lines of the file.
            crate::log::inert(&renderer.render(&groups), colours).into_owned()
        }));
        let more = self.list.len().saturating_sub(SHOWN);
        if more > 0 {
            drawn.push(format!("and {more} more problems in {}", printable(&path)));
        }
        drawn.join("\n\n")
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}

/// How many problems of one file are drawn.
const SHOWN: usize = 20;
/// How many bytes of a text are shown, and of the lines of the file.
const TEXT: usize = 2 << 10;

/// A text as it is shown: without what a terminal would obey, and no longer than somebody reads.
fn shown(text: &str) -> String {
    let end = floor_char_boundary(text, text.len().min(TEXT));
    let more = if end < text.len() { "…" } else { "" };
    [&*printable(&text[..end]), more].concat()
}

/// The lines in which a place is; of lines that are too long, what is around it.
fn lines_around(source: &str, start: usize, stop: usize) -> Range<usize> {
    let begin = source[..start].rfind('\n').map_or(0, |at| at + 1);
    let end = source[stop..].find('\n').map_or(source.len(), |at| stop + at);
    let begin = floor_char_boundary(source, begin.max(start.saturating_sub(TEXT)));
    let end = floor_char_boundary(source, end.min(start + TEXT)).max(start);
    begin..end
}

fn floor_char_boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The word of `known` that `wrong` is most like, if it is like one at all.
pub(crate) fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Nobody mistypes one of these into a text of that length.
    if wrong.len() > 100 {
        return None;
    }
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(wrong, word), word))
        .filter(|(distance, word)| *distance <= 1 + word.len() / 3)
        .min()
        .map(|(_, word)| word)
}

/// "did you mean …? Known: …", for names that are defined elsewhere.
pub(crate) fn known_names<'a>(wrong: &str, what: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    let mut all: Vec<&str> = known.clone().into_iter().collect();
    all.sort_unstable();
    match (nearest(wrong, known), all.is_empty()) {
        (_, true) => format!("there is no {what} at all"),
        (Some(word), _) => format!("did you mean `{word}`? known: {}", all.join(", ")),
        (None, _) => format!("known: {}", all.join(", ")),
    }
}

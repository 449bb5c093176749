//! Nothing above INFO before the first fault; after it nothing above DEBUG, but for what is allowed, demanded or owed. Text outside
//! any record is as loud as WARN.

use std::collections::BTreeMap;

use super::Case;
use super::calls::call_of;
use crate::evidence::{Boot, ProcessEvidence};
use crate::finding::{Finding, FindingKind};
use crate::log::{Guess, Level, Record, Stream, unknown_level};
use crate::system::{Dialect, RoleKind};

/// How many lines after the first one are shown of a record.
const EXCERPT: usize = 10;
/// From how many texts outside any record it is guessed what they are.
const GUESSED: usize = 64;

pub(super) fn judge(case: Case<'_>, findings: &mut Vec<Finding>) {
    let first_fault = case.evidence.first_fault().unwrap_or(u64::MAX);
    let policy = case.policy();
    let allows = |record: &Record| {
        policy.allow.iter().filter_map(|name| case.line(name.as_ref())).any(|line| line.matches(record))
    };
    for process in &case.evidence.processes {
        // What the last record of each stream came to.
        let mut last: BTreeMap<bool, Told> = BTreeMap::new();
        let dialect = case.system.dialect(&process.role);
        let banner = dialect.banner.unwrap_or(policy.banner);
        let mut banners = Banners::of(process);
        let looks_like = std::cell::LazyCell::new(|| looks_like(process, &dialect));
        for (index, record) in process.records.iter().enumerate() {
            let in_banner = banners.has_next(index, record) && banner;
            let stdout = record.stream == Stream::Stdout;
            let told = last.insert(stdout, Told::Nothing).unwrap_or(Told::Nothing);
            if !record.tracebacks.is_empty() && !policy.allows_tracebacks_of(&process.role) {
                // Its traceback is the finding.
                last.insert(stdout, Told::Elsewhere);
                continue;
            }
            let before = record.at < first_fault;
            let allowed = if before { policy.before } else { policy.after };
            let stray = record.outside && record.tracebacks.is_empty();
            let loud = stray || record.level_word.is_some();
            let level = record.level.unwrap_or(if loud { Level::Warn } else { Level::Debug });
            if level <= allowed
                || in_banner && stray
                || allows(record)
                || case.is_lifecycle(process, record)
                || case.is_demanded(process, record)
                || is_owed(case, process, record, level)
            {
                continue;
            }
            match told {
                // A block of text is one thing, and so is a record with the text right behind it.
                Told::Elsewhere if stray => {
                    last.insert(stdout, told);
                    continue;
                }
                Told::Finding(at) if stray => {
                    let excerpt = &mut findings[at].excerpt;
                    let room = (1 + EXCERPT).saturating_sub(excerpt.len());
                    excerpt.extend(excerpt_of(record).take(room));
                    last.insert(stdout, told);
                    continue;
                }
                _ => {}
            }
            let (kind, when) = match before {
                // Named after what they are by default; a policy may draw the line elsewhere.
                true => (FindingKind::LevelAboveInfo, "before the first fault"),
                false => (FindingKind::LevelAboveDebug, "after a fault"),
            };
            let about = call_of(case, process, record);
            let of_call = about.map(|call| {
                format!(
                    " about the call `{}`, which ended as {}",
                    call.name,
                    call.result.map_or("nothing", |result| result.name())
                )
            });
            let word = match stray {
                true => unknown_level(dialect.format, &record.message),
                false => record.level_word.as_deref(),
            };
            let what = match word {
                _ if !loud => level.to_string(),
                Some(word) => format!("a record with the unknown level `{word}`"),
                None => "text outside any record".to_owned(),
            };
            let remedy = word.map(|word| format!("; say what it means: levels = {{ {word} = \"info\" }} in [log]"));
            let remedy = remedy.or_else(|| looks_like.clone().filter(|_| stray));
            let ending = case.evidence.ending(process, record);
            let when = ending.map_or_else(|| when.to_owned(), |ending| format!("{when}, {ending}"));
            let message = format!("{what} {when}{}{}", of_call.unwrap_or_default(), remedy.unwrap_or_default());
            let finding = Finding::new(kind, message).process(&process.name).excerpt(excerpt_of(record));
            let mut finding = finding.after_end(ending.is_some());
            if let Some(call) = about {
                finding = finding.call(&call.name);
            }
            last.insert(stdout, Told::Finding(findings.len()));
            findings.push(finding);
        }
    }
}

/// What the text outside any record looks like that a process wrote, and what to say in the system file.
fn looks_like(process: &ProcessEvidence, dialect: &Dialect<'_>) -> Option<String> {
    let texts = process.records.iter().filter(|record| record.outside && record.tracebacks.is_empty());
    let guess = Guess::of(texts.take(GUESSED).map(|record| record.message.as_str()))?;
    let remedy = match guess.behind {
        Some(_) => "say what stands before each line: `prefix` in [log]".to_owned(),
        None => format!("the format in [log] is `{}`", dialect.format_name()),
    };
    Some(format!("; it looks like {guess}: {remedy}"))
}

/// Tells which records of a process were written before the boot that they are of was ready. They are asked about in their order.
struct Banners<'a> {
    boots: &'a [Boot],
    /// Where the next boot is, and how many records of each stream of the last one have come.
    next: usize,
    come: [usize; 2],
}

impl<'a> Banners<'a> {
    fn of(process: &'a ProcessEvidence) -> Self {
        Self { boots: &process.boots, next: 0, come: [0; 2] }
    }

    fn has_next(&mut self, index: usize, record: &Record) -> bool {
        while self.boots.get(self.next).is_some_and(|boot| boot.first_record <= index) {
            self.next += 1;
            self.come = [0; 2];
        }
        let stream = usize::from(record.stream == Stream::Stderr);
        self.come[stream] += 1;
        let Some(boot) = self.next.checked_sub(1).and_then(|last| self.boots.get(last)) else { return false };
        match boot.before_ready {
            Some(before) => self.come[stream] <= before[stream],
            // Evidence of an older version.
            None => boot.ready.is_some_and(|ready| record.at <= ready),
        }
    }
}

/// What a record came to.
#[derive(Debug, Clone, Copy)]
enum Told {
    Nothing,
    /// A finding about its level, by its index.
    Finding(usize),
    /// A finding that is made elsewhere.
    Elsewhere,
}

/// A record as it is shown: its first line, and some of those after it.
fn excerpt_of(record: &Record) -> impl Iterator<Item = String> {
    std::iter::once(record.summary()).chain(record.continuation.iter().take(EXCERPT).cloned())
}

/// With a policy that demands it, a client reports after the first fault.
pub(super) fn must_be_loud(case: Case<'_>, findings: &mut Vec<Finding>) {
    let Some(first_fault) = case.evidence.first_fault().filter(|_| case.policy().loud) else { return };
    let is_client = |process: &&ProcessEvidence| case.kind(process, None) != Some(RoleKind::Server);
    // Text outside any record is as loud as WARN, and a stack trace is loud wherever it stands.
    let says = |record: &Record| record.level >= Some(Level::Warn) || record.outside || !record.tracebacks.is_empty();
    let loud = |record: &Record| record.at >= first_fault && says(record);
    let mut clients = case.evidence.processes.iter().filter(is_client);
    if !clients.any(|process| process.records.iter().any(loud)) {
        let message = "the policy demands that a client reports after the first fault, at WARN or ERROR; none did";
        findings.push(Finding::new(FindingKind::NotReported, message));
    }
}

/// Whether a record is the report that a failed call, or an outage of a free-running role, obliges to. How many there are is judged elsewhere.
fn is_owed(case: Case<'_>, process: &ProcessEvidence, record: &Record, level: Level) -> bool {
    if level < Level::Warn {
        return false;
    }
    if let Some(call) = call_of(case, process, record) {
        return call.result.is_some_and(|result| result.must_be_reported());
    }
    case.kind(process, Some(record)) == Some(RoleKind::FreeRunning) && super::free_running::outages(case, process) > 0
}

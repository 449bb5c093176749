//! Everything of a run that is alive: its processes, its links, its calls, and what was seen of them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::mpsc;

use super::answers::{Answers, Seen};
use super::client::Connections;
use super::observed::{ActorFacts, Observed};
use super::output_log::{Came, OutputLog, WholeLines};
use super::readiness::Booting;
use super::{HarnessError, Plan, Played};
use crate::evidence::{self, EVIDENCE_VERSION, Evidence, FinalRead, StepEvidence, StepFailure};
use crate::log::{Bookmark, Reader, Record, Secrets, Stream};
use crate::process::{Child, ReservedPort, Subreaper};
use crate::proxy::{EventLink, GateId, LinkEvent, Settings};
use crate::remote::RemoteProxy;
use crate::scenario::{Instance, Process, Scenario, instances};
use crate::system::{Role, RoleKind, System};

/// How many chunks of output may wait to be read before their writers are held up.
const OUTPUT_BOUND: usize = 64;

/// Of the links, in bytes. What a sender is rid of while a gate is parked must not depend on how fast it was read before: the kernel
/// would let it grow to tens of MiB.
const RECEIVE_BUFFER: u32 = 256 << 10;

pub(super) struct World<'a> {
    pub scenario: &'a Scenario,
    pub system: &'a System,
    pub plan: &'a Plan,
    pub began: Instant,
    pub began_at: f64,
    /// The parent of its processes, to which falls what they leave behind.
    pub subreaper: Arc<Subreaper>,
    /// The mark of every process of this run.
    pub mark: String,
    pub port: ReservedPort,
    pub actors: Vec<Actor<'a>>,
    /// What was seen of calls and links.
    pub observed: Observed<'a>,
    pub saved: BTreeMap<String, Value>,
    /// Calls that were not asked for: they are optional, and need what did not come.
    pub left_out: BTreeSet<String>,
    /// Gates that were kept, by their names.
    pub kept: BTreeMap<String, GateId>,
    /// What was started and is not known to be ready.
    pub booting: Vec<Booting>,
    /// What is started as soon as the listener is ready.
    pub to_boot: Vec<usize>,
    /// Faults that had met nothing when they were injected, and may yet.
    pub pending_faults: Vec<Pending>,
    pub steps: Vec<StepEvidence>,
    pub failure: Option<StepFailure>,
    pub final_read: Option<FinalRead>,
    /// When something was last logged or passed a link.
    pub last_activity: Instant,
    pub output: mpsc::Sender<Seen>,
    pub seen: mpsc::Receiver<Seen>,
    pub link_events: mpsc::UnboundedReceiver<LinkEvent>,
    /// What the harness's own client has open between its calls.
    pub connections: Connections,
    /// The calls of the harness's own client that are under way, by actor and number, and where their answers come.
    pub requests_under_way: BTreeMap<(usize, u64), tokio::task::JoinHandle<()>>,
    pub answers: mpsc::UnboundedSender<(usize, Value)>,
    pub answered: mpsc::UnboundedReceiver<(usize, Value)>,
    /// When the harness began to end the run.
    pub teardown: Option<u64>,
    /// What must not be written anywhere.
    pub secrets: Secrets,
    /// Why what was seen shows nothing: a part of the harness was killed.
    pub broken: Option<String>,
}

/// One process of the instances, over all its boots.
pub(super) struct Actor<'a> {
    pub instance: Instance,
    pub role: &'a Role,
    pub process: Option<&'a Process>,
    pub link: Option<EventLink>,
    /// Its link on a Toxiproxy server, instead.
    pub remote: Option<RemoteProxy>,
    pub boots: Vec<Boot>,
    pub left_behind: Vec<String>,
    pub calls: u64,
    /// What it has written.
    pub log: OutputLog,
}

/// One boot of a process.
pub(super) struct Boot {
    pub seen: evidence::Boot,
    pub child: Child,
    pub stdout: Reader,
    pub stderr: Reader,
    /// The lines of both streams that are not whole yet.
    pub lines: [WholeLines; 2],
    /// Whether what it writes to its standard output are answers.
    pub is_driven: bool,
    /// The answers of a driven client, which are not log.
    pub answers: Answers,
    /// How much noise there was on its standard output when it said that it was ready.
    pub said_ready: Option<Bookmark>,
    /// Those that somebody can still write to.
    pub open_streams: Vec<Stream>,
    /// How many bytes of its output were read, and how many of its noise were not kept.
    pub read: u64,
    pub noise_cut: u64,
    /// Records that a step has waited for.
    pub consumed: BTreeSet<(bool, usize)>,
    /// Where its two logs stood when the harness began to end it.
    pub teardown: Option<[Bookmark; 2]>,
    /// Where they stood when it was ready; of one that is not, when it was last known not to be.
    pub before_ready: Option<[Bookmark; 2]>,
    pub paused: bool,
    /// Something was sent to it that ends a process.
    pub told_to_end: bool,
    /// The stop that the scenario has told it, until it was found to be late.
    pub stop: Option<StopWatch>,
}

/// A stop that has a bound.
#[derive(Debug, Clone, Copy)]
pub(super) struct StopWatch {
    /// The step that told it.
    pub step: usize,
    /// When, in microseconds since the run began.
    pub told: u64,
    pub within: Duration,
    pub deadline: Instant,
}

/// A fault that had met nothing when it was injected.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    /// Its index.
    pub fault: usize,
    /// On whose link it is.
    pub actor: usize,
    /// The toxic that it is, by name; else a hold.
    pub toxic: Option<String>,
}

impl<'a> World<'a> {
    pub fn new(scenario: &'a Scenario, system: &'a System, plan: &'a Plan) -> Result<Self, HarnessError> {
        let port = ReservedPort::new().map_err(HarnessError::io("reserving a port"))?;
        let (output, seen) = mpsc::channel(OUTPUT_BOUND);
        let (link_events, events) = mpsc::unbounded_channel();
        let (answers, answered) = mpsc::unbounded_channel();
        let mut actors = Vec::new();
        for instance in instances(&scenario.file, &system.file) {
            let role =
                system.file.role(&instance.role).ok_or_else(|| HarnessError::UnknownRole(instance.role.clone()))?;
            let process = scenario
                .file
                .processes
                .iter()
                .find(|(name, _)| *name.as_ref() == instance.process)
                .map(|(_, process)| process);
            // Nobody listens behind a link before the server is started: a server that is not there looks not there.
            let settings =
                Settings { seed: scenario.file.seed, receive_buffer: Some(RECEIVE_BUFFER), ..Settings::default() };
            let open = || EventLink::with(&instance.name, settings, Some(link_events.clone()));
            let embedded = instance.linked && plan.toxiproxy.is_none();
            let link = embedded.then(open).transpose();
            let link = link.map_err(HarnessError::io("opening a link"))?;
            let log = OutputLog::new(&plan.folder, &instance.name);
            actors.push(Actor {
                instance,
                role,
                process,
                link,
                remote: None,
                boots: Vec::new(),
                left_behind: Vec::new(),
                calls: 0,
                log,
            });
        }
        let subreaper = Subreaper::new().map_err(HarnessError::io("starting a subreaper"))?;
        let facts = |actor: &Actor<'_>| ActorFacts {
            name: actor.instance.name.clone(),
            linked: actor.link.is_some(),
            driven: actor.instance.kind == RoleKind::Driven,
        };
        let observed = Observed::new(&system.file, actors.iter().map(facts).collect());
        let secrets = super::secrets::of(&system.file)?;
        let now = Instant::now();
        let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Ok(Self {
            scenario,
            system,
            plan,
            began: now,
            began_at: since_1970.as_secs_f64(),
            subreaper: Arc::new(subreaper),
            mark: format!("{}/{}", crate::process::mark(), plan.folder.display()),
            port,
            actors,
            observed,
            saved: BTreeMap::new(),
            left_out: BTreeSet::new(),
            kept: BTreeMap::new(),
            booting: Vec::new(),
            to_boot: Vec::new(),
            pending_faults: Vec::new(),
            steps: Vec::new(),
            failure: None,
            final_read: None,
            last_activity: now,
            output,
            seen,
            link_events: events,
            connections: Connections::default(),
            requests_under_way: BTreeMap::new(),
            answers,
            answered,
            teardown: None,
            secrets,
            broken: None,
        })
    }

    /// Microseconds since the run began.
    pub fn now(&self) -> u64 {
        self.began.elapsed().as_micros() as u64
    }

    pub fn server_addr(&self) -> SocketAddr {
        self.port.addr()
    }

    /// The actors that a name means.
    pub fn actors_of(&self, name: &str) -> Vec<usize> {
        let named = |actor: &Actor<'_>| actor.instance.name == name || actor.instance.process == name;
        (0..self.actors.len()).filter(|index| named(&self.actors[*index])).collect()
    }

    /// The one actor that a name means; the checks of the scenario have made sure of it.
    pub fn actor_of(&self, name: &str) -> Result<usize, String> {
        self.actors_of(name).first().copied().ok_or_else(|| format!("there is no process `{name}`"))
    }

    /// The actor that listens: the server, or what brings its own.
    pub fn listener(&self) -> Option<usize> {
        self.actors.iter().position(|actor| matches!(actor.instance.kind, RoleKind::Server | RoleKind::Composite))
    }

    /// The ports of the run, by who listens on them or calls through them.
    fn ports(&self) -> BTreeMap<String, u16> {
        let port = |index: usize| (self.actors[index].instance.name.clone(), self.address_of(index).port());
        let linked = (0..self.actors.len()).filter(|index| self.address_of(*index) != self.server_addr()).map(port);
        let listener =
            self.listener().map(|index| (self.actors[index].instance.name.clone(), self.server_addr().port()));
        linked.chain(listener).collect()
    }

    pub fn into_played(mut self) -> Played {
        let mut secrets = self.secrets.clone();
        let logs = self.actors.iter_mut().map(|actor| std::mem::take(&mut actor.log)).collect();
        let mut evidence = self.into_evidence();
        super::secrets::mask(&mut evidence, &mut secrets);
        Played { evidence, logs }
    }

    fn into_evidence(mut self) -> Evidence {
        let took = self.now();
        let ports = self.ports();
        let mut observed = self.observed;
        let mut processes: Vec<evidence::ProcessEvidence> = self.actors.drain(..).map(Actor::into_evidence).collect();
        for process in &mut processes {
            let file = &self.system.file;
            let logs = file.role(&process.role).is_some_and(|role| role.kind != RoleKind::Http);
            process.traces_only = logs && !file.dialect(&process.role).has_levels();
        }
        processes.sort_by(|a, b| (a.role != "server", &a.name).cmp(&(b.role != "server", &b.name)));
        let mut requests = std::mem::take(&mut observed.requests);
        requests.sort_by_key(|(actor, at, _)| (*actor, *at));
        let instances = instances(&self.scenario.file, &self.system.file);
        Evidence {
            version: EVIDENCE_VERSION,
            scenario: self.scenario.name.clone(),
            scenario_path: Some(self.scenario.path.display().to_string()),
            system_path: Some(self.system.path.display().to_string()),
            scenario_source: self.scenario.source.clone(),
            system_source: self.system.source.clone(),
            variant: self.system.variant.clone(),
            defect: match &self.plan.planted {
                Some(super::Planted::Defect(name)) => Some(name.clone()),
                _ => None,
            },
            without_faults: self.plan.planted == Some(super::Planted::WithoutFaults),
            folder: self.plan.folder.display().to_string(),
            began: self.began_at,
            took,
            processes,
            ports,
            history: observed.calls,
            requests: requests
                .into_iter()
                .map(|(actor, at, seen)| {
                    let ended = observed.request_ends.get(&(actor, seen.number)).copied();
                    evidence::SeenRequest { process: instances[actor].name.clone(), at, ended, seen }
                })
                .collect(),
            hits: observed
                .hits
                .into_iter()
                .map(|(actor, at, hit)| evidence::ToxicHit { process: instances[actor].name.clone(), at, hit })
                .collect(),
            faults: observed.faults,
            steps: self.steps,
            failure: self.failure,
            teardown: self.teardown,
            final_read: self.final_read,
            notes: observed.notes,
        }
    }
}

impl Actor<'_> {
    /// The boot that is running.
    pub fn running(&mut self) -> Option<&mut Boot> {
        self.boots.last_mut().filter(|boot| boot.seen.exit.is_none())
    }

    pub fn is_running(&self) -> bool {
        self.boots.last().is_some_and(|boot| boot.seen.exit.is_none())
    }

    fn into_evidence(self) -> evidence::ProcessEvidence {
        let mut records: Vec<Record> = Vec::new();
        let mut boots = Vec::new();
        let (mut output, mut dropped) = (0, 0);
        let mut unread = Vec::new();
        for boot in self.boots {
            output += boot.read;
            dropped += boot.stdout.dropped() + boot.stderr.dropped() + boot.noise_cut;
            unread.extend(boot.open_streams.iter().copied().filter(|open| !unread.contains(open)).collect::<Vec<_>>());
            let mut seen = boot.seen;
            seen.first_record = records.len();
            let places = |marks: [Bookmark; 2]| [boot.stdout.before(marks[0]), boot.stderr.before(marks[1])];
            seen.before_ready = boot.before_ready.map(places);
            let cut = boot.teardown.map_or([usize::MAX; 2], places);
            let tag = |records: Vec<Record>, cut: usize| {
                records.into_iter().enumerate().map(move |(index, record)| (index >= cut, record))
            };
            let mut all: Vec<(bool, Record)> =
                tag(boot.stdout.into_records(), cut[0]).chain(tag(boot.stderr.into_records(), cut[1])).collect();
            // What was there when the teardown began comes first, whatever the order of the two streams.
            all.sort_by_key(|(late, record)| (*late, record.at));
            if boot.teardown.is_some() {
                seen.teardown_record = Some(records.len() + all.iter().filter(|(late, _)| !late).count());
            }
            records.extend(all.into_iter().map(|(_, record)| record));
            boots.push(seen);
        }
        evidence::ProcessEvidence {
            name: self.instance.name,
            role: self.instance.role,
            boots,
            records,
            output,
            dropped,
            unread,
            traces_only: false,
            left_behind: self.left_behind,
        }
    }
}

impl Boot {
    /// Remembers where its two logs stand.
    pub fn bookmarks(&mut self) -> [Bookmark; 2] {
        [&mut self.stdout, &mut self.stderr].map(|reader| reader.bookmark(reader.records().len()))
    }

    pub fn records(&self) -> impl Iterator<Item = ((bool, usize), &Record)> {
        let tag = |stdout: bool| move |(index, record)| ((stdout, index), record);
        let stdout = self.stdout.records().iter().enumerate().map(tag(true));
        stdout.chain(self.stderr.records().iter().enumerate().map(tag(false)))
    }

    /// The lines of a stream that are not whole yet.
    pub fn whole(&mut self, stream: Stream) -> &mut WholeLines {
        &mut self.lines[usize::from(stream == Stream::Stderr)]
    }

    /// Takes the last line of a stream, which has no newline. What a driven client writes to its standard output is no log.
    pub fn finish_lines(&mut self, at: u64, stream: Stream, log: &mut OutputLog, secrets: &mut Secrets) {
        let Some(came) = self.whole(stream).finish(secrets) else { return };
        log.add(at, stream, &came);
        if !(self.is_driven && stream == Stream::Stdout) {
            self.take(at, stream, &came);
        }
    }

    /// Reads lines that have come.
    pub fn take(&mut self, at: u64, stream: Stream, came: &Came) {
        let reader = self.reader(stream);
        reader.feed(at, &came.lines);
        if came.skipped > 0 {
            reader.skip(came.skipped);
            reader.feed(at, b"\n");
        }
    }

    pub fn reader(&mut self, stream: Stream) -> &mut Reader {
        match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        }
    }
}

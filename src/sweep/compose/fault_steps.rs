//! The steps of one fault.

use toml::Table;

use super::super::point::{Persistence, Strike, phase_name};
use super::super::recorded::Recorded;
use super::{Line, Writing, act, on, one, table};
use crate::scenario::SweepFault;

/// The watchdog of a gate of a sweep.
const REACHED_WITHIN: &str = "5s";

impl Writing<'_> {
    /// Adds the steps of a fault: the gate where it strikes, and what is needed to end it again.
    pub(super) fn fault_steps(&mut self, strike: &Strike) {
        let request = &self.composer.requests[strike.request];
        let every = strike.persistence == Persistence::Every;
        let server = self.composer.base.listener.clone();
        let call = self.composer.call_of(strike);
        let process = |name: &str| table([("process", name.into())]);
        let link = || table([("link", request.process.clone().into())]);
        let mut gate = self.gate(strike, request);
        let mut then: Vec<Line> = Vec::new();
        let mut until_ended = None;
        let outage = || on("after", table([("time", self.composer.outage().into())]));
        self.struck = true;
        let action = match strike.fault {
            SweepFault::Fin | SweepFault::Rst | SweepFault::Hold => {
                if every {
                    gate.insert("times".to_owned(), "every".into());
                }
                match strike.fault {
                    SweepFault::Hold => one("hold", Table::new()),
                    fault => one("cut", table([("mode", fault.name().into())])),
                }
            }
            SweepFault::Refuse => {
                let name = format!("struck-{}", self.lines.len() + 1);
                gate.insert("keep".to_owned(), name.clone().into());
                let mut cut = table([("mode", "rst".into())]);
                cut.extend(link());
                then.push(act(one("cut", cut)));
                then.push(act(one("release", table([("gate", name.into())]))));
                match every {
                    true => until_ended = Some(act(one("accept", link()))),
                    false => then.push(Line { action: Some(one("accept", link())), ..outage() }),
                }
                one("refuse", link())
            }
            SweepFault::ServerStop | SweepFault::ServerKill => {
                let (word, back) = match strike.fault {
                    SweepFault::ServerStop => ("stop", on("exit", process(&server))),
                    _ => ("kill", Line::default()),
                };
                match every {
                    true => drop(self.gone.insert(server.clone())),
                    false => then.push(Line { action: Some(one("start", process(&server))), ..back }),
                }
                one(word, process(&server))
            }
            SweepFault::ClientCancel => {
                self.cancelled.extend(call);
                let name = call.map(|call| self.composer.base.calls[call].name.clone()).unwrap_or_default();
                one("cancel", table([("call", name.into())]))
            }
            SweepFault::ClientKill => {
                match every {
                    true => drop(self.gone.insert(request.process.clone())),
                    false => then.push(act(one("start", process(&request.process)))),
                }
                one("kill", process(&request.process))
            }
            SweepFault::ClientStop => {
                let free = self.composer.base.free_at(self.composer.insertion(strike));
                let mut told: Vec<String> =
                    free.filter(|free| call.is_some() || **free == request.process).cloned().collect();
                let first = told.pop().unwrap_or_default();
                then.extend(told.iter().map(|other| act(one("stop", process(other)))));
                told.push(first.clone());
                for one_of_them in told {
                    let back = on("exit", process(&one_of_them));
                    match every {
                        false => then.push(Line { action: Some(one("start", process(&one_of_them))), ..back }),
                        true => drop(self.gone.insert(one_of_them)),
                    }
                }
                one("stop", process(&first))
            }
            SweepFault::Pause => {
                let resume = one("resume", process(&server));
                match every {
                    true => until_ended = Some(act(resume)),
                    false => then.push(Line { action: Some(resume), ..outage() }),
                }
                one("pause", process(&server))
            }
        };
        // A call that may take long may take long to come here.
        let own = call.and_then(|call| self.composer.base.steps[self.composer.base.calls[call].begin].within.clone());
        let within = Some(own.unwrap_or_else(|| REACHED_WITHIN.into()));
        let struck = Line { action: Some(action), within, ..on("request", gate) };
        self.lines.push(struck);
        self.faults.push(self.lines.len());
        self.lines.extend(then);
        match (until_ended, call) {
            (Some(line), Some(call)) => self.endings.push((call, line)),
            // Nobody says when a process that runs freely has given up.
            (Some(line), None) => self.lines.push(Line { action: line.action, ..outage() }),
            (None, _) => {}
        }
    }

    /// Whether it is the call's own operation that makes the request.
    fn makes(&self, request: &Recorded, op: &str) -> bool {
        let base = self.composer.base;
        request.call.as_ref().and_then(|name| base.call_named(name)).is_some_and(|call| base.calls[call].op == op)
    }

    fn gate(&self, strike: &Strike, request: &Recorded) -> Table {
        let mut gate = table([("process", request.process.clone().into())]);
        let driven = self.composer.base.driven.contains(&request.process);
        match &request.op {
            Some(op) if self.makes(request, op) || !driven => drop(gate.insert("op".to_owned(), op.clone().into())),
            _ => {
                gate.insert("method".to_owned(), request.method.clone().into());
                gate.insert("path".to_owned(), request.path.clone().into());
            }
        }
        gate.insert("phase".to_owned(), phase_name(strike.place.phase).into());
        if let Some(at) = strike.place.at() {
            gate.insert("at".to_owned(), at);
        }
        let base = self.composer.base;
        let at = self.composer.insertion(strike);
        let restarts = self.strikes.iter().filter(|other| {
            other.fault == SweepFault::ClientKill && self.composer.requests[other.request].process == request.process
        });
        let counted_from = restarts.map(|other| self.composer.insertion(other)).filter(|other| *other < at).max();
        let counted_from = counted_from.unwrap_or(0);
        let made = |call: &Option<String>| {
            let index = call.as_ref().and_then(|name| base.call_named(name));
            // A process that was started again counts anew.
            let restarted = index.is_some_and(|index| base.calls[index].begin < counted_from);
            !restarted && index.is_none_or(|index| !self.left_out.contains(&index))
        };
        let nth = 1 + request.earlier.iter().filter(|call| made(call)).count();
        if nth > 1 {
            gate.insert("nth".to_owned(), i64::try_from(nth).unwrap_or(i64::MAX).into());
        }
        gate
    }
}

//! What the design's oracle says of a call beside a fault: planned is quiet, unplanned is reported once per failed call, and
//! whoever is not touched, or comes when it is over, is served. It gives the results that a call may have; that a failed one
//! is reported, and a planned end is not, is judged for every scenario alike.

use super::point::{Persistence, Strike};
use crate::evidence::CallResult::{self, Cancelled, Lost, Ok, Shutdown, Transport, Unreachable};
use crate::proxy::Phase;
use crate::scenario::SweepFault;

/// How a call stands to a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    /// It had ended before.
    Before,
    /// It is its request that is struck.
    Struck,
    /// It was in flight.
    InFlight {
        /// On the same link.
        same_link: bool,
    },
    /// It began after.
    Later {
        /// Of the same process.
        same_process: bool,
        /// With requests that the same gate names.
        same_gate: bool,
    },
}

/// What the scenario holds the system to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Promises {
    /// From this fault, when it happens once, everybody recovers.
    pub recovers: bool,
    /// A server that is told to stop ends the answers that it has begun.
    pub drains: bool,
}

/// The results that a call may have beside a fault; nothing where the fault does not change them.
pub(super) fn results(strike: &Strike, relation: Relation, promises: Promises) -> Option<Vec<CallResult>> {
    use Persistence::{Every, Once};
    use SweepFault::{ClientCancel, ClientKill, ClientStop, Fin, Hold, Pause, Refuse, Rst, ServerKill, ServerStop};
    let failed = || vec![Unreachable, Transport];
    let may_fail = || vec![Ok, Unreachable, Transport];
    let once = || if promises.recovers { vec![Ok] } else { may_fail() };
    // The server had the whole request: its answer may have passed before anything happened.
    let may_have_passed = strike.place.phase >= Phase::RequestSent;
    let whole = strike.place.phase == Phase::ResponseSent;
    match (strike.fault, strike.persistence, relation) {
        (_, _, Relation::Before) => None,

        (Fin | Rst | Hold | Refuse | Pause, Once, Relation::Struck) => Some(once()),
        // The answer had arrived.
        (Fin | Rst | Hold | Refuse | Pause, Every, Relation::Struck) if whole => Some(may_fail()),
        (Pause, Every, Relation::Struck) if may_have_passed => Some(may_fail()),
        (Fin | Rst | Hold | Refuse | Pause, Every, Relation::Struck) => Some(failed()),
        // Every attempt at all such requests.
        (Fin | Rst | Hold, Every, Relation::Later { same_process: true, same_gate: true }) => Some(may_fail()),
        (Fin | Rst | Hold, _, _) => None,
        (Refuse, Once, Relation::InFlight { same_link: true }) => Some(once()),
        (Refuse, Every, Relation::InFlight { same_link: true }) => Some(may_fail()),
        (Refuse, _, _) => None,
        (Pause, Once, Relation::InFlight { .. }) => Some(once()),
        (Pause, Every, Relation::InFlight { .. }) => Some(may_fail()),
        (Pause, _, Relation::Later { .. }) => None,

        // Its answer had begun.
        (ServerStop, _, Relation::Struck) if promises.drains && strike.place.phase >= Phase::ResponseHead => None,
        (ServerStop, _, Relation::Struck | Relation::InFlight { .. }) => Some(vec![Ok, Shutdown]),
        (ServerStop, Every, Relation::Later { .. }) => Some(vec![Ok, Shutdown]),
        (ServerKill, Once, Relation::Struck | Relation::InFlight { .. }) => Some(once()),
        (ServerKill, Every, Relation::Struck) if may_have_passed => Some(may_fail()),
        (ServerKill, Every, Relation::Struck) => Some(failed()),
        (ServerKill, Every, Relation::InFlight { .. }) => Some(may_fail()),
        (ServerKill, Every, Relation::Later { .. }) => Some(failed()),
        (ServerStop | ServerKill, Once, Relation::Later { .. }) => None,

        (ClientCancel, _, Relation::Struck) => Some(vec![Cancelled]),
        (ClientKill, _, Relation::Struck) if whole => Some(vec![Ok, Lost]),
        (ClientKill, _, Relation::Struck) => Some(vec![Lost]),
        (ClientKill, _, Relation::InFlight { same_link: true }) => Some(vec![Ok, Lost]),
        (ClientCancel | ClientKill | ClientStop, _, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::point::SweepPlace;

    fn strike(fault: SweepFault, persistence: Persistence, phase: Phase) -> Strike {
        Strike { request: 0, place: SweepPlace { phase, spot: None }, fault, persistence }
    }

    #[test]
    fn nobody_may_fail_beside_a_planned_fault_and_nobody_may_shut_down_beside_another() {
        let relations = [
            Relation::Before,
            Relation::Struck,
            Relation::InFlight { same_link: true },
            Relation::InFlight { same_link: false },
            Relation::Later { same_process: true, same_gate: true },
            Relation::Later { same_process: false, same_gate: false },
        ];
        for fault in SweepFault::ALL {
            for persistence in [Persistence::Once, Persistence::Every] {
                for phase in [Phase::RequestHead, Phase::RequestSent, Phase::ResponseSent] {
                    for relation in relations {
                        let given = results(&strike(fault, persistence, phase), relation, Promises::default())
                            .unwrap_or(vec![Ok]);
                        let planned =
                            matches!(fault, SweepFault::ServerStop | SweepFault::ClientCancel | SweepFault::ClientStop);
                        let failed = given.iter().any(|result| result.must_be_reported());
                        assert!(!(planned && failed), "{fault} {persistence:?} {phase:?} {relation:?}: {given:?}");
                        let shut = given.contains(&Shutdown) && fault != SweepFault::ServerStop;
                        assert!(!shut, "{fault} {persistence:?} {phase:?} {relation:?}: {given:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_happens_once_must_be_recovered_from_where_the_scenario_says_so() {
        let (promised, bare) = (Promises { recovers: true, ..Promises::default() }, Promises::default());
        let once = strike(SweepFault::Rst, Persistence::Once, Phase::RequestSent);
        assert_eq!(results(&once, Relation::Struck, promised), Some(vec![Ok]));
        assert_eq!(results(&once, Relation::Struck, bare), Some(vec![Ok, Unreachable, Transport]));
        let every = strike(SweepFault::Rst, Persistence::Every, Phase::RequestSent);
        assert_eq!(results(&every, Relation::Struck, promised), Some(vec![Unreachable, Transport]));
        assert_eq!(results(&every, Relation::Later { same_process: true, same_gate: false }, promised), None);
    }

    #[test]
    fn an_answer_that_has_begun_must_come_where_the_scenario_says_that_the_server_drains() {
        let promised = Promises { drains: true, ..Promises::default() };
        for (phase, given) in [(Phase::RequestSent, Some(vec![Ok, Shutdown])), (Phase::ResponseHead, None)] {
            for persistence in [Persistence::Once, Persistence::Every] {
                let stop = strike(SweepFault::ServerStop, persistence, phase);
                assert_eq!(results(&stop, Relation::Struck, promised), given);
                assert_eq!(results(&stop, Relation::Struck, Promises::default()), Some(vec![Ok, Shutdown]));
            }
        }
    }
}

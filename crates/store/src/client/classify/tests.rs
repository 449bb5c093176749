use super::*;

const BEGAN: u64 = 7;

/// What the flag can be when a failure is looked at.
const FLAGS: [Option<(State, u64)>; 9] = [
    None,
    Some((State::Starting, BEGAN)),
    Some((State::Online, BEGAN)),
    Some((State::Stopping, BEGAN)),
    Some((State::Stopped, BEGAN)),
    Some((State::Starting, BEGAN + 1)),
    Some((State::Online, BEGAN + 1)),
    Some((State::Stopping, BEGAN + 1)),
    Some((State::Stopped, BEGAN + 1)),
];

const LOST: [Failure; 6] = [
    Failure::Disconnected(Disconnect::Refused),
    Failure::Disconnected(Disconnect::Reset),
    Failure::Disconnected(Disconnect::Closed),
    Failure::Disconnected(Disconnect::CutInHead),
    Failure::Disconnected(Disconnect::CutInBody),
    Failure::TimedOut,
];

const RETRY: Decision = Decision::Retry { renewed: false };

/// Everything that can be known.
fn everything() -> Vec<KnownState> {
    let mut all = Vec::new();
    for flag in FLAGS {
        for announced in [false, true] {
            for health in [Health::Unasked, Health::Answers, Health::Draining, Health::Gone] {
                for retries_left in [false, true] {
                    let flag = flag.map(|(state, epoch)| Snapshot { state, epoch, pid: 1 });
                    all.push(KnownState { began: Some(BEGAN), flag, announced, health, retries_left });
                }
            }
        }
    }
    all
}

#[test]
fn rows_1_to_4_need_to_know_nothing() {
    let answer = |status| Failure::Answer { status, message: String::new() };
    let rows = [
        (Failure::Cancelled, Decision::Cancelled),
        (Failure::Draining(Draining::Refused), Decision::Shutdown),
        (Failure::Draining(Draining::AnsweredEarly), Decision::Shutdown),
        (answer(404), Decision::Rejected),
        (answer(408), Decision::Rejected),
        (answer(429), Decision::Rejected),
        (answer(500), Decision::Rejected),
        (answer(503), Decision::Rejected),
        (Failure::Malformed(Malformed::Http, String::new()), Decision::Transport),
        (Failure::Malformed(Malformed::Json, String::new()), Decision::Transport),
    ];
    for known in everything() {
        for (failure, decision) in &rows {
            assert_eq!(classify(failure, &known), *decision, "{failure:?} {known:?}");
        }
    }
}

#[test]
fn rows_5_to_8_go_by_the_flag_whatever_else_is_known() {
    for known in everything() {
        let Some(flag) = known.flag else { continue };
        let same = flag.epoch == BEGAN;
        let expected = match (flag.state, same, known.retries_left) {
            (State::Starting | State::Online, false, _) => Decision::Retry { renewed: true },
            (State::Stopping | State::Stopped, ..) => Decision::Shutdown,
            (State::Starting | State::Online, true, true) => RETRY,
            (State::Starting | State::Online, true, false) => Decision::Unreachable(Level::ERROR),
        };
        for failure in LOST {
            assert_eq!(classify(&failure, &known), expected, "{failure:?} {known:?}");
        }
    }
}

#[test]
fn rows_9_to_11_go_by_what_was_announced_and_by_health() {
    for known in everything() {
        if known.flag.is_some() {
            continue;
        }
        let expected = match (known.announced, known.health, known.retries_left) {
            (true, ..) | (_, Health::Draining, _) => Decision::Shutdown,
            (_, Health::Unasked, _) => Decision::Probe,
            (_, Health::Gone, _) => Decision::Unreachable(Level::WARN),
            (_, Health::Answers, true) => RETRY,
            (_, Health::Answers, false) => Decision::Transport,
        };
        for failure in LOST {
            assert_eq!(classify(&failure, &known), expected, "{failure:?} {known:?}");
        }
    }
}

#[test]
fn a_flag_that_was_not_there_when_the_request_began_tells_no_restart() {
    let flag = Some(Snapshot { state: State::Online, epoch: BEGAN, pid: 1 });
    let known = KnownState { flag, ..KnownState::default() };
    assert_eq!(classify(&Failure::TimedOut, &known), Decision::Unreachable(Level::ERROR));
}

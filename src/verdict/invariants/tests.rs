//! What the models find in a history, and what they must not.

mod unnamed;

use std::path::Path;

use rstest::rstest;
use serde_json::{Value, json};

use crate::evidence::{
    Asked, Boot, Call, CallEffect, CallResult, Evidence, FinalRead, ProcessEvidence, ProcessExit, ReadAnswer,
};
use crate::finding::{Finding, FindingKind};
use crate::log::{Format, Reader, Stream};
use crate::scenario::Scenario;
use crate::system::System;
use crate::verdict::{Case, judge};

const SYSTEM: &str = r#"
name = "models"
summary = "One of each"
[log]
format = "tracing"
[roles.server]
kind = "server"
command = ["server"]
exit = "any"
[roles.client]
kind = "driven"
command = ["client"]
exit = "any"
[roles.worker]
kind = "free-running"
command = ["worker"]
exit = "any"
[exits]
any = { status = [0, "SIGKILL"] }
[lines]
done = { message = "done" }
left = { message = "left" }
[operations]
put = { method = "POST", path = "/put" }
put_many = { method = "POST", path = "/put" }
take = { method = "POST", path = "/take" }
finish = { method = "POST", path = "/finish" }
write = { method = "POST", path = "/write" }
get = { method = "GET", path = "/get" }
append = { method = "POST", path = "/append" }
add = { method = "POST", path = "/add" }
remove = { method = "POST", path = "/remove" }
claim = { method = "POST", path = "/claim" }
[[invariant]]
[invariant.queue]
read = { path = "/items", items = "items" }
item = { id = "id", content = "what", state = "state" }
put = [
    { op = "put", id = "value.id", content = "args.what" },
    { op = "put_many", id = "value[].id", content = "args.all[].what" },
]
take = [{ op = "take", id = "value.id" }]
claim = [{ op = "claim", id = "args.id" }]
put-back = [{ op = "finish", id = "args.id", when = { "args.as" = ["again"] } }]
finish = [{ op = "finish", id = "args.id", when = { "args.as" = ["good"] } }]
redelivers = ["args.patience"]
taken = ["taken"]
finished = ["good"]
done-line = { line = "done", id = "item" }
left-line = { line = "left", id = "item" }
[[invariant]]
[invariant.register]
read = { path = "/values" }
key = "key"
value = "value"
write = [{ op = "write", key = "args.key", value = "args.value" }]
get = [{ op = "get", key = "args.key", value = "value.value" }]
[[invariant]]
[invariant.log]
read = { path = "/log?of=${key}" }
value = "entry"
append = [{ op = "append", key = "args.key", value = "args.entry" }]
[[invariant]]
[invariant.set]
read = { path = "/set" }
item = { id = "name" }
add = [{ op = "add", id = "args.name" }]
remove = [{ op = "remove", id = "args.name" }]
[[invariant]]
[invariant.once]
operations = ["finish"]
"#;

use CallResult::{Cancelled, Ok as Done, Rejected};

/// A history, one call after the other, each of 10 µs.
#[derive(Default)]
struct History {
    evidence: Evidence,
    clock: u64,
}

impl History {
    fn call(mut self, op: &str, args: Value, result: CallResult, value: Value) -> Self {
        self.clock += 20;
        self.evidence.history.push(Call {
            name: format!("{op}-{}", self.evidence.history.len() + 1),
            process: "a".into(),
            number: 1,
            op: op.into(),
            args,
            begun: self.clock,
            ended: Some(self.clock + 10),
            result: Some(result),
            effect: match result {
                Done => CallEffect::Applied,
                Rejected => CallEffect::NotApplied,
                _ => CallEffect::Unknown,
            },
            value: (result == Done).then_some(value),
            error: None,
            expected: None,
            returns: None,
            further: Vec::new(),
        });
        self
    }

    fn put(self, what: &str, id: &str) -> Self {
        self.call("put", json!({ "what": what }), Done, json!({ "id": id }))
    }

    fn take(self, id: &str) -> Self {
        self.call("take", json!({}), Done, json!({ "id": id }))
    }

    fn process(mut self, name: &str, role: &str, log: &str, asked: Asked) -> Self {
        let mut reader = Reader::new(&Format::Tracing, Stream::Stderr).expect("a format");
        reader.feed(1, log.as_bytes());
        reader.finish(1);
        let exit = Some(ProcessExit { at: 900, code: Some(0), signal: None });
        self.evidence.processes.push(ProcessEvidence {
            name: name.into(),
            role: role.into(),
            boots: vec![Boot { asked: Some(asked), exit, ..Boot::default() }],
            records: reader.into_records(),
            ..ProcessEvidence::default()
        });
        self
    }

    fn read(mut self, invariant: usize, key: Option<Value>, answer: Value) -> Self {
        let read = ReadAnswer { invariant, path: "/".into(), key, answer: Ok(answer) };
        let all = self.evidence.final_read.get_or_insert(FinalRead { rebooted: false, answers: Vec::new() });
        all.answers.push(read);
        self
    }

    fn items(self, items: Value) -> Self {
        self.read(0, None, json!({ "items": items }))
    }

    fn findings(&self) -> Vec<Finding> {
        self.findings_of(SYSTEM)
    }

    fn findings_of(&self, system: &str) -> Vec<Finding> {
        let system = System::parse(Path::new("models.toml"), system).expect("a system");
        let scenario =
            Scenario::parse(Path::new("models.toml"), "summary = \"\"\n[[step]]\ndo.stop = { process = \"server\" }\n");
        let scenario = scenario.expect("a scenario");
        judge(Case { evidence: &self.evidence, scenario: &scenario.file, system: &system.file })
    }

    fn kinds(&self) -> Vec<FindingKind> {
        self.findings().into_iter().map(|finding| finding.kind).collect()
    }
}

fn item(id: &str, what: &str, state: &str) -> Value {
    json!({ "id": id, "what": what, "state": state })
}

#[test]
fn a_queue_in_which_nothing_is_wrong_is_not_accused() {
    let history = History::default()
        .put("x", "1")
        .call(
            "put_many",
            json!({ "all": [{ "what": "y" }, { "what": "z" }] }),
            Done,
            json!([{ "id": "2" }, { "id": "3" }]),
        )
        .call("put", json!({ "what": "w" }), Rejected, Value::Null)
        .take("1")
        .take("2")
        .call("finish", json!({ "id": "1", "as": "good" }), Done, json!({}))
        .call("finish", json!({ "id": "2", "as": "again" }), Done, json!({}))
        .take("2")
        .call("take", json!({}), Done, Value::Null);
    let items = json!([item("1", "x", "good"), item("2", "y", "taken"), item("3", "z", "waiting")]);
    assert_eq!(history.items(items).kinds(), []);
}

#[rstest]
#[case::lost(json!([]), &[FindingKind::Lost])]
#[case::duplicated(json!([item("1", "x", "waiting"), item("2", "x", "waiting")]), &[FindingKind::Duplicated])]
#[case::another_id(json!([item("2", "x", "waiting")]), &[FindingKind::Lost])]
#[case::phantom(json!([item("1", "x", "waiting"), item("2", "y", "waiting")]), &[FindingKind::Phantom])]
#[case::taken_by_nobody(json!([item("1", "x", "taken")]), &[FindingKind::Stuck])]
#[case::finished_by_nobody(json!([item("1", "x", "good")]), &[FindingKind::FinishedByNobody])]
#[case::whole(json!([item("1", "x", "waiting")]), &[])]
fn an_item_that_was_put_is_there_once(#[case] items: Value, #[case] expected: &[FindingKind]) {
    assert_eq!(History::default().put("x", "1").items(items).kinds(), expected);
}

#[test]
fn what_may_have_happened_did_or_did_not_but_not_twice() {
    let maybe = || History::default().call("put", json!({ "what": "x" }), Cancelled, Value::Null);
    assert_eq!(maybe().items(json!([])).kinds(), []);
    assert_eq!(maybe().items(json!([item("1", "x", "waiting")])).kinds(), []);
    let twice = json!([item("1", "x", "waiting"), item("2", "x", "waiting")]);
    assert_eq!(maybe().items(twice).kinds(), [FindingKind::Duplicated]);
}

#[test]
fn an_item_is_handed_out_once_unless_it_was_put_back_or_asks_for_more() {
    let state = || json!([item("1", "x", "taken")]);
    let twice = History::default().put("x", "1").take("1").take("1").items(state());
    assert_eq!(twice.kinds(), [FindingKind::DeliveredTwice]);
    assert_eq!(twice.findings()[0].excerpt.len(), 2, "the two calls that prove it");
    let back = json!({ "id": "1", "as": "again" });
    let given_back = History::default().put("x", "1").take("1").call("finish", back, Done, json!({})).take("1");
    assert_eq!(given_back.items(state()).kinds(), []);
    let patient = json!({ "what": "x", "patience": 3 });
    let asks = History::default().call("put", patient, Done, json!({ "id": "1" })).take("1").take("1");
    assert_eq!(asks.items(state()).kinds(), []);
}

#[test]
fn items_are_taken_in_their_order() {
    let items = || json!([item("1", "x", "taken"), item("2", "y", "taken")]);
    let two = || History::default().put("x", "1").put("y", "2");
    assert_eq!(two().take("1").take("2").items(items()).kinds(), []);
    let wrong = two().take("2").take("1").items(items());
    assert_eq!(wrong.kinds(), [FindingKind::OutOfOrder]);
    // Of calls that overlap nobody knows the order.
    let mut overlapping = two().take("2").take("1").items(items());
    overlapping.evidence.history[0].ended = Some(1000);
    assert_eq!(overlapping.kinds(), []);
}

#[test]
fn a_taken_item_whose_taker_is_not_known_is_stuck_unless_a_take_may_have_got_it() {
    let taken = || json!([item("1", "x", "taken")]);
    let null = History::default().put("x", "1").call("take", json!({}), Done, Value::Null).items(taken());
    assert_eq!(null.kinds(), [FindingKind::Stuck]);
    assert!(null.findings()[0].excerpt[0].contains("take-2"), "the take that said there was nothing");
    let unsure = History::default().put("x", "1").call("take", json!({}), Cancelled, Value::Null).items(taken());
    assert_eq!(unsure.kinds(), []);
    let claim = |id: &str| {
        let asked = History::default().put("x", "1").call("take", json!({}), Cancelled, Value::Null);
        let mut asked = asked.call("claim", json!({ "id": id }), Done, json!({})).items(taken());
        asked.evidence.history[1].effect = CallEffect::NotApplied;
        asked.kinds()
    };
    assert_eq!(claim("1"), [], "the take never came, and the claim says whose it is");
    assert_eq!(claim("2"), [FindingKind::Stuck], "another item was claimed");
    let left = " INFO w: left item=1\n";
    for (log, asked, expected) in [
        ("", Asked::Teardown, &[FindingKind::Stuck][..]),
        ("", Asked::Kill, &[]),
        (left, Asked::Teardown, &[]),
        (" INFO w: left item=2\n", Asked::Teardown, &[FindingKind::Stuck]),
    ] {
        let history = History::default().put("x", "1").process("w", "worker", log, asked).items(taken());
        assert_eq!(history.kinds(), expected, "{log}{asked:?}");
    }
}

#[test]
fn what_is_finished_was_finished_by_a_process_that_says_so() {
    let finished = || json!([item("1", "x", "good")]);
    for (log, expected) in
        [(" INFO w: done item=1\n", &[][..]), (" INFO w: done item=2\n", &[FindingKind::FinishedByNobody])]
    {
        let history = History::default().put("x", "1").process("w", "worker", log, Asked::Teardown).items(finished());
        assert_eq!(history.kinds(), expected, "{log}");
    }
}

fn write(history: History, value: u32, result: CallResult) -> History {
    history.call("write", json!({ "key": "k", "value": value }), result, json!({}))
}

#[rstest]
#[case::last(&[(1, Done), (2, Done)], Some(2), &[])]
#[case::overwritten(&[(1, Done), (2, Done)], Some(1), &[FindingKind::Lost])]
#[case::nothing(&[(1, Done)], None, &[FindingKind::Lost])]
#[case::unsure_last(&[(1, Done), (2, Cancelled)], Some(1), &[])]
#[case::unsure_done(&[(1, Done), (2, Cancelled)], Some(2), &[])]
#[case::unsure_may_come_late(&[(2, Cancelled), (1, Done)], Some(2), &[])]
#[case::refused(&[(1, Done), (2, Rejected)], Some(2), &[FindingKind::Lost])]
#[case::nobodys(&[(1, Done)], Some(3), &[FindingKind::Lost])]
#[case::never_sure(&[(1, Cancelled)], Some(9), &[])]
fn a_register_holds_what_was_written_last(
    #[case] writes: &[(u32, CallResult)],
    #[case] value: Option<u32>,
    #[case] expected: &[FindingKind],
) {
    let history = writes.iter().fold(History::default(), |history, (value, result)| write(history, *value, *result));
    let there: Vec<Value> = value.iter().map(|value| json!({ "key": "k", "value": value })).collect();
    assert_eq!(history.read(1, None, json!(there)).kinds(), expected);
}

#[test]
fn a_read_between_two_writes_sees_the_first() {
    let read =
        |history: History, value: Value| history.call("get", json!({ "key": "k" }), Done, json!({ "value": value }));
    let one = || write(History::default(), 1, Done);
    assert_eq!(write(read(one(), json!(1)), 2, Done).kinds(), []);
    assert_eq!(write(read(one(), json!(2)), 2, Done).kinds(), [FindingKind::Lost], "it is not written yet");
    assert_eq!(read(write(one(), 2, Done), json!(1)).kinds(), [FindingKind::Lost], "it is overwritten");
    assert_eq!(write(read(History::default(), json!(7)), 1, Done).kinds(), [], "it had a value before the first write");
}

#[rstest]
#[case::whole(&["x", "y"], &[])]
#[case::lost(&["y"], &[FindingKind::Lost])]
#[case::twice(&["x", "x", "y"], &[FindingKind::Duplicated])]
#[case::disorder(&["y", "x"], &[FindingKind::OutOfOrder])]
#[case::phantom(&["x", "y", "z"], &[FindingKind::Phantom])]
fn a_log_holds_each_entry_once_and_in_order(#[case] entries: &[&str], #[case] expected: &[FindingKind]) {
    let append =
        |history: History, entry: &str| history.call("append", json!({ "key": "k", "entry": entry }), Done, json!({}));
    let there: Vec<Value> = entries.iter().map(|entry| json!({ "entry": entry })).collect();
    let history = append(append(History::default(), "x"), "y").read(2, Some(json!("k")), json!(there));
    assert_eq!(history.kinds(), expected);
}

#[rstest]
#[case::there(&["x"], &[])]
#[case::gone(&[], &[FindingKind::Lost])]
#[case::still_there(&["x", "y"], &[FindingKind::Phantom])]
fn a_set_holds_what_was_added_and_not_removed(#[case] names: &[&str], #[case] expected: &[FindingKind]) {
    let one = |history: History, op: &str, name: &str| history.call(op, json!({ "name": name }), Done, json!({}));
    let history = one(one(one(History::default(), "add", "x"), "add", "y"), "remove", "y");
    let there: Vec<Value> = names.iter().map(|name| json!({ "name": name })).collect();
    assert_eq!(history.read(3, None, json!(there)).kinds(), expected);
}

#[rstest]
#[case::without_a_key(&[None, None], &[FindingKind::AppliedTwice])]
#[case::with_one_key(&[Some("k"), Some("k")], &[])]
#[case::with_two_keys(&[Some("k"), Some("l")], &[FindingKind::AppliedTwice])]
#[case::once(&[None], &[])]
fn a_call_is_carried_out_once(#[case] keys: &[Option<&str>], #[case] expected: &[FindingKind]) {
    let mut history = History::default().call("finish", json!({ "id": "1" }), Done, json!({}));
    let begun = history.evidence.history[0].begun;
    for (number, key) in (1..).zip(keys) {
        let seen = json!({
            "connection": number, "number": number, "method": "POST", "path": "/finish", "key": key, "request_bytes": 9,
            "response_bytes": 0, "request_head": 9, "response_head": 9, "status": 200, "finished": number > 1,
        });
        let request = json!({ "process": "a", "at": begun + number });
        let all = request.as_object().into_iter().chain(seen.as_object()).flatten();
        let request = all.map(|(name, value)| (name.clone(), value.clone())).collect();
        history.evidence.requests.push(serde_json::from_value(Value::Object(request)).expect("a request"));
    }
    assert_eq!(history.kinds(), expected);
    // Of another operation, or refused, they are not it.
    for request in &mut history.evidence.requests {
        request.seen.status = Some(503);
    }
    assert_eq!(history.kinds(), []);
}

#[test]
fn an_entry_that_was_appended_again_may_be_there_since_the_first_time() {
    let append = |history: History, entry: &str, result| {
        history.call("append", json!({ "key": "k", "entry": entry }), result, json!({}))
    };
    let again = append(append(append(History::default(), "x", Cancelled), "y", Done), "x", Done);
    let there = json!([{ "entry": "x" }, { "entry": "y" }]);
    assert_eq!(again.read(2, Some(json!("k")), there).kinds(), []);
}

#[test]
fn an_add_that_was_given_up_may_come_after_the_removal() {
    let history = History::default().call("add", json!({ "name": "x" }), Cancelled, Value::Null);
    let history = history.call("remove", json!({ "name": "x" }), Done, json!({}));
    assert_eq!(history.read(3, None, json!([{ "name": "x" }])).kinds(), []);
}

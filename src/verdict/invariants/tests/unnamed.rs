//! Calls whose answer never came, and that only their answer would have named.

use super::*;

/// Items whose ids the server gives, without content; a queue, values and entries that answers name.
const ANSWERED: &str = r#"
name = "answered"
summary = "What the server names"
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
[exits]
any = { status = [0, "SIGKILL"] }
[operations]
add = { method = "POST", path = "/add" }
add_many = { method = "POST", path = "/many" }
pop = { method = "POST", path = "/pop" }
put = { method = "POST", path = "/put" }
take = { method = "POST", path = "/take" }
claim = { method = "POST", path = "/claim" }
again = { method = "POST", path = "/again" }
finish = { method = "POST", path = "/finish" }
count = { method = "POST", path = "/count" }
get = { method = "GET", path = "/get" }
append = { method = "POST", path = "/append" }
[[invariant]]
[invariant.set]
read = { path = "/set" }
item = { id = "id" }
add = [
    { op = "add", id = "value.id", when = { "value.created" = [true] } },
    { op = "add_many", id = "value[].id" },
]
remove = [{ op = "pop", id = "value.id" }]
[[invariant]]
[invariant.queue]
read = { path = "/items" }
item = { id = "id", state = "state" }
put = [{ op = "put", id = "value.id" }]
take = [{ op = "take", id = "value.id" }]
claim = [{ op = "claim", id = "value.id" }]
put-back = [{ op = "again", id = "value.id" }]
finish = [{ op = "finish", id = "value.id" }]
taken = ["taken"]
finished = ["done"]
[[invariant]]
[invariant.register]
read = { path = "/counts" }
key = "key"
value = "value"
write = [{ op = "count", key = "args.key", value = "value.now" }]
get = [{ op = "get", key = "args.key", value = "value.now" }]
[[invariant]]
[invariant.log]
read = { path = "/log" }
value = "number"
append = [{ op = "append", key = "args.key", value = "value.number" }]
"#;

const SET: usize = 0;
const QUEUE: usize = 1;
const REGISTER: usize = 2;
const LOG: usize = 3;

/// Calls by operation, with what they returned; `null`: their answer never came.
fn history(calls: &[(&str, Value)]) -> History {
    calls.iter().fold(History::default(), |history, (op, value)| {
        let result = if value.is_null() { Cancelled } else { Done };
        history.call(op, json!({ "key": "k" }), result, value.clone())
    })
}

fn added(id: u32) -> (&'static str, Value) {
    ("add", json!({ "id": id, "created": true }))
}

fn ids(ids: &[u32]) -> Value {
    ids.iter().map(|id| json!({ "id": id })).collect()
}

#[rstest]
#[case::one_that_was_applied(&[added(1), ("add", Value::Null)], ids(&[1, 2]), &[])]
#[case::one_that_was_not(&[added(1), ("add", Value::Null)], ids(&[1]), &[])]
#[case::one_cannot_have_added_two(&[added(1), ("add", Value::Null)], ids(&[1, 2, 3]), &[FindingKind::Phantom])]
#[case::two_can(&[("add", Value::Null), ("add", Value::Null)], ids(&[2, 3]), &[])]
#[case::one_that_adds_many_can(&[added(1), ("add_many", Value::Null)], ids(&[1, 2, 3, 4]), &[])]
#[case::nobody_is_unsure(&[added(1)], ids(&[1, 2]), &[FindingKind::Phantom])]
#[case::an_unsure_one_may_have_been_first(&[("add", Value::Null), added(1)], ids(&[1, 1]), &[])]
#[case::what_is_lost_is_lost(&[added(1), ("add", Value::Null)], ids(&[2]), &[FindingKind::Lost])]
#[case::an_unsure_one_took_it_away(&[added(1), added(2), ("pop", Value::Null)], ids(&[2]), &[])]
#[case::it_did_not(&[added(1), added(2), ("pop", Value::Null)], ids(&[1, 2]), &[])]
#[case::it_cannot_have_taken_two(&[added(1), added(2), ("pop", Value::Null)], ids(&[]), &[FindingKind::Lost, FindingKind::Lost])]
fn an_unsure_call_may_have_added_or_removed_any_one_item(
    #[case] calls: &[(&str, Value)],
    #[case] there: Value,
    #[case] expected: &[FindingKind],
) {
    assert_eq!(kinds(history(calls).read(SET, None, there)), expected);
}

#[test]
fn a_call_that_never_reached_the_server_has_added_nothing() {
    let mut history = history(&[added(1), ("add", Value::Null)]).read(SET, None, ids(&[1, 2]));
    history.evidence.history[1].effect = CallEffect::NotApplied;
    assert_eq!(kinds(history), [FindingKind::Phantom]);
}

#[test]
fn a_finding_says_for_how_much_the_unsure_calls_account() {
    let history = history(&[added(1), ("add", Value::Null)]).read(SET, None, ids(&[1, 2, 3]));
    let finding = history.findings_of(ANSWERED).remove(0);
    assert!(finding.excerpt.iter().any(|line| line.contains("one call whose answer never came")), "{finding:?}");
}

#[rstest]
#[case::put(&[("put", Value::Null)], "waiting", &[])]
#[case::claimed(&[("put", json!({ "id": 1 })), ("claim", Value::Null)], "taken", &[])]
#[case::finished(&[("put", json!({ "id": 1 })), ("finish", Value::Null)], "done", &[])]
#[case::put_back(
    &[("put", json!({ "id": 1 })), ("take", json!({ "id": 1 })), ("again", Value::Null), ("take", json!({ "id": 1 }))], "taken", &[]
)]
#[case::nobody_put(&[("finish", Value::Null)], "waiting", &[FindingKind::Phantom])]
#[case::nobody_claimed(&[("put", json!({ "id": 1 })), ("finish", Value::Null)], "taken", &[FindingKind::Stuck])]
#[case::nobody_finished(&[("put", json!({ "id": 1 })), ("claim", Value::Null)], "done", &[FindingKind::FinishedByNobody])]
#[case::nobody_put_back(
    &[("put", json!({ "id": 1 })), ("take", json!({ "id": 1 })), ("take", json!({ "id": 1 }))], "taken", &[FindingKind::DeliveredTwice]
)]
fn an_unsure_call_may_have_done_its_work_on_any_one_item_of_a_queue(
    #[case] calls: &[(&str, Value)],
    #[case] state: &str,
    #[case] expected: &[FindingKind],
) {
    assert_eq!(kinds(history(calls).read(QUEUE, None, json!([{ "id": 1, "state": state }]))), expected);
}

#[rstest]
#[case::applied(&[("count", json!({ "now": 1 })), ("count", Value::Null)], 2, &[])]
#[case::not_applied(&[("count", json!({ "now": 1 })), ("count", Value::Null)], 1, &[])]
#[case::certain(&[("count", json!({ "now": 1 }))], 2, &[FindingKind::Lost])]
#[case::seen_meanwhile(&[("count", json!({ "now": 1 })), ("count", Value::Null), ("get", json!({ "now": 2 }))], 2, &[])]
fn an_unsure_write_may_have_written_any_value_that_only_its_answer_names(
    #[case] calls: &[(&str, Value)],
    #[case] now: u32,
    #[case] expected: &[FindingKind],
) {
    assert_eq!(kinds(history(calls).read(REGISTER, None, json!([{ "key": "k", "value": now }]))), expected);
}

#[rstest]
#[case::applied(&[("append", json!({ "number": 1 })), ("append", Value::Null)], &[1, 2], &[])]
#[case::one_cannot_have_appended_two(&[("append", Value::Null)], &[1, 2], &[FindingKind::Phantom])]
#[case::nobody_is_unsure(&[("append", json!({ "number": 1 }))], &[1, 2], &[FindingKind::Phantom])]
fn an_unsure_append_may_have_appended_any_one_entry(
    #[case] calls: &[(&str, Value)],
    #[case] entries: &[u32],
    #[case] expected: &[FindingKind],
) {
    let there: Value = entries.iter().map(|number| json!({ "number": number })).collect();
    assert_eq!(kinds(history(calls).read(LOG, None, there)), expected);
}

#[test]
fn a_system_says_what_it_cannot_tell() {
    let notes = System::parse(Path::new("answered.toml"), ANSWERED).expect("a system").notes();
    for (op, kind) in
        [("add", "phantom"), ("add_many", "phantom"), ("pop", "lost"), ("put", "phantom"), ("append", "phantom")]
    {
        let says = |note: &&String| note.contains(&format!("`{op}` names")) && note.contains(kind);
        assert_eq!(notes.iter().filter(says).count(), 1, "{op}: {notes:#?}");
    }
    assert!(notes.iter().any(|note| note.contains("any value is taken for right beside a `count`")), "{notes:#?}");
    assert_eq!(System::parse(Path::new("models.toml"), SYSTEM).expect("a system").notes(), Vec::<String>::new());
}

#[test]
fn an_item_is_known_by_content_only_where_all_that_adds_it_says_what_it_is() {
    let source = ANSWERED.replacen("item = { id = \"id\" }", "item = { id = \"id\", content = \"what\" }", 1);
    let wrong = System::parse(Path::new("answered.toml"), &source).expect_err("no content").to_string();
    assert!(wrong.contains("`add` does not say what it puts in"), "{wrong}");
}

fn kinds(history: History) -> Vec<FindingKind> {
    history.findings_of(ANSWERED).into_iter().map(|finding| finding.kind).collect()
}

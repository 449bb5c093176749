//! Secrets are nowhere that quietdown writes, and what is judged is what is written.

use std::path::Path;

use crate::place::{Place, check};

const SECRETS: [&str; 6] =
    ["sk-of-the-desk-1", "of-the-role-2", "bearer-3-abc", "sid=cookie-4", "tok_own5", "p4ssword6"];

/// A server that tells all that it knows, and a scenario that has a secret in it, too.
fn talker() -> Place {
    let place = Place::new();
    place.write(
        "talker.toml",
        r#"
name = "talker"
summary = "A server that tells all that it knows"
[log]
format = "tracing"
secrets = ['tok_\w+']
[roles.server]
kind = "server"
command = ["sh", "-c", '''
echo " WARN talker: key is $DESK_API_KEY and $ROLE_TOKEN"
echo " WARN talker: Authorization: Bearer bearer-3-abc" >&2
echo " WARN talker: headers={'Cookie': 'sid=cookie-4; a=b'} tok_own5"
printf ' WARN talker: tok_'; echo 'own5 password=p4ssword6'
echo ' INFO talker: ready'
exec sleep 1000''']
env = { ROLE_TOKEN = "of-the-role-2" }
ready = { line = "ready" }
exit = "terminated"
[lines]
ready = { message = "ready" }
[exits]
terminated = { status = ["SIGTERM"] }
"#,
    );
    place.write("scenarios/told.toml", "# tok_own5 stands here, too\nsummary = \"It tells tok_own5\"\n");
    place
}

/// Every file below a folder that has one of the secrets in it.
fn leaks(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            leaks(&path, found);
            continue;
        }
        let text = String::from_utf8_lossy(&std::fs::read(&path).expect("read")).into_owned();
        found.extend(
            SECRETS
                .iter()
                .filter(|secret| text.contains(**secret))
                .map(|secret| format!("{}: {secret}", path.display())),
        );
    }
}

#[test]
fn a_secret_is_in_no_file_of_the_run_in_no_report_and_not_on_the_terminal() {
    let place = talker();
    let reports = ["--junit", "out/j.xml", "--ctrf", "out/c.json", "--tap", "out/t.tap", "--json=out/r.json"];
    std::fs::create_dir(place.path("out")).expect("made");
    let mut command = place.command(&[&["run", "--system", "./talker.toml"], &reports[..]].concat());
    command.env("DESK_API_KEY", "sk-of-the-desk-1").env("GITHUB_ACTIONS", "true");
    let (code, told) = crate::place::end(command.env("GITHUB_STEP_SUMMARY", place.path("out/summary.md")));
    assert_eq!(code, Some(1), "{told}");
    let mut found: Vec<String> =
        SECRETS.iter().filter(|secret| told.contains(**secret)).map(|it| format!("terminal: {it}")).collect();
    leaks(&place.path("runs"), &mut found);
    leaks(&place.path("out"), &mut found);
    assert!(found.is_empty(), "{found:#?}");
    assert!(told.contains("key is <secret-"), "{told}");

    let run = format!("runs/{}", place.names("runs")[0]);
    let log = place.read(&format!("{run}/logs/server/stdout.log"));
    assert_eq!(log.lines().count(), 4, "complete but for what is masked: {log}");
    assert!(place.read(&format!("{run}/logs/server/stderr.log")).contains("Bearer <secret-"), "{log}");

    let (code, again) = place.quietdown(&["report", &run]);
    assert_eq!(code, Some(1));
    let findings = |text: &str| {
        text.lines().filter(|line| line.contains("level-above-info")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        findings(&again),
        findings(told.split("::error").next().unwrap_or_default()),
        "judged again, it is the same"
    );
    assert!(!findings(&again).is_empty());
}

#[test]
fn logs_prints_what_processes_wrote_as_it_came_and_refuses_who_is_not_there() {
    let place = talker();
    drop(place.quietdown(&["run", "--system", "./talker.toml"]));
    let run = format!("runs/{}", place.names("runs")[0]);
    let (code, text) = place.quietdown(&["logs", &run]);
    assert_eq!(code, Some(0), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 5, "{text}");
    let stderr = lines.iter().find(|line| line.contains("server! ")).expect("standard error is marked");
    assert!(stderr.contains("Authorization: Bearer <secret-"), "{stderr}");
    assert!(lines.iter().any(|line| line.ends_with("server   INFO talker: ready")), "{text}");
    check(place.quietdown(&["logs", &run, "nobody"]), 2, &["there is no process `nobody`", "there are: server"]);
    check(place.quietdown(&["logs", "scenarios"]), 2, &["scenarios/evidence.json"]);
    check(
        place.quietdown(&["report", &run]),
        1,
        &["expected: nothing above", "around it:", "again: quietdown run scenarios/told.toml --system ./talker.toml"],
    );
}

//! What a run must not tell: which values are secrets, and the evidence without them.

use serde_json::Value;

use super::HarnessError;
use crate::evidence::Evidence;
use crate::log::Secrets;
use crate::system::SystemFile;

/// Parts of the names of environment variables whose values are secrets.
const KEYS: [&str; 12] = [
    "KEY",
    "APIKEY",
    "TOKEN",
    "SECRET",
    "SECRETS",
    "PASSWORD",
    "PASSWD",
    "PASS",
    "PASSPHRASE",
    "CREDENTIAL",
    "CREDENTIALS",
    "COOKIE",
];

/// The secrets of a run: patterns of the system file, values of environment variables that look like keys, here and in the system
/// file, and what is known by what stands before it.
pub(super) fn of(system: &SystemFile) -> Result<Secrets, HarnessError> {
    let here =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let of_roles = system.roles.values().flat_map(|role| role.env.clone());
    // A value with a variable in it is known only when the process is started, and has nothing secret of its own.
    let values = here.chain(of_roles).filter(|(name, value)| is_key(name) && is_value(value)).map(|(_, value)| value);
    let patterns = system.log.secrets.iter().map(crate::file::Spanned::as_ref);
    Secrets::new(patterns, values).map_err(HarnessError::Secrets)
}

fn is_key(name: &str) -> bool {
    name.split(['_', '-', '.']).any(|part| KEYS.contains(&part.to_ascii_uppercase().as_str()))
}

/// A path to a secret is none, and neither is a number that is in every log.
fn is_value(value: &str) -> bool {
    !value.starts_with('/') && !value.contains("${") && !value.bytes().all(|byte| byte.is_ascii_digit())
}

/// Masks everything but the logs, which were masked when they came.
pub(super) fn mask(evidence: &mut Evidence, secrets: &mut Secrets) {
    let records: Vec<_> = evidence.processes.iter_mut().map(|process| std::mem::take(&mut process.records)).collect();
    if let Some(masked) = masked(evidence, secrets) {
        *evidence = masked;
    }
    for (process, records) in evidence.processes.iter_mut().zip(records) {
        process.records = records;
    }
}

fn masked(evidence: &Evidence, secrets: &mut Secrets) -> Option<Evidence> {
    let text = serde_json::to_vec(evidence).ok()?;
    if !secrets.may_be_in(&text) {
        return None;
    }
    let mut value = serde_json::to_value(evidence).ok()?;
    // Files stay files: they are masked by a way of their own, and not once more as texts.
    let sources = ["scenario_source", "system_source"].map(|name| (name, value.get_mut(name).map(Value::take)));
    mask_value(&mut value, secrets);
    for (name, source) in sources {
        if let (Some(Value::String(text)), Some(place)) = (source, value.get_mut(name)) {
            *place = Value::String(masked_file(&text, secrets));
        }
    }
    serde_json::from_value(value).ok()
}

/// The text of a file with names in place of secrets, which is a file of the same kind.
fn masked_file(source: &str, secrets: &mut Secrets) -> String {
    let masked = secrets.mask(source);
    if toml::from_str::<toml::Table>(&masked).is_ok() {
        return masked.into_owned();
    }
    // What is no text, such as a number, cannot be masked where it stands.
    let mut table = toml::Value::Table(toml::from_str(source).unwrap_or_default());
    mask_toml(&mut table, secrets);
    toml::to_string(&table).unwrap_or_default()
}

fn mask_toml(value: &mut toml::Value, secrets: &mut Secrets) {
    match value {
        toml::Value::String(text) => *text = secrets.mask(text).into_owned(),
        toml::Value::Array(items) => items.iter_mut().for_each(|item| mask_toml(item, secrets)),
        toml::Value::Table(table) => {
            for (name, value) in table.iter_mut() {
                match value {
                    toml::Value::String(text) if secrets.is_name(name) => *text = named(text, secrets),
                    value => mask_toml(value, secrets),
                }
            }
        }
        _ => {}
    }
}

fn mask_value(value: &mut Value, secrets: &mut Secrets) {
    match value {
        Value::String(text) => *text = secrets.mask(text).into_owned(),
        Value::Array(items) => items.iter_mut().for_each(|item| mask_value(item, secrets)),
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                match value {
                    Value::String(text) if secrets.is_name(name) => *text = named(text, secrets),
                    value => mask_value(value, secrets),
                }
            }
        }
        _ => {}
    }
}

/// The name of a value that is a secret as a whole.
fn named(text: &str, secrets: &mut Secrets) -> String {
    let masked = secrets.mask(text);
    if masked.contains("<secret-") || masked.contains("${") { masked.into_owned() } else { secrets.name(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environment_variables_that_look_like_keys_are_known_by_parts_of_their_names() {
        for (name, value, is) in [
            ("OPENAI_API_KEY", "sk-abc", true),
            ("db-password", "hunter-two", true),
            ("MONKEY", "banana", false),
            ("KEYBOARD", "german", false),
            ("SSH_AUTH_SOCK", "/tmp/x", false),
            ("TOKEN", "/run/secrets/token", false),
            ("TOKEN", "${run}/token", false),
            ("MAX_TOKEN", "128000", false),
        ] {
            assert_eq!(is_key(name) && is_value(value), is, "{name}");
        }
    }

    #[test]
    fn what_is_masked_of_evidence_and_of_its_files_stays_what_it_was() {
        let mut secrets = Secrets::new([] as [&str; 0], ["hunter-two"]).expect("rules");
        let mut evidence = Evidence {
            scenario_source: "# hunter-two\nsummary = \"x\"\npassword = 123456\n".to_owned(),
            notes: vec!["as hunter-two".to_owned(), "plain".to_owned()],
            ..Evidence::default()
        };
        mask(&mut evidence, &mut secrets);
        assert_eq!(evidence.notes, ["as <secret-1>", "plain"]);
        let file: toml::Table = toml::from_str(&evidence.scenario_source).expect("TOML");
        assert_eq!(file["password"].as_integer(), Some(123_456), "a number stays one");
        assert!(!evidence.scenario_source.contains("hunter"));
        let mut value = serde_json::json!({"password": "open", "headers": {"Authorization": "abc", "x": "hunter-two"}});
        mask_value(&mut value, &mut secrets);
        assert!(!value.to_string().contains("open") && !value.to_string().contains("abc"), "{value}");
        assert_eq!(value["headers"]["x"], "<secret-1>");
    }
}

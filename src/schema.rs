//! The JSON Schemas of both kinds of file, committed under `schema/` and checked there by regeneration.

use schemars::{JsonSchema, generate::SchemaSettings};

/// The schema of scenario files.
pub fn scenario() -> String {
    of::<crate::scenario::ScenarioFile>("quietdown scenario")
}

/// The schema of system files.
pub fn system() -> String {
    of::<crate::system::SystemFile>("quietdown system")
}

/// The schema of what `--json` writes.
pub fn results() -> String {
    of::<crate::report::Results>("quietdown results")
}

/// The schema of what `log --json` writes.
pub fn log() -> String {
    of::<crate::report::LogResults>("quietdown log")
}

fn of<T: JsonSchema>(title: &str) -> String {
    // Draft 7 is what the common TOML language server understands.
    let mut schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    format!("{:#}\n", schema.to_value())
}

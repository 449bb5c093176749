//! Resources: named sets of what rollouts work with, in versions. The one that was changed last is the latest.

use rusqlite::{Row, params};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::answer::{Answer, Refusal};
use super::call::DataCall;
use super::json::{raw, text};
use super::page::{Query, Sortable};
use super::parameters::Parameters;
use super::store::Store;

/// One resource. As in the original, fields that it does not know are dropped.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "resource_type", rename_all = "snake_case")]
enum Resource {
    Llm(Llm),
    ProxyLlm(Llm),
    PromptTemplate { template: String, engine: Engine },
}

#[derive(Debug, Serialize, Deserialize)]
struct Llm {
    endpoint: String,
    model: String,
    #[serde(default)]
    api_key: Option<String>,
    #[serde(default)]
    sampling_parameters: Map<String, Value>,
}

#[derive(Debug, Serialize, Deserialize)]
enum Engine {
    #[serde(rename = "jinja")]
    Jinja,
    #[serde(rename = "f-string")]
    FString,
    #[serde(rename = "poml")]
    Poml,
}

/// A version of a set of resources, as it is answered.
#[derive(Debug, Serialize)]
struct Update {
    resources_id: String,
    create_time: f64,
    update_time: f64,
    version: i64,
    resources: Box<RawValue>,
}

const SELECT: &str = "SELECT id, create_time, update_time, version, json FROM resources";

const SORTABLE: Sortable = Sortable {
    inserted: "seq",
    default: None,
    fields: &[
        ("resources_id", "id"),
        ("create_time", "create_time"),
        ("update_time", "update_time"),
        ("version", "version"),
        ("resources", "json"),
    ],
};

impl Update {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            resources_id: row.get(0)?,
            create_time: row.get(1)?,
            update_time: row.get(2)?,
            version: row.get(3)?,
            resources: raw(row, 4)?,
        })
    }

    fn find(store: &Store<'_>, id: &str) -> rusqlite::Result<Option<Self>> {
        store.first(&format!("{SELECT} WHERE id = ?1"), [id], Self::read)
    }
}

/// The id of the latest resources, if there are any.
///
/// # Errors
/// When the database fails.
pub fn latest_id(store: &Store<'_>) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT id FROM resources ORDER BY update_time DESC, seq DESC LIMIT 1";
    store.first(sql, [], |row| row.get(0))
}

/// `POST /resources`
///
/// # Errors
/// When the body is wrong, or the database fails.
pub fn add(store: &mut Store<'_>, call: &DataCall) -> Result<Answer, Refusal> {
    let id = store.id("rs", 12);
    put(store, &id, call).map(|update| Answer::created(&update))
}

/// `POST /resources/{resources}`: the next version, the first if there is none.
///
/// # Errors
/// When the body is wrong, or the database fails.
pub fn update(store: &mut Store<'_>, call: &DataCall) -> Result<Answer, Refusal> {
    put(store, call.segment(0), call).map(|update| Answer::ok(&update))
}

fn put(store: &Store<'_>, id: &str, call: &DataCall) -> Result<Option<Update>, Refusal> {
    let resources: Map<String, Value> = call.json()?;
    let mut known = Map::new();
    for (name, resource) in resources {
        let resource: Resource = serde_json::from_value(resource)
            .map_err(|error| Refusal::field(&name, "value_error", error.to_string()))?;
        known.insert(name, serde_json::to_value(&resource).unwrap_or_default());
    }
    let sql = "INSERT INTO resources (id, create_time, update_time, version, json) VALUES (?1, ?2, ?2, 1, ?3) \
               ON CONFLICT (id) DO UPDATE SET update_time = ?2, version = version + 1, json = ?3";
    store.execute(sql, params![id, store.now, text(&known)])?;
    Ok(Update::find(store, id)?)
}

/// `GET /resources`
///
/// # Errors
/// When a parameter is not allowed, or the database fails.
pub fn query(store: &mut Store<'_>, call: &DataCall) -> Result<Answer, Refusal> {
    let parameters = Parameters::of_query(call);
    let page = Query::new(&parameters, SELECT, "resources").text("resources_id", "id", true)?.page(
        store,
        SORTABLE,
        Update::read,
    )?;
    Ok(Answer::ok(&page))
}

/// `GET /resources/latest`: null before there are any.
///
/// # Errors
/// When the database fails.
pub fn latest(store: &mut Store<'_>, _: &DataCall) -> Result<Answer, Refusal> {
    let latest = match latest_id(store)? {
        Some(id) => Update::find(store, &id)?,
        None => None,
    };
    Ok(Answer::ok(&latest))
}

/// `GET /resources/{resources}`: null for what does not exist.
///
/// # Errors
/// When the database fails.
pub fn get(store: &mut Store<'_>, call: &DataCall) -> Result<Answer, Refusal> {
    Ok(Answer::ok(&Update::find(store, call.segment(0))?))
}

use std::collections::BTreeMap;

use crate::file::Spanned;
use serde::Deserialize;

use super::Action;
use crate::evidence::CallResults;

/// A blocking call.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CallAction {
    /// The driven client; or `client`.
    pub process: Option<Spanned<String>>,
    /// `"http"`: the HTTP client of the harness itself, through a link of its own that is called `http`.
    pub client: Option<Spanned<String>>,
    /// An operation that the system file declares; for the HTTP client also a request, such as `"POST /items?sure=1"`.
    pub op: Spanned<String>,
    /// Its arguments; `${call.field}` takes a saved answer's field, `${fill:16MiB}` makes a large text.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, serde_json::Value>"))]
    pub args: toml::Table,
    /// The arguments as a JSON object, where TOML cannot say them (null).
    pub args_json: Option<Spanned<String>>,
    /// For the HTTP client: a body that is no JSON.
    pub body: Option<Spanned<String>>,
    /// For the HTTP client: headers of the request.
    #[serde(default)]
    pub headers: BTreeMap<Spanned<String>, String>,
    /// `true`: leave the call out where an answer that its arguments need did not come, or lacks the field.
    #[serde(default)]
    pub optional: bool,
    /// The call's name in messages and transcript; default: `save`, or the operation's name and a number.
    #[serde(rename = "as")]
    pub name: Option<Spanned<String>>,
    /// Keep the answer under this name.
    pub save: Option<Spanned<String>>,
    /// The result that it must have, or a list of those that it may have; default `ok`.
    #[serde(default)]
    pub result: CallResults,
    /// Fields that the answer must have (a subset comparison).
    #[cfg_attr(feature = "schema", schemars(with = "Option<serde_json::Value>"))]
    pub returns: Option<toml::Value>,
}

/// A call that goes on in the background.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BeginAction {
    /// The driven client; or `client`.
    pub process: Option<Spanned<String>>,
    /// `"http"`: the HTTP client of the harness itself, through a link of its own that is called `http`.
    pub client: Option<Spanned<String>>,
    /// An operation that the system file declares; for the HTTP client also a request, such as `"POST /items?sure=1"`.
    pub op: Spanned<String>,
    /// Its arguments; see `call`.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, serde_json::Value>"))]
    pub args: toml::Table,
    /// The arguments as a JSON object.
    pub args_json: Option<Spanned<String>>,
    /// For the HTTP client: a body that is no JSON.
    pub body: Option<Spanned<String>>,
    /// For the HTTP client: headers of the request.
    #[serde(default)]
    pub headers: BTreeMap<Spanned<String>, String>,
    /// `true`: leave the call out where an answer that its arguments need did not come, or lacks the field.
    #[serde(default)]
    pub optional: bool,
    /// The call's name, for `finish` and `cancel`.
    #[serde(rename = "as")]
    pub name: Spanned<String>,
}

/// What a call asks for, whether it is waited for or not.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// The driven client.
    pub process: Option<&'a Spanned<String>>,
    /// The client of the harness itself.
    pub client: Option<&'a Spanned<String>>,
    /// The operation.
    pub op: &'a Spanned<String>,
    /// Its arguments.
    pub args: &'a toml::Table,
    /// Its arguments as JSON.
    pub args_json: Option<&'a Spanned<String>>,
    /// A body that is no JSON.
    pub body: Option<&'a Spanned<String>>,
    /// Headers of the request.
    pub headers: &'a BTreeMap<Spanned<String>, String>,
}

impl<'a> Asking<'a> {
    /// The process that is asked: a name that the checks have found to be there.
    pub fn who(&self) -> Option<&'a Spanned<String>> {
        self.process.or(self.client)
    }
}

impl CallAction {
    /// What it asks for.
    pub fn asking(&self) -> Asking<'_> {
        Asking {
            process: self.process.as_ref(),
            client: self.client.as_ref(),
            op: &self.op,
            args: &self.args,
            args_json: self.args_json.as_ref(),
            body: self.body.as_ref(),
            headers: &self.headers,
        }
    }
}

impl BeginAction {
    /// What it asks for.
    pub fn asking(&self) -> Asking<'_> {
        Asking {
            process: self.process.as_ref(),
            client: self.client.as_ref(),
            op: &self.op,
            args: &self.args,
            args_json: self.args_json.as_ref(),
            body: self.body.as_ref(),
            headers: &self.headers,
        }
    }
}

impl Action {
    /// The name by which it means the client of the harness itself, if it does.
    pub fn own_client(&self) -> Option<&Spanned<String>> {
        match self {
            Self::Connect(it) => it.client.as_ref(),
            _ => self.asking()?.client,
        }
    }

    /// What it asks a client for, if it does.
    pub fn asking(&self) -> Option<Asking<'_>> {
        match self {
            Self::Call(call) => Some(call.asking()),
            Self::Begin(call) => Some(call.asking()),
            _ => None,
        }
    }
}

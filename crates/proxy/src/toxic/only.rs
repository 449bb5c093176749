//! Which requests a toxic applies to.

use crate::fits;

/// Which requests a toxic applies to (an extension). Towards the server it meets their bytes, towards the client those of
/// their answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Only {
    /// The method; any when absent.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub method: Option<String>,
    /// The path without its query, with `*` for any run of characters; any when absent.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub path: Option<String>,
    /// The client's address as `IP:PORT`, with `*` for any run of characters; any when absent.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub client: Option<String>,
    /// Only the one with this number, counted from 1 since the toxic was added.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub nth: Option<u64>,
    /// Only so many of them, counted from when the toxic came: then everything has recovered.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub first: Option<u64>,
}

impl Only {
    /// Whether it is about a request, by what its head says and who sent it.
    pub(crate) fn names(&self, method: &str, path: &str, client: &str) -> bool {
        let fits = |pattern: &Option<String>, text| pattern.as_deref().is_none_or(|pattern| fits(pattern, text));
        self.method.as_deref().is_none_or(|wanted| wanted == method)
            && fits(&self.path, path)
            && fits(&self.client, client)
    }

    /// Whether the `count`-th request that it is about is one that it means.
    pub(crate) fn counts(&self, count: u64) -> bool {
        self.nth.is_none_or(|nth| count == nth) && self.first.is_none_or(|first| count <= first)
    }
}

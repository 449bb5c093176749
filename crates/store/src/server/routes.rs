//! The routes, as a table: method, path below the prefix, what is done.

use hyper::Method;

use crate::data::{Access, DataOperation, attempts, new, queue, resources, rollouts, spans, statistics, workers};
use crate::wire::{OTLP_PREFIX, PREFIX};

use super::otlp;
use super::target::segments;

/// What a route does.
#[derive(Clone, Copy)]
pub enum RouteAction {
    /// Says whether the server is well.
    Health,
    /// Waits until rollouts have finished.
    Wait,
    /// Applies an operation to the data.
    Data(DataOperation),
    /// Takes the spans of an OpenTelemetry exporter.
    Traces,
    /// Exists, and does nothing.
    NotImplemented,
}

impl RouteAction {
    /// The operation's name, as in logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::Wait => "wait_for_rollouts",
            Self::Data(operation) => operation.name,
            Self::Traces => otlp::ADD.name,
            Self::NotImplemented => "none",
        }
    }
}

/// Where a request leads.
pub enum Found {
    /// To this action; with what the path's `{…}` matched.
    Route(RouteAction, Vec<String>),
    /// To a path that exists, but not for this method; the value is for the header `allow`.
    OtherMethod(&'static str),
    /// Nowhere.
    Nothing,
}

struct Route {
    method: Method,
    /// Segments; `{…}` matches any. The first route that matches wins.
    path: &'static str,
    action: RouteAction,
}

type Apply =
    fn(&mut crate::data::Store<'_>, &crate::data::DataCall) -> Result<crate::data::Answer, crate::data::Refusal>;

const fn read(path: &'static str, name: &'static str, apply: Apply) -> Route {
    Route { method: Method::GET, path, action: RouteAction::Data(DataOperation { name, access: Access::Read, apply }) }
}

const fn write(path: &'static str, name: &'static str, apply: Apply) -> Route {
    Route {
        method: Method::POST,
        path,
        action: RouteAction::Data(DataOperation { name, access: Access::Write, apply }),
    }
}

/// A question that is too long for a query string.
const fn search(path: &'static str, name: &'static str, apply: Apply) -> Route {
    Route { method: Method::POST, path, action: RouteAction::Data(DataOperation { name, access: Access::Read, apply }) }
}

const ROUTES: &[Route] = &[
    Route { method: Method::GET, path: "health", action: RouteAction::Health },
    Route { method: Method::POST, path: "waits/rollouts", action: RouteAction::Wait },
    write("queues/rollouts/enqueue", "enqueue_rollout", queue::enqueue),
    write("queues/rollouts/dequeue", "dequeue_rollout", queue::dequeue),
    write("rollouts", "start_rollout", new::start),
    read("rollouts", "query_rollouts", rollouts::query),
    search("rollouts/search", "query_rollouts", rollouts::search),
    read("rollouts/{rollout}", "get_rollout", rollouts::get),
    write("rollouts/{rollout}", "update_rollout", rollouts::update),
    write("rollouts/{rollout}/attempts", "start_attempt", attempts::add),
    read("rollouts/{rollout}/attempts", "query_attempts", attempts::query),
    search("rollouts/{rollout}/attempts/search", "query_attempts", attempts::search),
    read("rollouts/{rollout}/attempts/latest", "get_latest_attempt", attempts::latest),
    write("rollouts/{rollout}/attempts/{attempt}", "update_attempt", attempts::update),
    read("workers", "query_workers", workers::query),
    search("workers/search", "query_workers", workers::search),
    read("workers/{worker}", "get_worker", workers::get),
    write("workers/{worker}", "update_worker", workers::update),
    read("statistics", "get_statistics", statistics::get),
    read("resources", "query_resources", resources::query),
    write("resources", "add_resources", resources::add),
    read("resources/latest", "get_latest_resources", resources::latest),
    write("resources/{resources}", "update_resources", resources::update),
    read("resources/{resources}", "get_resources", resources::get),
    write("spans", "add_span", spans::add),
    read("spans", "query_spans", spans::query),
    search("spans/search", "query_spans", spans::search),
    write("spans/next", "get_next_span_sequence_id", spans::next),
];

/// Below the prefix of OpenTelemetry's protocol.
const OTLP_ROUTES: &[Route] = &[
    Route { method: Method::POST, path: "traces", action: RouteAction::Traces },
    Route { method: Method::POST, path: "metrics", action: RouteAction::NotImplemented },
    Route { method: Method::POST, path: "logs", action: RouteAction::NotImplemented },
    Route { method: Method::POST, path: "development/profiles", action: RouteAction::NotImplemented },
];

/// Finds the route of a request. As in the original, GET on a path that is only posted to leads nowhere.
pub fn find(method: &Method, path: &str) -> Found {
    let below = |prefix| path.strip_prefix(prefix).filter(|below| below.starts_with('/'));
    let (routes, below) = match (below(PREFIX), below(OTLP_PREFIX)) {
        (Some(below), _) => (ROUTES, below),
        (None, Some(below)) => (OTLP_ROUTES, below),
        (None, None) => return Found::Nothing,
    };
    let segments = segments(below);
    let mut allow: Option<&str> = None;
    for route in routes {
        let Some(matched) = matched(route.path, &segments) else { continue };
        if route.method == *method {
            return Found::Route(route.action, matched);
        }
        let method = if route.method == Method::GET { "GET" } else { "POST" };
        allow = Some(if allow.is_none_or(|known| known == method) { method } else { "GET, POST" });
    }
    match allow {
        Some(allow) if *method != Method::GET => Found::OtherMethod(allow),
        _ => Found::Nothing,
    }
}

fn matched(pattern: &str, segments: &[String]) -> Option<Vec<String>> {
    let mut parts = pattern.split('/');
    let mut matched = Vec::new();
    for segment in segments {
        let part = parts.next()?;
        if part.starts_with('{') {
            matched.push(segment.clone());
        } else if part != segment {
            return None;
        }
    }
    parts.next().is_none().then_some(matched)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(method: Method, path: &str) -> String {
        match find(&method, path) {
            Found::Route(action, matched) => format!("{} {}", action.name(), matched.join(",")),
            Found::OtherMethod(allow) => format!("allow {allow}"),
            Found::Nothing => "nothing".to_owned(),
        }
    }

    #[test]
    fn a_request_leads_to_its_route() {
        assert_eq!(name(Method::GET, "/v1/agl/health"), "health ");
        assert_eq!(name(Method::GET, "/v1/agl/rollouts"), "query_rollouts ");
        assert_eq!(name(Method::GET, "/v1/agl/rollouts/ro-1"), "get_rollout ro-1");
        assert_eq!(name(Method::GET, "/v1/agl/rollouts/ro-1/attempts/latest"), "get_latest_attempt ro-1");
        assert_eq!(name(Method::POST, "/v1/agl/rollouts/ro-1/attempts/latest"), "update_attempt ro-1,latest");
        assert_eq!(name(Method::POST, "/v1/agl/spans/next"), "get_next_span_sequence_id ");
        assert_eq!(name(Method::POST, "/v1/agl/rollouts/search"), "query_rollouts ");
        assert_eq!(name(Method::POST, "/v1/agl/rollouts/ro-1/attempts/search"), "query_attempts ro-1");
        assert_eq!(name(Method::POST, "/v1/traces"), "add_traces ");
    }

    #[test]
    fn what_is_no_route_is_told_apart_from_a_wrong_method() {
        assert_eq!(name(Method::PUT, "/v1/agl/rollouts"), "allow GET, POST");
        assert_eq!(name(Method::PUT, "/v1/agl/health"), "allow GET");
        assert_eq!(name(Method::PUT, "/v1/traces"), "allow POST");
        assert_eq!(name(Method::GET, "/v1/agl/queues/rollouts/dequeue"), "nothing");
        for path in ["/", "/health", "/v1/aglhealth", "/v1/agl", "/v1/agl/no/such", "/v1/agl/rollouts/a/b"] {
            assert_eq!(name(Method::GET, path), "nothing", "{path}");
        }
    }
}

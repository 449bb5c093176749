//! The routes, as a table: method, path, what is done.

use hyper::Method;

/// What a route does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Reset,
    Proxies,
    CreateProxy,
    Populate,
    Proxy,
    UpdateProxy,
    DeleteProxy,
    Toxics,
    CreateToxic,
    Toxic,
    UpdateToxic,
    DeleteToxic,
    Version,
    Metrics,
    Hits,
    ForgetHits,
    Gates,
    CreateGate,
    Gate,
    ResumeGate,
    DeleteGate,
}

/// Where a request leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// To this action, with what the path's `*` matched.
    Route(Action, Vec<String>),
    /// To a path that exists, but not for this method; the value is for the header `allow`.
    OtherMethod(String),
    /// To another spelling of the path.
    Elsewhere(String),
    /// Nowhere.
    Nothing,
}

use Action::*;

/// Segments; `*` is any, but for an empty one.
const ROUTES: &[(&str, &str, Action)] = &[
    ("POST", "reset", Reset),
    ("GET", "proxies", Proxies),
    ("POST", "proxies", CreateProxy),
    ("POST", "populate", Populate),
    ("GET", "proxies/*", Proxy),
    ("PATCH", "proxies/*", UpdateProxy),
    // Deprecated by Toxiproxy, and what most of its clients use.
    ("POST", "proxies/*", UpdateProxy),
    ("DELETE", "proxies/*", DeleteProxy),
    ("GET", "proxies/*/toxics", Toxics),
    ("POST", "proxies/*/toxics", CreateToxic),
    ("GET", "proxies/*/toxics/*", Toxic),
    ("PATCH", "proxies/*/toxics/*", UpdateToxic),
    ("POST", "proxies/*/toxics/*", UpdateToxic),
    ("DELETE", "proxies/*/toxics/*", DeleteToxic),
    ("GET", "version", Version),
    ("GET", "metrics", Metrics),
    // Extensions.
    ("GET", "proxies/*/hits", Hits),
    ("DELETE", "proxies/*/hits", ForgetHits),
    ("GET", "proxies/*/gates", Gates),
    ("POST", "proxies/*/gates", CreateGate),
    ("GET", "proxies/*/gates/*", Gate),
    ("DELETE", "proxies/*/gates/*", DeleteGate),
    ("POST", "proxies/*/gates/*/resume", ResumeGate),
];

/// Finds the route of a request. There are metrics only where they were asked for.
pub(super) fn find(method: &Method, path: &str, metrics: bool) -> Found {
    let Some(segments) = path.strip_prefix('/').map(|path| path.split('/').collect::<Vec<&str>>()) else {
        return Found::Nothing;
    };
    if let Some(clean) = clean(&segments) {
        return Found::Elsewhere(clean);
    }
    let mut allowed = Vec::new();
    for (known, pattern, action) in ROUTES.iter().filter(|(_, _, action)| metrics || *action != Metrics) {
        let Some(matched) = matched(pattern, &segments) else { continue };
        if *known == method.as_str() {
            return Found::Route(*action, matched);
        }
        allowed.push(*known);
    }
    if allowed.is_empty() { Found::Nothing } else { Found::OtherMethod(allowed.join(", ")) }
}

/// The path without empty segments, `.` and `..`, where it has any: Toxiproxy's router leads there.
fn clean(segments: &[&str]) -> Option<String> {
    let (last, before) = segments.split_last()?;
    if !before.iter().any(|segment| segment.is_empty())
        && !segments.iter().any(|segment| matches!(*segment, "." | ".."))
    {
        return None;
    }
    let mut kept = Vec::new();
    for segment in segments {
        match *segment {
            "" | "." => {}
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    let end = if last.is_empty() && !kept.is_empty() { "/" } else { "" };
    Some(format!("/{}{end}", kept.join("/")))
}

fn matched(pattern: &str, segments: &[&str]) -> Option<Vec<String>> {
    let parts: Vec<&str> = pattern.split('/').collect();
    if parts.len() != segments.len() {
        return None;
    }
    let mut matched = Vec::new();
    for (part, segment) in parts.iter().zip(segments) {
        match *part {
            "*" if segment.is_empty() => return None,
            "*" => matched.push(decode(segment)),
            part if part == *segment => {}
            _ => return None,
        }
    }
    Some(matched)
}

/// Decodes `%41`. What is no escape stays as it is; what is no UTF-8 is replaced.
fn decode(text: &str) -> String {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| (*byte as char).to_digit(16));
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], digit(bytes.get(at + 1)), digit(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, ..) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(method: Method, path: &str) -> Found {
        find(&method, path, false)
    }

    #[test]
    fn a_request_leads_to_its_route() {
        let to = |action, names: &[&str]| Found::Route(action, names.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(route(Method::GET, "/proxies"), to(Proxies, &[]));
        assert_eq!(route(Method::POST, "/proxies/a%2Fb%20c"), to(UpdateProxy, &["a/b c"]));
        assert_eq!(route(Method::PATCH, "/proxies/100%/toxics/%ff%C3%A9"), to(UpdateToxic, &["100%", "\u{fffd}é"]));
        assert_eq!(find(&Method::GET, "/metrics", true), to(Metrics, &[]));
    }

    #[test]
    fn what_is_no_route_is_told_apart_from_a_wrong_method() {
        assert_eq!(route(Method::PUT, "/proxies/a"), Found::OtherMethod("GET, PATCH, POST, DELETE".to_owned()));
        assert_eq!(route(Method::HEAD, "/version"), Found::OtherMethod("GET".to_owned()));
        for path in ["", "/", "*", "/proxies/", "/proxies/a/b", "/metrics"] {
            assert_eq!(route(Method::GET, path), Found::Nothing, "{path}");
        }
    }

    #[test]
    fn a_path_with_needless_segments_leads_to_the_one_without() {
        for (path, clean) in [
            ("//proxies", "/proxies"),
            ("//", "/"),
            ("/proxies//a", "/proxies/a"),
            ("/proxies/./a", "/proxies/a"),
            ("/proxies/x/../a", "/proxies/a"),
            ("/proxies//", "/proxies/"),
            ("/../version", "/version"),
        ] {
            assert_eq!(route(Method::GET, path), Found::Elsewhere(clean.to_owned()), "{path}");
        }
    }
}

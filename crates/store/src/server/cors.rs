//! Answers that a browser hands to pages of other origins (CORS), as the original's server gives them. Off unless it is asked for.

use hyper::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, COOKIE, HeaderMap, HeaderValue, ORIGIN, VARY,
};
use hyper::{Method, StatusCode};

/// The methods that a page may ask for.
const METHODS: &str = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT";

/// How long a browser may remember what it was told, in seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

const TRUE: HeaderValue = HeaderValue::from_static("true");
const ANY: HeaderValue = HeaderValue::from_static("*");
const BY_ORIGIN: HeaderValue = HeaderValue::from_static("Origin");

/// The origins whose pages may read answers.
#[derive(Debug, Default)]
pub struct Cors {
    any: bool,
    origins: Vec<String>,
}

/// What a browser is told before the request itself.
#[derive(Debug, PartialEq, Eq)]
pub struct Preflight {
    /// 200, or 400 where something is not allowed.
    pub status: StatusCode,
    /// The words for whoever looks.
    pub text: String,
    /// What the browser obeys.
    pub headers: HeaderMap,
}

impl Cors {
    /// `*` among the origins stands for all. Without origins nothing is ever said.
    pub fn new(origins: &[String]) -> Self {
        let origins: Vec<String> =
            origins.iter().map(|origin| origin.trim().to_owned()).filter(|origin| !origin.is_empty()).collect();
        Self { any: origins.iter().any(|origin| origin == "*"), origins }
    }

    /// The answer to a preflight request; nothing for any other request.
    pub fn preflight(&self, method: &Method, request: &HeaderMap) -> Option<Preflight> {
        let origin = self.origin(request)?;
        let wanted = request.get(ACCESS_CONTROL_REQUEST_METHOD).filter(|_| *method == Method::OPTIONS)?;
        let mut headers = HeaderMap::new();
        headers.insert(VARY, BY_ORIGIN);
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
        headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
        if let Some(asked) = request.get(ACCESS_CONTROL_REQUEST_HEADERS) {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
        }
        let mut refused = Vec::new();
        if self.allows(origin) {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        } else {
            refused.push("origin");
        }
        if !METHODS.split(", ").any(|known| known.as_bytes() == wanted.as_bytes()) {
            refused.push("method");
        }
        let (status, text) = match refused.is_empty() {
            true => (StatusCode::OK, "OK".to_owned()),
            false => (StatusCode::BAD_REQUEST, format!("Disallowed CORS {}", refused.join(", "))),
        };
        Some(Preflight { status, text, headers })
    }

    /// Tells with an answer whether the page that asked may read it.
    pub fn tell(&self, request: &HeaderMap, answer: &mut HeaderMap) {
        let Some(origin) = self.origin(request) else { return };
        answer.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
        answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, ANY);
        // A browser takes no `*` for a request with a cookie.
        if self.any && !request.contains_key(COOKIE) {
            answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
        } else if self.allows(origin) {
            answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            answer.insert(VARY, BY_ORIGIN);
        }
    }

    /// The origin of the page that asks, where anything is to be said about it.
    fn origin<'a>(&self, request: &'a HeaderMap) -> Option<&'a HeaderValue> {
        request.get(ORIGIN).filter(|_| !self.origins.is_empty())
    }

    fn allows(&self, origin: &HeaderValue) -> bool {
        self.any || self.origins.iter().any(|known| known.as_bytes() == origin.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "https://a.example";

    fn cors(origins: &[&str]) -> Cors {
        Cors::new(&origins.iter().map(|origin| (*origin).to_owned()).collect::<Vec<_>>())
    }

    fn request(headers: &[(&'static str, &'static str)]) -> HeaderMap {
        headers.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
    }

    /// What an answer says to a page, as `name: value`, in order.
    fn said(headers: &HeaderMap) -> Vec<String> {
        let mut said: Vec<String> =
            headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        said.sort();
        said
    }

    fn told(origins: &[&str], headers: &[(&'static str, &'static str)]) -> Vec<String> {
        let mut answer = HeaderMap::new();
        cors(origins).tell(&request(headers), &mut answer);
        said(&answer)
    }

    #[test]
    fn nothing_is_said_unless_it_was_asked_for() {
        assert_eq!(told(&[], &[("origin", PAGE)]), [""; 0]);
        assert_eq!(told(&[" "], &[("origin", PAGE)]), [""; 0]);
        assert_eq!(told(&["*"], &[]), [""; 0], "that is no page of another origin");
        let asked = request(&[("origin", PAGE), ("access-control-request-method", "POST")]);
        assert_eq!(cors(&[]).preflight(&Method::OPTIONS, &asked), None);
        assert_eq!(cors(&["*"]).preflight(&Method::POST, &asked), None);
        assert_eq!(cors(&["*"]).preflight(&Method::OPTIONS, &request(&[("origin", PAGE)])), None);
    }

    #[test]
    fn a_page_may_read_answers_if_its_origin_is_allowed() {
        let (credentials, exposed) = ("access-control-allow-credentials: true", "access-control-expose-headers: *");
        let by_name = "access-control-allow-origin: https://a.example";
        assert_eq!(told(&["*"], &[("origin", PAGE)]), [credentials, "access-control-allow-origin: *", exposed]);
        assert_eq!(
            told(&["*"], &[("origin", PAGE), ("cookie", "a=b")]),
            [credentials, by_name, exposed, "vary: Origin"]
        );
        assert_eq!(
            told(&["https://b.example", PAGE], &[("origin", PAGE)]),
            [credentials, by_name, exposed, "vary: Origin"]
        );
        assert_eq!(told(&["https://b.example"], &[("origin", PAGE)]), [credentials, exposed]);
    }

    #[test]
    fn a_preflight_says_what_may_be_asked_and_names_what_may_not() {
        let asked = |method| {
            request(&[
                ("origin", PAGE),
                ("access-control-request-method", method),
                ("access-control-request-headers", "x-one, x-two"),
            ])
        };
        let allowed = cors(&[PAGE]).preflight(&Method::OPTIONS, &asked("POST")).unwrap();
        assert_eq!((allowed.status, allowed.text.as_str()), (StatusCode::OK, "OK"));
        assert_eq!(
            said(&allowed.headers),
            [
                "access-control-allow-credentials: true",
                "access-control-allow-headers: x-one, x-two",
                "access-control-allow-methods: DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT",
                "access-control-allow-origin: https://a.example",
                "access-control-max-age: 600",
                "vary: Origin",
            ]
        );
        let refused = cors(&["https://b.example"]).preflight(&Method::OPTIONS, &asked("BREW")).unwrap();
        assert_eq!(
            (refused.status, refused.text.as_str()),
            (StatusCode::BAD_REQUEST, "Disallowed CORS origin, method")
        );
        assert!(!refused.headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN));
    }
}

//! Which requests are meant: by method, and by path with stars.

/// Why no request of HTTP/1 would ever be met.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WrongMatcher {
    /// Methods are compared as they are sent, and clients send upper case.
    #[error("method: clients send `{upper}`, never `{given}`; write `{upper}`")]
    MethodCase {
        /// What was written.
        given: String,
        /// What to write.
        upper: String,
    },
    /// It is no method.
    #[error("method: `{0:?}` is none; write one such as GET or POST")]
    Method(String),
    /// A path begins with a slash.
    #[error(
        "path: `{given}` fits no request, since paths begin with a slash; write `/{given}`, or `*` for any beginning"
    )]
    PathStart {
        /// What was written.
        given: String,
    },
    /// Paths are compared without their query.
    #[error("path: queries and fragments are no part of it; write `{path}` instead of `{given}`")]
    PathQuery {
        /// What was written.
        given: String,
        /// What to write.
        path: String,
    },
    /// It is a whole URL.
    #[error("path: write `{path}` alone instead of the URL `{given}`")]
    PathUrl {
        /// What was written.
        given: String,
        /// What to write.
        path: String,
    },
}

/// Whether such requests can come at all.
pub fn check(method: Option<&str>, path: Option<&str>) -> Result<(), WrongMatcher> {
    if let Some(method) = method {
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if method.is_empty() || !method.bytes().all(is_token) {
            return Err(WrongMatcher::Method(method.to_owned()));
        }
        let upper = method.to_ascii_uppercase();
        if upper != method {
            return Err(WrongMatcher::MethodCase { given: method.to_owned(), upper });
        }
    }
    let Some(path) = path else { return Ok(()) };
    let given = path.to_owned();
    if let Some((_, rest)) = path.split_once("://") {
        let path = rest.find('/').map_or("/", |at| &rest[at..]).to_owned();
        return Err(WrongMatcher::PathUrl { given, path });
    }
    if !path.starts_with(['/', '*']) {
        return Err(WrongMatcher::PathStart { given });
    }
    if let Some(end) = path.find(['?', '#']) {
        return Err(WrongMatcher::PathQuery { path: path[..end].to_owned(), given });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_client_sends_is_refused_with_what_to_write() {
        for (method, path, says) in [
            (Some("post"), None, "write `POST`"),
            (Some(""), None, "write one such as GET"),
            (Some("PO ST"), None, "write one such as GET"),
            (None, Some("items"), "write `/items`"),
            (None, Some(""), "write `/`"),
            (None, Some("/items?x=1"), "write `/items` instead"),
            (None, Some("/items#x"), "write `/items` instead"),
            (None, Some("http://localhost/items"), "write `/items` alone"),
        ] {
            let error = check(method, path).expect_err(says).to_string();
            assert!(error.contains(says), "{error}");
        }
        for (method, path) in
            [(Some("POST"), Some("/a/*")), (Some("M-SEARCH"), Some("*")), (None, Some("*/b")), (None, None)]
        {
            assert_eq!(check(method, path), Ok(()));
        }
    }
}

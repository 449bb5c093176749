//! Patterns with stars.

/// Whether `text` fits `pattern`, in which `*` stands for any run of characters.
pub fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_is_any_run_of_characters() {
        assert!(fits("/a/*/c", "/a/b/c") && fits("*", "") && fits("/a*", "/a") && fits("runner-*", "runner-12"));
        assert!(!fits("/a/*/c", "/a/c") && !fits("/a", "/ab") && !fits("a*a", "a"));
    }
}

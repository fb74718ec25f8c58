//! Does an address belong to a rule that speaks before the routes do?
//!
//! `/u/:token` matches one segment for each `:name`, `/api/*` matches anything below; all else is literal.

/// Whether any of the patterns matches the raw path.
#[must_use]
pub fn any(patterns: &[&str], path: &str) -> bool {
    patterns.iter().any(|pattern| matches(pattern, path))
}

/// Whether the pattern matches the raw path. A dot segment matches nothing: nobody honest sends one.
#[must_use]
pub fn matches(pattern: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    if path.split('/').any(|segment| segment == "." || segment == "..") {
        return false;
    }
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some("*"), Some(_)) => return true,
            (Some(name), Some(segment)) if name.starts_with(':') && !segment.is_empty() => {}
            (Some(literal), Some(segment)) if literal == segment => {}
            _ => return false,
        }
    }
}

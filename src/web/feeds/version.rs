//! Does the client have it already?

use chrono::{DateTime, SubsecRound, Utc};
use poem::{
    Response, ResponseBuilder,
    http::{HeaderMap, HeaderValue, StatusCode, header},
};

/// Which state of a calendar it is: what a client sends back to ask whether it has this one.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    etag: HeaderValue,
    last_modified: HeaderValue,
    changed_at: DateTime<Utc>,
}

impl Version {
    /// `digest` is over everything the text is made of; the tag is strong.
    pub(super) fn new(digest: &str, changed_at: DateTime<Utc>) -> Self {
        let value = |text: String| HeaderValue::try_from(text).expect("hexadecimal digits and dates are ASCII");
        Self { etag: value(format!("\"{digest}\"")), last_modified: value(http_date(changed_at)), changed_at }
    }

    /// 304, if the client has this one.
    pub(super) fn known(&self, headers: &HeaderMap) -> Option<Response> {
        self.is_known(headers).then(|| self.answer().status(StatusCode::NOT_MODIFIED).finish())
    }

    pub(super) fn answer(&self) -> ResponseBuilder {
        Response::builder()
            .header(header::ETAG, self.etag.clone())
            .header(header::LAST_MODIFIED, self.last_modified.clone())
            .header(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=900"))
    }

    /// RFC 9110 §13.2.2: the date counts only where no tag was sent.
    fn is_known(&self, headers: &HeaderMap) -> bool {
        let mut lines = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok()).peekable();
        if lines.peek().is_some() {
            let mut tags = lines.flat_map(|line| line.split(',')).map(str::trim);
            return tags
                .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == self.etag.as_bytes());
        }
        let since = headers.get(header::IF_MODIFIED_SINCE).and_then(|line| line.to_str().ok());
        let since = since.and_then(|text| DateTime::parse_from_rfc2822(text).ok());
        since.is_some_and(|since| self.changed_at.trunc_subsecs(0) <= since)
    }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).
fn http_date(at: DateTime<Utc>) -> String {
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

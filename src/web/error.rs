//! What can end a request early, and what is said then?

use std::{borrow::Cow, time::Duration};

use poem::{IntoResponse, Response, error::ResponseError, http::StatusCode};
use serde::Serialize;

/// Everything that can end a request early. Handlers return it with `?`; the middleware turns it into a
/// calm page, or into a problem document (RFC 9457) under `/api/`. The words in it are shown to people.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    #[error("not found")]
    NotFound,
    /// Answers exactly as `NotFound`: what is foreign does not exist.
    #[error("forbidden")]
    Forbidden,
    /// A link that was used, replaced or outlived.
    #[error("gone")]
    Gone,
    /// The API's answer to a missing or bad token. Pages send people to sign in instead.
    #[error("unauthorized")]
    Unauthorized,
    /// A full sentence that says what is wrong with the request.
    #[error("bad request: {0}")]
    BadRequest(Cow<'static, str>),
    /// A full sentence that says what changed in the meantime.
    #[error("conflict: {0}")]
    Conflict(Cow<'static, str>),
    #[error("the body is too large")]
    TooLarge,
    #[error("the body came too slowly")]
    TooSlow,
    #[error("the body is of a type we do not read")]
    WrongType,
    /// A form that was not sent from a page of ours.
    #[error("a form from elsewhere")]
    ForeignForm,
    #[error("too many requests")]
    TooManyRequests { retry_after: Duration },
    /// `allow` is the list for the header of that name.
    #[error("method not allowed")]
    MethodNotAllowed { allow: Cow<'static, str> },
    /// Something we need is away, such as the database.
    #[error("unavailable")]
    Unavailable { retry_after: Duration },
    #[error("internal: {0:#}")]
    Internal(#[from] anyhow::Error),
}

/// The database failed: our fault, told with a number to mention.
impl From<crate::store::Error> for PageError {
    fn from(error: crate::store::Error) -> Self {
        Self::Internal(error.into())
    }
}

impl ResponseError for PageError {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound | Self::Forbidden => StatusCode::NOT_FOUND,
            Self::Gone => StatusCode::GONE,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::WrongType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::ForeignForm => StatusCode::FORBIDDEN,
            Self::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Outside of the middleware nothing but the status is said.
    fn as_response(&self) -> Response {
        self.status().into_response()
    }
}

/// What is said: what happened, and what to do.
#[derive(Debug, Serialize)]
pub struct Words {
    pub title: &'static str,
    pub happened: Cow<'static, str>,
    pub advice: Cow<'static, str>,
}

fn say(title: &'static str, happened: impl Into<Cow<'static, str>>, advice: impl Into<Cow<'static, str>>) -> Words {
    Words { title, happened: happened.into(), advice: advice.into() }
}

impl PageError {
    #[must_use]
    pub fn words(&self) -> Words {
        match self {
            Self::NotFound | Self::Forbidden => fixed(NOTHING_HERE),
            Self::Gone => fixed(OLD_LINK),
            Self::Unauthorized => fixed(NO_TOKEN),
            Self::BadRequest(why) => {
                say("We could not read that", why.clone(), "Go back, check what was sent, and try again.")
            }
            Self::Conflict(why) => {
                say("This has changed in the meantime", why.clone(), "Open the page again to see what is there now.")
            }
            Self::TooLarge => fixed(LARGE),
            Self::TooSlow => fixed(SLOW),
            Self::WrongType => fixed(UNREADABLE),
            Self::ForeignForm => fixed(FOREIGN),
            Self::TooManyRequests { retry_after } => say(
                "Please wait a little",
                "There were more requests from this connection than we allow.",
                format!("Try again in {}.", wait(*retry_after)),
            ),
            Self::MethodNotAllowed { .. } => fixed(NOT_THIS_WAY),
            Self::Unavailable { retry_after } => say(
                "We cannot do this right now",
                "Something we need is not answering. Nothing was changed.",
                format!("Please try again in {}.", wait(*retry_after)),
            ),
            Self::Internal(_) => fixed(OUR_FAULT),
        }
    }
}

fn fixed([title, happened, advice]: [&'static str; 3]) -> Words {
    say(title, happened, advice)
}

const NOTHING_HERE: [&str; 3] = [
    "There is nothing here",
    "The address may be mistyped, or the page may have moved.",
    "If you are looking for your own page, we can send you a new link.",
];
const OLD_LINK: [&str; 3] = [
    "This link is no longer in use",
    "It has been used, it has been replaced, or its time is over.",
    "We can send you a new one.",
];
const NO_TOKEN: [&str; 3] = [
    "A token is needed",
    "This address needs an access token, and the one given is missing, wrong or expired.",
    "Send a valid token in the Authorization header.",
];
const LARGE: [&str; 3] = [
    "That was too much at once",
    "What was sent is larger than we accept here. Nothing was saved.",
    "Go back, shorten the text or choose a smaller file, and send it again.",
];
const SLOW: [&str; 3] = [
    "That took too long",
    "The connection was too slow to receive what was sent. Nothing was saved.",
    "Go back and send it again. Your browser usually keeps what you wrote.",
];
const UNREADABLE: [&str; 3] = [
    "We could not read that",
    "It was sent in a form that this address does not take.",
    "Open the page again and use the form on it.",
];
const FOREIGN: [&str; 3] = [
    "We could not tell where this form came from",
    "To protect you, we only accept forms that were opened on this site. Nothing was changed.",
    "Open the page again in this browser and send the form from there. If an extension hides where requests come \
     from, turn it off for this site.",
];
const NOT_THIS_WAY: [&str; 3] = [
    "That is not possible here",
    "This address exists, but it does not take this kind of request.",
    "Open the page again and use the buttons on it.",
];
const OUR_FAULT: [&str; 3] = [
    "Something went wrong on our side",
    "We could not finish that, and it has been noted.",
    "Please try again. If it happens again, write to us and mention the number below.",
];

/// Rounded up, so that nobody comes back too early.
fn wait(time: Duration) -> String {
    let (count, unit) = match time.as_secs_f64().ceil() {
        seconds if seconds <= 90.0 => (seconds.max(1.0), "second"),
        seconds if seconds <= 90.0 * 60.0 => ((seconds / 60.0).ceil(), "minute"),
        seconds => ((seconds / 3600.0).ceil(), "hour"),
    };
    let plural = if count > 1.0 { "s" } else { "" };
    format!("{count} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_is_said_in_plain_units_and_never_too_short() {
        let said = |seconds| wait(Duration::from_millis(seconds));
        assert_eq!(said(0), "1 second");
        assert_eq!(said(1_500), "2 seconds");
        assert_eq!(said(91_000), "2 minutes");
        assert_eq!(said(900_000), "15 minutes");
        assert_eq!(said(7_200_000), "2 hours");
    }

    #[test]
    fn what_is_foreign_reads_like_what_is_missing() {
        let (foreign, missing) = (PageError::Forbidden, PageError::NotFound);
        assert_eq!(foreign.status(), missing.status());
        assert_eq!(foreign.words().happened, missing.words().happened);
    }
}

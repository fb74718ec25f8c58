//! Was this very page written a moment ago? Then nothing is read, and nothing written again.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use poem::Response;

use crate::{
    clock::Now,
    domain::zone::Zone,
    store::freshness::{Source, Stamp},
    web::{
        error::PageError,
        fields::Fields,
        headers::{Manner, set_manner},
        kept::Span,
        site::Site,
    },
};

/// What the page is made of.
pub(super) const SOURCES: [Source; 6] =
    [Source::Practices, Source::Programs, Source::Cohorts, Source::Weeks, Source::Sessions, Source::Enrollments];

/// All of a request that the page depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Wish {
    pub(super) code: String,
    pub(super) zone: Option<Zone>,
    /// The id of a cohort, or whatever else was typed.
    pub(super) cohort: String,
    /// On to the form of the chosen cohort.
    pub(super) goes_on: bool,
}

impl Wish {
    pub(super) fn of(code: String, asked: &Fields) -> Self {
        Self {
            code,
            zone: Zone::parse(asked.text("tz")).ok(),
            cohort: asked.text("cohort").to_owned(),
            goes_on: asked.has("continue"),
        }
    }
}

/// The page as text, and how browsers are to treat it.
#[derive(Debug)]
pub(crate) struct Written {
    html: Bytes,
    manner: Option<Manner>,
    /// The page follows the program's time by the minute, too: in a rehearsal that is another than the real one.
    program_minute: DateTime<Utc>,
}

impl Written {
    fn response(&self) -> Response {
        let mut response = Response::builder().content_type("text/html; charset=utf-8").body(self.html.clone());
        if let Some(manner) = self.manner {
            set_manner(&mut response, manner);
        }
        response
    }

    /// In bytes.
    pub(crate) fn size(&self) -> u32 {
        u32::try_from(self.html.len() + size_of::<Self>() + 512).unwrap_or(u32::MAX)
    }
}

pub(super) fn again(site: &Site, wish: &Wish, stamp: Option<Stamp>) -> Option<Response> {
    let now = site.clock.now();
    let written = site.kept.pages.get(wish, stamp, now.real)?;
    (written.program_minute == minute(now.program)).then(|| written.response())
}

/// `now` is from before the page was made.
pub(super) async fn keep(
    site: &Site,
    wish: Wish,
    (stamp, now): (Option<Stamp>, Now),
    mut response: Response,
) -> Result<Response, PageError> {
    let html = response.take_body().into_bytes().await.map_err(anyhow::Error::from)?;
    let manner = response.data::<Manner>().copied();
    let written = Arc::new(Written { html, manner, program_minute: minute(now.program) });
    // Zones are listed with what their clocks show.
    let mut span = Span::from(minute(now.real));
    span.changes_at(minute(now.real) + TimeDelta::minutes(1));
    let response = written.response();
    site.kept.pages.put(wish, stamp, span, written);
    Ok(response)
}

fn minute(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(TimeDelta::minutes(1)).unwrap_or(at)
}

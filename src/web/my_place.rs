//! How does somebody decide about their own place: other dates, a pause, leaving? Signed in, or by a link that does
//! that one thing.

mod dates;
mod leaving;
mod pauses;
mod samples;

use poem::Response;

use crate::{
    domain::zone::Zone,
    links::Purpose,
    store::{
        cohorts::{self, Cohort},
        enrollments::Enrollment,
        participants::Participant,
        practices::Practice,
    },
    web::{
        chrome,
        enrollments::confirm::{Held, Link, follow},
        error::PageError,
        guard::SignedParticipant,
        my_program::{self, place},
        notices::{Act, Look, Notice},
        page::Page,
        site::Site,
        table::{Access, Table},
        visitor,
    },
};

pub use dates::{DatesByLink, DatesPage};
pub use pauses::{PauseByLink, PausePage};

pub(crate) fn add(table: Table) -> Table {
    let table = table
        .get("/p/dates", Access::Participant, dates::show)
        .get("/p/dates/:cohort", Access::Participant, dates::ask)
        .post("/p/dates/:cohort", Access::Participant, dates::go)
        .get("/p/pause", Access::Participant, pauses::show)
        .post("/p/pause", Access::Participant, pauses::begin)
        .post("/p/resume", Access::Participant, pauses::end);
    table
        .get("/dates/:token", Access::Link, dates::show_by_link)
        .get("/dates/:token/:cohort", Access::Link, dates::ask_by_link)
        .post("/dates/:token/:cohort", Access::Link, dates::go_by_link)
        .get("/pause/:token", Access::Link, pauses::show_by_link)
        .post("/pause/:token", Access::Link, pauses::begin_by_link)
        .post("/pause/:token/resume", Access::Link, pauses::end_by_link)
        .get("/leaving/:token", Access::Link, leaving::ask)
        .post("/leaving/:token", Access::Link, leaving::go)
}

/// One person's place, however they came to it.
struct Mine {
    practice: Practice,
    person: Participant,
    enrollment: Enrollment,
    cohort: Cohort,
    way: Way,
}

enum Way {
    SignedIn(Box<chrome::Participant>),
    ByLink { chrome: Box<chrome::Public>, purpose: Purpose, token: String },
}

impl Mine {
    /// The place the address names, or the current one, of somebody signed in.
    async fn signed(site: &Site, signed: SignedParticipant, wanted: &str) -> Result<Option<Self>, PageError> {
        let wanted = wanted.parse().ok();
        let places = place::all(site, &signed).await?;
        let Some(enrollment) = places.into_iter().find(|place| wanted.is_none_or(|wanted| place.id == wanted)) else {
            return Ok(None);
        };
        let cohort = cohorts::find(site.db.reader(), signed.practice.id, enrollment.cohort_id).await?;
        let cohort = cohort.ok_or(PageError::NotFound)?;
        let way = Way::SignedIn(Box::new(my_program::frame(site, &signed, "")));
        Ok(Some(Self { practice: signed.practice, person: signed.person, enrollment, cohort, way }))
    }

    /// The place that a signed link names, while the link lasts.
    async fn held(site: &Site, purpose: Purpose, token: &str) -> Result<Self, PageError> {
        let Held { enrollment, person, practice } = match follow(site, purpose, token).await? {
            Link::Good(held) => held,
            Link::Over(_) => return Err(PageError::Gone),
        };
        let cohort = cohorts::find(site.db.reader(), practice.id, enrollment.cohort_id).await?;
        let cohort = cohort.ok_or(PageError::NotFound)?;
        let chrome = Box::new(visitor::neutral(site, Some(&practice)));
        let way = Way::ByLink { chrome, purpose, token: token.to_owned() };
        Ok(Self { practice, person, enrollment, cohort, way })
    }

    fn zone(&self) -> Zone {
        self.person.zone
    }

    /// Where this page's own steps lead: `/p/dates/…` or `/dates/TOKEN/…`.
    fn path(&self, signed_in: &str, further: &str) -> String {
        match &self.way {
            Way::SignedIn(_) => format!("{signed_in}{further}"),
            Way::ByLink { purpose, token, .. } => format!("/{}/{token}{further}", purpose.path()),
        }
    }

    /// What a form sends along; a link names its enrollment itself.
    fn named(&self) -> String {
        match &self.way {
            Way::SignedIn(_) => self.enrollment.id.to_string(),
            Way::ByLink { .. } => String::new(),
        }
    }

    fn notice(&self, site: &Site, notice: Notice) -> Result<Response, PageError> {
        match &self.way {
            Way::SignedIn(chrome) => notice.own(site, chrome),
            Way::ByLink { chrome, .. } => notice.show(site, chrome),
        }
    }

    /// The same with another status than 200.
    fn refusal(&self, site: &Site, title: &str, lead: impl Into<String>) -> Result<Response, PageError> {
        let notice = Notice::new(title, lead).act(self.back());
        let mut response = self.notice(site, notice)?;
        response.set_status(poem::http::StatusCode::CONFLICT);
        Ok(response)
    }

    fn back(&self) -> Act {
        Act::link("Open my page", "/p", Look::Plain)
    }

    /// A page in the frame of whoever looks: `own` for somebody signed in, `other` for a link.
    fn render<O, L>(&self, site: &Site, page: O, by_link: impl FnOnce(O) -> L) -> Result<Response, PageError>
    where
        O: Page<Chrome = chrome::Participant>,
        L: Page<Chrome = chrome::Public>,
    {
        match &self.way {
            Way::SignedIn(chrome) => site.pages.render(chrome.as_ref(), &page),
            Way::ByLink { chrome, .. } => site.pages.render(chrome.as_ref(), &by_link(page)),
        }
    }
}

/// For somebody signed in who has no place at all.
fn nowhere(site: &Site, signed: &SignedParticipant) -> Result<Response, PageError> {
    Notice::new("There is nothing to decide", "You have no place in a group at the moment.")
        .act(Act::link("Back to my page", "/p", Look::Plain))
        .own(site, &my_program::frame(site, signed, ""))
}

//! How does somebody ask for a place?

mod choose;
pub(in crate::web) mod confirm;
mod form;
mod offer;

use std::{sync::Arc, time::Duration};

use poem::{
    Request, Response, handler,
    web::{Data, Path},
};

use crate::{
    actions::ask_to_enroll::{Refused, ask_to_enroll},
    domain::{
        civil,
        ids::CohortId,
        opening::{EnrollDays, Opening},
        people::CohortState,
        zone::Zone,
    },
    store::{
        cohorts::{self, Cohort, CohortLesson, WeekRow},
        practices::{self, Practice},
        programs::{self, ProgramRow},
        sessions::{self, SessionRow},
    },
    web::{
        chrome,
        cohort_dates::CohortDates,
        error::PageError,
        fields::Fields,
        guard::{Client, see_other},
        headers::Robots,
        notices::{Act, Look, Notice},
        program_page::Places,
        site::Site,
        table::{Access, Table},
        visitor,
    },
};
pub use choose::ChoosePage;
pub use form::{FormPage, SentPage};
pub(in crate::web) use form::{Whose, blank, check};

pub(crate) fn add(table: Table) -> Table {
    table
        .get("/enroll/:cohort", Access::Anyone, show)
        .post("/enroll/:cohort", Access::Anyone, ask)
        .get("/enroll/:cohort/sent", Access::Anyone, sent)
        .get("/confirm/:token", Access::Link, confirm::show)
        .post("/confirm/:token", Access::Link, confirm::confirm)
        .get("/offer/:token", Access::Link, offer::show)
        .post("/offer/:token", Access::Link, offer::accept)
        .get("/offer/:token/decline", Access::Link, offer::ask_decline)
        .post("/offer/:token/decline", Access::Link, offer::decline)
        .get("/choose/:token", Access::Link, choose::show)
        .post("/choose/:token", Access::Link, choose::choose)
}

/// A cohort somebody may ask for, and all that its form says.
pub(in crate::web) struct Offered {
    pub(in crate::web) cohort: Cohort,
    program: ProgramRow,
    pub(in crate::web) practice: Practice,
    meetings: Vec<SessionRow>,
    weeks: Vec<WeekRow>,
    places: Places,
}

impl Offered {
    /// A draft does not exist for a stranger. Many who ask in the same moment share what was read after they asked.
    pub(in crate::web) async fn read(site: &Site, id: &str) -> Result<Arc<Self>, PageError> {
        let id: CohortId = id.parse().map_err(|_| PageError::NotFound)?;
        let read = |all: Vec<()>| async move {
            let offered = Self::of(site, id).await.ok().map(Arc::new);
            vec![offered; all.len()]
        };
        match site.offered.ask(id, (), read).await.flatten() {
            Some(offered) => Ok(offered),
            // Each is told by itself what is in the way.
            None => Self::of(site, id).await.map(Arc::new),
        }
    }

    async fn of(site: &Site, id: CohortId) -> Result<Self, PageError> {
        let db = site.db.reader();
        let cohort = cohorts::anywhere(db, id).await?.filter(|cohort| cohort.state != CohortState::Draft);
        let cohort = cohort.ok_or(PageError::NotFound)?;
        let practice = practices::find(db, cohort.practice_id).await?.ok_or(PageError::NotFound)?;
        let program = programs::find(db, practice.id, cohort.program_id).await?.ok_or(PageError::NotFound)?;
        Ok(Self {
            meetings: sessions::of_cohort(db, id).await?,
            weeks: cohorts::weeks_of(db, id).await?,
            places: Places::of(cohort.capacity, cohorts::confirmed_seats(db, id).await?).by(cohort.admission),
            cohort,
            program,
            practice,
        })
    }

    /// The first one shows what its reader's inbox will say.
    pub(in crate::web) async fn first_lesson(&self, site: &Site) -> Result<Option<CohortLesson>, PageError> {
        Ok(cohorts::first_lesson_of(site.db.reader(), self.cohort.id).await?)
    }

    /// On the clocks of this zone; none when the cohort is closed or over.
    pub(in crate::web) fn dates(&self, site: &Site, zone: Zone) -> Option<CohortDates> {
        self.running(site, zone).filter(|_| self.cohort.state == CohortState::Open)
    }

    /// The same for somebody whose place is kept, also when the doors are closed to others.
    pub(in crate::web) fn running(&self, site: &Site, zone: Zone) -> Option<CohortDates> {
        CohortDates::of(&self.meetings, &self.weeks, [zone, self.cohort.zone], site.clock.now().program)
    }

    fn home(&self) -> String {
        format!("/g/{}", self.program.code)
    }

    fn chrome(&self, site: &Site) -> chrome::Public {
        visitor::branded(site, &self.practice, self.home(), Robots::KeepOut)
    }

    fn closed(&self, site: &Site) -> Result<Response, PageError> {
        Notice::new("These dates are closed", "This group takes nobody new any more. Others may be open.")
            .act(Act::link("See all dates", self.home(), Look::Go))
            .gone(site, &self.chrome(site))
    }

    /// On a day on which nobody may ask, that is said instead of the form; what was confirmed by mail still counts.
    fn outside(&self, site: &Site) -> Result<Option<Response>, PageError> {
        let all_dates = Act::link("See all dates", self.home(), Look::Go);
        let chrome = self.chrome(site);
        let answer = match opening(site, &self.cohort) {
            Opening::Open => return Ok(None),
            Opening::OpensOn(day) => {
                let lead = format!("You can ask for a place in this group from {}.", civil::date(day));
                Notice::new("Not open yet", lead).act(all_dates).show(site, &chrome)?
            }
            Opening::ClosedSince(day) => {
                let lead = format!("This group has taken nobody new since {}. Others may be open.", civil::date(day));
                Notice::new("These dates are closed", lead).act(all_dates).gone(site, &chrome)?
            }
        };
        Ok(Some(answer))
    }
}

/// What the cohort's days say of today, by its own calendar.
pub(in crate::web) fn opening(site: &Site, cohort: &Cohort) -> Opening {
    let days = EnrollDays { from: cohort.enroll_from_on, until: cohort.enroll_until_on };
    days.on(cohort.zone.local(site.clock.now().program).date())
}

/// Whether somebody new may ask for a place there today.
fn takes_new_people(site: &Site, cohort: &Cohort) -> bool {
    cohort.state == CohortState::Open && opening(site, cohort) == Opening::Open
}

#[handler]
async fn show(Data(site): Data<&Site>, Path(id): Path<String>, request: &Request) -> Result<Response, PageError> {
    let offered = Offered::read(site, &id).await?;
    let wished = Zone::parse(visitor::query(request)?.text("tz")).ok();
    let Some(dates) = offered.dates(site, wished.unwrap_or(offered.cohort.zone)) else { return offered.closed(site) };
    if let Some(answer) = offered.outside(site)? {
        return Ok(answer);
    }
    let lesson = offered.first_lesson(site).await?;
    let page = FormPage::new(site, (&offered, lesson), dates, &Whose::Stranger, form::blank(&offered, wished));
    site.pages.render(&offered.chrome(site), &page)
}

#[handler]
async fn ask(
    Data(site): Data<&Site>,
    Path(id): Path<String>,
    client: Client,
    fields: Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    let offered = Offered::read(site, &id).await?;
    let zone = Zone::parse(fields.text("tz")).unwrap_or(offered.cohort.zone);
    let Some(dates) = offered.dates(site, zone) else { return offered.closed(site) };
    if let Some(answer) = offered.outside(site)? {
        return Ok(answer);
    }
    match form::check(&offered, &Whose::Stranger, &fields) {
        Ok(form) => {
            let asked = ask_to_enroll(&site.app, &offered.cohort, &form, Some(&client.0)).await;
            asked.map_err(|refused| refusal(site, refused))?;
            Ok(see_other(&format!("/enroll/{}/sent", offered.cohort.id)))
        }
        Err(entered) => {
            let lesson = offered.first_lesson(site).await?;
            let page = FormPage::new(site, (&offered, lesson), dates, &Whose::Stranger, entered);
            site.pages.refused(&offered.chrome(site), &page)
        }
    }
}

fn refusal(site: &Site, refused: Refused) -> PageError {
    match refused {
        Refused::TooOften(until) => {
            let wait = (until - site.clock.now().real).to_std().unwrap_or(Duration::from_secs(60));
            PageError::TooManyRequests { retry_after: wait }
        }
        Refused::Store(error) => error.into(),
    }
}

/// The same page for everybody: what is true is said by mail.
#[handler]
async fn sent(Data(site): Data<&Site>, Path(id): Path<String>) -> Result<Response, PageError> {
    let offered = Offered::read(site, &id).await?;
    let page = SentPage::new(&offered, site.clock.now().program);
    site.pages.render(&visitor::neutral(site, Some(&offered.practice)), &page)
}

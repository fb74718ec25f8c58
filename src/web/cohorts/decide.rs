//! How many come, and does the cohort take place?

use poem::{
    Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

use super::{Head, found};
use crate::{
    actions::{
        call_off::choose_by,
        decide_cohort::{Refused, Verdict, decide_cohort},
    },
    domain::{civil, cohort::Decision, enrollment::Standing, people::CohortState, session::SessionState},
    store::{
        cohorts::Cohort,
        enrollments::{self, Enrollment},
        programs::ProgramRow,
        sessions,
    },
    web::{
        chrome::{self, Here},
        desk::{self, Asked},
        error::PageError,
        fields::Fields,
        guard::{SignedCoach, see_other},
        page::Page,
        site::Site,
        table::{Access, Table},
    },
};

/// How many stand where.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(super) struct Numbers {
    pub(super) enrolled: usize,
    /// Places held for somebody who has not answered.
    pub(super) held: usize,
    pub(super) applied: usize,
    pub(super) waiting: usize,
}

impl Numbers {
    pub(super) fn of(people: &[Enrollment]) -> Self {
        let count = |wanted: &[Standing]| people.iter().filter(|it| wanted.contains(&it.standing)).count();
        Self {
            enrolled: count(&[Standing::Enrolled, Standing::Paused]),
            held: count(&[Standing::Offered, Standing::Accepted]),
            applied: count(&[Standing::Applied]),
            waiting: count(&[Standing::Waitlisted]),
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct DecidePage {
    head: Head,
    numbers: Numbers,
    capacity: i32,
    needed: i32,
    decide_by: String,
    /// What was decided, as a sentence; empty: nothing yet.
    decided: String,
    /// Nothing can be decided any more.
    is_off: bool,
    /// The first session is under way, or over.
    has_begun: bool,
}

impl Page for DecidePage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "cohorts/decide.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |decided: &str, is_off, has_begun| Self {
            head: Head::sample(""),
            numbers: Numbers { enrolled: 4, held: 1, applied: 2, waiting: 0 },
            capacity: 12,
            needed: 6,
            decide_by: "Thursday 4 March 2027, 18:00 (Dublin time, UTC+00:00)".into(),
            decided: decided.into(),
            is_off,
            has_begun,
        };
        vec![
            ("open", page("", false, false)),
            ("go", page("You decided that it takes place.", false, false)),
            ("off", page("It does not take place.", true, false)),
            ("under way", page("", false, true)),
        ]
    }
}

pub(super) fn add(table: Table) -> Table {
    table.get("/coach/cohorts/:id/decide", Access::Coach, show).post("/coach/cohorts/:id/decide", Access::Coach, decide)
}

#[handler]
async fn show(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, PageError> {
    let (cohort, program) = found(site, &signed, &id).await?;
    if cohort.state == CohortState::Draft {
        return Ok(see_other(&format!("/coach/cohorts/{}/open", cohort.id)));
    }
    let chrome = desk::after(site, &signed, Here::Cohorts, &asked).await?;
    let page = page(site, &signed, &cohort, &program).await?;
    site.pages.render(&chrome, &page)
}

async fn page(
    site: &Site,
    signed: &SignedCoach,
    cohort: &Cohort,
    program: &ProgramRow,
) -> Result<DecidePage, PageError> {
    let people = enrollments::of_cohort(site.db.reader(), cohort.id).await?;
    let (zone, now) = (signed.coach.zone, site.clock.now().program);
    let meetings = sessions::of_cohort(site.db.reader(), cohort.id).await?;
    Ok(DecidePage {
        head: Head::of(cohort, program, ""),
        numbers: Numbers::of(&people),
        capacity: cohort.capacity,
        needed: cohort.min_participants,
        decide_by: cohort.decide_by.map_or_else(String::new, |at| civil::moment(at, zone)),
        decided: match cohort.decision {
            Decision::Undecided => String::new(),
            Decision::Go => "You decided that it takes place as planned.".to_owned(),
            Decision::Moved => "You decided that it starts later.".to_owned(),
            Decision::Merged | Decision::Canceled => format!(
                "It does not take place. People choose what instead until {}.",
                civil::moment(choose_by(cohort, now), zone)
            ),
        },
        is_off: cohort.decision.is_off(),
        has_begun: meetings.iter().any(|it| it.state == SessionState::Planned && it.starts_at <= now),
    })
}

#[handler]
async fn decide(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    let (cohort, _) = found(site, &signed, &id).await?;
    let (verdict, to) = if fields.text("do") == "move" {
        (Verdict::Move, format!("/coach/cohorts/{}/schedule?done=to-move", cohort.id))
    } else {
        (Verdict::Go, format!("/coach/cohorts/{}/decide?done=go", cohort.id))
    };
    match decide_cohort(&site.app, (cohort.practice_id, cohort.id), verdict, signed.coach.name.expose()).await {
        Ok(()) => Ok(see_other(&to)),
        Err(Refused::Off) => Ok(see_other(&format!("/coach/cohorts/{}/decide", cohort.id))),
        Err(Refused::Draft | Refused::Unknown) => Err(PageError::NotFound),
        Err(Refused::Store(error)) => Err(error.into()),
    }
}

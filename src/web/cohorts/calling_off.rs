//! A cohort does not take place: who hears what, before it is so?

use poem::{
    Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

use super::{Head, applications::LONGEST_WORDS, decide::Numbers, found};
use crate::{
    actions::{
        add_person::WhenFull,
        call_off::{How, Refused, call_off, choose_by},
    },
    domain::{
        civil::{self, When},
        ids::CohortId,
        people::CohortState,
    },
    store::{
        cohorts::{self, Cohort},
        enrollments,
        programs::ProgramRow,
        sessions,
    },
    web::{
        chrome::{self, Here},
        desk,
        error::PageError,
        fields::Fields,
        form::{Checked, Entered},
        guard::{SignedCoach, see_other},
        labels::Choice,
        page::Page,
        site::Site,
        table::{Access, Table},
        visitor,
    },
};

#[derive(Debug, Serialize)]
pub(crate) struct CallOffPage {
    head: Head,
    form: Entered,
    numbers: Numbers,
    sessions: usize,
    /// Until when people may choose.
    until: String,
    merges: bool,
    others: Vec<Choice>,
}

impl Page for CallOffPage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "cohorts/call_off.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |merges, form, others| Self {
            head: Head::sample(""),
            form,
            numbers: Numbers { enrolled: 4, held: 1, applied: 0, waiting: 2 },
            sessions: 6,
            until: "Thursday 18 March 2027, 18:00 (Dublin time, UTC+00:00)".into(),
            merges,
            others,
        };
        let others = vec![Choice::new("8", "Monday mornings").with("From Monday 12 April 2027. 3 places are free.")];
        let wrong = Entered::blank().wrong("over", "4 people would come, and 3 places are free there");
        vec![
            ("cancel", page(false, Entered::blank(), vec![])),
            ("merge", page(true, Entered::blank(), others.clone())),
            ("no room", page(true, wrong, others)),
            ("nowhere to go", page(true, Entered::blank(), vec![])),
        ]
    }
}

pub(super) fn add(table: Table) -> Table {
    table
        .get("/coach/cohorts/:id/decide/cancel", Access::Coach, show_cancel)
        .post("/coach/cohorts/:id/decide/cancel", Access::Coach, cancel)
        .get("/coach/cohorts/:id/decide/merge", Access::Coach, show_merge)
        .post("/coach/cohorts/:id/decide/merge", Access::Coach, merge)
}

/// What the coach is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    Cancel,
    Merge,
}

#[handler]
async fn show_cancel(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    show(site, &signed, &id, About::Cancel).await
}

#[handler]
async fn show_merge(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    show(site, &signed, &id, About::Merge).await
}

async fn show(site: &Site, signed: &SignedCoach, id: &str, about: About) -> Result<Response, PageError> {
    let (cohort, program) = found(site, signed, id).await?;
    if cohort.state == CohortState::Draft || cohort.decision.is_off() {
        return Ok(see_other(&format!("/coach/cohorts/{}/decide", cohort.id)));
    }
    let chrome = desk::around(site, signed, Here::Cohorts).await?;
    site.pages.render(&chrome, &page(site, signed, (&cohort, &program), about, Entered::blank()).await?)
}

async fn page(
    site: &Site,
    signed: &SignedCoach,
    of: (&Cohort, &ProgramRow),
    about: About,
    form: Entered,
) -> Result<CallOffPage, PageError> {
    let (db, now, (cohort, program)) = (site.db.reader(), site.clock.now().program, of);
    let people = enrollments::of_cohort(db, cohort.id).await?;
    let meetings = sessions::of_cohort(db, cohort.id).await?;
    let as_if_now = Cohort { closed_at: Some(now), ..cohort.clone() };
    Ok(CallOffPage {
        head: Head::of(cohort, program, ""),
        form,
        numbers: Numbers::of(&people),
        sessions: meetings.iter().filter(|meeting| meeting.ends_at > now).count(),
        until: civil::moment(choose_by(&as_if_now, now), signed.coach.zone),
        merges: about == About::Merge,
        others: if about == About::Merge { others(site, signed, cohort).await? } else { Vec::new() },
    })
}

/// Other cohorts of the program that are not over.
async fn others(site: &Site, signed: &SignedCoach, cohort: &Cohort) -> Result<Vec<Choice>, PageError> {
    let (db, now) = (site.db.reader(), site.clock.now().program);
    let mut others = Vec::new();
    for other in cohorts::of_program(db, cohort.practice_id, cohort.program_id).await? {
        if other.id == cohort.id || other.state == CohortState::Draft || other.decision.is_off() {
            continue;
        }
        if let Some(next) = sessions::next_of_cohort(db, other.id, now).await? {
            let when = When::new(next.starts_at, next.ends_at, signed.coach.zone).full();
            let free = (other.capacity - other.seats_taken).max(0);
            let free = if free == 1 { "One place is free".to_owned() } else { format!("{free} places are free") };
            let choice = Choice::new(other.id, other.name.expose());
            others.push(choice.with(&format!("Meets next on {when}. {free}.")));
        }
    }
    Ok(others)
}

#[handler]
async fn cancel(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    act(site, &signed, &id, About::Cancel, &fields).await
}

#[handler]
async fn merge(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    act(site, &signed, &id, About::Merge, &fields).await
}

async fn act(
    site: &Site,
    signed: &SignedCoach,
    id: &str,
    about: About,
    fields: &Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    let (cohort, program) = found(site, signed, id).await?;
    let form = match read(fields, about) {
        Ok((how, words)) => {
            let of = (cohort.practice_id, cohort.id);
            match call_off(&site.app, of, how, &words, signed.coach.name.expose()).await {
                Ok(()) => return Ok(see_other(&format!("/coach/cohorts/{}/decide?done=off", cohort.id))),
                Err(Refused::Over) => return Ok(see_other(&format!("/coach/cohorts/{}/decide", cohort.id))),
                Err(refused) => wrong(fields, refused)?,
            }
        }
        Err(form) => form,
    };
    let chrome = desk::around(site, signed, Here::Cohorts).await?;
    site.pages.refused(&chrome, &page(site, signed, (&cohort, &program), about, form).await?)
}

fn read(fields: &Fields, about: About) -> Result<(How, String), Entered> {
    let mut checked = Checked::new(fields);
    let how = match about {
        About::Cancel => Some(How::Cancel),
        About::Merge => {
            checked.parse_or("into", "Choose the cohort that they join", str::parse::<CohortId>).map(|into| {
                How::Merge { into, when_full: if fields.has("over") { WhenFull::Override } else { WhenFull::Refuse } }
            })
        }
    };
    let words = checked.parse("words", |text| visitor::words(text, LONGEST_WORDS));
    checked.finish(|| Some((how?, words?)))
}

fn wrong(fields: &Fields, refused: Refused) -> Result<Entered, PageError> {
    let (field, said) = match refused {
        Refused::Elsewhere => ("into", "That cohort is over, or does not take place. Choose another".to_owned()),
        Refused::NoRoom { people, free } => (
            "over",
            format!(
                "{people} people would come, and {free} places are free there. Tick the box to take them over the limit"
            ),
        ),
        Refused::Forbidden(word) => ("words", format!("Some of these people read discreet mail: leave out “{word}”")),
        Refused::Unknown | Refused::Draft | Refused::Over => return Err(PageError::NotFound),
        Refused::Store(error) => return Err(error.into()),
    };
    Ok(Entered::of(fields).wrong(field, said))
}

//! Who applied for a place, and what does the coach answer?

use poem::{
    Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

use super::{Head, found};
use crate::{
    actions::{
        add_person::WhenFull,
        answer_application::{Refused, accept_application, turn_down},
    },
    domain::{civil, enrollment::Standing, ids::EnrollmentId, offer::held_until},
    store::{
        cohorts::Cohort,
        enrollments::{self, Enrollment},
        participants::{self, Participant},
        programs::ProgramRow,
    },
    web::{
        chrome::{self, Here},
        desk::{self, Asked},
        error::PageError,
        fields::Fields,
        form::{Checked, Entered},
        guard::{SignedCoach, see_other},
        labels::{self, Label},
        page::Page,
        site::Site,
        table::{Access, Table},
        visitor,
    },
};

/// The most characters of what a coach adds in their own words.
pub(super) const LONGEST_WORDS: usize = 1_000;

#[derive(Debug, Serialize)]
struct Line {
    enrollment: String,
    person: String,
    name: String,
    asked: String,
    note: String,
    /// Until when an accepted person has to answer.
    until: String,
    standing: Label,
    is_open: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct ApplicationsPage {
    head: Head,
    /// Not answered yet, and answered with yes.
    lines: Vec<Line>,
}

impl Page for ApplicationsPage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "cohorts/applications.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let line = |name: &str, standing, until: &str| Line {
            enrollment: "9".to_owned(),
            person: "7".to_owned(),
            name: name.to_owned(),
            asked: "Wednesday 24 February 2027, 18:00 (Dublin time, UTC+00:00)".to_owned(),
            note: "We have tried twice on our own.".to_owned(),
            until: until.to_owned(),
            standing: labels::standing(standing),
            is_open: standing == Standing::Applied,
        };
        let until = "Monday 1 March 2027, 18:00 (Dublin time, UTC+00:00)";
        let lines = vec![line("Ines", Standing::Applied, ""), line("Daniel", Standing::Accepted, until)];
        vec![
            ("some", Self { head: Head::sample("applications"), lines }),
            ("none", Self { head: Head::sample("applications"), lines: vec![] }),
        ]
    }
}

/// One application with its two answers.
#[derive(Debug, Serialize)]
pub(crate) struct ApplicationPage {
    head: Head,
    enrollment: String,
    person: String,
    name: String,
    asked: String,
    note: String,
    track: String,
    /// Until when the place would be held, by the person's own clock.
    until: String,
    is_full: bool,
    /// One for each answer.
    accept: Entered,
    decline: Entered,
}

impl Page for ApplicationPage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "cohorts/application.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |is_full, declining| Self {
            head: Head::sample("applications"),
            enrollment: "9".to_owned(),
            person: "7".to_owned(),
            name: "Ines".to_owned(),
            asked: "Wednesday 24 February 2027, 18:00 (Dublin time, UTC+00:00)".to_owned(),
            note: "We have tried twice on our own.".to_owned(),
            track: "I was hurt".to_owned(),
            until: "Monday 1 March 2027, 18:00 (New York time, UTC-05:00)".to_owned(),
            is_full,
            accept: Entered::blank(),
            decline: declining,
        };
        let wrong = Entered::blank().with("words", "x").wrong("words", "Leave out “affair”");
        vec![
            ("free", page(false, Entered::blank())),
            ("full", page(true, Entered::blank())),
            ("wrong", page(false, wrong)),
        ]
    }
}

pub(super) fn add(table: Table) -> Table {
    table
        .get("/coach/cohorts/:id/applications", Access::Coach, list)
        .get("/coach/cohorts/:id/applications/:enrollment", Access::Coach, show)
        .post("/coach/cohorts/:id/applications/:enrollment/accept", Access::Coach, accept)
        .post("/coach/cohorts/:id/applications/:enrollment/decline", Access::Coach, decline)
}

#[handler]
async fn list(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, PageError> {
    let (cohort, program) = found(site, &signed, &id).await?;
    let chrome = desk::after(site, &signed, Here::Cohorts, &asked).await?;
    let lines = lines(site, &signed, &cohort).await?;
    site.pages.render(&chrome, &ApplicationsPage { head: Head::of(&cohort, &program, "applications"), lines })
}

async fn lines(site: &Site, signed: &SignedCoach, cohort: &Cohort) -> Result<Vec<Line>, PageError> {
    let db = site.db.reader();
    let mut applied = enrollments::of_cohort(db, cohort.id).await?;
    applied.retain(|enrollment| matches!(enrollment.standing, Standing::Applied | Standing::Accepted));
    let ids: Vec<_> = applied.iter().map(|enrollment| enrollment.participant_id).collect();
    let people = participants::with_ids(db, signed.practice.id, &ids).await?;
    let zone = signed.coach.zone;
    let line = |enrollment: &Enrollment| {
        let person = people.iter().find(|person| person.id == enrollment.participant_id)?;
        Some(Line {
            enrollment: enrollment.id.to_string(),
            person: person.id.to_string(),
            name: person.name.expose().to_owned(),
            asked: civil::moment(enrollment.asked_at, zone),
            note: enrollment.note.clone(),
            until: enrollment.hold_until.map_or_else(String::new, |until| civil::moment(until, zone)),
            standing: labels::standing(enrollment.standing),
            is_open: enrollment.standing == Standing::Applied,
        })
    };
    Ok(applied.iter().filter_map(line).collect())
}

/// The whole chain of ids must belong together.
struct Application {
    cohort: Cohort,
    program: ProgramRow,
    enrollment: Enrollment,
    person: Participant,
}

impl Application {
    async fn find(site: &Site, signed: &SignedCoach, ids: &(String, String)) -> Result<Self, PageError> {
        let (cohort, program) = found(site, signed, &ids.0).await?;
        let (db, id): (_, EnrollmentId) = (site.db.reader(), desk::id(&ids.1)?);
        let enrollment = enrollments::find(db, signed.practice.id, id).await?;
        let enrollment = enrollment.filter(|it| it.cohort_id == cohort.id).ok_or(PageError::NotFound)?;
        let person = participants::find(db, signed.practice.id, enrollment.participant_id).await?;
        Ok(Self { cohort, program, enrollment, person: person.ok_or(PageError::NotFound)? })
    }

    fn list(&self) -> String {
        format!("/coach/cohorts/{}/applications", self.cohort.id)
    }

    fn page(&self, site: &Site, signed: &SignedCoach, forms: (Entered, Entered)) -> ApplicationPage {
        let track = self.program.content.0.tracks.iter().find(|track| track.key == self.enrollment.track);
        let until = held_until(site.clock.now().real, self.cohort.accept_hours, self.person.zone);
        ApplicationPage {
            head: Head::of(&self.cohort, &self.program, "applications"),
            enrollment: self.enrollment.id.to_string(),
            person: self.person.id.to_string(),
            name: self.person.name.expose().to_owned(),
            asked: civil::moment(self.enrollment.asked_at, signed.coach.zone),
            note: self.enrollment.note.clone(),
            track: track.map(|track| track.label.clone()).unwrap_or_default(),
            until: civil::moment(until, self.person.zone),
            is_full: self.cohort.seats_taken >= self.cohort.capacity,
            accept: forms.0,
            decline: forms.1,
        }
    }
}

#[handler]
async fn show(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(ids): Path<(String, String)>,
) -> Result<Response, PageError> {
    let application = Application::find(site, &signed, &ids).await?;
    if application.enrollment.standing != Standing::Applied {
        return Ok(see_other(&application.list()));
    }
    let chrome = desk::around(site, &signed, Here::Cohorts).await?;
    site.pages.render(&chrome, &application.page(site, &signed, (Entered::blank(), Entered::blank())))
}

#[handler]
async fn accept(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(ids): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, PageError> {
    let application = Application::find(site, &signed, &ids).await?;
    let when_full = if fields.has("over") { WhenFull::Override } else { WhenFull::Refuse };
    let of = (signed.practice.id, application.enrollment.id);
    match accept_application(&site.app, of, when_full, signed.coach.name.expose()).await {
        Ok(_) => Ok(see_other(&format!("{}?done=accepted", application.list()))),
        Err(Refused::Answered(_)) => Ok(see_other(&format!("{}?done=answered", application.list()))),
        Err(refused) => {
            let forms = (wrong(&fields, "over", refused)?, Entered::blank());
            let chrome = desk::around(site, &signed, Here::Cohorts).await?;
            site.pages.refused(&chrome, &application.page(site, &signed, forms))
        }
    }
}

#[handler]
async fn decline(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(ids): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, PageError> {
    let application = Application::find(site, &signed, &ids).await?;
    let mut checked = Checked::new(&fields);
    let words = checked.parse("words", |text| visitor::words(text, LONGEST_WORDS));
    let form = match checked.finish(|| words) {
        Ok(words) => {
            let of = (signed.practice.id, application.enrollment.id);
            match turn_down(&site.app, of, &words, signed.coach.name.expose()).await {
                Ok(_) => return Ok(see_other(&format!("{}?done=declined", application.list()))),
                Err(Refused::Answered(_)) => {
                    return Ok(see_other(&format!("{}?done=answered", application.list())));
                }
                Err(refused) => wrong(&fields, "words", refused)?,
            }
        }
        Err(form) => form,
    };
    let chrome = desk::around(site, &signed, Here::Cohorts).await?;
    site.pages.refused(&chrome, &application.page(site, &signed, (Entered::blank(), form)))
}

/// What was refused, at its field and as a sentence.
fn wrong(fields: &Fields, field: &str, refused: Refused) -> Result<Entered, PageError> {
    let said = match refused {
        Refused::Full => "Every place is taken. Tick the box to accept this person over the limit".to_owned(),
        Refused::Over => "This group is over, or does not take place: nobody can be accepted".to_owned(),
        Refused::Forbidden(word) => format!("This person’s mail is discreet: leave out “{word}”"),
        Refused::Unknown | Refused::Answered(_) => return Err(PageError::NotFound),
        Refused::Store(error) => return Err(error.into()),
    };
    Ok(Entered::of(fields).wrong(field, said))
}

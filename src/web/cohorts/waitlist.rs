//! Who waits for a place, in which order?

use chrono::{DateTime, Utc};
use poem::{
    Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

use super::{Head, found};
use crate::{
    domain::{civil, enrollment::Standing},
    store::{
        enrollments::{self, Enrollment},
        participants,
    },
    web::{
        chrome::{self, Here},
        desk::{self, Asked},
        error::PageError,
        guard::SignedCoach,
        labels::{self, Label},
        page::Page,
        site::Site,
        table::{Access, Table},
    },
};

#[derive(Debug, Serialize)]
struct Waiting {
    enrollment: String,
    person: String,
    name: String,
    asked: String,
    until: String,
    standing: Label,
    /// Has not been offered a place.
    waits: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct WaitlistPage {
    head: Head,
    /// How long an offered place is held.
    hold: String,
    waiting: Vec<Waiting>,
}

impl Page for WaitlistPage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "cohorts/waitlist.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let waiting = |name: &str, until: &str, standing| Waiting {
            enrollment: "9".to_owned(),
            waits: standing == Standing::Waitlisted,
            person: "7".to_owned(),
            name: name.to_owned(),
            asked: "Wednesday 24 February 2027, 18:00 (Dublin time, UTC+00:00)".to_owned(),
            until: until.to_owned(),
            standing: labels::standing(standing),
        };
        let some =
            vec![waiting("Ines", "Today at 18:00", Standing::Offered), waiting("Daniel", "", Standing::Waitlisted)];
        vec![
            ("some", Self { head: Head::sample("waitlist"), hold: hold(24), waiting: some }),
            ("none", Self { head: Head::sample("waitlist"), hold: hold(1), waiting: vec![] }),
        ]
    }
}

pub(super) fn add(table: Table) -> Table {
    table.get("/coach/cohorts/:id/waitlist", Access::Coach, show)
}

#[handler]
async fn show(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, PageError> {
    let (cohort, program) = found(site, &signed, &id).await?;
    let chrome = desk::after(site, &signed, Here::Cohorts, &asked).await?;
    let line: Vec<Enrollment> = enrollments::of_cohort(site.db.reader(), cohort.id)
        .await?
        .into_iter()
        .filter(|enrollment| matches!(enrollment.standing, Standing::Waitlisted | Standing::Offered))
        .collect();
    let waiting = waiting(site, &signed, &line).await?;
    let (head, hold) = (Head::of(&cohort, &program, "waitlist"), hold(cohort.offer_hours));
    site.pages.render(&chrome, &WaitlistPage { head, hold, waiting })
}

fn hold(hours: i32) -> String {
    if hours == 1 { "one hour".to_owned() } else { format!("{hours} hours") }
}

async fn waiting(site: &Site, signed: &SignedCoach, line: &[Enrollment]) -> Result<Vec<Waiting>, PageError> {
    let ids: Vec<_> = line.iter().map(|enrollment| enrollment.participant_id).collect();
    let people = participants::with_ids(site.db.reader(), signed.practice.id, &ids).await?;
    let zone = signed.coach.zone;
    let now: DateTime<Utc> = site.clock.now().real;
    let row = |enrollment: &Enrollment| {
        let person = people.iter().find(|person| person.id == enrollment.participant_id)?;
        Some(Waiting {
            enrollment: enrollment.id.to_string(),
            waits: enrollment.standing == Standing::Waitlisted,
            person: person.id.to_string(),
            name: person.name.expose().to_owned(),
            asked: civil::moment(enrollment.asked_at, zone),
            until: enrollment.hold_until.map_or_else(String::new, |until| civil::relative(until, zone, now)),
            standing: labels::standing(enrollment.standing),
        })
    };
    Ok(line.iter().filter_map(row).collect())
}

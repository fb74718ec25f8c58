//! Who is in the cohort, and did the last mail reach each of them?

use std::collections::BTreeMap;

use poem::{
    Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

use super::{Head, found, together};
use crate::{
    domain::{
        civil,
        discretion::{Discretion, at_least},
        enrollment::Standing,
    },
    store::{
        cohorts::Cohort,
        consents,
        enrollments::{self, Enrollment},
        ledger,
        participants::{self, Participant},
        programs::ProgramRow,
    },
    web::{
        attendance::{Grid, leaves},
        chrome::{self, Here},
        desk::{self, Asked},
        error::PageError,
        guard::SignedCoach,
        labels::{self, Label},
        my_program::place::is_inside,
        page::Page,
        site::Site,
        table::{Access, Table},
    },
};

#[derive(Debug, Serialize)]
pub(super) struct Row {
    person: String,
    name: String,
    is_discreet: bool,
    standing: Label,
    track: String,
    /// When the last mail was due, and where it stands.
    last_mail: Option<(String, Label)>,
    /// What the mail server said of the mailbox.
    problem: bool,
    local_time: String,
    is_in: bool,
    /// A leaf a session, and what they say; none before anybody was noted.
    leaves: Option<(Vec<&'static str>, String)>,
    /// With whom they come, or want to come; empty for most.
    with: Option<String>,
    /// A text was changed after they agreed to it.
    not_agreed: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct RosterPage {
    head: Head,
    link: String,
    enrolled: usize,
    capacity: i32,
    waiting: usize,
    unconfirmed: usize,
    problems: usize,
    has_tracks: bool,
    zone: String,
    rows: Vec<Row>,
    /// Those who left, lapsed or were removed.
    ended: Vec<Row>,
}

impl Page for RosterPage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "cohorts/roster.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let row = |name: &str, mail, problem| Row {
            person: name.to_lowercase(),
            name: name.to_owned(),
            is_discreet: true,
            standing: labels::standing(Standing::Enrolled),
            track: "I was hurt".to_owned(),
            last_mail: Some(("Mon 08:01".to_owned(), labels::delivery(mail))),
            problem,
            local_time: "19:00 Dublin".to_owned(),
            is_in: true,
            leaves: Some((vec!["y", "n", "p", "f"], "Came 1, absent 1, excused 1, of 4 sessions".to_owned())),
            with: problem.then(|| "Comes with Amira".to_owned()),
            not_agreed: problem,
        };
        let page = Self {
            head: Head::sample("roster"),
            link: "https://groups.example/enroll/7".to_owned(),
            enrolled: 11,
            capacity: 12,
            waiting: 2,
            unconfirmed: 1,
            problems: 1,
            has_tracks: true,
            zone: "Dublin".to_owned(),
            rows: vec![
                row("Amira", crate::domain::delivery::State::Sent, false),
                row("Priya", crate::domain::delivery::State::Bounced, true),
            ],
            ended: vec![row("Leo", crate::domain::delivery::State::Sent, false)],
        };
        let empty = Self { rows: vec![], ended: vec![], enrolled: 0, ..Self::samples_base(&page) };
        vec![("some", page), ("empty", empty)]
    }
}

impl RosterPage {
    fn samples_base(like: &Self) -> Self {
        Self {
            head: like.head.clone(),
            link: like.link.clone(),
            zone: like.zone.clone(),
            rows: vec![],
            ended: vec![],
            ..*like
        }
    }
}

pub(super) fn add(table: Table) -> Table {
    table.get("/coach/cohorts/:id", Access::Coach, show)
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
    let page = page(site, &signed, &cohort, &program).await?;
    site.pages.render(&chrome, &page)
}

async fn page(
    site: &Site,
    signed: &SignedCoach,
    cohort: &Cohort,
    program: &ProgramRow,
) -> Result<RosterPage, PageError> {
    let (db, now) = (site.db.reader(), site.clock.now().program);
    let everyone = enrollments::of_cohort(db, cohort.id).await?;
    let ids: Vec<_> = everyone.iter().map(|enrollment| enrollment.participant_id).collect();
    let people = participants::with_ids(db, cohort.practice_id, &ids).await?;
    let people: BTreeMap<_, _> = people.into_iter().map(|person| (person.id, person)).collect();
    let mails = ledger::states_of_cohort(db, cohort.id).await?;
    let last: BTreeMap<_, _> = mails
        .into_iter()
        .filter(|(_, _, due_at)| *due_at <= now)
        .map(|(enrollment, state, due_at)| {
            (enrollment, (desk::brief(due_at, signed.coach.zone, now), labels::delivery(state)))
        })
        .collect();
    let together = together::of_cohort(site, cohort, &everyone, &people).await?;
    let agreed = consents::up_to_date(db, cohort.id, &program.content.0).await?;
    let count =
        |wanted: &[Standing]| everyone.iter().filter(|enrollment| wanted.contains(&enrollment.standing)).count();
    let grid = Grid::read(db, (cohort.practice_id, cohort.id)).await?;
    let row = |enrollment: &Enrollment| {
        let person = people.get(&enrollment.participant_id)?;
        Some(Row {
            last_mail: last.get(&enrollment.id).cloned(),
            leaves: grid.has_marks(enrollment.id).then(|| leaves(&grid, enrollment.id)),
            with: together.get(&enrollment.id).cloned(),
            not_agreed: is_inside(enrollment.standing) && !agreed.contains(&enrollment.id),
            ..row(enrollment, person, (cohort, program), now)
        })
    };
    let mut rows: Vec<Row> = everyone.iter().filter_map(row).collect();
    rows.sort_by_key(|row| row.name.to_lowercase());
    let (rows, ended): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.is_in);
    Ok(RosterPage {
        head: Head::of(cohort, program, "roster"),
        link: site.links.enroll(cohort.id),
        enrolled: count(&[Standing::Enrolled, Standing::Paused]),
        capacity: cohort.capacity,
        waiting: count(&[Standing::Waitlisted, Standing::Offered]),
        unconfirmed: count(&[Standing::Pending]),
        problems: rows.iter().filter(|row| row.problem).count(),
        has_tracks: !program.content.0.tracks.is_empty(),
        zone: signed.coach.zone.city(),
        rows,
        ended,
    })
}

fn row(
    enrollment: &Enrollment,
    person: &Participant,
    of: (&Cohort, &ProgramRow),
    now: chrono::DateTime<chrono::Utc>,
) -> Row {
    let (cohort, program) = of;
    let level = at_least(cohort.discretion, person.discretion.unwrap_or(cohort.discretion));
    let track = program.content.0.tracks.iter().find(|track| track.key == enrollment.track);
    let local = person.zone.local(now);
    Row {
        person: person.id.to_string(),
        name: person.name.expose().to_owned(),
        is_discreet: level > Discretion::Open,
        standing: labels::standing(enrollment.standing),
        track: track.map(|track| track.label.clone()).unwrap_or_default(),
        last_mail: None,
        leaves: None,
        problem: person.mail_problem.is_some(),
        with: None,
        not_agreed: false,
        local_time: format!("{} {}", civil::time_of_day(local.time()), person.zone.city()),
        is_in: enrollment.standing.holds_seat()
            || matches!(enrollment.standing, Standing::Waitlisted | Standing::Applied | Standing::Completed),
    }
}

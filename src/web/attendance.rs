//! Who came to the session? Noted on one page, seen as a grid on another.

mod grid;

use std::collections::BTreeMap;

use poem::{
    Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

pub(crate) use self::grid::{Grid, GridPage, leaves};
use crate::{
    actions::mark_attendance::{Noted, Refused, is_listed, mark_attendance},
    domain::{
        civil::When,
        cohort::Attendance,
        ids::{EnrollmentId, SessionId},
    },
    store::{
        attendances,
        enrollments::{self, Enrollment},
        participants,
        sessions::{self, SessionRow},
    },
    web::{
        chrome::{self, Here},
        cohorts::{self, Head},
        desk::{self, Asked},
        error::PageError,
        fields::Fields,
        guard::{SignedCoach, see_other},
        page::Page,
        site::Site,
        table::{Access, Table},
    },
};

#[derive(Debug, Serialize)]
struct Row {
    enrollment: String,
    person: String,
    name: String,
    /// `came`, `absent`, `excused`, or empty: nothing is noted.
    mark: &'static str,
}

#[derive(Debug, Serialize)]
pub(crate) struct AttendancePage {
    head: Head,
    session: String,
    title: String,
    when: String,
    /// Before it begins, people can only be excused.
    has_begun: bool,
    rows: Vec<Row>,
}

impl Page for AttendancePage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "attendance/attendance.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let row = |name: &str, mark| Row {
            enrollment: name.to_lowercase(),
            person: name.to_lowercase(),
            name: name.into(),
            mark,
        };
        let page = |has_begun, rows| Self {
            head: Head::sample("roster"),
            session: "4".into(),
            title: "4. Grief and anger".into(),
            when: "Thursday 4 March 2027, 19:00–20:15 (Dublin time, UTC+00:00)".into(),
            has_begun,
            rows,
        };
        let some = vec![row("Amira", "came"), row("Leo", "absent"), row("Priya", "excused"), row("Sam", "")];
        vec![("after", page(true, some)), ("before", page(false, vec![row("Sam", "")])), ("nobody", page(true, vec![]))]
    }
}

pub(crate) fn add(table: Table) -> Table {
    let table = table.get("/coach/sessions/:id/attendance", Access::Coach, show).post(
        "/coach/sessions/:id/attendance",
        Access::Coach,
        save,
    );
    grid::add(table)
}

async fn found(site: &Site, signed: &SignedCoach, id: &str) -> Result<SessionRow, PageError> {
    let id: SessionId = desk::id(id)?;
    sessions::find(site.db.reader(), signed.practice.id, id).await?.ok_or(PageError::NotFound)
}

/// Whoever takes part, and whoever was noted before they left.
async fn listed(site: &Site, session: &SessionRow) -> Result<Vec<Enrollment>, PageError> {
    let db = site.db.reader();
    let noted = attendances::of_session(db, session.practice_id, session.id).await?;
    let everyone = enrollments::of_cohort(db, session.cohort_id).await?;
    let is_noted = |enrollment: &Enrollment| noted.iter().any(|mark| mark.enrollment_id == enrollment.id);
    Ok(everyone.into_iter().filter(|enrollment| is_listed(enrollment) || is_noted(enrollment)).collect())
}

#[handler]
async fn show(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, PageError> {
    let (session, db) = (found(site, &signed, &id).await?, site.db.reader());
    let (cohort, program) = cohorts::found(site, &signed, &session.cohort_id.to_string()).await?;
    let chrome = desk::after(site, &signed, Here::Cohorts, &asked).await?;
    let listed = listed(site, &session).await?;
    let ids: Vec<_> = listed.iter().map(|enrollment| enrollment.participant_id).collect();
    let people = participants::with_ids(db, signed.practice.id, &ids).await?;
    let names: BTreeMap<_, _> = people.into_iter().map(|person| (person.id, person.name)).collect();
    let marks = attendances::of_session(db, signed.practice.id, session.id).await?;
    let marks: BTreeMap<_, _> = marks.into_iter().map(|mark| (mark.enrollment_id, mark.mark)).collect();
    let row = |enrollment: &Enrollment| {
        Some(Row {
            enrollment: enrollment.id.to_string(),
            person: enrollment.participant_id.to_string(),
            name: names.get(&enrollment.participant_id)?.expose().to_owned(),
            mark: marks.get(&enrollment.id).map_or("", |mark| mark.as_str()),
        })
    };
    let mut rows: Vec<Row> = listed.iter().filter_map(row).collect();
    rows.sort_by_key(|row| row.name.to_lowercase());
    let page = AttendancePage {
        head: Head::of(&cohort, &program, "roster"),
        session: session.id.to_string(),
        title: title(&session),
        when: When::new(session.starts_at, session.ends_at, session.zone).beside(signed.coach.zone),
        has_begun: session.starts_at <= site.clock.now().program,
        rows,
    };
    site.pages.render(&chrome, &page)
}

/// `4. Grief and anger`
fn title(session: &SessionRow) -> String {
    format!("{}. {}", session.ordinal, session.title.expose())
}

#[handler]
async fn save(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    let session = found(site, &signed, &id).await?;
    let noted = read(&fields, &listed(site, &session).await?)?;
    let of = (signed.practice.id, session.id);
    match mark_attendance(&site.app, of, &noted, signed.coach.name.expose()).await {
        Ok(()) => Ok(see_other(&format!("/coach/sessions/{}/attendance?done=saved", session.id))),
        Err(Refused::NotYet) => Err(PageError::Conflict(
            "The session has not begun: until then people can only be excused. Nothing was saved.".into(),
        )),
        Err(Refused::Unknown) => Err(PageError::NotFound),
        Err(Refused::Store(error)) => Err(error.into()),
    }
}

/// What was chosen for each; *everybody came* fills in where nothing is.
fn read(fields: &Fields, listed: &[Enrollment]) -> Result<Vec<Noted>, PageError> {
    let everybody = (fields.text("do") == "all").then_some(Attendance::Came);
    let note = |id: EnrollmentId| {
        let name = format!("mark-{id}");
        match fields.text(&name) {
            "" if fields.has(&name) || everybody.is_some() => Ok(Some((id, everybody))),
            "" => Ok(None),
            word => word.parse().map(|mark| Some((id, Some(mark)))),
        }
    };
    let noted: Result<Vec<_>, _> = listed.iter().map(|enrollment| note(enrollment.id)).collect();
    let noted = noted.map_err(|_| PageError::BadRequest("Choose came, absent, excused, or nothing.".into()))?;
    Ok(noted.into_iter().flatten().collect())
}

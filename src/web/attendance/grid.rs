//! Who came when? A row a person, a column a session; on the page, and for a spreadsheet.

use std::collections::BTreeMap;

use poem::{
    Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

use crate::{
    actions::mark_attendance::is_listed,
    domain::{
        civil,
        cohort::Attendance,
        ids::{CohortId, EnrollmentId, PracticeId, SessionId},
        session::SessionState,
        spreadsheet::Sheet,
        zone::Zone,
    },
    store::{
        self, Connection, attendances,
        enrollments::{self, Enrollment},
        participants,
        sessions::{self, SessionRow},
    },
    web::{
        chrome::{self, Here},
        cohorts::{self, Head, lists},
        desk,
        error::PageError,
        guard::SignedCoach,
        page::Page,
        site::Site,
        table::{Access, Table},
    },
};

/// All marks of a cohort, by person and session.
#[derive(Debug)]
pub(crate) struct Grid {
    pub(crate) meetings: Vec<SessionRow>,
    marks: BTreeMap<(EnrollmentId, SessionId), Attendance>,
}

impl Grid {
    /// Canceled sessions have no column.
    pub(crate) async fn read(db: &impl Connection, of: (PracticeId, CohortId)) -> store::Result<Self> {
        let meetings = sessions::of_cohort(db, of.1).await?;
        let marks = attendances::of_cohort(db, of.0, of.1).await?;
        Ok(Self {
            meetings: meetings.into_iter().filter(|meeting| meeting.state == SessionState::Planned).collect(),
            marks: marks.into_iter().map(|mark| ((mark.enrollment_id, mark.session_id), mark.mark)).collect(),
        })
    }

    pub(crate) fn mark(&self, person: EnrollmentId, session: SessionId) -> Option<Attendance> {
        self.marks.get(&(person, session)).copied()
    }

    pub(crate) fn has_marks(&self, person: EnrollmentId) -> bool {
        self.marks.keys().any(|(id, _)| *id == person)
    }
}

/// A leaf a session, and the sentence for whoever does not see them.
pub(crate) fn leaves(grid: &Grid, person: EnrollmentId) -> (Vec<&'static str>, String) {
    let marks: Vec<_> = grid.meetings.iter().map(|meeting| grid.mark(person, meeting.id)).collect();
    let count = |wanted: Attendance| marks.iter().filter(|mark| **mark == Some(wanted)).count();
    let said = format!(
        "Came {}, absent {}, excused {}, of {} sessions",
        count(Attendance::Came),
        count(Attendance::Absent),
        count(Attendance::Excused),
        marks.len()
    );
    (marks.into_iter().map(leaf).collect(), said)
}

fn leaf(mark: Option<Attendance>) -> &'static str {
    match mark {
        Some(Attendance::Came) => "y",
        Some(Attendance::Excused) => "p",
        Some(Attendance::Absent) => "n",
        None => "f",
    }
}

#[derive(Debug, Serialize)]
struct Column {
    session: String,
    title: String,
    day: String,
}

#[derive(Debug, Serialize)]
struct Row {
    person: String,
    name: String,
    /// A word a session; empty where nothing is noted.
    marks: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
pub(crate) struct GridPage {
    head: Head,
    columns: Vec<Column>,
    rows: Vec<Row>,
}

impl Page for GridPage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "attendance/grid.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let column = |title: &str, day: &str| Column { session: "4".into(), title: title.into(), day: day.into() };
        let row =
            |name: &str, marks: [&'static str; 3]| Row { person: "7".into(), name: name.into(), marks: marks.into() };
        let columns =
            vec![column("1. Arriving", "11 Feb"), column("2. Safety", "18 Feb"), column("3. Anger", "25 Feb")];
        let rows = vec![row("Amira", ["Came", "Absent", ""]), row("Leo", ["Excused", "Came", ""])];
        vec![
            ("some", Self { head: Head::sample("roster"), columns, rows }),
            ("nobody", Self { head: Head::sample("roster"), columns: vec![], rows: vec![] }),
        ]
    }
}

pub(super) fn add(table: Table) -> Table {
    table.get("/coach/cohorts/:id/attendance", Access::Coach, show).get(
        "/coach/cohorts/:id/attendance.csv",
        Access::Coach,
        export,
    )
}

/// `Came`, `Absent`, `Excused`; empty where nothing is noted.
fn word(mark: Option<Attendance>) -> &'static str {
    match mark {
        Some(Attendance::Came) => "Came",
        Some(Attendance::Absent) => "Absent",
        Some(Attendance::Excused) => "Excused",
        None => "",
    }
}

fn day(meeting: &SessionRow, zone: Zone) -> String {
    civil::short_date(zone.local(meeting.starts_at).date())
}

/// By name; whoever takes part, or was noted before they left.
async fn rows(site: &Site, of: (PracticeId, CohortId), grid: &Grid) -> Result<Vec<(String, Row)>, PageError> {
    let db = site.db.reader();
    let everyone = enrollments::of_cohort(db, of.1).await?;
    let listed: Vec<Enrollment> = everyone.into_iter().filter(|one| is_listed(one) || grid.has_marks(one.id)).collect();
    let ids: Vec<_> = listed.iter().map(|enrollment| enrollment.participant_id).collect();
    let people = participants::with_ids(db, of.0, &ids).await?;
    let people: BTreeMap<_, _> = people.into_iter().map(|person| (person.id, person)).collect();
    let row = |enrollment: &Enrollment| {
        let person = people.get(&enrollment.participant_id)?;
        let marks = grid.meetings.iter().map(|meeting| word(grid.mark(enrollment.id, meeting.id)));
        let row = Row { person: person.id.to_string(), name: person.name.expose().to_owned(), marks: marks.collect() };
        Some((person.email.expose().to_owned(), row))
    };
    let mut rows: Vec<_> = listed.iter().filter_map(row).collect();
    rows.sort_by_key(|(_, row)| row.name.to_lowercase());
    Ok(rows)
}

#[handler]
async fn show(Data(site): Data<&Site>, signed: SignedCoach, Path(id): Path<String>) -> Result<Response, PageError> {
    let (cohort, program) = cohorts::found(site, &signed, &id).await?;
    let chrome = desk::around(site, &signed, Here::Cohorts).await?;
    let of = (signed.practice.id, cohort.id);
    let grid = Grid::read(site.db.reader(), of).await?;
    let column = |meeting: &SessionRow| Column {
        session: meeting.id.to_string(),
        title: super::title(meeting),
        day: day(meeting, meeting.zone),
    };
    let rows = rows(site, of, &grid).await?.into_iter().map(|(_, row)| row).collect();
    let page = GridPage {
        head: Head::of(&cohort, &program, "roster"),
        columns: grid.meetings.iter().map(column).collect(),
        rows,
    };
    site.pages.render(&chrome, &page)
}

#[handler]
async fn export(Data(site): Data<&Site>, signed: SignedCoach, Path(id): Path<String>) -> Result<Response, PageError> {
    let (cohort, _) = cohorts::found(site, &signed, &id).await?;
    let of = (signed.practice.id, cohort.id);
    let grid = Grid::read(site.db.reader(), of).await?;
    let titles =
        grid.meetings.iter().map(|meeting| format!("{} {}", super::title(meeting), day(meeting, meeting.zone)));
    let titles: Vec<String> = ["Name".to_owned(), "Email".to_owned()].into_iter().chain(titles).collect();
    let mut sheet = Sheet::new(&titles.iter().map(String::as_str).collect::<Vec<_>>());
    for (email, row) in rows(site, of, &grid).await? {
        let known = [row.name, email].into_iter();
        sheet.row(&known.chain(row.marks.into_iter().map(str::to_owned)).collect::<Vec<_>>());
    }
    lists::file(site, &signed, cohort.id, ("attendance", sheet)).await
}

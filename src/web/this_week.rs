//! Who is coming this week, what goes out, and who needs the coach?

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Utc};
use poem::{Response, handler, web::Data};
use serde::Serialize;

use crate::{
    actions::needs_you::{Need, needs_you},
    clock::Now,
    domain::{civil, enrollment::Standing, people::CohortState, session::SessionState, zone::Zone},
    store::{
        cohorts::{self, Cohort},
        enrollments,
        sessions::{self, SessionRow},
    },
    web::{
        chrome::{self, Here},
        desk::{self, Asked},
        error::PageError,
        guard::SignedCoach,
        page::Page,
        site::Site,
        table::{Access, Table},
    },
};

use self::{
    coming::{Coming, coming},
    days::{Day, days},
    first_steps::{Step, first_steps},
    going_out::{Going, going_out},
};

mod coming;
mod days;
mod first_steps;
mod going_out;

/// Seven days from a Monday, in the coach's zone.
#[derive(Debug, Clone, Copy)]
struct Week {
    monday: NaiveDate,
    zone: Zone,
}

impl Week {
    /// The week that the address asks for, or the one it is.
    fn asked(text: &str, zone: Zone, now: DateTime<Utc>) -> Self {
        let day = text.parse().ok().filter(|day: &NaiveDate| (2000..2100).contains(&day.year()));
        let day = day.unwrap_or_else(|| zone.local(now).date());
        let monday = day - Days::new(u64::from(day.weekday().num_days_from_monday()));
        Self { monday, zone }
    }

    fn days(self) -> impl Iterator<Item = NaiveDate> {
        self.monday.iter_days().take(7)
    }

    fn from(self) -> DateTime<Utc> {
        self.zone.resolve(self.monday.and_time(NaiveTime::MIN))
    }

    fn to(self) -> DateTime<Utc> {
        self.zone.resolve((self.monday + Days::new(7)).and_time(NaiveTime::MIN))
    }

    /// `1 to 7 March`, or `29 March to 4 April`
    fn words(self) -> String {
        let last = self.monday + Days::new(6);
        if last.month() == self.monday.month() {
            format!("{} to {}", self.monday.day(), last.format("%-d %B"))
        } else {
            format!("{} to {}", self.monday.format("%-d %B"), last.format("%-d %B"))
        }
    }
}

/// One cohort that takes people.
#[derive(Debug, Serialize)]
struct Filling {
    name: String,
    path: String,
    starts: String,
    taken: u64,
    of: i32,
    waiting: u64,
}

#[derive(Debug, Serialize)]
pub(crate) struct WeekPage {
    today: String,
    week: String,
    previous: String,
    next: String,
    is_this_week: bool,
    lead: String,
    days: Vec<Day>,
    coming: Vec<Coming>,
    needs: Vec<Need>,
    going: Vec<Going>,
    filling: Vec<Filling>,
    /// Until there is a cohort.
    steps: Vec<Step>,
}

impl Page for WeekPage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "this_week/week.html";

    fn samples() -> Vec<(&'static str, Self)> {
        vec![("full", samples::full()), ("first run", samples::first_run())]
    }
}

mod samples;

pub(crate) fn add(table: Table) -> Table {
    table.get("/coach", Access::Coach, show)
}

#[handler]
async fn show(Data(site): Data<&Site>, signed: SignedCoach, asked: Asked) -> Result<Response, PageError> {
    let chrome = desk::after(site, &signed, Here::Week, &asked).await?;
    let week = Week::asked(asked.text("week"), signed.coach.zone, site.clock.now().program);
    let page = page(site, &signed, week).await?;
    site.pages.render(&chrome, &page)
}

async fn page(site: &Site, signed: &SignedCoach, week: Week) -> Result<WeekPage, PageError> {
    let (now, db, practice) = (site.clock.now(), site.db.reader(), &signed.practice);
    let all = cohorts::of_practice(db, practice.id).await?;
    let standings = enrollments::count_by_standing(db, practice.id).await?;
    let in_cohort = |cohort: &Cohort, wanted: &[Standing]| {
        standings
            .iter()
            .filter(|(id, standing, _)| *id == cohort.id && wanted.contains(standing))
            .map(|row| row.2)
            .sum()
    };
    let live: Vec<&Cohort> = all.iter().filter(|cohort| cohort.state != CohortState::Draft).collect();
    let meetings = sessions::of_practice_between(db, practice.id, week.from(), week.to()).await?;
    let meetings: Vec<SessionRow> = meetings
        .into_iter()
        .filter(|meeting| {
            meeting.state == SessionState::Planned && live.iter().any(|cohort| cohort.id == meeting.cohort_id)
        })
        .collect();
    let going = going_out(site, &live, week, now).await?;
    let needs = needs_you(&site.app, practice, now).await?;
    let filling = live.iter().filter(|cohort| cohort.state == CohortState::Open).map(|cohort| Filling {
        name: cohort.name.expose().to_owned(),
        path: format!("/coach/cohorts/{}", cohort.id),
        starts: civil::date(cohort.starts_on),
        taken: in_cohort(cohort, &[Standing::Enrolled, Standing::Paused]),
        of: cohort.capacity,
        waiting: in_cohort(cohort, &[Standing::Waitlisted, Standing::Offered]),
    });
    Ok(WeekPage {
        today: civil::moment(now.program, week.zone),
        week: week.words(),
        previous: (week.monday - Days::new(7)).to_string(),
        next: (week.monday + Days::new(7)).to_string(),
        is_this_week: (week.from()..week.to()).contains(&now.program),
        lead: lead(&meetings, &going, &needs, now),
        days: days(week, &meetings, &live, &going, now),
        coming: coming(site, &meetings, &live, week.zone).await?,
        filling: filling.collect(),
        steps: if all.is_empty() { first_steps(site, practice).await? } else { Vec::new() },
        needs,
        going,
    })
}

/// The week in two sentences.
fn lead(meetings: &[SessionRow], going: &[Going], needs: &[Need], now: Now) -> String {
    let sessions = match meetings.len() {
        0 => "No group sessions".to_owned(),
        1 => "One group session".to_owned(),
        many => format!("{many} group sessions"),
    };
    let mails: u64 = going.iter().map(Going::count).sum();
    let left: u64 = going.iter().filter(|going| going.due_at > now.program).map(Going::count).sum();
    let mails = match (mails, left) {
        (0, _) => "no lessons or reminders".to_owned(),
        (1, _) => "one lesson or reminder".to_owned(),
        (mails, 0) => format!("{mails} lessons and reminders, all sent"),
        (mails, left) => format!("{mails} lessons and reminders, {left} of them still to come"),
    };
    let word = match needs.len() {
        0 => "Nothing needs you.".to_owned(),
        1 => "One thing needs you.".to_owned(),
        many => format!("{many} things need you."),
    };
    format!("{sessions} and {mails}. {word}")
}

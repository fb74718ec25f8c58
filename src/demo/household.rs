//! What is there when a rehearsal begins? A practice with its coach, the shipped program, and two open cohorts.

use std::path::Path;

use anyhow::Context;
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    actions::{
        add_coach::{NewCoach, add_coach},
        import_program::import_program,
        open_cohort::{NewCohort, create_cohort, open_cohort},
        passwords::hash_password,
    },
    app::App,
    domain::{
        cohort::LateJoiners,
        email_address::EmailAddress,
        ids::{CohortId, PracticeId, ProgramId},
        name::Name,
        program::folder::read_folder,
        schedule::{LessonClock, LessonTiming},
        zone::Zone,
    },
    store::{
        coaches,
        cohorts::{self, Cohort},
        practices::{self, Practice},
        programs, settings,
    },
    transact,
};

macro_rules! shipped {
    ($name:literal) => {
        ($name, include_str!(concat!("../../config/programs/rebuilding-trust/", $name)))
    };
}

/// The shipped program's files, inside the binary. One that is missing here is missed by its week.
const SHIPPED: [(&str, &str); 13] = [
    shipped!("program.toml"),
    shipped!("week-1.broke.md"),
    shipped!("week-1.hurt.md"),
    shipped!("week-2.broke.md"),
    shipped!("week-2.hurt.md"),
    shipped!("week-3.broke.md"),
    shipped!("week-3.hurt.md"),
    shipped!("week-4.broke.md"),
    shipped!("week-4.hurt.md"),
    shipped!("week-5.broke.md"),
    shipped!("week-5.hurt.md"),
    shipped!("week-6.broke.md"),
    shipped!("week-6.hurt.md"),
];

/// What the coach signs in with; kept in the folder, so that a later start can say it again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SignIn {
    pub email: String,
    pub password: String,
}

/// What everything else in a rehearsal is about.
#[derive(Debug, Clone)]
pub struct Household {
    pub practice: Practice,
    pub cohort: Cohort,
    /// The program's public code.
    pub code: String,
    pub sign_in: SignIn,
}

const NADIA: &str = "nadia@brandt.example";

/// Makes what is missing; a start that was cut short is taken up where it was.
pub async fn settle(app: &App, folder: &Path) -> anyhow::Result<Household> {
    let sign_in = sign_in(app, &folder.join("demo.json"))?;
    let practice = practice(app, &sign_in).await?;
    let program = program(app, &practice).await?;
    let first = cohort(app, &practice, program, Group::Thursdays).await?;
    cohort(app, &practice, program, Group::Saturdays).await?;
    let row = programs::find(app.db.reader(), practice.id, program).await?.context("the program was just written")?;
    Ok(Household { practice, cohort: first, code: row.code, sign_in })
}

fn sign_in(app: &App, path: &Path) -> anyhow::Result<SignIn> {
    if path.exists() {
        let text = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
        return serde_json::from_slice(&text)
            .with_context(|| format!("{} is damaged; remove the folder to begin anew", path.display()));
    }
    let letters = app.random.token();
    let password = [&letters[..5], &letters[5..10], &letters[10..15]].join("-");
    let sign_in = SignIn { email: NADIA.to_owned(), password };
    std::fs::write(path, serde_json::to_vec_pretty(&sign_in)?)
        .with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(sign_in)
}

pub(crate) async fn practice(app: &App, sign_in: &SignIn) -> anyhow::Result<Practice> {
    let email = EmailAddress::parse(&sign_in.email)?;
    let name = Name::parse("Nadia Brandt")?;
    if coaches::with_email(app.db.reader(), &email).await?.is_none() {
        let new =
            NewCoach { email: email.clone(), name: name.clone(), zone: Zone::parse("Europe/Dublin")?, practice: name };
        add_coach(app, &new, &hash_password(app, &sign_in.password).await?).await?;
    }
    let coach = coaches::with_email(app.db.reader(), &email).await?.context("the coach was just written")?;
    let practice = practices::find(app.db.reader(), coach.practice_id).await?.context("a coach has a practice")?;
    if practice.mail_tested_at.is_some() {
        return Ok(practice);
    }
    let complete = Practice {
        postal_address: "14 Fitzwilliam Lane, Dublin 2, Ireland".to_owned(),
        crisis_line: CRISIS_LINE.to_owned(),
        // Mail goes to our own mailbox: there is nothing to try out.
        mail_tested_at: Some(app.clock.now().real),
        ..practice
    };
    transact!(app.db, |tx| practices::save(tx, complete.clone()).await)?;
    Ok(complete)
}

const CRISIS_LINE: &str = "Samaritans, 116 123, free, day and night";

pub(crate) async fn program(app: &App, practice: &Practice) -> anyhow::Result<ProgramId> {
    if let Some(known) = programs::of_practice(app.db.reader(), practice.id).await?.into_iter().next() {
        return Ok(known.id);
    }
    let files = SHIPPED.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let (program, lessons) = read_folder(files).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("the shipped program has mistakes:\n{}", lines.join("\n"))
    })?;
    Ok(import_program(app, practice.id, &program, &lessons).await?)
}

/// The scope of a rehearsal's own notes in the settings.
const OURS: PracticeId = PracticeId(Uuid::nil());

/// What a rehearsal remembers under this name.
pub async fn remembered(app: &App, name: &str) -> anyhow::Result<Option<String>> {
    Ok(settings::get(app.db.reader(), OURS, name).await?)
}

pub async fn remember(app: &App, name: &str, value: &str) -> anyhow::Result<()> {
    let now = app.clock.now();
    transact!(app.db, |tx| settings::set(tx, app.random.uuid(now.real), (OURS, name), value, now.real).await)?;
    Ok(())
}

/// The two groups: one in which everything happens, and one with room for whoever tries the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Thursdays,
    Saturdays,
}

impl Group {
    fn remembered_as(self) -> &'static str {
        match self {
            Self::Thursdays => "demo.cohort",
            Self::Saturdays => "demo.cohort.later",
        }
    }

    /// Name, zone, weekday, hour, and weeks after the first Monday.
    fn plan(self) -> (&'static str, &'static str, Weekday, u32, i64) {
        match self {
            Self::Thursdays => ("Thursday evenings", "Europe/Berlin", Weekday::Thu, 19, 0),
            Self::Saturdays => ("Saturday mornings", "America/New_York", Weekday::Sat, 11, 4),
        }
    }
}

async fn cohort(app: &App, practice: &Practice, program: ProgramId, group: Group) -> anyhow::Result<Cohort> {
    let id = match remembered(app, group.remembered_as()).await? {
        Some(id) => CohortId(id.parse()?),
        None => {
            let new = new_cohort(app, practice, program, group).await?;
            let id = create_cohort(app, practice, &new, "Nadia Brandt").await?;
            remember(app, group.remembered_as(), &id.to_string()).await?;
            id
        }
    };
    let cohort =
        cohorts::find(app.db.reader(), practice.id, id).await?.context("the cohort of the rehearsal is gone")?;
    if cohort.opened_at.is_none() {
        open_cohort(app, practice, id, "Nadia Brandt").await?;
    }
    Ok(cohort)
}

async fn new_cohort(app: &App, practice: &Practice, program: ProgramId, group: Group) -> anyhow::Result<NewCohort> {
    let row = programs::find(app.db.reader(), practice.id, program).await?.context("the program was just written")?;
    let content = &row.content.0;
    let (name, zone, weekday, hour, weeks) = group.plan();
    let zone = Zone::parse(zone)?;
    Ok(NewCohort {
        program,
        name: Name::parse(name)?,
        zone,
        starts_on: first_monday(app.clock.now().program, zone) + TimeDelta::weeks(weeks),
        weekday,
        time: NaiveTime::from_hms_opt(hour, 0, 0).context("a time of day")?,
        minutes: content.session_minutes,
        breaks: Vec::new(),
        capacity: 12,
        rule: LessonTiming::default(),
        lesson_clock: LessonClock::Cohort,
        discretion: content.discretion,
        holiday_country: None,
        late_joiners: LateJoiners::Digest,
        room_url: "https://meet.example/nadia-brandt".to_owned(),
        crisis_line: CRISIS_LINE.to_owned(),
    })
}

/// The next Monday that leaves at least a day for enrolling.
fn first_monday(now: DateTime<Utc>, zone: Zone) -> NaiveDate {
    let soon = zone.local(now).date() + TimeDelta::days(2);
    let to_monday = (7 - i64::from(soon.weekday().num_days_from_monday())) % 7;
    soon + TimeDelta::days(to_monday)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn begins_on_a_monday_that_is_not_tomorrow() {
        let at = |text: &str| format!("{text}T12:00:00Z").parse::<DateTime<Utc>>().unwrap();
        let zone = Zone::parse("Europe/Berlin").unwrap();
        for (today, monday) in [
            ("2026-11-27", "2026-11-30"),
            ("2026-11-28", "2026-11-30"),
            ("2026-11-29", "2026-12-07"),
            ("2026-11-30", "2026-12-07"),
        ] {
            assert_eq!(first_monday(at(today), zone).to_string(), monday);
        }
    }
}

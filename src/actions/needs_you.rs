//! What needs the coach: mail that did not arrive, people to answer, groups that cannot go on.

use chrono::TimeDelta;

use crate::{
    app::App,
    clock::Now,
    domain::{delivery::State, people::CohortState},
    store::{
        self, calendar_answers, cohorts, enrollments, invites, ledger, participants, practices::Practice,
        standing_changes,
    },
};

use super::{
    open_cohort::missing,
    roster_news::{News, roster_news},
};

mod absences;
mod places;

/// One thing, with its next action.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Need {
    /// `bad`, `warn` or `info`.
    pub tone: &'static str,
    /// A full sentence.
    pub what: String,
    /// The link's words, a verb first.
    pub act: String,
    pub path: String,
}

/// Mail older than this is no news.
const RECENT: TimeDelta = TimeDelta::days(7);

pub async fn needs_you(app: &App, practice: &Practice, now: Now) -> store::Result<Vec<Need>> {
    let db = app.db.reader();
    let mut needs = Vec::new();
    let states = vec![State::Bounced, State::Failed, State::Missed, State::Held, State::Unknown, State::Complained];
    let filter = ledger::Filter { states, page_size: 50, ..Default::default() };
    let (rows, _) = ledger::of_practice(db, practice.id, &filter).await?;
    for row in rows.into_iter().filter(|row| row.changed_at > now.program - RECENT) {
        let person = match row.participant_id {
            Some(id) => participants::find(db, practice.id, id).await?,
            None => None,
        };
        let name = person.as_ref().map_or("a coach", |person| person.name.expose());
        let (tone, what) = match row.state {
            State::Bounced => ("bad", format!("A mail to {name} came back: the address does not take mail.")),
            State::Missed => ("warn", format!("A mail to {name} was missed: it was too late to be of use.")),
            State::Held => ("warn", format!("A mail to {name} is held back and waits for your decision.")),
            State::Unknown => ("warn", format!("A mail to {name} may or may not have arrived.")),
            _ => ("bad", format!("A mail to {name} could not be sent.")),
        };
        needs.push(Need { tone, what, act: "See the message".to_owned(), path: format!("/coach/outbox/{}", row.id) });
    }
    needs.extend(wishes(app, practice, now).await?);
    let all = cohorts::of_practice(db, practice.id).await?;
    needs.extend(places::places(app, practice, &all, now).await?);
    needs.extend(absences::absences(app, practice, &all, now).await?);
    for cohort in all {
        let unset = missing(practice, &cohort);
        if cohort.state == CohortState::Draft && !unset.is_empty() {
            needs.push(Need {
                tone: "warn",
                what: format!("{} is not open yet: {} still missing.", cohort.name.expose(), count(unset.len())),
                act: "Open the cohort".to_owned(),
                path: format!("/coach/cohorts/{}", cohort.id),
            });
        }
    }
    needs.extend(news(app, practice, now).await?);
    Ok(needs)
}

/// Who left, moved, pauses or is back since yesterday: one neutral line each.
async fn news(app: &App, practice: &Practice, now: Now) -> store::Result<Vec<Need>> {
    let db = app.db.reader();
    let since = now.program - TimeDelta::days(1);
    let changes =
        standing_changes::of_practice_between(db, practice.id, since, now.program + TimeDelta::seconds(1)).await?;
    let need = |news: News| Need {
        tone: "info",
        what: news.line,
        act: "See the person".to_owned(),
        path: format!("/coach/people/{}", news.person),
    };
    Ok(roster_news(db, changes).await?.into_iter().map(need).collect())
}

/// Who asked by calendar for another time.
async fn wishes(app: &App, practice: &Practice, now: Now) -> store::Result<Vec<Need>> {
    let db = app.db.reader();
    let rows = calendar_answers::counters_since(db, practice.id, now.program - RECENT).await?;
    let asked: Vec<_> = rows.iter().map(|row| row.invite_id).collect();
    let mut needs = Vec::new();
    for invite in invites::with_ids(db, &asked).await? {
        let Some(enrollment) = enrollments::find(db, practice.id, invite.enrollment_id).await? else { continue };
        let Some(person) = participants::find(db, practice.id, enrollment.participant_id).await? else { continue };
        needs.push(Need {
            tone: "warn",
            what: format!("{} asks for another time for a session.", person.name.expose()),
            act: "Read the answer".to_owned(),
            path: format!("/coach/people/{}", person.id),
        });
    }
    Ok(needs)
}

fn count(things: usize) -> String {
    if things == 1 { "one thing is".to_owned() } else { format!("{things} things are") }
}

//! What do the letters say about other dates, a pause, and a new address?

use chrono::{DateTime, TimeDelta, Utc};

use super::{Around, CannotCompose, Composed, Desk, letters::calendar, times};
use crate::{
    actions::{own_lessons::own_lessons, roster_news::roster_news},
    domain::{civil, enrollment::Resuming, pause, session::SessionState, zone::Zone},
    links::Purpose,
    mail::letters::{
        confirm_new_address::ConfirmNewAddress, moved::Moved, paused::Paused, resumed::Resumed,
        roster_changed::RosterChanged,
    },
    store::{sessions, standing_changes},
};

/// How long a link to leave, to move or to go on works.
const PLACE_LINK: TimeDelta = TimeDelta::days(180);

impl Desk<'_> {
    /// A link that does one thing about the enrollment, without a sign-in.
    pub(super) fn place_link(&self, purpose: Purpose) -> Result<String, CannotCompose> {
        let object = self.enrollment()?.id.0;
        Ok(self.personal(purpose, object, self.delivery.created_at.max(self.now.real) + PLACE_LINK))
    }

    pub(super) async fn moved(&self) -> Result<Composed, CannotCompose> {
        let (cohort, zone) = (self.cohort()?, self.facts.reader.zone());
        let zone_note = (zone != cohort.zone)
            .then(|| format!("Times are for {}. The group itself keeps {} time.", zone.city(), cohort.zone.city()));
        let meetings = sessions::of_cohort(self.app.db.reader(), cohort.id).await?;
        let letter = Moved {
            sessions: times::lines(&meetings, zone),
            zone_note,
            calendar: calendar(self.enrollment()?.calendar),
            page_url: self.app.links.my_program(),
        };
        self.finish(&letter, Around::default())
    }

    pub(super) fn paused(&self) -> Result<Composed, CannotCompose> {
        let (enrollment, zone) = (self.enrollment()?, self.facts.reader.zone());
        let letter = Paused {
            until: enrollment.resume_on.map(|on| civil::moment(pause::ends_at(on, zone), zone)),
            resume_as: enrollment.resume_as,
            coach_name: self.facts.practice.first_name.expose().to_owned(),
            resume_url: self.place_link(Purpose::Pause)?,
        };
        self.finish(&letter, Around::default())
    }

    pub(super) async fn resumed(&self) -> Result<Composed, CannotCompose> {
        let (cohort, enrollment, zone) = (self.cohort()?, self.enrollment()?, self.facts.reader.zone());
        let (db, now) = (self.app.db.reader(), self.now.program);
        let resumed_as = if enrollment.shift_days > 0 { Resuming::Shift } else { Resuming::Rejoin };
        let to_come: Vec<DateTime<Utc>> = own_lessons(db, cohort, enrollment)
            .await?
            .into_iter()
            .map(|own| own.due_at)
            .filter(|due_at| *due_at > now)
            .collect();
        let meetings = sessions::of_cohort(db, cohort.id).await?;
        let next = meetings.iter().find(|meeting| meeting.state == SessionState::Planned && meeting.ends_at > now);
        let moment = |at: &DateTime<Utc>, zone: Zone| civil::moment(*at, zone);
        let letter = Resumed {
            resumed_as,
            next_lesson: to_come.first().map(|at| moment(at, zone)),
            last_lesson: to_come.last().filter(|_| resumed_as == Resuming::Shift).map(|at| moment(at, zone)),
            next_session: next.map(|next| times::when(next.starts_at, next.ends_at, zone)),
            page_url: self.app.links.my_program(),
        };
        self.finish(&letter, Around::default())
    }

    pub(super) fn confirm_new_address(&self) -> Result<Composed, CannotCompose> {
        let params = self.params();
        let token = params["token"].as_str().ok_or(CannotCompose::Gone("the link"))?;
        let letter = ConfirmNewAddress {
            confirm_url: self.app.links.to(&format!("/{}/{token}", Purpose::NewAddress.path())),
            lifetime: "an hour".to_owned(),
        };
        self.finish(&letter, Around::default())
    }

    pub(super) async fn roster_changed(&self) -> Result<Composed, CannotCompose> {
        let (cohort, params, db) = (self.cohort()?, self.params(), self.app.db.reader());
        let instant = |name: &str| serde_json::from_value::<DateTime<Utc>>(params[name].clone());
        let (Ok(from), Ok(to)) = (instant("from"), instant("to")) else {
            return Err(CannotCompose::Gone("the time of the changes"));
        };
        let changes = standing_changes::of_cohort_between(db, cohort.id, from, to).await?;
        let changes: Vec<String> = roster_news(db, changes).await?.into_iter().map(|news| news.line).collect();
        if changes.is_empty() {
            return Err(CannotCompose::Gone("the changes"));
        }
        let letter = RosterChanged {
            cohort: cohort.name.expose().to_owned(),
            changes,
            seats: format!("{} of {} places are taken.", cohort.seats_taken, cohort.capacity),
            roster_url: self.app.links.to(&format!("/coach/cohorts/{}", cohort.id)),
        };
        self.finish(&letter, Around::default())
    }
}

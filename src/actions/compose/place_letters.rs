//! What does each letter about a place say: waited for, asked for, offered, held, or off?

use chrono::{DateTime, TimeDelta, Utc};

use super::{Around, CannotCompose, Composed, Desk, letters::calendar, times};
use crate::{
    actions::call_off::choose_by,
    domain::{civil, enrollment::Standing, session::SessionState},
    links::Purpose,
    mail::letters::{
        application_accepted::ApplicationAccepted, application_declined::ApplicationDeclined,
        application_received::ApplicationReceived, called_off::CalledOff, cohort_numbers::CohortNumbers,
        place_offered::PlaceOffered, place_reminder::PlaceReminder, waitlisted::Waitlisted,
    },
    store::{cohorts, enrollments, sessions},
};

/// A link about a place still says what became of it this long after its time.
const LINK_OUTLIVES: TimeDelta = TimeDelta::days(7);

/// What a letter about a held place says.
struct Hold {
    until: String,
    first_session: String,
    offer_url: String,
    decline_url: String,
}

impl Desk<'_> {
    pub(super) fn waitlisted(&self) -> Result<Composed, CannotCompose> {
        let hold = match self.cohort()?.offer_hours {
            1 => "one hour".to_owned(),
            hours => format!("{hours} hours"),
        };
        self.finish(&Waitlisted { hold, leave_url: self.place_link(Purpose::Leave)? }, Around::default())
    }

    pub(super) async fn place_offered(&self) -> Result<Composed, CannotCompose> {
        let Hold { until, first_session, offer_url, decline_url } = self.hold().await?;
        let letter = PlaceOffered { held_until: until, first_session, offer_url, decline_url };
        self.finish(&letter, Around::default())
    }

    pub(super) async fn place_reminder(&self) -> Result<Composed, CannotCompose> {
        let Hold { until, first_session, offer_url, decline_url } = self.hold().await?;
        let letter = PlaceReminder { held_until: until, first_session, offer_url, decline_url };
        self.finish(&letter, Around::default())
    }

    pub(super) async fn application_accepted(&self) -> Result<Composed, CannotCompose> {
        let Hold { until, first_session, offer_url, decline_url } = self.hold().await?;
        let coach_name = self.first_name();
        let letter = ApplicationAccepted { coach_name, held_until: until, first_session, offer_url, decline_url };
        self.finish(&letter, Around::default())
    }

    pub(super) fn application_received(&self) -> Result<Composed, CannotCompose> {
        let letter = ApplicationReceived { coach_name: self.first_name(), leave_url: self.app.links.to("/p/leave") };
        self.finish(&letter, Around::default())
    }

    pub(super) fn application_declined(&self) -> Result<Composed, CannotCompose> {
        self.finish(&ApplicationDeclined { coach_name: self.first_name(), words: self.words() }, Around::default())
    }

    pub(super) async fn called_off(&self) -> Result<Composed, CannotCompose> {
        let (cohort, enrollment) = (self.cohort()?, self.enrollment()?);
        let until = choose_by(cohort, self.now.program);
        let had_a_place = matches!(enrollment.standing, Standing::Enrolled | Standing::Paused);
        let instead = match cohort.merged_into.filter(|_| had_a_place) {
            Some(other) => Some(self.first_session(&sessions::of_cohort(self.app.db.reader(), other).await?)),
            None => None,
        };
        let was = self.meetings().await?;
        let zone = self.facts.reader.zone();
        let letter = CalledOff {
            first_session: was
                .first()
                .map_or_else(String::new, |first| times::when(first.starts_at, first.ends_at, zone)),
            instead,
            words: self.words(),
            choose_by: had_a_place.then(|| civil::moment(until, zone)),
            calendar: calendar(enrollment.calendar),
            choose_url: self.personal(Purpose::Choose, enrollment.id.0, until.max(self.now.real) + LINK_OUTLIVES),
        };
        self.finish(&letter, Around::default())
    }

    pub(super) async fn cohort_numbers(&self) -> Result<Composed, CannotCompose> {
        let (cohort, zone, db) = (self.cohort()?, self.facts.reader.zone(), self.app.db.reader());
        let count = async |standing| enrollments::count_in(db, cohort.id, standing).await;
        let enrolled = cohorts::confirmed_seats(db, cohort.id).await?;
        let letter = CohortNumbers {
            subject: format!("{enrolled} of {}: does it take place?", cohort.min_participants),
            cohort: cohort.name.expose().to_owned(),
            starts: civil::date(cohort.starts_on),
            decide_by: cohort.decide_by.map_or_else(String::new, |at| civil::moment(at, zone)),
            enrolled,
            needed: cohort.min_participants,
            capacity: cohort.capacity,
            held: count(Standing::Offered).await? + count(Standing::Accepted).await?,
            applied: count(Standing::Applied).await?,
            waiting: count(Standing::Waitlisted).await?,
            decide_url: self.app.links.to(&format!("/coach/cohorts/{}/decide", cohort.id)),
        };
        self.finish(&letter, Around::default())
    }

    async fn hold(&self) -> Result<Hold, CannotCompose> {
        let (enrollment, zone) = (self.enrollment()?, self.facts.reader.zone());
        let until = enrollment.hold_until.ok_or(CannotCompose::Gone("the offer"))?;
        let offer_url = self.personal(Purpose::Offer, enrollment.id.0, until + LINK_OUTLIVES);
        Ok(Hold {
            until: civil::moment(until, zone),
            first_session: self.first_session(&self.meetings().await?),
            decline_url: format!("{offer_url}/decline"),
            offer_url,
        })
    }

    /// The next that takes place; whoever comes late has missed the first.
    fn first_session(&self, meetings: &[sessions::SessionRow]) -> String {
        let now: DateTime<Utc> = self.now.program;
        let to_come = meetings.iter().filter(|meeting| meeting.state == SessionState::Planned && meeting.ends_at > now);
        let first = to_come.min_by_key(|meeting| meeting.starts_at);
        let zone = self.facts.reader.zone();
        first.map_or_else(String::new, |first| times::when(first.starts_at, first.ends_at, zone))
    }

    fn first_name(&self) -> String {
        self.facts.practice.first_name.expose().to_owned()
    }

    /// The coach's own words, a paragraph each.
    fn words(&self) -> Vec<String> {
        let words = self.params()["words"].as_str().unwrap_or_default().to_owned();
        let paragraphs = words.split("\n\n").map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
        paragraphs.filter(|text| !text.is_empty()).collect()
    }
}

//! What does each letter to a participant say?

use chrono::TimeDelta;

use super::{
    Around, CannotCompose, Composed, Desk,
    facts::Reader,
    lesson_facts::{Setting, lesson_facts},
    times,
};
use crate::{
    actions::tell_calendars::Change,
    domain::delivery::Occasion,
    domain::{
        civil,
        discretion::{Body, Discretion},
        enrollment::{CalendarChoice, LAPSED_KEPT},
        lesson::{self, Lesson, LessonFacts},
    },
    links::{Claims, Purpose},
    mail::letters::{
        Calendar, SessionLine,
        address_changed::AddressChanged,
        already_enrolled::AlreadyEnrolled,
        confirm_address::ConfirmAddress,
        left::Left,
        reminder::{Lead, Reminder},
        schedule_changed::{Moved, ScheduleChanged},
        sign_in::SignIn,
        welcome::Welcome,
    },
    store::sessions::{self, SessionRow},
};

/// How long the page behind a link to answer by still says what was said.
const ANSWER_LINK: TimeDelta = TimeDelta::days(7);

pub(super) fn calendar(choice: CalendarChoice) -> Calendar {
    match choice {
        CalendarChoice::Invites => Calendar::Invites,
        CalendarChoice::Feed => Calendar::Feed,
        CalendarChoice::Neither => Calendar::Neither,
    }
}

impl Desk<'_> {
    pub(super) fn confirm_address(&self) -> Result<Composed, CannotCompose> {
        let enrollment = self.enrollment()?;
        // A lapsed link that is used after all still takes a free seat, so it lives as long as the form is kept.
        let expires_at = enrollment.asked_at + LAPSED_KEPT;
        let link = self.personal(Purpose::Confirm, enrollment.id.0, expires_at);
        let shown = enrollment.hold_until.unwrap_or(expires_at);
        let letter = ConfirmAddress { confirm_url: link, valid_until: civil::moment(shown, self.facts.reader.zone()) };
        self.finish(&letter, Around::default())
    }

    pub(super) fn personal(
        &self,
        purpose: Purpose,
        object: uuid::Uuid,
        expires_at: chrono::DateTime<chrono::Utc>,
    ) -> String {
        let (person, epoch) = match &self.facts.reader {
            Reader::Participant(person) => (person.id.0, person.epoch),
            Reader::Coach(coach) => (coach.id.0, coach.epoch),
        };
        let epoch = u32::try_from(epoch).unwrap_or_default();
        self.app.links.signed(purpose, &Claims { person, object, detail: 0, epoch, expires_at })
    }

    pub(super) async fn meetings(&self) -> Result<Vec<SessionRow>, CannotCompose> {
        Ok(sessions::of_cohort(self.app.db.reader(), self.cohort()?.id).await?)
    }

    pub(super) async fn welcome(&self) -> Result<Composed, CannotCompose> {
        let (cohort, program, enrollment) = (self.cohort()?, self.program()?, self.enrollment()?);
        let zone = self.facts.reader.zone();
        let meetings = self.meetings().await?;
        let facts = self.lesson_facts(None, &meetings)?;
        let rendered = lesson::render_text(&program.content.0.welcome, &facts)
            .map_err(|bad| CannotCompose::Lesson(bad.first().map(ToString::to_string).unwrap_or_default()))?;
        let (welcome_html, welcome_text) = match self.facts.voice().body() {
            Body::Full => (Some(rendered.html), Some(rendered.text)),
            Body::LinkOnly => (None, None),
        };
        let zone_note = (zone != cohort.zone)
            .then(|| format!("Times are for {}. The group itself keeps {} time.", zone.city(), cohort.zone.city()));
        let subject = match self.facts.level {
            Discretion::Open => format!("Your place in {} is confirmed", program.title.expose()),
            Discretion::Discreet | Discretion::Minimal => "Your place is confirmed".to_owned(),
        };
        let letter = Welcome {
            subject,
            sessions: times::lines(&meetings, zone),
            zone_note,
            welcome_html,
            welcome_text,
            room_note: "The join button is on your page. The room opens ten minutes before each session.".to_owned(),
            calendar: calendar(enrollment.calendar),
            page_url: self.app.links.my_program(),
            dates_url: self.place_link(Purpose::Dates)?,
            pause_url: self.place_link(Purpose::Pause)?,
            leave_url: self.place_link(Purpose::Leave)?,
        };
        self.finish(&letter, Around::default())
    }

    pub(super) fn already_enrolled(&self) -> Result<Composed, CannotCompose> {
        self.finish(&AlreadyEnrolled { page_url: self.app.links.my_program() }, Around::default())
    }

    pub(super) fn sign_in(&self) -> Result<Composed, CannotCompose> {
        let params = self.params();
        let (token, code) = (params["token"].as_str().unwrap_or_default(), params["code"].as_str().unwrap_or_default());
        let (first, last) = code.split_at_checked(3).ok_or(CannotCompose::Gone("the code"))?;
        let letter = SignIn {
            sign_in_url: self.app.links.to(&format!("/p/open/{token}")),
            code: format!("{first} {last}"),
            lifetime: "ten minutes".to_owned(),
        };
        self.finish(&letter, Around::default())
    }

    pub(super) fn left(&self) -> Result<Composed, CannotCompose> {
        let letter = Left {
            coach_name: self.facts.practice.first_name.expose().to_owned(),
            calendar: calendar(self.enrollment()?.calendar),
            data_url: self.app.links.to("/p/data"),
        };
        self.finish(&letter, Around::default())
    }

    pub(super) fn address_changed(&self) -> Result<Composed, CannotCompose> {
        let letter = AddressChanged {
            changed_at: civil::moment(self.delivery.created_at, self.facts.reader.zone()),
            dispute_url: self.app.links.to("/help"),
            dispute_until: "seven days".to_owned(),
        };
        self.finish(&letter, Around::default())
    }

    pub(super) fn lesson_facts(
        &self,
        lesson: Option<&Lesson>,
        meetings: &[SessionRow],
    ) -> Result<LessonFacts, CannotCompose> {
        self.lesson_facts_of(self.facts.reader.name().expose(), lesson, meetings)
    }

    /// The same for one who is called otherwise.
    pub(super) fn lesson_facts_of(
        &self,
        name: &str,
        lesson: Option<&Lesson>,
        meetings: &[SessionRow],
    ) -> Result<LessonFacts, CannotCompose> {
        let setting = Setting {
            practice: &self.facts.practice,
            program: self.program()?,
            cohort: self.cohort()?,
            name,
            zone: self.facts.reader.zone(),
        };
        Ok(lesson_facts(&self.app.links, &setting, (lesson, meetings), self.now.program))
    }

    /// Lessons stand in one thread with the welcome (H3).
    pub(super) fn welcome_id(&self) -> Option<String> {
        self.facts.welcome_id.clone()
    }

    pub(super) fn reminder(&self) -> Result<Composed, CannotCompose> {
        let (program, zone) = (self.program()?, self.facts.reader.zone());
        let session = self.facts.session.as_deref().ok_or(CannotCompose::Gone("the session"))?;
        let lead = if self.delivery.occasion == Occasion::ReminderDay { Lead::Day } else { Lead::Hour };
        let subject = match lead {
            Lead::Day => civil::relative(session.starts_at, zone, self.now.program),
            Lead::Hour => "In one hour".to_owned(),
        };
        let about = match self.facts.level {
            Discretion::Open => {
                format!("{}, {}", program.title.expose(), times::label(session).to_lowercase())
            }
            Discretion::Discreet if session.ordinal == 0 => "your weekly course, an extra session".to_owned(),
            Discretion::Discreet => format!("your weekly course, part {}", session.ordinal),
            Discretion::Minimal => "your appointment".to_owned(),
        };
        let letter = Reminder {
            subject,
            lead,
            about,
            when: times::when(session.starts_at, session.ends_at, zone),
            place: "Online. The join button is on your page.".to_owned(),
            opens_at: civil::time_of_day(zone.local(session.starts_at - times::OPENS_EARLY).time()),
            page_url: self.app.links.to(&format!("/p/join/{}", session.id)),
            absent_url: self.personal(Purpose::Rsvp, session.id.0, session.ends_at.max(self.now.real) + ANSWER_LINK),
        };
        self.finish(&letter, Around::default())
    }

    pub(super) async fn schedule_changed(&self) -> Result<Composed, CannotCompose> {
        let zone = self.facts.reader.zone();
        let changes: Vec<Change> = serde_json::from_value(self.params()["changes"].clone()).unwrap_or_default();
        let days = |which: usize| {
            let days: Vec<chrono::NaiveDate> =
                serde_json::from_value(self.params()["breaks"][which].clone()).unwrap_or_default();
            days.into_iter().map(civil::date).collect::<Vec<_>>()
        };
        let meetings = self.meetings().await?;
        let mut letter = ScheduleChanged {
            subject: "The schedule has changed".to_owned(),
            note: None,
            moved: Vec::new(),
            canceled: Vec::new(),
            restored: Vec::new(),
            added: Vec::new(),
            breaks: days(0),
            breaks_gone: days(1),
            calendar: calendar(self.enrollment()?.calendar),
            page_url: self.app.links.my_program(),
        };
        for change in changes {
            let meeting = meetings.iter().find(|meeting| meeting.id == change.session);
            let label = meeting.map_or_else(|| "A session".to_owned(), times::label);
            let line =
                |at: (chrono::DateTime<chrono::Utc>, chrono::DateTime<chrono::Utc>)| times::when(at.0, at.1, zone);
            match (change.was, change.is) {
                (Some(was), Some(is)) => letter.moved.push(Moved { label, now: line(is), was: line(was) }),
                (Some(was), None) => letter.canceled.push(SessionLine::held(&label, line(was))),
                (None, Some(is)) if meeting.is_some_and(|meeting| meeting.generation > 0) => {
                    letter.restored.push(SessionLine::held(&label, line(is)));
                }
                (None, Some(is)) => letter.added.push(SessionLine::held(&label, line(is))),
                (None, None) => {}
            }
        }
        self.finish(&letter, Around::default())
    }
}

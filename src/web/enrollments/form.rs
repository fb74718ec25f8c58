//! What does the form ask, and what does it take?

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::Offered;
use crate::{
    domain::asking::{Agreed, Form, Partner},
    domain::{
        civil::When,
        discretion::{Discretion, Voice},
        email_address::EmailAddress,
        enrollment::CalendarChoice,
        lesson::Lesson,
        name::Name,
        program::Program,
        session::SessionState,
        zone::Zone,
    },
    store::cohorts::CohortLesson,
    web::{
        chrome,
        cohort_dates::CohortDates,
        fields::Fields,
        form::{Checked, Entered},
        intake::{self, Asked},
        page::Page,
        program_page::{self, Places},
        site::Site,
        visitor::{self, Choice},
    },
};

/// The most characters of the note.
const LONGEST_NOTE: usize = 2_000;

/// A card with what the person's inbox will show.
#[derive(Debug, Clone, Serialize)]
struct Level {
    value: &'static str,
    text: &'static str,
    detail: &'static str,
    sender: String,
    subject: String,
    preview: String,
    entry: String,
}

/// Who fills in the form.
pub(in crate::web) enum Whose<'a> {
    /// Anybody, with any address.
    Stranger,
    /// Somebody who was asked to come along: their link says whose address it is, and where the form goes.
    Partner { email: &'a EmailAddress, action: String, back: String },
}

/// The form. Its title names no topic.
#[derive(Debug, Serialize)]
pub struct FormPage {
    form: Entered,
    action: String,
    /// Somebody was asked to come along, and answers for themselves.
    invited: bool,
    /// Whether a partner may be named.
    couples: bool,
    asked: Vec<Asked>,
    home: String,
    title: String,
    coach: String,
    dates: CohortDates,
    places: Places,
    tracks: Vec<Choice>,
    levels: Vec<Level>,
    agreement_html: String,
    consent_html: String,
    /// Which wordings were read.
    wordings: String,
    zones: Vec<Choice>,
}

impl FormPage {
    pub(in crate::web) fn new(
        site: &Site,
        (offered, lesson): (&Offered, Option<CohortLesson>),
        dates: CohortDates,
        whose: &Whose<'_>,
        form: Entered,
    ) -> Self {
        let program = &offered.program.content.0;
        let (action, home, invited) = match whose {
            Whose::Stranger => (format!("/enroll/{}", offered.cohort.id), offered.home(), false),
            Whose::Partner { action, back, .. } => (action.clone(), back.clone(), true),
        };
        Self {
            form,
            action,
            invited,
            couples: program.couples && !invited,
            asked: Asked::all(&program.intake),
            home,
            title: program.title.clone(),
            coach: offered.practice.first_name.expose().to_owned(),
            dates,
            places: offered.places.clone(),
            tracks: program.tracks.iter().map(|t| Choice { value: t.key.clone(), text: t.label.clone() }).collect(),
            levels: levels(offered, lesson.as_ref().map(|row| &row.content.0)),
            agreement_html: program_page::html(&program.agreement.text),
            consent_html: program_page::html(&program.consent.text),
            wordings: wordings(program),
            zones: visitor::zones(site.clock.now().real),
        }
    }
}

fn wordings(program: &Program) -> String {
    format!("{}.{}", program.agreement.version, program.consent.version)
}

/// The group's own level and the more careful ones.
fn allowed(offered: &Offered) -> Vec<Discretion> {
    Discretion::ALL.into_iter().filter(|level| *level >= offered.cohort.discretion).collect()
}

fn levels(offered: &Offered, lesson: Option<&Lesson>) -> Vec<Level> {
    let first = offered.meetings.first().map(|meeting| meeting.title.expose()).unwrap_or_default();
    let level = |level: Discretion| {
        let voice = voice(offered, level);
        let (open, discreet) = lesson.map_or(("", ""), |lesson| (&*lesson.subject, &*lesson.discreet_subject));
        let (text, detail) = describe(level);
        Level {
            value: level.as_str(),
            text,
            detail,
            sender: voice.sender_name().to_owned(),
            subject: voice.lesson_subject(open, discreet).to_owned(),
            preview: voice.preview(lesson.map_or("", |lesson| &lesson.preview)).to_owned(),
            entry: voice.calendar_title(first).to_owned(),
        }
    };
    allowed(offered).into_iter().map(level).collect()
}

fn voice(offered: &Offered, level: Discretion) -> Voice<'_> {
    Voice {
        level,
        practice: offered.practice.name.expose(),
        neutral_name: offered.practice.neutral_name.expose(),
        first_name: offered.practice.first_name.expose(),
        calendar_title: &offered.program.content.0.calendar_title,
    }
}

/// A level's name and what it does.
#[must_use]
pub(in crate::web) fn describe(level: Discretion) -> (&'static str, &'static str) {
    match level {
        Discretion::Open => ("Open", "Emails and calendar entries say what they are about."),
        Discretion::Discreet => ("Discreet", "Neutral sender, subject and calendar titles. Nothing names the topic."),
        Discretion::Minimal => ("Minimal", "Emails hold only a link. You read the lesson after signing in."),
    }
}

/// What is known before anything is typed. Nothing is chosen beforehand where that could tell somebody's
/// family, so a calendar is chosen only in an open group.
pub(in crate::web) fn blank(offered: &Offered, wished: Option<Zone>) -> Entered {
    let level = offered.cohort.discretion;
    let form = Entered::blank().with("discretion", level.as_str());
    let form = if level == Discretion::Open { form.with("calendar", CalendarChoice::Invites.as_str()) } else { form };
    match wished {
        Some(zone) => form.with("tz", zone.name()),
        None => form,
    }
}

pub(in crate::web) fn check(offered: &Offered, whose: &Whose<'_>, fields: &Fields) -> Result<Form, Entered> {
    let program = &offered.program.content.0;
    let mut checked = Checked::new(fields);
    let name = checked.parse("name", Name::parse);
    let email = match whose {
        Whose::Stranger => checked.parse("email", EmailAddress::parse),
        Whose::Partner { email, .. } => Some((*email).clone()),
    };
    let zone = match fields.text("tz") {
        "" => checked.refuse("tz", "Choose your time zone"),
        _ => checked.parse("tz", Zone::parse),
    };
    let track = track(&mut checked, program);
    let calendars =
        [("invites", CalendarChoice::Invites), ("feed", CalendarChoice::Feed), ("neither", CalendarChoice::Neither)];
    let calendar = checked.choice("calendar", &calendars, "Choose how the sessions should reach your calendar");
    let discretion = discretion(&mut checked, offered);
    let answers = intake::read(&mut checked, &program.intake);
    let partner = match whose {
        Whose::Stranger if program.couples => partner(&mut checked, fields, email.as_ref()),
        Whose::Stranger | Whose::Partner { .. } => Some(None),
    };
    let note = checked.parse("note", |text| visitor::words(text, LONGEST_NOTE));
    let agreed = checked.ticked("agree", "Tick the box to accept the group agreement");
    let stored = checked.ticked("stored", "Tick the box to agree to what is stored");
    if agreed.is_some() && fields.text("wordings") != wordings(program) {
        checked.refuse::<()>(
            "agree",
            "The wording has changed since you opened this page: please read it again, then send the form",
        );
    }
    checked.finish(|| {
        agreed.and(stored)?;
        let consents = program.agreements().map(|(kind, document)| Agreed::to(kind, document));
        Some(Form {
            email: email?,
            name: name?,
            zone: zone?,
            track: track?,
            calendar: calendar?,
            discretion: discretion?,
            note: note?,
            consents: consents.into(),
            intake: answers?,
            partner: partner?,
        })
    })
}

fn track(checked: &mut Checked<'_>, program: &Program) -> Option<String> {
    if program.tracks.is_empty() {
        return Some(String::new());
    }
    let tracks: Vec<_> = program.tracks.iter().map(|track| (track.key.as_str(), track.key.clone())).collect();
    checked.choice("track", &tracks, "Choose which side you come from")
}

/// `Some(None)`: as the group has it.
fn discretion(checked: &mut Checked<'_>, offered: &Offered) -> Option<Option<Discretion>> {
    let levels = allowed(offered);
    if levels.len() == 1 {
        return Some(None);
    }
    let raised = |level: &Discretion| (*level > offered.cohort.discretion).then_some(*level);
    let choices: Vec<_> = levels.iter().map(|level| (level.as_str(), raised(level))).collect();
    checked.choice("discretion", &choices, "Choose how discreet emails and calendar entries should be")
}

/// `Some(None)`: they come alone. Both fields, or neither.
fn partner(checked: &mut Checked<'_>, fields: &Fields, own: Option<&EmailAddress>) -> Option<Option<Partner>> {
    if fields.text("partner_name").is_empty() && fields.text("partner_email").is_empty() {
        return Some(None);
    }
    let name = checked.parse("partner_name", Name::parse);
    let email = checked.parse("partner_email", EmailAddress::parse);
    if let (Some(email), Some(own)) = (&email, own)
        && email.key() == own.key()
    {
        return checked.refuse(
            "partner_email",
            "This is your own address. Enter one that only your partner reads, or leave both fields empty",
        );
    }
    name.zip(email).map(|(name, email)| Some(Partner { name, email }))
}

impl Page for FormPage {
    type Chrome = chrome::Public;
    const TEMPLATE: &'static str = "enrollments/form.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let level = |level: Discretion| Level {
            value: level.as_str(),
            text: describe(level).0,
            detail: describe(level).1,
            sender: "N. Brandt".into(),
            subject: "Weekly course, part 1".into(),
            preview: "A short note for you.".into(),
            entry: "Group session".into(),
        };
        let sample = |form, confirmed| Self {
            form,
            action: "/enroll/0193".into(),
            invited: false,
            couples: true,
            asked: Asked::samples(),
            home: "/g/7f3kq".into(),
            title: "Finding your footing".into(),
            coach: "Nadia".into(),
            dates: program_page::sample_dates(),
            places: Places::of(12, confirmed),
            tracks: vec![Choice { value: "one".into(), text: "I come alone".into() }],
            levels: vec![level(Discretion::Discreet), level(Discretion::Minimal)],
            agreement_html: program_page::html("What is said here stays here."),
            consent_html: program_page::html("Your name."),
            wordings: "1.1".into(),
            zones: vec![Choice { value: "Europe/Berlin".into(), text: "Berlin (Europe), 11:41 now".into() }],
        };
        let wrong = Entered::blank()
            .with("name", "Sam")
            .with("email", "sam.example.org")
            .wrong("email", "Enter an email address with an @ sign, such as sam@example.org")
            .wrong("track", "Choose which side you come from")
            .wrong("agree", "Tick the box to accept the group agreement");
        vec![
            ("empty", sample(Entered::blank(), 9)),
            ("wrong", sample(wrong, 9)),
            ("full", sample(Entered::blank(), 12)),
            ("asked to come along", Self { invited: true, couples: false, ..sample(Entered::blank(), 9) }),
        ]
    }
}

/// What happens now, the same for everybody.
#[derive(Debug, Serialize)]
pub struct SentPage {
    again: String,
    full: bool,
    applies: bool,
    reply: String,
    first: Option<String>,
}

impl SentPage {
    pub(super) fn new(offered: &Offered, now: DateTime<Utc>) -> Self {
        let next = offered.meetings.iter().find(|m| m.state == SessionState::Planned && m.ends_at > now);
        Self {
            again: format!("/enroll/{}", offered.cohort.id),
            full: offered.places.full,
            applies: offered.places.applies,
            reply: offered.practice.sender_email.expose().to_owned(),
            first: next.map(|m| When::new(m.starts_at, m.ends_at, offered.cohort.zone).full()),
        }
    }
}

impl Page for SentPage {
    type Chrome = chrome::Public;
    const TEMPLATE: &'static str = "enrollments/sent.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let sample = |full, applies| Self {
            again: "/enroll/0193".into(),
            full,
            applies,
            reply: "hello@example.org".into(),
            first: Some("Monday 8 March 2027, 20:00–21:15 (Berlin time, UTC+01:00)".into()),
        };
        vec![("a place is held", sample(false, false)), ("full", sample(true, false)), ("applies", sample(false, true))]
    }
}

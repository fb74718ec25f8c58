//! A row of the ledger becomes a message: who writes, what is said, and the bytes of it.

use chrono::{DateTime, Utc};
use data_encoding::BASE32_NOPAD;

use facts::{Facts, Reader};

use crate::{
    app::App,
    clock::Now,
    domain::{
        calendar::{self, Party},
        category::Category,
        delivery::Occasion,
        discretion::Discretion,
        email_address::EmailAddress,
        name::Name,
        reading::Direction,
    },
    links::{Claims, Purpose},
    mail::{
        letter::{Footer, Frame, Letter, Unsubscribe, unsubscribe_label},
        message::{self, BadMessage, ListHeaders, Method, Outgoing, Sender},
        templates::{CannotWrite, Written},
    },
    store::{
        self,
        cohorts::Cohort,
        enrollments::Enrollment,
        invites::Invite,
        ledger::{Delivery, Frozen, Kept},
        programs::ProgramRow,
    },
};

use super::message_id::message_id;

mod announcement_letters;
pub(crate) mod calendar_letters;
mod coach_letters;
mod couple_letters;
pub mod facts;
mod for_many;
pub mod gather;
pub mod lesson_facts;
mod lesson_letters;
mod letters;
mod life_letters;
mod place_letters;
pub(crate) mod times;

#[derive(Debug, thiserror::Error)]
pub enum CannotCompose {
    #[error("what this mail is about does not exist any more: {0}")]
    Gone(&'static str),
    #[error("the lesson cannot be rendered: {0}")]
    Lesson(String),
    #[error("held back: at this person's level of discretion the word \u{201c}{0}\u{201d} may not stand there")]
    Forbidden(String),
    #[error(transparent)]
    Template(#[from] CannotWrite),
    #[error(transparent)]
    Message(#[from] BadMessage),
    #[error(transparent)]
    Calendar(#[from] calendar::BadCalendar),
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// A message as it is handed to the mail server, but for its signature.
#[derive(Debug)]
pub struct Composed {
    pub frozen: Frozen,
}

/// Writes the letter and builds the message.
pub async fn compose(app: &App, delivery: &Delivery, facts: &Facts, now: Now) -> Result<Composed, CannotCompose> {
    let desk = Desk { app, delivery, facts, now };
    match delivery.occasion {
        Occasion::ConfirmAddress => desk.confirm_address(),
        Occasion::Welcome => desk.welcome().await,
        Occasion::Waitlisted => desk.waitlisted(),
        Occasion::PlaceOffered => desk.place_offered().await,
        Occasion::AlreadyEnrolled => desk.already_enrolled(),
        Occasion::SignIn => desk.sign_in(),
        Occasion::Invite => desk.invite().await,
        Occasion::Lesson => desk.lesson().await,
        Occasion::TestLesson => desk.test_lesson().await,
        Occasion::CatchUp => desk.catch_up().await,
        Occasion::ReminderDay | Occasion::ReminderHour => desk.reminder(),
        Occasion::ScheduleChanged => desk.schedule_changed().await,
        Occasion::Moved => desk.moved().await,
        Occasion::Paused => desk.paused(),
        Occasion::Resumed => desk.resumed().await,
        Occasion::Left => desk.left(),
        Occasion::AddressChanged => desk.address_changed(),
        Occasion::ConfirmNewAddress => desk.confirm_new_address(),
        Occasion::PasswordReset => desk.password_reset(),
        Occasion::TestMail => desk.test_mail(),
        Occasion::CoachNote => desk.coach_note().await,
        Occasion::PartnerAsked => desk.partner_asked().await,
        Occasion::PartnerMissing => desk.partner_missing().await,
        Occasion::WaitingForTwo => desk.waiting_for_two().await,
        Occasion::RosterChanged => desk.roster_changed().await,
        Occasion::Applied => desk.application_received(),
        Occasion::Accepted => desk.application_accepted().await,
        Occasion::TurnedDown => desk.application_declined(),
        Occasion::PlaceReminder => desk.place_reminder().await,
        Occasion::CohortNumbers => desk.cohort_numbers().await,
        Occasion::CalledOff => desk.called_off().await,
        Occasion::Announcement => desk.announcement().await,
    }
}

/// Where bounces go: `b+TOKEN@bounce.domain`, all lower case because relays fold it; or the sender's own address.
pub fn return_path(app: &App, delivery: &Delivery, facts: &Facts) -> String {
    let domain = &app.config.mail.bounce_domain;
    if domain.is_empty() {
        return facts.practice.sender_of(delivery.category).expose().to_owned();
    }
    let id = delivery.id.0.as_bytes();
    let mac = app.links.keys().mac("bounce", id);
    let token = BASE32_NOPAD.encode(&[id, &mac[..10]].concat()).to_lowercase();
    format!("b+{token}@{domain}")
}

/// Where one letter is written.
struct Desk<'a> {
    app: &'a App,
    delivery: &'a Delivery,
    facts: &'a Facts,
    now: Now,
}

/// What the whole letter depends on beside its own text.
#[derive(Default)]
struct Around<'a> {
    preview: Option<&'a str>,
    references: Option<String>,
    calendar: Option<(Method, String)>,
    /// Not from the address of its category.
    from: Option<EmailAddress>,
}

impl Desk<'_> {
    fn finish<L: Letter>(&self, letter: &L, around: Around<'_>) -> Result<Composed, CannotCompose> {
        let frame = self.frame(around.preview);
        let written = self.app.templates.write(letter, &frame)?;
        self.finish_written(&frame, written, &around)
    }

    fn finish_written(&self, frame: &Frame, written: Written, around: &Around) -> Result<Composed, CannotCompose> {
        self.refuse_forbidden(frame, &written, around)?;
        let message = self.addressed(&written, around, |outgoing| Ok(message::build(outgoing)?))?;
        // A link or a code is kept by nobody but its owner.
        let body = if self.delivery.category == Category::Security { String::new() } else { written.text };
        Ok(self.frozen(message, written.subject, Kept::Whole { body }))
    }

    /// For whom it is, the sender knows.
    fn frozen(&self, message: Vec<u8>, subject: String, kept: Kept) -> Composed {
        let (sent_to, frozen_for) = (String::new(), String::new());
        let message_id = message_id(self.app, self.delivery.id);
        Composed { frozen: Frozen { message, message_id, subject, kept, sent_to, frozen_for } }
    }

    /// Gives what was written its sender, its recipient and its headers.
    fn addressed<T>(
        &self,
        written: &Written,
        around: &Around,
        made: impl FnOnce(&Outgoing) -> Result<T, CannotCompose>,
    ) -> Result<T, CannotCompose> {
        let message_id = message_id(self.app, self.delivery.id);
        let list = self.list();
        let sender_name =
            Name::parse(self.facts.voice().sender_name()).map_err(|_| CannotCompose::Gone("the sender's name"))?;
        let practice = &self.facts.practice;
        // Answers to an invite go to its organizer, who is its sender (C10).
        let sender = around.from.as_ref().unwrap_or_else(|| practice.sender_of(self.delivery.category));
        let reply = &practice.reply_email;
        made(&Outgoing {
            from: Sender { name: &sender_name, address: sender },
            to: self.facts.reader.address(),
            reply_to: (reply != sender).then_some(reply),
            date: self.now.program,
            message_id: &message_id,
            references: around.references.as_deref(),
            category: self.delivery.category,
            list: list.as_ref().map(|list| ListHeaders {
                unsubscribe_url: &list.unsubscribe_url,
                list_id: &list.list_id,
                feedback_id: &list.feedback_id,
            }),
            subject: &written.subject,
            text: &written.text,
            html: &written.html,
            calendar: around.calendar.as_ref().map(|(method, text)| (*method, text.as_str())),
        })
    }

    fn frame(&self, preview: Option<&str>) -> Frame {
        let (practice, voice) = (&self.facts.practice, self.facts.voice());
        let links = &self.app.links;
        let unsubscribe = unsubscribe_label(self.delivery.category)
            .zip(self.unsubscribe_url())
            .map(|(label, url)| Unsubscribe { label: label.to_owned(), url });
        Frame {
            sender_name: voice.sender_name().to_owned(),
            recipient_name: self.facts.reader.name().expose().to_owned(),
            language: self.facts.reader.language().to_owned(),
            direction: Direction::of(self.facts.reader.language()),
            preview: voice.preview(preview.unwrap_or(crate::domain::discretion::NEUTRAL_PREVIEW)).to_owned(),
            footer: Footer {
                reason: self.reason(),
                unsubscribe,
                settings_url: self.takes_part().then(|| links.to("/p#settings")),
                privacy_url: links.to("/privacy"),
                address_line: format!("{}, {}", voice.sender_name(), practice.postal_address),
            },
        }
    }

    /// Somebody whose page has settings.
    fn takes_part(&self) -> bool {
        self.facts.enrollment.as_ref().is_some_and(|enrollment| enrollment.confirmed_at.is_some())
    }

    /// Why the reader gets this: true at every level, and naming nothing above *open*.
    fn reason(&self) -> String {
        let course = match (&self.facts.program, self.facts.level) {
            (Some(program), Discretion::Open) => program.title.expose().to_owned(),
            (Some(_) | None, _) => "a weekly course".to_owned(),
        };
        match (&self.facts.reader, self.delivery.occasion) {
            (Reader::Coach(_), _) => "You receive this because you run groups here.".to_owned(),
            (_, Occasion::ConfirmAddress) => {
                "You receive this because this address was entered on our site.".to_owned()
            }
            (_, Occasion::PartnerAsked) => {
                "You receive this because somebody gave us this address, and asked us to write to you.".to_owned()
            }
            (_, Occasion::ConfirmNewAddress) => {
                "You receive this because this address was entered on our site.".to_owned()
            }
            (_, Occasion::SignIn) => "You receive this because somebody asked to sign in with this address.".to_owned(),
            (_, Occasion::Lesson | Occasion::CatchUp) => {
                format!("You receive this because you signed up for {course}. One a week until it ends.")
            }
            (_, Occasion::Announcement) => {
                format!("You receive this because you signed up for {course}. It is a note from its coach.")
            }
            (_, Occasion::ReminderDay | Occasion::ReminderHour) => {
                format!("You receive this because you signed up for {course}. Two reminders a session.")
            }
            _ => format!(
                "You receive this because you signed up for {course}. It is about your place or your dates, so it always arrives."
            ),
        }
    }

    /// The last wall (P1): what can be seen without opening the mail, an address of ours included.
    fn refuse_forbidden(&self, frame: &Frame, written: &Written, around: &Around) -> Result<(), CannotCompose> {
        let (forbidden, practice) = (self.facts.forbidden(), &self.facts.practice);
        let opening: String = written.text.chars().take(200).collect();
        let calendar = around.calendar.as_ref().map(|(_, text)| text.replace("\r\n ", "")).unwrap_or_default();
        let seen = [
            written.subject.as_str(),
            &frame.sender_name,
            &frame.preview,
            &opening,
            &calendar,
            around.from.as_ref().unwrap_or_else(|| practice.sender_of(self.delivery.category)).expose(),
            practice.reply_email.expose(),
            self.app.links.host(),
        ];
        match seen.into_iter().find_map(|text| forbidden.find_in(text)) {
            Some(word) => Err(CannotCompose::Forbidden(word.to_owned())),
            None => Ok(()),
        }
    }

    /// Names only the person and the list; works for as long as mail is kept.
    fn unsubscribe_url(&self) -> Option<String> {
        let (Reader::Participant(person), Some(program)) = (&self.facts.reader, &self.facts.program) else {
            return None;
        };
        let detail = self.delivery.category as u8;
        let expires_at = DateTime::<Utc>::from_timestamp(4_000_000_000, 0)?;
        let claims = Claims { person: person.id.0, object: program.id.0, detail, epoch: 0, expires_at };
        Some(self.app.links.signed(Purpose::Unsubscribe, &claims))
    }

    fn list(&self) -> Option<List> {
        if !self.delivery.category.subscribed() {
            return None;
        }
        let (keys, host) = (self.app.links.keys(), self.app.links.host());
        let program = self.facts.program.as_ref().map(|program| program.id.to_string()).unwrap_or_default();
        let token = keys.hash("list", &format!("{program}/{}", self.delivery.category.as_str()));
        let practice = keys.hash("list", &self.facts.practice.id.to_string());
        Some(List {
            unsubscribe_url: self.unsubscribe_url()?,
            list_id: format!("{}.lists.{host}", &token[..16]),
            feedback_id: format!("{}:{}:trellis0", &token[..10], &practice[..10]),
        })
    }

    fn organizer(&self, invite: &Invite) -> Party {
        let address = invite.organizer.as_ref().unwrap_or(&self.facts.practice.sender_email);
        Party { name: self.facts.voice().sender_name().to_owned(), address: address.clone() }
    }

    fn cohort(&self) -> Result<&Cohort, CannotCompose> {
        self.facts.cohort.as_deref().ok_or(CannotCompose::Gone("the cohort"))
    }

    fn program(&self) -> Result<&ProgramRow, CannotCompose> {
        self.facts.program.as_deref().ok_or(CannotCompose::Gone("the program"))
    }

    fn enrollment(&self) -> Result<&Enrollment, CannotCompose> {
        self.facts.enrollment.as_ref().ok_or(CannotCompose::Gone("the enrollment"))
    }

    fn params(&self) -> serde_json::Value {
        serde_json::from_str(&self.delivery.params).unwrap_or_default()
    }
}

struct List {
    unsubscribe_url: String,
    list_id: String,
    feedback_id: String,
}

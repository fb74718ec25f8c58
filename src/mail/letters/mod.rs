//! Which letters are there?

use serde::Serialize;

use gallery::Sample;

use super::{
    letter::Letter,
    templates::{CannotWrite, Templates},
};
use crate::domain::reading::{Kind, Place};

pub mod address_changed;
pub mod already_enrolled;
pub mod announcement;
pub mod application_accepted;
pub mod application_declined;
pub mod application_received;
pub mod called_off;
pub mod catch_up;
pub mod coach_note;
pub mod cohort_numbers;
pub mod confirm_address;
pub mod confirm_new_address;
pub mod gallery;
pub mod invite;
pub mod invite_cancel;
pub mod invite_update;
pub mod left;
pub mod lesson_waiting;
pub mod moved;
pub mod partner_asked;
pub mod partner_missing;
pub mod password_reset;
pub mod paused;
pub mod place_offered;
pub mod place_reminder;
pub mod reminder;
pub mod resumed;
pub mod roster_changed;
pub mod schedule_changed;
pub mod sign_in;
pub mod test_mail;
pub mod waiting_for_two;
pub mod waitlisted;
pub mod weekly_lesson;
pub mod welcome;

macro_rules! letters {
    ($($letter:ty),+ $(,)?) => {
        /// The template folder of every letter.
        pub const FOLDERS: &[&str] = &[$(<$letter as Letter>::FOLDER),+];

        /// Every letter there is, by the name of its folder.
        #[must_use]
        pub fn kinds() -> Vec<Kind> {
            vec![$(gallery::kind::<$letter>()),+]
        }

        /// Every letter as each of its sample readers sees it, for the tests.
        pub fn gallery(templates: &Templates) -> Result<Vec<Sample>, CannotWrite> {
            let mut samples = Vec::new();
            $(gallery::write_all::<$letter>(templates, &mut samples)?;)+
            Ok(samples)
        }

        /// One of these; `None` where there is no such letter, or none that stands in this place.
        pub fn sample(templates: &Templates, folder: &str, place: Place) -> Result<Option<Sample>, CannotWrite> {
            $(if folder == <$letter as Letter>::FOLDER {
                return gallery::write::<$letter>(templates, place);
            })+
            Ok(None)
        }
    };
}

letters![
    address_changed::AddressChanged,
    already_enrolled::AlreadyEnrolled,
    announcement::Announcement,
    application_accepted::ApplicationAccepted,
    application_declined::ApplicationDeclined,
    application_received::ApplicationReceived,
    called_off::CalledOff,
    catch_up::CatchUp,
    coach_note::CoachNote,
    cohort_numbers::CohortNumbers,
    confirm_address::ConfirmAddress,
    confirm_new_address::ConfirmNewAddress,
    invite::Invite,
    invite_cancel::InviteCancel,
    invite_update::InviteUpdate,
    left::Left,
    lesson_waiting::LessonWaiting,
    partner_asked::PartnerAsked,
    partner_missing::PartnerMissing,
    moved::Moved,
    password_reset::PasswordReset,
    paused::Paused,
    place_offered::PlaceOffered,
    place_reminder::PlaceReminder,
    reminder::Reminder,
    resumed::Resumed,
    roster_changed::RosterChanged,
    schedule_changed::ScheduleChanged,
    sign_in::SignIn,
    test_mail::TestMail,
    waiting_for_two::WaitingForTwo,
    waitlisted::Waitlisted,
    weekly_lesson::WeeklyLesson,
    welcome::Welcome,
];

/// How the reader's calendar learns of sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Calendar {
    Invites,
    Feed,
    Neither,
}

/// One line of a list of sessions.
#[derive(Debug, Clone, Serialize)]
pub struct SessionLine {
    /// As in `Week 4`.
    pub label: String,
    /// As in `Mon 8 Mar 2027, 20:00–21:15 (Berlin time, UTC+01:00)`; a week without a session says its date and why.
    pub when: String,
    /// False for a week without a session.
    pub held: bool,
}

impl SessionLine {
    /// A session that takes place.
    #[must_use]
    pub fn held(label: impl Into<String>, when: impl Into<String>) -> Self {
        Self { label: label.into(), when: when.into(), held: true }
    }

    /// A week without one.
    #[must_use]
    pub fn pause(label: impl Into<String>, when: impl Into<String>) -> Self {
        Self { label: label.into(), when: when.into(), held: false }
    }
}

#[cfg(test)]
mod tests;

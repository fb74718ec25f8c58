//! What do we do? One verb a file; each owns its transaction.

pub mod add_person;
pub mod ask_to_enroll;
pub mod change_own_access;
pub mod change_person;
pub mod change_schedule;
pub mod coach_note;
pub mod compose;
pub mod confirm_enrollment;
pub mod count_once;
pub mod fill_seats;
pub mod import_program;
pub mod leave;
pub mod needs_you;
pub mod open_cohort;
pub mod plan_timetable;
pub mod preview_lesson;
pub mod release_due;
pub mod resend;
pub mod save_cohort;
pub mod save_lesson;
pub mod save_practice;
pub mod save_program;
pub mod send_test;
pub mod sign_in;
pub mod tell_calendars;

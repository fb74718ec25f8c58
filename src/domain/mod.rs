//! What is true? Types, rules, the timetable, the calendar's text: all pure.

pub mod attempt;
pub mod calendar;
pub mod category;
pub mod civil;
pub mod cohort;
pub mod delivery;
pub mod discretion;
pub mod email_address;
pub mod enrollment;
pub mod holiday;
pub mod ids;
pub mod invite;
pub mod lesson;
pub mod markdown;
pub mod name;
pub mod one_a_day;
pub mod people;
pub mod program;
pub mod schedule;
pub mod session;
pub mod timetable;
pub mod week;
pub mod words;
pub mod zone;

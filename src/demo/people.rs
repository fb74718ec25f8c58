//! Who takes part in the rehearsal? Invented people, in the order in which they send the form.

use crate::domain::{
    discretion::Discretion::{self, Minimal},
    enrollment::CalendarChoice::{self, Feed, Invites, Neither},
};

#[derive(Debug, Clone, Copy)]
pub struct Person {
    /// What they like to be called; letters begin with it.
    pub name: &'static str,
    pub email: &'static str,
    pub zone: &'static str,
    /// The key of a track of the shipped program.
    pub track: &'static str,
    pub calendar: CalendarChoice,
    /// `None`: as the program has it.
    pub discretion: Option<Discretion>,
}

const fn person(
    name: &'static str,
    email: &'static str,
    zone: &'static str,
    track: &'static str,
    calendar: CalendarChoice,
) -> Person {
    Person { name, email, zone, track, calendar, discretion: None }
}

const fn minimal(person: Person) -> Person {
    Person { discretion: Some(Minimal), ..person }
}

/// Twelve find a place; the last two wait for one.
pub const PEOPLE: [Person; 14] = [
    person("Ana", "ana@lisbon.example", "Europe/Lisbon", "hurt", Invites),
    person("Miguel", "miguel@lisbon.example", "Europe/Lisbon", "broke", Invites),
    person("Jonas", "jonas@berlin.example", "Europe/Berlin", "broke", Invites),
    minimal(person("Katrin", "katrin@berlin.example", "Europe/Berlin", "hurt", Neither)),
    person("Siobhán", "siobhan@dublin.example", "Europe/Dublin", "hurt", Invites),
    person("Marcus", "marcus@newyork.example", "America/New_York", "broke", Invites),
    person("Elena", "elena@newyork.example", "America/New_York", "hurt", Feed),
    minimal(person("David", "david@newyork.example", "America/New_York", "hurt", Invites)),
    person("Sunita", "sunita@kathmandu.example", "Asia/Kathmandu", "hurt", Neither),
    person("Bikash", "bikash@kathmandu.example", "Asia/Kathmandu", "broke", Invites),
    person("Tom", "tom@lordhowe.example", "Australia/Lord_Howe", "broke", Invites),
    person("Grace", "grace@lordhowe.example", "Australia/Lord_Howe", "hurt", Feed),
    person("Pauline", "pauline@berlin.example", "Europe/Berlin", "hurt", Invites),
    person("Rui", "rui@lisbon.example", "Europe/Lisbon", "broke", Invites),
];

/// Turns calendar invites on in the second week.
pub const WANTS_INVITES: &str = "sunita@kathmandu.example";
/// Leaves in the third week.
pub const LEAVES: &str = "david@newyork.example";
/// First in line: gets the place that came free.
pub const FOLLOWS: &str = "pauline@berlin.example";
/// Stops the reminders in the fifth week.
pub const STOPS_REMINDERS: &str = "tom@lordhowe.example";

/// What some answered when they enrolled; most leave it open.
#[must_use]
pub fn answer(email: &str, question: &str) -> &'static str {
    match (email, question) {
        ("ana@lisbon.example", "hope") => "To sleep through a night. To know what I want, without being pushed.",
        ("ana@lisbon.example", "days") => "2",
        ("jonas@berlin.example", "hope") => "To stop explaining, and to listen.",
        ("jonas@berlin.example", "word") => "yes",
        ("elena@newyork.example", "days") => "3",
        _ => "",
    }
}

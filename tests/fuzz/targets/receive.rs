//! Can a mail that came in break its reader?
#![no_main]

use chrono::{DateTime, TimeDelta, Utc};
use libfuzzer_sys::fuzz_target;
use trellis::{
    domain::bounce::{class_of, kept_words},
    mail::receive::{Received, receive},
};

fuzz_target!(|mail: &[u8]| {
    let now = DateTime::<Utc>::from_timestamp(1_791_200_000, 0).expect("an instant");
    match receive(mail, now) {
        Received::Bounce(bounce) => {
            assert!(!bounce.fates.is_empty());
            for fate in bounce.fates {
                class_of(fate.status, &fate.words);
                assert!(!kept_words(&fate.words).contains('@'));
            }
        }
        Received::Calendar(calendar) => {
            for answer in calendar.answers {
                assert!(answer.at.is_none_or(|at| at <= now + TimeDelta::hours(1)));
                assert!(answer.uid.len() <= 255 && answer.comment.chars().count() <= 4_000);
            }
        }
        Received::Personal(personal) => assert!(!personal.about.is_empty()),
        Received::Complaint(_) | Received::Automatic | Received::Junk(_) => {}
    }
});

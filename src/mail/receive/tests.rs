//! Does it read what mail systems really send, and survive what nobody sends?

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::*;
use crate::domain::{
    bounce::{BounceClass, class_of},
    rsvp::Rsvp,
};

/// The mails under `tests/stories/inbound`, by name.
macro_rules! mails {
    ($($name:ident),+ $(,)?) => {
        const MAILS: &[(&str, &str)] = &[$(
            (stringify!($name), include_str!(concat!("../../../tests/stories/inbound/", stringify!($name), ".eml")))
        ),+];
    };
}

mails!(
    arf_not_spam,
    arf_redacted,
    arf_yahoo,
    auto_reply_outlook_away,
    auto_reply_vacation,
    bounce_exim,
    bounce_qmail,
    counter,
    dsn_exchange_online_not_found,
    dsn_gmail_unauthenticated,
    dsn_gmail_unknown_user,
    dsn_postfix_delayed,
    dsn_postfix_expired,
    dsn_postfix_full,
    dsn_postfix_relayed,
    dsn_postfix_unknown_user,
    dsn_redacted,
    personal_check_in,
    refresh,
    refresh_by_a_machine,
    reply_apple_alias,
    reply_delegated,
    reply_dmarc_failed,
    reply_exchange_declined_without_organizer,
    reply_gmail_accepted,
    reply_one_of_a_series,
    reply_thunderbird_tentative,
    reply_without_sequence,
    request_of_somebody_else,
    spam,
);

const TOKEN: &str = "abcdefghijklmnopqrstuvwxyz234567abcdefghij";
const MESSAGE_ID: &str = "<k7f3@group.example>";
const UID: &str = "u4x2abcdefghijklmnop@group.example";

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_791_200_000, 0).unwrap()
}

fn stamp() -> DateTime<Utc> {
    now() - TimeDelta::minutes(5)
}

fn written(name: &str) -> Vec<u8> {
    let (_, text) = MAILS.iter().find(|(known, _)| *known == name).unwrap();
    let mut text = (*text).to_owned();
    for (field, value) in [
        ("{token}", TOKEN),
        ("{token_upper}", &TOKEN.to_uppercase()),
        ("{message_id}", MESSAGE_ID),
        ("{to}", "ana@example.org"),
        ("{uid}", UID),
        ("{sequence}", "2"),
        ("{stamp}", &stamp().format("%Y%m%dT%H%M%SZ").to_string()),
        ("{start}", "20261012T170000Z"),
        ("{end}", "20261012T181500Z"),
        ("{date}", "Mon, 05 Oct 2026 09:00:00 +0000"),
    ] {
        text = text.replace(field, value);
    }
    if let Some((before, rest)) = text.clone().split_once("{base64:") {
        let (calendar, after) = rest.split_once('}').unwrap();
        let encoded = data_encoding::BASE64.encode(calendar.replace('\n', "\r\n").as_bytes());
        text = format!("{before}{encoded}{after}");
    }
    text.replace('\n', "\r\n").into_bytes()
}

fn read(name: &str) -> Received {
    receive(&written(name), now())
}

fn bounce(name: &str) -> Bounce {
    match read(name) {
        Received::Bounce(bounce) => bounce,
        other => panic!("{name} is {other:?}"),
    }
}

fn calendar(name: &str) -> Calendar {
    match read(name) {
        Received::Calendar(calendar) => calendar,
        other => panic!("{name} is {other:?}"),
    }
}

#[test]
fn b7_reports_bounces_in_plain_words_and_complaints_are_read() {
    for (name, status, class) in [
        ("dsn_postfix_unknown_user", Some([5, 1, 1]), BounceClass::Hard),
        ("dsn_gmail_unknown_user", Some([5, 1, 1]), BounceClass::Hard),
        ("dsn_exchange_online_not_found", Some([5, 1, 10]), BounceClass::Hard),
        ("dsn_postfix_full", Some([4, 2, 2]), BounceClass::Soft),
        ("dsn_postfix_expired", Some([4, 4, 7]), BounceClass::Transient),
        ("dsn_gmail_unauthenticated", Some([5, 7, 26]), BounceClass::SenderFault),
        ("bounce_qmail", Some([5, 1, 1]), BounceClass::Hard),
        ("bounce_exim", None, BounceClass::Soft),
    ] {
        let bounce = bounce(name);
        assert_eq!(bounce.fates.len(), 1, "{name}");
        let fate = &bounce.fates[0];
        assert_eq!((fate.action, fate.status), (Action::Failed, status), "{name}");
        assert_eq!(class_of(fate.status, &fate.words), class, "{name}: {}", fate.words);
        assert_eq!(bounce.clues.message_ids, [MESSAGE_ID], "{name}");
        let tokens: &[&str] = if name == "bounce_exim" { &[] } else { &[TOKEN] };
        assert_eq!(bounce.clues.tokens, tokens, "{name}: also in capitals, as relays fold it");
    }
    let redacted = bounce("dsn_redacted");
    assert_eq!((redacted.clues.message_ids, redacted.fates[0].status), (vec![MESSAGE_ID.to_owned()], Some([5, 2, 1])));
    for (name, feedback, tokens) in [
        ("arf_yahoo", Feedback::Abuse, &[TOKEN][..]),
        ("arf_redacted", Feedback::Abuse, &[]),
        ("arf_not_spam", Feedback::NotSpam, &[TOKEN]),
    ] {
        let Received::Complaint(complaint) = read(name) else { panic!("{name}") };
        assert_eq!(
            (complaint.feedback, complaint.clues.message_ids),
            (feedback, vec![MESSAGE_ID.to_owned()]),
            "{name}"
        );
        assert_eq!(complaint.clues.tokens, tokens, "{name}");
    }
}

#[test]
fn b8_what_is_late_or_arrived_is_no_failure() {
    for (name, action) in [("dsn_postfix_delayed", Action::Delayed), ("dsn_postfix_relayed", Action::Relayed)] {
        assert_eq!(bounce(name).fates[0].action, action, "{name}");
    }
}

#[test]
fn b10_r11_who_is_away_has_said_nothing() {
    for name in ["auto_reply_outlook_away", "auto_reply_vacation"] {
        assert_eq!(read(name), Received::Automatic, "{name}: though it says 550 and does not exist");
    }
    assert_eq!(calendar("refresh_by_a_machine").by, By::Machine);
    assert_eq!(calendar("refresh").by, By::Person);
}

#[test]
fn r1_r3_r4_calendars_answer_in_the_shapes_their_makers_chose() {
    for (name, rsvp, sequence) in [
        ("reply_gmail_accepted", Rsvp::Accepted, 2),
        ("reply_exchange_declined_without_organizer", Rsvp::Declined, 2),
        ("reply_apple_alias", Rsvp::Accepted, 2),
        ("reply_thunderbird_tentative", Rsvp::Tentative, 2),
        ("reply_without_sequence", Rsvp::Declined, 0),
        ("reply_dmarc_failed", Rsvp::Declined, 2),
    ] {
        let calendar = calendar(name);
        assert_eq!(calendar.answers.len(), 1, "{name}: the attached copy says the same");
        let answer = &calendar.answers[0];
        assert_eq!((answer.act, answer.sequence), (Act::Reply(rsvp), sequence), "{name}");
        assert_eq!((answer.uid.as_str(), answer.at), (UID, Some(stamp())), "{name}");
        assert_eq!(answer.instance, Instance::Whole, "{name}");
    }
}

#[test]
fn r9_what_the_person_wrote_is_kept_and_what_the_program_wrote_is_not() {
    let exchange = calendar("reply_exchange_declined_without_organizer");
    assert_eq!((exchange.note.as_str(), exchange.answers[0].comment.as_str()), ("My son is ill, I am so sorry.", ""));
    let thunderbird = calendar("reply_thunderbird_tentative");
    assert_eq!(thunderbird.note, "");
    assert_eq!(thunderbird.answers[0].comment, "I may be ten minutes late, is that all right?");
    assert_eq!(calendar("reply_gmail_accepted").note, "");
}

#[test]
fn r5_r7_r8_what_is_no_answer_is_told_apart() {
    assert_eq!(calendar("reply_delegated").answers[0].act, Act::NoAnswer);
    assert_eq!(calendar("reply_one_of_a_series").answers[0].instance, Instance::OneOfSeries);
    assert_eq!(calendar("refresh").answers[0].act, Act::Refresh);
    let counter = calendar("counter").answers.remove(0);
    let Act::Counter { starts_at: Some(starts_at), .. } = counter.act else { panic!("{counter:?}") };
    assert_eq!(
        (starts_at.to_rfc3339().as_str(), counter.comment.as_str()),
        ("2026-10-13T17:00:00+00:00", "Tuesday would be easier")
    );
    assert_eq!(read("request_of_somebody_else"), Received::Junk(Why::Unrelated), "nobody invites us");
}

#[test]
fn a_persons_answer_says_what_it_is_about() {
    let Received::Personal(personal) = read("personal_check_in") else { panic!() };
    assert_eq!(personal.about, [MESSAGE_ID, "<older@group.example>"]);
    assert_eq!(personal.text, "We talked for an hour. It was hard, and it was good.\n\nAna");
    assert_eq!(read("spam"), Received::Junk(Why::Unrelated));
}

#[test]
fn r6_no_calendar_answers_from_the_future() {
    let text = String::from_utf8(written("reply_without_sequence")).unwrap();
    let stamp = stamp().format("%Y%m%dT%H%M%SZ").to_string();
    for other in ["20990101T000000Z", "99999999T999999Z", "yesterday"] {
        let Received::Calendar(calendar) = receive(text.replace(&stamp, other).as_bytes(), now()) else { panic!() };
        assert_eq!(calendar.answers[0].at, None, "{other}");
    }
}

#[test]
fn r10_what_is_too_much_is_refused_unread() {
    let of = |bytes: &[u8]| match receive(bytes, now()) {
        Received::Junk(Why::TooMuch(too_much)) => Some(too_much),
        _ => None,
    };
    let mut large = written("reply_gmail_accepted");
    large.resize(OCTETS + 1, b' ');
    assert_eq!(of(&large), Some(TooMuch::Octets));

    let mut parts = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n".to_vec();
    (0..60).for_each(|_| parts.extend_from_slice(b"--b\r\n\r\nx\r\n"));
    assert_eq!(of(&parts), Some(TooMuch::Parts));

    let deep = b"Content-Type: message/rfc822\r\n\r\n".repeat(20_000);
    assert_eq!(of(&deep), Some(TooMuch::Depth));
    let nested: String =
        (0..20).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n")).collect();
    assert_eq!(of(nested.as_bytes()), Some(TooMuch::Depth));
    assert_eq!(of(&b"a: b\r\n".repeat(100_000)), Some(TooMuch::Head));

    let many = "X-A:b\r\n".repeat(300);
    let text = String::from_utf8(written("reply_without_sequence")).unwrap().replace("UID:", &format!("{many}UID:"));
    assert_eq!(receive(text.as_bytes(), now()), Received::Junk(Why::Calendar(Unreadable::Shape)));
}

fn any_mail() -> impl Strategy<Value = Vec<u8>> {
    prop::sample::select(MAILS).prop_map(|(name, _)| written(name))
}

/// Octets that mean something to one of the readers.
const TELLING: &[&[u8]] = &[
    b"\r\n",
    b"\n",
    b"\r",
    b"--b1",
    b"--",
    b":",
    b";",
    b"=",
    b"\"",
    b"<",
    b">",
    b"\0",
    b"\xff\xfe",
    b" ",
    b"BEGIN:VEVENT\r\n",
    b"END:VCALENDAR\r\n",
    b"Content-Type: multipart/mixed; boundary=b1\r\n\r\n",
    b"Content-Type: message/rfc822\r\n\r\n",
    b"Content-Transfer-Encoding: base64\r\n\r\n",
    b"charset=\"utf-16\"",
    b"charset=iso-2022-jp",
    b"=?utf-8?B?",
    "\u{e4}\u{1f331}".as_bytes(),
];

fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => prop::sample::select(TELLING).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn nothing_that_came_by_mail_can_break_it(
        mut mail in any_mail(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0usize..200, piece()), 0..12),
    ) {
        for (at, length, piece) in changes {
            let from = at.index(mail.len() + 1);
            let to = (from + length).min(mail.len());
            // A small cut, or none: most of the shape stays.
            mail.splice(from..if length % 3 == 0 { to } else { from }, piece);
        }
        let begun = Instant::now();
        let received = receive(&mail, now());
        prop_assert!(begun.elapsed() < Duration::from_secs(2));
        if let Received::Calendar(calendar) = received {
            prop_assert!(calendar.answers.iter().all(|answer| answer.at.unwrap_or(now()) <= now() + TimeDelta::hours(1)));
        }
    }

    #[test]
    fn noise_is_nothing_to_us(noise in prop::collection::vec(any::<u8>(), 0..2_000)) {
        prop_assert!(!matches!(receive(&noise, now()), Received::Bounce(_) | Received::Complaint(_)));
    }
}

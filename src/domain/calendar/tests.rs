//! Do calendar objects say what they should, and nothing else?

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::{
    BadCalendar, Entry, EntryState, Party, cancel, feed,
    lines::{many_lines, one_line},
    reader::{Answer, ReadEvent, ReadMethod, Unreadable, read},
    request,
};
use crate::domain::email_address::EmailAddress;

const REQUEST: &str = "BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//Calendar//EN\r
METHOD:REQUEST\r
BEGIN:VEVENT\r
CLASS:PRIVATE\r
DESCRIPTION:Bring a pen\\, please.\\nhttps://example.org/j/abc\r
DTEND:20261103T190000Z\r
DTSTAMP:20261001T080000Z\r
DTSTART:20261103T173000Z\r
LAST-MODIFIED:20261001T080000Z\r
LOCATION:https://example.org/j/abc\r
ORGANIZER;CN=\"Willow Practice\":mailto:hello@example.org\r
SEQUENCE:2\r
STATUS:CONFIRMED\r
SUMMARY:Group session\r
TRANSP:OPAQUE\r
UID:0a1b2c@example.org\r
URL:https://example.org/j/abc\r
ATTENDEE;CN=\"Ann\";CUTYPE=INDIVIDUAL;PARTSTAT=NEEDS-ACTION;ROLE=REQ-PARTICIP\r
 ANT;RSVP=TRUE:mailto:ann@example.com\r
END:VEVENT\r
END:VCALENDAR\r
";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn entry() -> Entry {
    Entry {
        uid: "0a1b2c@example.org".into(),
        sequence: 2,
        stamp: at("2026-10-01T08:00:00Z"),
        starts_at: at("2026-11-03T17:30:00Z"),
        ends_at: at("2026-11-03T19:00:00Z"),
        title: "Group session".into(),
        description: "Bring a pen, please.".into(),
        link: "https://example.org/j/abc".into(),
        state: EntryState::Confirmed,
    }
}

fn party(name: &str, address: &str) -> Party {
    Party { name: name.into(), address: EmailAddress::parse(address).unwrap() }
}

fn organizer() -> Party {
    party("Willow Practice", "hello@example.org")
}

fn ann() -> Party {
    party("Ann", "ann@example.com")
}

fn names(text: &str) -> Vec<String> {
    let unfolded = icalendar::parser::unfold(text);
    unfolded.lines().map(|line| line.split([':', ';']).next().unwrap().to_owned()).collect()
}

fn only(text: &str) -> ReadEvent {
    let [event] = <[ReadEvent; 1]>::try_from(read(text).unwrap()).unwrap();
    event
}

#[test]
fn an_invite_is_exactly_this() {
    assert_eq!(request(&entry(), &organizer(), &ann()).unwrap(), REQUEST);
}

#[test]
fn a_retry_is_byte_identical() {
    assert_eq!(request(&entry(), &organizer(), &ann()), request(&entry(), &organizer(), &ann()));
    assert_eq!(feed("Sessions", &organizer(), &[entry()]), feed("Sessions", &organizer(), &[entry()]));
}

#[test]
fn an_invite_reads_back() {
    let event = only(&request(&entry(), &organizer(), &ann()).unwrap());
    assert_eq!(event.method, Some(ReadMethod::Request));
    assert_eq!((event.uid.as_str(), event.sequence), ("0a1b2c@example.org", 2));
    assert_eq!(event.stamp, Some(entry().stamp));
    assert_eq!((event.starts_at, event.ends_at), (Some(entry().starts_at), Some(entry().ends_at)));
    assert_eq!(event.description, "Bring a pen, please.\nhttps://example.org/j/abc");
    assert_eq!(event.organizer, Some(organizer().address));
    assert_eq!(event.attendees.len(), 1);
    assert_eq!(event.attendees[0].address, Some(ann().address));
    assert_eq!(event.attendees[0].answer, Answer::NeedsAction);
}

#[test]
fn a_cancellation_keeps_id_organizer_attendee_and_times() {
    let invite = only(&request(&entry(), &organizer(), &ann()).unwrap());
    let text = cancel(&Entry { sequence: 3, ..entry() }, &organizer(), &ann()).unwrap();
    assert!(text.contains("METHOD:CANCEL\r\n") && text.contains("STATUS:CANCELLED\r\n"));
    assert!(!text.contains("PARTSTAT") && !text.contains("RSVP"));
    let event = only(&text);
    assert_eq!((event.method, event.sequence), (Some(ReadMethod::Cancel), 3));
    assert_eq!((event.uid, event.organizer), (invite.uid, invite.organizer));
    assert_eq!((event.starts_at, event.ends_at), (invite.starts_at, invite.ends_at));
    assert_eq!(event.attendees[0].address, invite.attendees[0].address);
}

#[test]
fn a_feed_names_no_attendee_and_keeps_canceled_sessions() {
    let gone = Entry { uid: "gone@example.org".into(), state: EntryState::Canceled, ..entry() };
    let text = feed("Ann; sessions, all", &organizer(), &[entry(), gone]).unwrap();
    for line in [
        "METHOD:PUBLISH\r\n",
        "NAME:Ann\\; sessions\\, all\r\n",
        "X-WR-CALNAME:Ann\\; sessions\\, all\r\n",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n",
        "X-PUBLISHED-TTL:PT1H\r\n",
        "X-WR-TIMEZONE:UTC\r\n",
        "STATUS:CANCELLED\r\n",
    ] {
        assert!(text.contains(line), "{line} is missing from {text}");
    }
    assert!(!text.contains("ATTENDEE") && !text.contains("SOURCE"));
    let events = read(&text).unwrap();
    assert_eq!(events[0].uid, "0a1b2c@example.org");
    assert_eq!(events[1].status.as_deref(), Some("CANCELLED"));
}

#[test]
fn an_empty_feed_is_a_calendar() {
    assert_eq!(read(&feed("Sessions", &organizer(), &[]).unwrap()), Ok(vec![]));
}

#[test]
fn refuses_what_calendars_misread() {
    let same = party("Ann", "HELLO@example.org");
    assert_eq!(request(&entry(), &organizer(), &same), Err(BadCalendar::OwnInvite));
    assert_eq!(feed("Sessions", &organizer(), &[entry(), entry()]), Err(BadCalendar::SameUid));
    assert_eq!(feed("\r\n", &organizer(), &[]), Err(BadCalendar::CalendarName));
    let starts_at = entry().starts_at;
    let cases = [
        (Entry { state: EntryState::Canceled, ..entry() }, BadCalendar::Canceled),
        (Entry { ends_at: starts_at, ..entry() }, BadCalendar::Ends),
        (Entry { ends_at: starts_at + TimeDelta::milliseconds(900), ..entry() }, BadCalendar::Ends),
        (Entry { ends_at: at("2026-11-03T17:00:00Z"), ..entry() }, BadCalendar::Ends),
        (Entry { stamp: at("1969-12-31T23:59:59Z"), ..entry() }, BadCalendar::Year),
        (Entry { title: " \u{2028} ".into(), ..entry() }, BadCalendar::Title),
        (Entry { uid: "a@b\r\nATTENDEE:x".into(), ..entry() }, BadCalendar::Uid),
        (Entry { uid: "nothing".into(), ..entry() }, BadCalendar::Uid),
        (Entry { uid: format!("{}@x", "a".repeat(254)), ..entry() }, BadCalendar::Uid),
        (Entry { link: "https://example.org/\r\nATTENDEE:mailto:x@y.zz".into(), ..entry() }, BadCalendar::Link),
        (Entry { link: "javascript:alert(1)".into(), ..entry() }, BadCalendar::Link),
        (Entry { link: "https://".into(), ..entry() }, BadCalendar::Link),
    ];
    for (entry, why) in cases {
        assert_eq!(request(&entry, &organizer(), &ann()), Err(why), "{entry:?}");
    }
}

#[test]
fn a_name_of_nothing_shows_the_address() {
    let text = request(&entry(), &organizer(), &party("\"\"", "ann@example.com")).unwrap();
    assert!(text.contains("ATTENDEE;CN=\"ann@example.com\";"), "{text}");
}

#[test]
fn ten_thousand_characters_fold() {
    let title = "é;\"漢 🌱".repeat(1_700);
    let text =
        request(&Entry { title: title.clone(), ..entry() }, &organizer(), &party(&title, "a@b.example")).unwrap();
    assert!(text.lines().all(|line| line.len() <= 75));
    assert_eq!(only(&text).summary, one_line(&title));
}

#[test]
fn reads_replies_of_other_clients() {
    let reply = "BEGIN:VCALENDAR\nMETHOD:reply\nBEGIN:VEVENT\nUID:0a1b2c@example.org\nDTSTAMP:20261002T080000Z\n\
        ATTENDEE;PARTSTAT=DECLINED;CN=\"Ann: x\":MAILTO:other@example.com\nCOMMENT:Sorry\\, away\nEND:VEVENT\nEND:VCALENDAR";
    let event = only(reply);
    assert_eq!(event.method, Some(ReadMethod::Reply));
    assert_eq!((event.sequence, event.organizer), (0, None));
    assert_eq!(event.attendees[0].answer, Answer::Declined);
    assert_eq!(event.attendees[0].name, "Ann: x");
    assert_eq!(event.comment.as_deref(), Some("Sorry, away"));
    // A lone CRLF in a file of LFs must not swallow lines.
    assert_eq!(only(&reply.replacen("reply\n", "reply\r\n", 1)), only(reply));
}

#[test]
fn refuses_what_would_hurt_the_parser() {
    let deep = format!("{}{}", "BEGIN:X\n".repeat(300), "END:X\n".repeat(300));
    assert_eq!(read(&deep), Err(Unreadable::Shape));
    let deeper = format!("{}{}", "BEGIN:X\n".repeat(17), "END:X\n".repeat(17));
    assert_eq!(read(&deeper), Err(Unreadable::Shape));
    let crooked = format!("{}{}", "BEGIN:X\nEND:Y\n".repeat(300), "END:X\n".repeat(300));
    assert_eq!(read(&crooked), Err(Unreadable::Syntax));
    assert_eq!(read(&"x".repeat(2 << 20)), Err(Unreadable::Size));
    let wide = format!("BEGIN:VCALENDAR\n{}END:VCALENDAR", "A:b\n".repeat(201));
    assert_eq!(read(&wide), Err(Unreadable::Shape));
    for junk in ["", "BEGIN:", "BEGIN:VCALENDAR", "END:VCALENDAR", "hello", "BEGIN:VEVENT\nEND:VEVENT"] {
        assert_eq!(read(junk), Err(Unreadable::Syntax), "{junk}");
    }
    let deepest = format!("{}{}", "BEGIN:X\nA:b\n".repeat(16), "END:X\n".repeat(16));
    assert_eq!(read(&deepest), Err(Unreadable::Syntax));
}

/// Any text, rich in what breaks lines and quotes.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        "[ -~]{0,40}",
        prop::sample::select(vec![
            "\r\n",
            "\n",
            "\r",
            "\r\n ",
            "\"",
            ";",
            ",",
            ":",
            "\\",
            "\\n",
            "^n",
            "\u{2028}",
            "\u{85}",
            "\u{feff}",
            " ",
            "\t",
            "\0",
            "🌱",
            "é",
            "END:VEVENT",
            "\r\nATTENDEE:mailto:eve@example.net\r\n",
            "BEGIN:VALARM",
        ])
        .prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_breaks_out(title in hostile(), name in hostile(), description in hostile()) {
        let entry = Entry { title: format!("T{title}"), description: description.clone(), ..entry() };
        let (from, to) = (party(&name, "hello@example.org"), party(&name, "ann@example.com"));
        let text = request(&entry, &from, &to).unwrap();
        prop_assert!(text.split("\r\n").all(|line| line.len() <= 75 && !line.contains(['\r', '\n'])));
        prop_assert_eq!(names(&text), names(REQUEST));
        let event = only(&text);
        prop_assert_eq!(event.summary, one_line(&entry.title));
        prop_assert!(event.description.starts_with(&many_lines(&description)));
        let feed = feed(&entry.title, &from, std::slice::from_ref(&entry)).unwrap();
        prop_assert_eq!(names(&feed).iter().filter(|name| *name == "ATTENDEE").count(), 0);
    }

    #[test]
    fn no_input_hurts_the_reader(text in hostile()) {
        let _ = read(&text);
        let _ = read(&format!("BEGIN:VCALENDAR\r\n{text}\r\nEND:VCALENDAR"));
    }
}

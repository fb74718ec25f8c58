//! Do the bytes keep the law of mail? (H1–H13, A/U1, C1–C5)

use mail_parser::{MessageParser, MimeHeaders};

use super::*;

const CALENDAR: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n";

struct Desk {
    name: Name,
    from: EmailAddress,
    to: EmailAddress,
}

impl Desk {
    fn new() -> Self {
        Self {
            name: Name::parse("N. Brandt").unwrap(),
            from: "hello@nadiabrandt.example".parse().unwrap(),
            to: "sam@example.org".parse().unwrap(),
        }
    }

    fn outgoing(&self) -> Outgoing<'_> {
        Outgoing {
            from: Sender { name: &self.name, address: &self.from },
            to: &self.to,
            reply_to: Some(&self.from),
            date: DateTime::from_timestamp(1_803_983_640, 0).unwrap(),
            message_id: "<k7f3q2@mail.example.org>",
            references: None,
            category: Category::Service,
            list: None,
            subject: "Your place is confirmed",
            text: "Hello\n.\nbye\n",
            html: "<!doctype html>\n<p>Hello</p>\n",
            calendar: None,
        }
    }
}

fn text_of(outgoing: &Outgoing) -> String {
    String::from_utf8(build(outgoing).unwrap()).unwrap()
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let desk = Desk::new();
    assert_eq!(build(&desk.outgoing()), build(&desk.outgoing()));
    insta::assert_snapshot!(text_of(&desk.outgoing()).replace("\r\n", "\n"));
}

#[test]
fn lesson_mail_carries_the_list_headers_and_no_other_does() {
    let desk = Desk::new();
    let list = ListHeaders {
        unsubscribe_url: &format!("https://trellis.example/u/{}", "x".repeat(300)),
        list_id: "k7f3.lists.example.org",
        feedback_id: "lesson:k7f3:trellis",
    };
    let lesson = Outgoing { category: Category::Lesson, list: Some(list), ..desk.outgoing() };
    let message = text_of(&lesson);
    assert!(message.contains(&format!("\r\nList-Unsubscribe: <{}>\r\n", list.unsubscribe_url)), "{message}");
    assert!(message.contains("\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
    assert!(message.contains("\r\nList-Id: <k7f3.lists.example.org>\r\n"));
    assert!(message.contains("\r\nPrecedence: bulk\r\n"));
    assert!(!text_of(&desk.outgoing()).contains("List-") && !text_of(&desk.outgoing()).contains("Precedence"));
    assert_eq!(build(&Outgoing { category: Category::Lesson, ..desk.outgoing() }), Err(BadMessage::List));
    assert_eq!(build(&Outgoing { list: Some(list), ..desk.outgoing() }), Err(BadMessage::List));
}

#[test]
fn an_invite_has_the_shape_that_clients_read() {
    let desk = Desk::new();
    for (calendar, encoding) in [(CALENDAR.to_owned(), "7bit"), (CALENDAR.replace("2.0", "2.0\r\nX:é"), "base64")] {
        let bytes = build(&Outgoing { calendar: Some((Method::Request, &calendar)), ..desk.outgoing() }).unwrap();
        let raw = String::from_utf8(bytes.clone()).unwrap();
        assert!(raw.contains("Content-Type: text/calendar; charset=utf-8; method=REQUEST\r\n"), "{raw}");
        assert!(raw.contains(&format!("Content-Transfer-Encoding: {encoding}\r\n")));
        assert!(!raw.contains("Reply-To"), "answers go to the organizer");
        let message = MessageParser::default().parse(&bytes).unwrap();
        let root = message
            .parts
            .iter()
            .map(|part| part.content_type().map(|t| t.ctype().to_owned() + "/" + t.subtype().unwrap_or_default()));
        let shape: Vec<_> = root.map(Option::unwrap).collect();
        assert_eq!(
            shape,
            ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar", "application/ics"]
        );
        assert_eq!(message.parts[4].contents(), calendar.as_bytes(), "END:VCALENDAR keeps its CRLF");
        assert_eq!(message.parts[5].contents(), calendar.as_bytes());
        assert!(message.parts[4].content_disposition().is_none());
    }
}

#[test]
fn headers_are_seven_bit_short_and_cannot_be_forged() {
    let mut desk = Desk::new();
    desk.name = Name::parse("Zoë \"Z\" 🌱 وردة, Ph.D. <x@y> ; a very long name that goes on and on").unwrap();
    let subject = "Über „Grief & anger“ 🌱 ".repeat(12);
    let message =
        text_of(&Outgoing { subject: &subject, references: Some("<a@b.example> <c@d.example>"), ..desk.outgoing() });
    let head = message.split_once("\r\n\r\n").unwrap().0;
    assert!(head.is_ascii());
    assert!(head.split("\r\n").all(|line| line.len() <= 78), "{head}");
    assert!(head.contains("\r\nIn-Reply-To: <c@d.example>"));
    for name in ["Date", "From", "Message-ID", "Subject", "To", "MIME-Version", "Content-Type", "Auto-Submitted"] {
        assert_eq!(
            head.split("\r\n").filter(|line| line.starts_with(&format!("{name}: "))).count(),
            1,
            "{name}: {head}"
        );
    }
    let parsed = MessageParser::default().parse(message.as_bytes()).unwrap();
    assert_eq!(parsed.subject(), Some(subject.trim_end()));
    assert_eq!(parsed.from().unwrap().first().unwrap().name(), Some(desk.name.expose()));

    for forged in ["Hi\r\nBcc: x@y.example", "Hi\n", "Hi\u{2028}x", "\0", " "] {
        assert_eq!(build(&Outgoing { subject: forged, ..desk.outgoing() }), Err(BadMessage::Header("Subject")));
    }
    for forged in ["", "a@b", "<a b@c>", "<a@b>\r\nX: y", "<a@bé>"] {
        assert_eq!(build(&Outgoing { message_id: forged, ..desk.outgoing() }), Err(BadMessage::Header("Message-ID")));
    }
}

#[test]
fn bodies_are_encoded_so_that_no_octet_can_end_the_message() {
    let desk = Desk::new();
    for text in [
        "a\r.\rb\n.\nc\r\n.\r\nd\0e",
        &"x".repeat(5_000),
        "وردة وردة وردة",
        "é".repeat(900).as_str(),
        "space \n tab\t\n",
    ] {
        let bytes = build(&Outgoing { text, html: text, ..desk.outgoing() }).unwrap();
        assert!(bytes.is_ascii());
        let message = String::from_utf8(bytes.clone()).unwrap();
        assert!(message.split("\r\n").all(|line| line.len() <= 78 && !line.contains(['\r', '\n'])), "{text:.20}");
        let parsed = MessageParser::default().parse(&bytes).unwrap();
        let read = parsed.body_text(0).unwrap().replace("\r\n", "\n");
        assert_eq!(read.trim_end_matches('\n'), text.replace("\r\n", "\n").trim_end_matches('\n'));
    }
}

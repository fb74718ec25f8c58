//! Every letter, with every sample reader, as others read it.

use chrono::TimeDelta;
use trellis::{
    domain::{
        calendar::{Entry, EntryState, Party, cancel, request},
        email_address::EmailAddress,
        name::Name,
    },
    mail::{
        dkim::Signer,
        letters,
        message::{ListHeaders, Method, Outgoing, Sender, build},
        templates::Templates,
    },
};

use super::{ED25519_KEY, RSA_KEY, even, told};
use crate::world::utc;

/// Every letter there is, with every sample reader: long names, names that attack, and from right to left.
#[test]
fn every_letter_is_read_alike_and_signed() {
    let templates = Templates::new().unwrap();
    let signer = Signer::new("group.example").with_key("r1", RSA_KEY).unwrap().with_key("e1", ED25519_KEY).unwrap();
    let at = utc("2026-10-05 09:00");
    let samples = letters::gallery(&templates).unwrap();
    let mut bytes = Vec::new();
    for (number, sample) in samples.iter().enumerate() {
        let name = Name::parse(&sample.frame.sender_name).unwrap();
        let (from, to) =
            (EmailAddress::parse("hello@group.example").unwrap(), EmailAddress::parse("sam@example.org").unwrap());
        let answers = EmailAddress::parse("nadia@group.example").unwrap();
        let message_id = format!("<{number}@group.example>");
        let list = sample.category.subscribed().then_some(ListHeaders {
            unsubscribe_url: "https://trellis.example/u/9f2c",
            list_id: "k7f3.lists.group.example",
            feedback_id: "k7f3:p1:trellis0",
        });
        let calendar = calendar_of(sample.folder, at);
        let outgoing = Outgoing {
            from: Sender { name: &name, address: &from },
            to: &to,
            reply_to: Some(&answers),
            date: at,
            message_id: &message_id,
            references: Some("<first@group.example>"),
            category: sample.category,
            list,
            subject: &sample.written.subject,
            text: &sample.written.text,
            html: &sample.written.html,
            calendar: calendar.as_ref().map(|(method, text)| (*method, text.as_str())),
        };
        bytes.push(signer.sign(&build(&outgoing).unwrap(), at).unwrap());
    }
    let all = told(&bytes);
    assert_eq!(all.len(), samples.len());
    for (sample, told) in samples.iter().zip(&all) {
        let which = sample.to_string();
        assert_eq!(told.defects, Vec::<String>::new(), "{which}");
        assert_eq!(told.subject, sample.written.subject, "{which}");
        assert_eq!(told.from_name, sample.frame.sender_name, "{which}");
        assert_eq!(even(&told.text), even(&sample.written.text), "{which}");
        assert_eq!(even(&told.html), even(&sample.written.html), "{which}");
        assert_eq!(told.signatures, [true, true], "{which}");
        let method = calendar_of(sample.folder, at).map(|(method, _)| method.as_str().to_owned());
        assert_eq!(told.calendar.as_ref().map(|calendar| calendar.method.clone()), method, "{which}");
        assert!(told.calendar.as_ref().is_none_or(|calendar| calendar.errors.is_empty()), "{which}");
    }
    let folders = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/email-templates")).unwrap();
    for folder in folders.map(Result::unwrap).filter(|entry| entry.path().is_dir()) {
        let name = folder.file_name().into_string().unwrap();
        assert!(samples.iter().any(|sample| sample.folder == name), "nobody has read {name}");
    }
}

/// What a calendar's letter carries.
fn calendar_of(folder: &str, at: chrono::DateTime<chrono::Utc>) -> Option<(Method, String)> {
    let party = |name: &str, address: &str| Party { name: name.to_owned(), address: address.parse().unwrap() };
    let (organizer, attendee) = (party("N. Brandt", "hello@group.example"), party("Sam", "sam@example.org"));
    let entry = Entry {
        uid: "k7f3@group.example".to_owned(),
        sequence: 1,
        stamp: at,
        starts_at: at + TimeDelta::days(7),
        ends_at: at + TimeDelta::days(7) + TimeDelta::minutes(75),
        title: "Group session".to_owned(),
        description: "The link opens ten minutes early.".to_owned(),
        link: "https://trellis.example/j/9f2c".to_owned(),
        state: EntryState::Confirmed,
    };
    match folder {
        "invite" | "invite_update" => Some((Method::Request, request(&entry, &organizer, &attendee).unwrap())),
        "invite_cancel" => Some((Method::Cancel, cancel(&entry, &organizer, &attendee).unwrap())),
        _ => None,
    }
}

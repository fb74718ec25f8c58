//! Is what was written once for many the same as what is written for one?

use chrono::{DateTime, Utc};
use proptest::prelude::*;

use super::*;
use crate::{
    domain::{category::Category, email_address::EmailAddress, name::Name},
    mail::{
        message::{ListHeaders, Sender},
        plain_text,
    },
};

const LINK_TO_STOP: &str = "https://groups.example/u/v1.AAAAbbbbCCCCdddd.0123456789abcdef_-";

/// A mail to somebody of this name, whose words stand where `{name}` and `{link}` are.
fn mail(name: &str, link: &str, (text, html): (&str, &str)) -> (String, String) {
    let escaped = markdown::escaped(&Slot::Text(name.to_owned()));
    let text = plain_text::wrap(&text.replace("{name}", name).replace("{link}", link));
    (text, html.replace("{name}", &escaped).replace("{link}", link))
}

fn outgoing<R>((text, html): (&str, &str), made: impl FnOnce(&Outgoing) -> R) -> R {
    let sender: EmailAddress = "nadia@groups.example".parse().unwrap();
    let to: EmailAddress = "ada@example.org".parse().unwrap();
    let name = Name::parse("N. Brandt").unwrap();
    let list =
        ListHeaders { unsubscribe_url: LINK_TO_STOP, list_id: "k7.lists.groups.example", feedback_id: "a:b:trellis0" };
    made(&Outgoing {
        from: Sender { name: &name, address: &sender },
        to: &to,
        reply_to: None,
        date: "2026-10-05T05:00:00Z".parse::<DateTime<Utc>>().unwrap(),
        message_id: "<abcdefgh@groups.example>",
        references: Some("<welcome1@groups.example>"),
        category: Category::Lesson,
        list: Some(list),
        subject: "Week 3",
        text,
        html,
        calendar: None,
    })
}

fn alone(name: &str, texts: (&str, &str)) -> Vec<u8> {
    let (text, html) = mail(name, LINK_TO_STOP, texts);
    outgoing((&text, &html), |outgoing| message::build(outgoing).unwrap())
}

/// Cut for whoever it may be, filled for one.
fn cut_and_filled(name: &str, texts: (&str, &str)) -> Option<Vec<u8>> {
    let person = Person { name, link: LINK_TO_STOP };
    let (name_marks, link_marks) = person.marks();
    let (text, html) = mail(&name_marks, &link_marks, texts);
    let master = outgoing((&text, &html), |outgoing| Master::cut(outgoing, &person).unwrap())?;
    let fills = outgoing(("", ""), |outgoing| master.fills(outgoing, &person).unwrap());
    let (stencil, fills) = (master.stencil.to_json(), fills.to_json());
    Some(Stencil::parse(&stencil).unwrap().fill(&Fills::parse(&fills).unwrap()).unwrap())
}

const TEXT: &str = "WEEK 3\n\nDear {name}, this is the third of the letters that come on Mondays, and it is about {name}.\n\n\
     > {name}: a word  \n\nStop these emails: {link}\n.dot\nend =\n";
const HTML: &str = "<p>Dear {name}, ü = <b>{name}</b></p>\n<p>nothing here, but a line that is much longer than seventy-six characters are, and tabs\t</p>\n\
     <a href=\"{link}\">Stop</a> {name} {name}\n";

const NAMES: [&str; 8] = [
    "Eve",
    "Lucy Lou",
    "Bob \"Bell\"es & Jo",
    "ي",
    "🌱",
    "- Ada",
    "1. Ada *",
    "Bartholomew Wolfeschlegelsteinhausenbergerdorff Bartholomew Wolfeschlegelsteinhausenbergerdorff",
];

#[test]
fn filled_it_is_the_same_to_the_byte() {
    for name in NAMES {
        let filled = cut_and_filled(name, (TEXT, HTML)).unwrap();
        let (filled, alone) =
            (String::from_utf8(filled).unwrap(), String::from_utf8(alone(name, (TEXT, HTML))).unwrap());
        assert_eq!(filled, alone, "{name}");
    }
}

#[test]
fn a_name_that_could_be_a_link_is_not_ordinary() {
    for (name, is_ordinary) in [
        ("Ada", true),
        ("J. R.", true),
        ("- Ada", true),
        ("https://ada.example", false),
        ("ada@example.org", false),
        ("Ada:", false),
        ("\u{F0200}", false),
    ] {
        assert_eq!(Person { name, link: LINK_TO_STOP }.is_ordinary(), is_ordinary, "{name}");
    }
}

#[test]
fn what_cannot_be_told_apart_is_written_alone() {
    for text in ["{link}{link}\n", "\u{F0201} {name}\n"] {
        assert_eq!(cut_and_filled("Eve", (text, HTML)), None, "{text}");
    }
    let foreign = "Привет, {name}, это третье письмо\n";
    assert_eq!(cut_and_filled("Eve", (foreign, HTML)), None);
}

/// The text of a lesson, by the rules of Markdown, in the text part of a mail.
fn lesson(name: &str, source: &str) -> Option<String> {
    let slots = vec![Slot::Text(name.to_owned())];
    let text = markdown::plain(&source.replace("{name}", &markdown::slot(0).to_string()), &slots).ok()?;
    Some(plain_text::wrap(&format!("WEEK 3\n\n{text}\n\nStop these emails\n")))
}

/// Written for a mark and filled for one, and written for the one alone. `None`: it cannot be written for many.
fn both_ways(name: &str, source: &str) -> Option<(String, String)> {
    let person = Person { name, link: LINK_TO_STOP };
    let (marked, own) = (lesson(&markdown::NAME.to_string(), source)?, lesson(name, source)?);
    if parts::is_foreign(&own) {
        return None;
    }
    let master = outgoing((&marked, "<p>-</p>"), |outgoing| Master::cut(outgoing, &person).unwrap())?;
    let fills = outgoing(("", ""), |outgoing| master.fills(outgoing, &person).unwrap());
    let filled = String::from_utf8(master.stencil.fill(&fills).unwrap()).unwrap();
    let alone = outgoing((&own, "<p>-</p>"), |outgoing| message::build(outgoing).unwrap());
    Some((filled, String::from_utf8(alone).unwrap()))
}

#[test]
fn a_lesson_is_broken_into_the_same_lines_for_every_name() {
    let long = "a word and another ".repeat(9);
    let source = format!(
        "# For {{name}}\n\nDear {{name}}, {long}\n{{name}}.\n\n* {{name}}: {long}{{name}}\n    > {long}{{name}}, {long}\n\n\
         12. {long}{{name}}\n\n> > {{name}}, {long}\n\n```\n{{name}}\n```\n\n::: exercise For {{name}}\n{long}{{name}}\n:::\n"
    );
    for name in NAMES {
        let (filled, alone) = both_ways(name, &source).unwrap();
        assert_eq!(filled, alone, "{name}");
    }
}

proptest! {
    /// Whatever the words are: the same, or written alone.
    #[test]
    fn nothing_is_put_where_it_was_not(
        name in "[A-Za-zà-ö&<>\"'.=-]{1,20}( [a-zé]{1,12}){0,2}",
        text in "([a-z .=-]{0,30}|[a-z ]{60,90}|\\{name\\}|\\{link\\}|\n){1,24}",
        html in "([a-z .=<>/-]{0,60}|[a-z ]{60,90}|\\{name\\}|\\{link\\}|\n){1,24}",
    ) {
        prop_assume!(Person { name: &name, link: LINK_TO_STOP }.is_ordinary());
        let texts = (format!("a {text} z"), format!("a {html} z"));
        let texts = (texts.0.as_str(), texts.1.as_str());
        let (own_text, own_html) = mail(&name, LINK_TO_STOP, texts);
        // A short mail with many letters beyond ASCII would be base64 by itself.
        prop_assume!(!parts::is_foreign(&own_text) && !parts::is_foreign(&own_html));
        if let Some(filled) = cut_and_filled(&name, texts) {
            prop_assert_eq!(String::from_utf8(filled).unwrap(), String::from_utf8(alone(&name, texts)).unwrap());
        }
    }

    /// Whatever Markdown makes of it.
    #[test]
    fn a_lesson_is_broken_alike(
        name in "[A-Za-zà-ö&<>\"'.=-]{1,20}( [a-zé]{1,12}){0,2}",
        source in "(# |> |\\* |1\\. |    |\n|\n\n|\\*\\*|_|`|[a-z .=-]{1,30}|[a-z ]{60,90}|\\{name\\}){1,24}",
    ) {
        prop_assume!(Person { name: &name, link: LINK_TO_STOP }.is_ordinary());
        if let Some((filled, alone)) = both_ways(&name, &source) {
            prop_assert_eq!(filled, alone);
        }
    }
}

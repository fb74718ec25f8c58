//! Does a lesson hold what it may, and read well for everyone?

use proptest::prelude::*;

use super::{
    Finding, Lesson, LessonFacts, check, check_text, file,
    prepared::Prepared,
    render,
    template::{Fault, Template, Variable},
};
use crate::domain::discretion::ForbiddenWords;

const FILE: &str = "\
+++
week = 1
track = \"broke\"
title = \"Owning it whole\"
subject = \"Week 1: Owning it whole\"
discreet_subject = \"Weekly course, part 1\"
preview = \"A short read, and one page to write before we meet.\"
check_in = [
  \"Which sentence was \\\"hard\\\"?\",
  \"Where did you explain?\",
]
+++

Dear {{ name }},

we meet {{ session.when }}. [Check in]({{ links.check_in }}).
";

fn lesson() -> Lesson {
    file::read(FILE).unwrap()
}

fn with_body(body: &str) -> Lesson {
    Lesson { body: body.to_owned(), ..lesson() }
}

fn words() -> ForbiddenWords {
    ForbiddenWords::new(["affair"])
}

fn facts() -> LessonFacts {
    LessonFacts {
        name: "Sam".into(),
        coach: "Nadia".into(),
        week: 1,
        weeks: 6,
        session_when: "Thursday at 8 PM".into(),
        session_title: "Listening".into(),
        check_in_link: "https://example.org/c/1?a=1&b=2".into(),
        my_program_link: "http://localhost:3000/p/1".into(),
        crisis_line: "call 112".into(),
    }
}

/// Every finding of a body, as `line: beginning of the message`.
fn findings(body: &str) -> Vec<(usize, String)> {
    let found = check(&with_body(body), &words()).into_iter();
    found.inspect(|finding| assert_eq!(finding.field, "body")).map(|finding| (finding.line, finding.message)).collect()
}

fn only(body: &str) -> (usize, String) {
    let mut found = findings(body);
    assert_eq!(found.len(), 1, "{body}: {found:?}");
    found.remove(0)
}

#[test]
fn a_file_reads_and_is_written_the_same() {
    assert_eq!(check(&lesson(), &words()), []);
    assert_eq!(lesson().check_in[0], "Which sentence was \"hard\"?");
    assert_eq!(file::write(&lesson()), FILE);
    assert_eq!(file::name(&lesson()), "week-1.broke.md");
    assert_eq!(file::name(&Lesson { track: None, ..lesson() }), "week-1.md");
    let windows = FILE.replace('\n', "\r\n");
    assert_eq!(file::read(&windows), Ok(lesson()));
}

#[test]
fn a_file_that_is_none_is_refused_with_its_line() {
    let line = |source: &str| {
        let bad = file::read(source).unwrap_err();
        (bad.line, bad.field)
    };
    assert_eq!(line("Dear"), (1, "front matter"));
    assert_eq!(line("+++\nweek = 1\n"), (1, "front matter"));
    assert_eq!(line(&FILE.replace("week = 1\n", "week = one\n")), (2, "week"));
    assert_eq!(line(&FILE.replace("week = 1\n", "week = -1\n")), (2, "week"));
    assert_eq!(line(&FILE.replace("title =", "titel =")), (4, "front matter"));
    assert_eq!(line(&FILE.replace("preview = \"", "preview = ")), (7, "preview"));
    assert_eq!(line(&"x".repeat(70_000)), (1, "body"));
    let unknown = file::read(&FILE.replace("title =", "titel =")).unwrap_err();
    assert!(unknown.message.contains("titel") && unknown.message.contains("`title`"), "{unknown}");
}

#[test]
fn findings_point_into_the_file() {
    let source = FILE
        .replace("Where did", "Where an affair")
        .replace("\n\nwe", "\n\n{{ nmae }} we")
        .replace("subject = \"W", "subject = \"\tW");
    let read = file::read(&source).unwrap();
    let lines: Vec<(usize, &str)> =
        check(&read, &words()).iter().map(|finding| (file::line_of(&source, finding), finding.field)).collect();
    assert_eq!(lines, [(5, "subject"), (6, "discreet_subject"), (10, "check_in"), (16, "body")]);
}

#[test]
fn missing_fields_are_all_named_at_once() {
    let fields: Vec<&str> = check(&Lesson::default(), &words()).iter().map(|finding| finding.field).collect();
    assert_eq!(fields, ["week", "title", "subject", "discreet_subject", "preview", "body"]);
}

#[test]
fn lines_seen_outside_are_short_plain_and_neutral() {
    let found = |lesson: &Lesson| {
        let found = check(lesson, &words());
        found.into_iter().map(|Finding { line, field, .. }| (line, field)).collect::<Vec<_>>()
    };
    assert_eq!(found(&Lesson { title: "After affairs".into(), ..lesson() }), [(1, "title")]);
    assert_eq!(found(&Lesson { discreet_subject: "Affair, part 1".into(), ..lesson() }), [(1, "discreet_subject")]);
    assert_eq!(found(&Lesson { subject: "Week 1: affairs".into(), ..lesson() }), []);
    assert_eq!(found(&Lesson { subject: "x".repeat(121), ..lesson() }), [(1, "subject")]);
    assert_eq!(found(&Lesson { preview: "x".repeat(39), ..lesson() }), [(1, "preview")]);
    assert_eq!(found(&Lesson { preview: "é".repeat(90), ..lesson() }), []);
    assert_eq!(found(&Lesson { preview: "é".repeat(91), ..lesson() }), [(1, "preview")]);
    assert_eq!(found(&Lesson { title: "a\r\nBcc: x".into(), ..lesson() }), [(1, "title")]);
    assert_eq!(found(&Lesson { subject: "Dear {{ name }}".into(), ..lesson() }), [(1, "subject")]);
    assert_eq!(found(&Lesson { track: Some("../x".into()), ..lesson() }), [(1, "track")]);
    assert_eq!(found(&Lesson { check_in: vec!["a".into(), " ".into()], ..lesson() }), [(2, "check_in")]);
    assert_eq!(found(&Lesson { check_in: vec!["a".into(); 11], ..lesson() }), [(11, "check_in")]);
    assert_eq!(found(&with_body(&"a ".repeat(40_000))), [(1, "body")]);
}

#[test]
fn the_beginning_of_the_body_and_exercise_titles_are_neutral() {
    let far = "word ".repeat(41);
    assert_eq!(findings(&format!("{far}\n\nan affair")), []);
    assert_eq!(only(&format!("Hello\n\n{}\n\nan *aff*air", "word ".repeat(30))).0, 5);
    assert_eq!(only(&format!("{}affair", "word ".repeat(39))).0, 1);
    assert_eq!(only(&format!("{far}\n\n::: exercise The affair\nx\n:::")).0, 3);
    // A word in a branch that only some readers see counts too.
    assert_eq!(only("{% if session.when %}\nyes\n{% else %}\naffair\n{% endif %}").0, 4);
}

#[test]
fn h14_what_mail_programs_would_cut_off_is_refused() {
    let heavy = "- a\n".repeat(400);
    assert!(heavy.len() < 2_000, "short as it is typed");
    assert!(check_text(&heavy, "body")[0].message.contains("102 kB"));
    assert!(check_text(&"A quiet line of text. ".repeat(2_000), "body").is_empty(), "44 kB of plain text are not");
}

#[test]
fn a_wrong_variable_gets_its_line_and_the_nearest_name() {
    for (written, nearest) in [
        ("nmae", "name"),
        ("session.wen", "session.when"),
        ("links.checkin", "links.check_in"),
        ("crisis-line", "crisis_line"),
        ("Name", "name"),
    ] {
        let (line, message) = only(&format!("a\n\n{{{{ {written} }}}}"));
        assert_eq!(line, 3);
        assert!(message.contains(&format!("did you mean {{{{ {nearest} }}}}?")), "{message}");
    }
    let (_, message) = only("{{ participants }}");
    assert!(message.contains("the ones there are: name,"), "{message}");
    for variable in Variable::ALL {
        assert!(message.contains(variable.name()), "{message}");
    }
}

#[test]
fn nothing_but_variables_and_conditions_is_let_in() {
    for (body, line) in [
        ("{% autoescape false %}", 1),
        ("{% include 'x' %}", 1),
        ("{% import 'x' as y %}", 1),
        ("{% extends 'x' %}", 1),
        ("{% macro x() %}", 1),
        ("a\n{% set x = 1 %}", 2),
        ("{% call x() %}", 1),
        ("{% filter upper %}", 1),
        ("{% for x in name %}", 1),
        ("{% raw %}", 1),
        ("{% elif name %}", 1),
        ("{% if track == 'x' %}{% endif %}", 1),
        ("{% if not name %}{% endif %}", 1),
        ("a\n\n{{ name|safe }}", 3),
        ("{{ debug() }}", 1),
        ("{{ [1]*10000000 }}", 1),
        ("{{ name.__class__ }}", 1),
        ("{{ }}", 1),
        ("{{ 'x' }}", 1),
        ("a {{ name\n}}", 1),
        ("{# note #}", 1),
        ("a\n{% if name %}\nb", 2),
        ("{% endif %}", 1),
        ("{% else %}", 1),
        ("{% if name %}{% else %}{% else %}{% endif %}", 1),
        ("a \u{F0000}", 1),
        ("a \u{202E}b", 1),
        ("[x](https://evil.example/{{ name }})", 1),
        ("[x]({{ name }})", 1),
        ("a\n\n![x](https://example.org/y.png)", 3),
        ("<script>{{ name }}</script>", 1),
    ] {
        let found = findings(body);
        assert!(!found.is_empty(), "{body} was let in");
        assert_eq!(found[0].0, line, "{body}: {found:?}");
    }
}

#[test]
fn what_would_fail_for_some_readers_is_refused_for_all() {
    let found = findings("::: exercise A\nx\n{% if session.when %}\n:::\n{% endif %}\n");
    assert_eq!(found.len(), 1, "{found:?}");
    let many = "{% if name %}{% endif %}{% if week %}{% endif %}{% if weeks %}{% endif %}{% if coach %}{% endif %}{% if crisis_line %}{% endif %}";
    assert!(only(many).1.contains("at most four"));
}

#[test]
fn a_person_reads_their_own() {
    let body = "Dear {{ name }}, week {{week}} of {{ weeks }}.\n\n{% if session.when %}We meet {{ session.when }}.{% else %}No meeting.{% endif %}\n\n[Check in]({{ links.check_in }}), or {{ links.my_program }}\n\n{{ coach }}";
    let rendered = render(&with_body(body), &facts()).unwrap();
    assert_eq!(
        rendered.text,
        "Dear Sam, week 1 of 6.\n\nWe meet Thursday at 8 PM.\n\nCheck in: https://example.org/c/1?a=1&b=2, or http://localhost:3000/p/1\n\nNadia"
    );
    assert!(
        rendered
            .html
            .contains("<a href=\"https://example.org/c/1?a=1&amp;b=2\" rel=\"noopener noreferrer\">Check in</a>")
    );
    assert!(rendered.html.contains("<a href=\"http://localhost:3000/p/1\""));
    let none = render(&with_body(body), &LessonFacts { session_when: " ".into(), ..facts() }).unwrap();
    assert!(none.text.contains("\n\nNo meeting.\n\n"), "{}", none.text);
}

#[test]
fn a_link_that_is_none_is_not_sent() {
    let facts = LessonFacts { check_in_link: "javascript:alert(1)".into(), ..facts() };
    assert!(render(&lesson(), &facts).is_err());
}

#[test]
fn facts_print_nothing_private() {
    let printed = format!("{:?}", facts());
    assert!(!printed.contains("Sam") && !printed.contains("example"), "{printed}");
}

#[test]
fn conditions_keep_the_lines_in_place() {
    let template = Template::parse("a\n{% if name %}\nb\n{% else %}\nc\n{% endif %}\nd").unwrap();
    for has_value in [true, false] {
        let text = template.expand(|_| has_value);
        assert_eq!(text.matches('\n').count(), 6);
        assert_eq!(text.lines().nth(6), Some("d"));
    }
    let nested = "{% if name %}{% if week %}{% if coach %}{% endif %}{% endif %}{% endif %}";
    assert_eq!(Template::parse(nested).unwrap_err()[0].fault, Fault::TooDeep);
}

fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,40}",
        "[ -~\n\t\"\\\\']{0,40}",
        any::<String>().prop_map(|text| text.chars().take(60).collect())
    ]
}

prop_compose! {
    fn any_lesson()(
        week in any::<u16>(), track in proptest::option::of("[a-z0-9-]{1,8}"), title in field(), subject in field(),
        discreet_subject in field(), preview in field(), check_in in prop::collection::vec(field(), 0..4), body in field(),
    ) -> Lesson {
        let body = body.replace("\r\n", "\n");
        let body = body.trim().to_owned();
        Lesson { week, track, title, subject, discreet_subject, preview, check_in, body }
    }
}

fn hostile_body() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,6}",
        prop::sample::select(vec![
            "{{ name }}",
            "{{ links.check_in }}",
            "[x]({{ links.check_in }})",
            "{% if session.when %}",
            "{% else %}",
            "{% endif %}",
            "\n",
            "\n\n",
            "::: exercise {{ name }}\n",
            ":::\n",
            "> ",
            "* ",
            "**",
            "`",
            "```\n",
            "{{",
            "}}",
        ])
        .prop_map(String::from),
    ];
    prop::collection::vec(piece, 1..20).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reading_what_was_written_gives_the_same(lesson in any_lesson()) {
        let file = file::write(&lesson);
        prop_assert_eq!(file::read(&file), Ok(lesson), "{}", file);
    }

    #[test]
    fn whatever_passes_the_check_renders_for_anybody(body in hostile_body(), name in "\\PC{0,20}", when in "(| |x)") {
        let lesson = with_body(&body);
        let facts = LessonFacts { name: format!("*x*<script>[a](http://evil){name}"), session_when: when, ..facts() };
        if check(&lesson, &words()).is_empty() {
            let rendered = render(&lesson, &facts);
            prop_assert!(rendered.is_ok(), "{:?}", rendered);
            // Prepared for many it is the same, also for the second one.
            let prepared = Prepared::new(str::to_owned);
            let somebody_else = LessonFacts { name: "\u{F0000} & \u{a0}<b>\"'".to_owned(), ..facts.clone() };
            for facts in [&facts, &somebody_else, &facts] {
                prop_assert_eq!(prepared.render(&lesson.body, facts), render(&lesson, facts));
            }
            let html = rendered.unwrap().html;
            prop_assert!(!html.contains("<script") && !html.contains("href=\"http://evil") && !html.contains("<em>x</em>"), "{}", html);
        } else {
            let _ = render(&lesson, &facts);
        }
    }

    #[test]
    fn no_file_hurts_the_reader(text in "\\PC{0,80}") {
        for source in [text.clone(), format!("+++\n{text}"), format!("+++\n{text}\n+++\n")] {
            if let Err(finding) = file::read(&source) {
                prop_assert!(finding.line >= 1 && finding.line <= source.lines().count().max(1) + 1);
            }
        }
    }
}

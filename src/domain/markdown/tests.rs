//! Is Markdown safe as HTML, and whole as text?

use proptest::prelude::*;

use super::{BadMarkdown, Fault, Rendered, Slot, exercise_titles, render, slot};

const SOURCE: &str = "\
# Grief and anger

Dear Sam, anger often arrives *first* because it is easier to carry & quieter
underneath. Read [the sheet](https://example.org/sheet?a=1&b=2) or <https://example.org/>.

- Anger has a job. It marks a line that was crossed. It does not have to choose the words.
- Grief comes in waves
  1. one
  2. two

> I had it.
>
> I chose it.

::: exercise Twenty minutes
Sit side by side.

* Speak.
:::

Write to <coach@example.org>.\\
Go gently.
";

const TEXT: &str = "\
GRIEF AND ANGER

Dear Sam, anger often arrives first because it is easier to carry &
quieter underneath. Read the sheet: https://example.org/sheet?a=1&b=2 or
https://example.org/.

* Anger has a job. It marks a line that was crossed. It does not have to
  choose the words.
* Grief comes in waves
  1. one
  2. two

> I had it.
>
> I chose it.

TWENTY MINUTES

Sit side by side.

* Speak.

Write to coach@example.org.
Go gently.";

fn good(source: &str) -> Rendered {
    render(source, &[]).unwrap()
}

fn faults(source: &str) -> Vec<BadMarkdown> {
    render(source, &[]).unwrap_err()
}

fn first(source: &str) -> (usize, Fault) {
    let bad = faults(source).remove(0);
    (bad.line, bad.fault)
}

#[test]
fn text_is_what_a_person_would_type() {
    assert_eq!(good(SOURCE).text, TEXT);
}

#[test]
fn html_is_plain_and_exercises_are_boxes() {
    let html = good(SOURCE).html;
    for part in [
        "<h2>Grief and anger</h2>",
        "<em>first</em>",
        "carry &amp; quieter",
        "<a href=\"https://example.org/sheet?a=1&amp;b=2\" rel=\"noopener noreferrer\">the sheet</a>",
        "<div class=\"exercise\"><p class=\"exercise__t\">Twenty minutes</p>\n<p>Sit side by side.</p>",
        "<ol>\n<li>one</li>",
        "<a href=\"mailto:coach@example.org\" rel=\"noopener noreferrer\">coach@example.org</a>",
    ] {
        assert!(html.contains(part), "{part} is missing from\n{html}");
    }
}

#[test]
fn refuses_with_the_line() {
    assert_eq!(first("a\n\n![x](https://example.org/x.png)"), (3, Fault::Image));
    assert_eq!(first("a\n\n<script>alert(1)</script>"), (3, Fault::Html("<script>alert(1)</script>".into())));
    assert_eq!(first("a\nb <iframe src=x> c"), (2, Fault::Html("<iframe src=x>".into())));
    for target in [
        "http://example.org",
        "/p/1",
        "#x",
        "javascript:alert(1)",
        "//example.org/x",
        "https:x",
        "mailto:x",
        "https://localhost",
        "https://user@example.org",
        "data:text/html,x",
    ] {
        assert_eq!(first(&format!("a\nb\n[c]({target})")), (3, Fault::Link(target.into())), "{target}");
    }
    assert_eq!(first("a\n::: exercise B\nc"), (2, Fault::UnclosedExercise));
    assert_eq!(first("::: exercise B\n::: exercise C\n:::"), (2, Fault::NestedExercise));
    assert_eq!(first("a\n\n:::\n"), (3, Fault::StrayClose));
    assert_eq!(first("::: note\n:::"), (1, Fault::UnknownBlock("note".into())));
    assert_eq!(first("::: exercise \nx\n:::"), (1, Fault::Untitled));
    assert_eq!(first(&format!("{}x", "> ".repeat(1_000))), (1, Fault::TooDeep));
    assert_eq!(first("a\r\nb\u{202E}c"), (2, Fault::Invisible));
    assert_eq!(first("a \u{F0000} b"), (1, Fault::Invisible));
}

#[test]
fn reports_every_fault_in_the_order_of_lines() {
    let source = "<b>x</b>\n\n::: exercise A\n![x](y)\n:::\n\n[z](z)\n\n:::";
    let lines: Vec<usize> = faults(source).iter().map(|bad| bad.line).collect();
    assert_eq!(lines, [1, 1, 4, 7, 9]);
}

#[test]
fn fenced_code_may_show_the_marks() {
    let rendered = good("```\n::: exercise A\n<b>\n```\n");
    assert_eq!(rendered.text, "    ::: exercise A\n    <b>");
    assert!(rendered.html.contains("&lt;b&gt;"));
}

#[test]
fn values_stay_literal() {
    let evil = "*x*<script>[a](http://evil)\n# y";
    let slots = [Slot::Text(evil.into()), Slot::Link("https://example.org/c/1".into())];
    let (name, link) = (slot(0), slot(1));
    let source = format!("# {name}\n\n**{name}** `{name}` [go]({link}) {link}.\n\n::: exercise {name}\nx\n:::\n");
    let Rendered { html, text } = render(&source, &slots).unwrap();
    let text = text.replace('\n', " ");
    let literal = "*x*&lt;script&gt;[a](http://evil) # y";
    assert_eq!(html.matches(literal).count(), 4, "{html}");
    assert_eq!(html.matches("<a href=\"https://example.org/c/1\"").count(), 2, "{html}");
    assert_eq!(html.matches("<a ").count(), 2);
    assert!(text.contains("*x*<script>[a](http://evil) # y"), "{text}");
    assert!(text.contains("go: https://example.org/c/1 https://example.org/c/1."), "{text}");
}

#[test]
fn a_value_is_no_part_of_a_link() {
    let slots = [Slot::Text("Sam".into()), Slot::Link("https://example.org".into())];
    for target in [slot(0).to_string(), format!("https://evil.example/{}", slot(0)), format!("{}/x", slot(1))] {
        let bad = render(&format!("[x]({target})"), &slots).unwrap_err();
        assert_eq!(bad[0].fault, Fault::SlotInLink);
    }
}

#[test]
fn knows_its_exercises() {
    let titles = exercise_titles("a\r\n::: exercise One\r\nb\r\n:::\r\n\r\n::: exercise Two\r\n:::\r\n");
    assert_eq!(titles, [(2, "One".to_owned()), (6, "Two".to_owned())]);
}

fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,8}",
        "[ -~]{0,12}",
        prop::sample::select(vec![
            "\n",
            "\n\n",
            "> ",
            "* ",
            "1. ",
            "# ",
            "    ",
            "```\n",
            "::: exercise T\n",
            ":::\n",
            "[a](https://b.example/c)",
            "<https://d.example/?x=1>",
            "**",
            "_",
            "`",
            "&lt;",
            "---\n",
            "\u{F0000}",
            "\u{F0001}",
            "[x](\u{F0001})",
            "\\\n",
        ])
        .prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_renders_is_safe_and_says_the_same(source in hostile(), value in "\\PC{0,30}") {
        let slots = [Slot::Text(format!("<b onclick=x>{value}")), Slot::Link("https://example.org/in".into())];
        let Ok(Rendered { html, text }) = render(&source, &slots) else { return Ok(()) };
        let tags: Vec<&str> = html.split('<').skip(1).collect();
        for tag in tags {
            let name = tag.trim_start_matches('/').split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap();
            prop_assert!(super::html::TAGS.contains(&name), "{}", html);
            let inside = tag.split('>').next().unwrap();
            prop_assert!(!inside.contains("onclick"), "{}", html);
        }
        for href in html.split("href=\"").skip(1) {
            let url = href.split('"').next().unwrap().replace("&amp;", "&");
            prop_assert!(url.starts_with("https://"), "{}", url);
            prop_assert!(text.contains(&url), "{} is missing from\n{}", url, text);
        }
        for line in text.lines() {
            prop_assert_eq!(line, line.trim_end());
        }
    }

    #[test]
    fn prose_wraps_at_72_and_keeps_its_words(words in prop::collection::vec("[a-zà-ö]{1,30}", 1..60), margin in "(> |\\* |1\\. |)(> |\\* |)") {
        let text = good(&format!("{margin}x{}", words.join(" "))).text;
        let read: Vec<&str> = text.split_whitespace().filter(|word| word.contains(char::is_alphabetic)).collect();
        prop_assert_eq!(read.join(" "), format!("x{}", words.join(" ")));
        for line in text.lines() {
            prop_assert!(line.chars().count() <= 72, "{}", text);
        }
    }
}

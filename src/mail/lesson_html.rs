//! How does a coach's lesson look inside a mail client, which knows no style sheet?

use css_inline::CSSInliner;

/// The look of a lesson: what these rules say is written into its tags.
const LOOK: &str = include_str!("../../email-templates/_lesson.css");

/// Where the sanitizer leaves an exercise, and the table that Outlook can paint in its place.
const EXERCISE: [(&str, &str); 2] = [
    (
        r#"<div class="exercise">"#,
        concat!(
            r#"<table class="exercise" role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">"#,
            r#"<tr><td class="box">"#
        ),
    ),
    ("</div>", "</td></tr></table>"),
];

/// Gives every tag of sanitized HTML the inline style a mail client needs, and turns the exercise into a table.
/// A millisecond a lesson: [`crate::domain::lesson::prepared`] keeps what comes of it for all who read it.
///
/// Input is what the sanitizer wrote: its only `div` is an exercise, and a `<` in a text or an address is escaped.
#[must_use]
pub fn style(html: &str) -> String {
    let [open, close] = EXERCISE;
    let tables = html.replace(open.0, open.1).replace(close.0, close.1);
    let inliner =
        CSSInliner::options().load_remote_stylesheets(false).inline_style_tags(false).minify_css(true).build();
    // Our own rules parse (see below), and nothing else can be refused. If it were: better plain than not at all.
    inliner.inline_fragment(&tables, LOOK).unwrap_or(tables)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::domain::{
        lesson::{self, LessonFacts, prepared::Prepared},
        markdown,
    };

    const ALL: &str = "# One\n\nTwo *three* **four** `five` [six](https://a.example)\n\n## Seven\n\n### Eight\n\n##### Nine\n\n- ten\n- eleven\n\n1. twelve\n   - thirteen\n\n     fourteen\n\n> fifteen\n>\n> sixteen\n\n---\n\n    seventeen\n\n::: exercise Eighteen\nNineteen\n\n- twenty\n\n> twenty-one\n:::\n";

    fn html(source: &str) -> String {
        markdown::render(source, &[]).map(|rendered| rendered.html).unwrap()
    }

    fn facts(name: &str) -> LessonFacts {
        LessonFacts {
            name: name.to_owned(),
            coach: "Nadia".to_owned(),
            week: 1,
            weeks: 6,
            session_when: "Thursday at 20:00".to_owned(),
            session_title: "Listening".to_owned(),
            check_in_link: "https://trellis.example/c/1?a=1&b=2".to_owned(),
            my_program_link: "https://trellis.example/p".to_owned(),
            crisis_line: "call 112".to_owned(),
        }
    }

    #[test]
    fn plain_tags_get_the_look_of_their_place() {
        let styled = style(concat!(
            r#"<p>One <strong>two</strong> <a href="https://trellis.example/p?a=1&amp;b=>" rel="noopener">three</a>.</p>"#,
            r#"<div class="exercise"><p class="exercise__t">Twenty minutes</p><p>Sit.</p></div><p>Four</p>"#,
        ));
        let link = r##"<a href="https://trellis.example/p?a=1&amp;b=>" rel="noopener" style="color:#1a5141">"##;
        assert!(styled.contains(link), "{styled}");
        assert!(styled.contains(r#"<td class="box""#) && styled.contains("</table><p"), "{styled}");
        assert!(!styled.contains("<div") && styled.contains(r#"role="presentation""#), "{styled}");
        let smaller = styled.matches("font-size:16px").count();
        assert_eq!(smaller, 1, "only the plain paragraph of the exercise is smaller: {styled}");
        assert!(styled.contains("<strong>two</strong>"), "{styled}");
    }

    #[test]
    fn nothing_a_coach_can_write_stays_without_a_look() {
        let styled = style(&html(ALL));
        for tag in styled.split('<').skip(1).filter(|tag| !tag.starts_with('/')) {
            let name = tag.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap();
            let plain = ["strong", "em", "br", "tbody", "tr"].contains(&name);
            assert!(plain || tag.contains("style=\""), "{tag}");
        }
        assert_eq!(styled.matches("<h1").count(), 0, "the letter has its own: {styled}");
    }

    /// What is checked when a lesson is saved is never less than what is sent (H14).
    #[test]
    fn no_text_is_heavier_than_it_was_weighed() {
        let each =
            ["- a\n", "a\n\n", "> a\n\n", "`a` ", "    a\n\nb\n\n", "###### a\n\n", "::: exercise A\nb\n:::\n\n"];
        for source in each.into_iter().map(|some| some.repeat(200)).chain([ALL.to_owned()]) {
            let html = html(&source);
            let (is, at_most) = (style(&html).len(), lesson::weight(&html));
            assert!(is <= at_most, "{is} > {at_most}: {source:.40}");
        }
    }

    /// A person's own words are put in after the look, and cannot tell.
    #[test]
    fn dressed_once_for_all_is_dressed_for_each() {
        let source = format!("Dear {{{{ name }}}},\n\n{ALL}\n::: exercise For {{{{ name }}}}\n{{{{ name }}}}\n:::\n");
        let prepared = Prepared::new(style);
        for name in ["Sam", "Zoë <O'Neil> & \u{a0}Co \"\"", "أحمد", "</div></p>"] {
            let facts = facts(name);
            let once = prepared.render(&source, &facts).unwrap();
            assert_eq!(once.html, style(&lesson::render_text(&source, &facts).unwrap().html), "{name}");
        }
    }

    #[test]
    fn a_thousand_readers_cost_one_dressing() {
        static DRESSED: AtomicUsize = AtomicUsize::new(0);
        fn counted(html: &str) -> String {
            DRESSED.fetch_add(1, Ordering::Relaxed);
            style(html)
        }
        let prepared = Prepared::new(counted);
        for number in 0..1_000 {
            let rendered = prepared.render("Dear {{ name }},\n\nsit.\n", &facts(&format!("Sam {number}"))).unwrap();
            assert!(rendered.html.contains(&format!(">Dear Sam {number},</p>")), "{}", rendered.html);
        }
        assert_eq!(DRESSED.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn what_is_not_a_tag_stays() {
        assert_eq!(style("a &lt; b &amp; c"), "a &lt; b &amp; c");
        let told = style(&html("`</div>` and `<div class=\"exercise\">`"));
        assert!(!told.contains("<table") && told.contains("&lt;/div&gt;"), "{told}");
        let linked = style(&html("[a](https://a.example/?</div>x)"));
        assert!(!linked.contains("</td>") && linked.contains("href=\"https://a.example/"), "{linked}");
    }
}

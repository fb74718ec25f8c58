//! What would change, in words a coach understands?

use serde::Serialize;

use super::{
    form::{About, titled},
    kind::Kind,
    sentences,
};
use crate::{
    domain::{
        civil::When,
        holiday::Country,
        ids::SessionId,
        plan::{Plan, Session},
        session::Slot,
        timetable::preview::Reading,
        zone::Zone,
    },
    store::cohorts::CohortLesson,
    web::{chrome, fields::Fields, form::Entered, page::Page},
};

/// One thing that changes: where it was and where it comes to be; either may be empty.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Line {
    pub(crate) label: String,
    pub(crate) was: String,
    pub(crate) is: String,
}

/// Lines of one sort.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Section {
    pub(crate) title: &'static str,
    pub(crate) note: &'static str,
    pub(crate) lines: Vec<Line>,
}

/// One fact in a sentence.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Sentence {
    pub(crate) about: &'static str,
    pub(crate) text: String,
}

/// A field that the form carries on.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Hidden {
    pub(crate) name: &'static str,
    pub(crate) value: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct PreviewPage {
    pub(crate) about: About,
    pub(crate) question: &'static str,
    pub(crate) yes: &'static str,
    pub(crate) is_removal: bool,
    pub(crate) form: Entered,
    pub(crate) hidden: Vec<Hidden>,
    /// What the plan was computed from.
    pub(crate) fingerprint: String,
    /// Something changed since the coach looked: this is another plan than the one they saw.
    pub(crate) is_new: bool,
    pub(crate) sections: Vec<Section>,
    pub(crate) sentences: Vec<Sentence>,
    /// What should be looked at again; the plan can be applied all the same.
    pub(crate) warnings: Vec<String>,
}

impl Page for PreviewPage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "schedule_changes/preview.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let line = Line {
            label: "4. Grief and anger".to_owned(),
            was: "Thursday 4 March 2027, 19:00–20:15 (Dublin time, UTC+00:00)".to_owned(),
            is: "Thursday 11 March 2027, 19:00–20:15 (Dublin time, UTC+00:00)".to_owned(),
        };
        let sections = vec![Section { title: "Sessions that move", note: "", lines: vec![line.clone(), line] }];
        let sentences = vec![Sentence { about: "People told", text: "11 people, one plain mail each".to_owned() }];
        let page = |kind: Kind, is_new| Self {
            about: About::sample(kind),
            question: kind.words().question,
            yes: kind.words().yes,
            is_removal: kind.is_removal(),
            form: Entered::blank(),
            hidden: vec![Hidden { name: "week", value: "4".to_owned() }],
            fingerprint: "0a1b".to_owned(),
            is_new,
            sections: sections.clone(),
            sentences: sentences.clone(),
            warnings: vec!["Lesson 6 goes out after the last session.".to_owned()],
        };
        let nobody = SessionId(uuid::Uuid::nil());
        vec![
            ("break", page(Kind::Break, false)),
            ("changed since", page(Kind::Move(nobody), true)),
            ("cancel", page(Kind::Cancel(nobody), false)),
        ]
    }
}

/// What the words need besides the plan.
pub(super) struct Wording<'a> {
    pub(super) lessons: &'a [CohortLesson],
    /// By each participant's own clock.
    pub(super) by_participant: bool,
    /// The coach's zone.
    pub(super) own: Zone,
    pub(super) is_draft: bool,
    /// Whose public holidays are warned of.
    pub(super) country: Option<Country>,
    /// What stays where it is though the start moves.
    pub(super) windows: Option<String>,
}

impl PreviewPage {
    pub(super) fn of(about: About, kind: Kind, fields: &Fields, plan: &Plan, wording: &Wording<'_>) -> Self {
        let hidden = kind.fields().iter().map(|name| Hidden { name, value: fields.text(name).to_owned() });
        let words = kind.words();
        Self {
            about,
            question: words.question,
            yes: words.yes,
            is_removal: kind.is_removal(),
            form: Entered::blank(),
            hidden: hidden.collect(),
            fingerprint: plan.fingerprint.clone(),
            is_new: false,
            sections: sections(plan, wording),
            sentences: sentences::sentences(plan, wording),
            warnings: sentences::warnings(plan, wording),
        }
    }
}

fn sections(plan: &Plan, wording: &Wording<'_>) -> Vec<Section> {
    let when = |slot: Slot| When::new(slot.starts_at(), slot.ends_at(), slot.zone).beside(wording.own);
    let at = |session: &Session| Line { label: titled(session), was: String::new(), is: when(session.slot) };
    let off = |session: &Session| Line { label: titled(session), was: when(session.slot), is: String::new() };
    let moved = plan.moved.iter().map(|moved| Line {
        label: titled(&moved.session),
        was: when(moved.was),
        is: when(moved.session.slot),
    });
    let lesson = |position: u16| lesson_title(position, wording.lessons);
    let lessons = plan.lessons_moved.iter().map(|moved| Line {
        label: lesson(moved.position),
        was: moved.was.text(),
        is: moved.is.text(),
    });
    let late = plan.lessons_late.iter().map(|late| Line {
        label: lesson(late.position),
        was: late.missed.text(),
        is: late.is.text(),
    });
    let out = plan.lessons_out.iter().map(|out| Line {
        label: lesson(out.position),
        was: String::new(),
        is: Reading::text(&out.at),
    });
    let by = if wording.by_participant { "At this time on each participant’s own clock." } else { "" };
    let section = |title, note, lines: Vec<Line>| Section { title, note, lines };
    let all = vec![
        section("Sessions that move", "", moved.collect()),
        section("New sessions", "", plan.added.iter().map(at).collect()),
        section("Sessions that come back", "", plan.restored.iter().map(at).collect()),
        section("Sessions that are canceled", "", plan.canceled.iter().map(off).collect()),
        section("Lessons that move", by, lessons.collect()),
        section(
            "Lessons whose time would be over",
            "They are not sent late and not lost: each waits for the next free time.",
            late.collect(),
        ),
        section("Lessons that went out, and stay as they are", by, out.collect()),
    ];
    all.into_iter().filter(|section| !section.lines.is_empty()).collect()
}

/// `Lesson 4, Grief and anger`; lessons of two tracks may share a position.
pub(super) fn lesson_title(position: u16, lessons: &[CohortLesson]) -> String {
    let mut titles: Vec<&str> = lessons
        .iter()
        .filter(|lesson| lesson.position == i32::from(position))
        .map(|lesson| lesson.content.0.title.as_str())
        .collect();
    titles.dedup();
    format!("Lesson {position}, {}", titles.join(" / "))
}

//! What does a cohort send, in which order, and what of it is out?

use chrono::{DateTime, Utc};
use poem::{
    Response, handler,
    web::{Data, Path},
};
use serde::Serialize;
use uuid::Uuid;

use super::{Head, found};
use crate::{
    actions::lesson_state::{CopyState, Lessons},
    domain::{
        civil,
        cohort::{Late, Timing},
        delivery::State,
        holiday::Country,
        schedule::{LessonClock, LessonTiming},
        zone::Zone,
    },
    store::{
        cohort_lessons,
        cohorts::{Cohort, CohortLesson},
        ledger,
        programs::ProgramRow,
    },
    web::{
        chrome::{self, Here},
        cohort_new::{schedule::holiday_note, timing},
        desk::{self, Asked},
        error::PageError,
        form::Entered,
        guard::SignedCoach,
        labels::{self, Choice, Label},
        page::Page,
        site::Site,
        table::{Access, Table},
    },
};

/// One copy, with what may be done about it.
#[derive(Debug, Serialize)]
struct Line {
    id: String,
    position: i32,
    title: String,
    track: String,
    state: Label,
    /// As the vine names it.
    leaf: &'static str,
    /// When it goes out, went out, or why it does not.
    detail: String,
    holiday: String,
    can_edit: bool,
    can_move: bool,
    can_take_out: bool,
    can_send: bool,
}

#[derive(Debug, Serialize)]
struct Removed {
    id: String,
    title: String,
    reason: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct LessonsPage {
    head: Head,
    lines: Vec<Line>,
    removed: Vec<Removed>,
    /// The form that times them anew.
    form: Entered,
    rule: String,
    expression: String,
    clock: String,
    weekdays: Vec<Choice>,
    clocks: Vec<Choice>,
    lates: Vec<Choice>,
    /// What a change of the rule would do, before it is made.
    changes: Vec<String>,
}

impl Page for LessonsPage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "cohorts/lessons.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let line = |position: i32, state: Label, leaf, ahead| Line {
            id: position.to_string(),
            position,
            title: "Grief and anger".into(),
            track: "I was hurt".into(),
            state,
            leaf,
            detail: "Monday 1 March 2027, 07:00 (Dublin time, UTC+00:00)".into(),
            holiday: if ahead {
                "Mon 29 Mar is Easter Monday, a public holiday in Ireland".into()
            } else {
                String::new()
            },
            can_edit: ahead,
            can_move: ahead,
            can_take_out: ahead,
            can_send: leaf == "skip",
        };
        let lines = vec![
            line(1, Label::new("Sent", "ok", "check"), "done", false),
            line(2, Label::new("Skipped", "", "x"), "skip", false),
            line(3, Label::new("To come", "info", "clock"), "", true),
        ];
        let removed =
            vec![Removed { id: "9".into(), title: "Old ground".into(), reason: "taken out by Nadia Brandt".into() }];
        let page = |lines, removed, changes, form| Self {
            head: Head::sample("lessons"),
            lines,
            removed,
            form,
            rule: "Every Monday at 07:00".into(),
            expression: "0 7 * * MON".into(),
            clock: "Dublin time".into(),
            weekdays: labels::weekdays(),
            clocks: timing::clocks(),
            lates: labels::lates(),
            changes,
        };
        let wrong = Entered::blank().wrong("lesson_time", "Enter a time of day, such as 19:00");
        let changes = vec!["3. Grief and anger: from Mon 1 Mar, 07:00 to Tue 2 Mar, 20:45".into()];
        vec![
            ("some", page(lines, removed, Vec::new(), Entered::blank())),
            ("wrong", page(Vec::new(), Vec::new(), Vec::new(), wrong)),
            ("changes", page(Vec::new(), Vec::new(), changes, Entered::blank())),
        ]
    }
}

pub(super) fn add(table: Table) -> Table {
    table.get("/coach/cohorts/:id/lessons", Access::Coach, show)
}

#[handler]
async fn show(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, PageError> {
    let (cohort, program) = found(site, &signed, &id).await?;
    let chrome = desk::after(site, &signed, Here::Cohorts, &asked).await?;
    let page = page(site, &signed, (&cohort, &program), filled(&cohort), Vec::new()).await?;
    site.pages.render(&chrome, &page)
}

/// The form as the cohort has it.
pub(super) fn filled(cohort: &Cohort) -> Entered {
    let rule = LessonTiming::parse(&cohort.lesson_rule).unwrap_or_default();
    timing::fill(Entered::blank(), &rule, cohort.lesson_clock).with("late", Late::Skip.as_str())
}

pub(super) async fn page(
    site: &Site,
    signed: &SignedCoach,
    of: (&Cohort, &ProgramRow),
    form: Entered,
    changes: Vec<String>,
) -> Result<LessonsPage, PageError> {
    let ((cohort, program), db) = (of, site.db.reader());
    let lessons = Lessons::of_cohort(db, cohort.id).await?;
    let counts = ledger::lessons_of_cohort(db, cohort.id).await?;
    let zone = match cohort.lesson_clock {
        LessonClock::Cohort => cohort.zone,
        LessonClock::Participant => signed.coach.zone,
    };
    let about = About { lessons: &lessons, counts: &counts, program, cohort, zone, now: site.clock.now().program };
    let everything = cohort_lessons::with_removed(db, cohort.id).await?;
    let removed = everything.iter().filter(|copy| copy.timing == Timing::Removed);
    let rule = LessonTiming::parse(&cohort.lesson_rule).unwrap_or_default();
    Ok(LessonsPage {
        head: Head::of(cohort, program, "lessons"),
        lines: lessons.copies.iter().map(|copy| about.line(copy)).collect(),
        removed: removed
            .map(|copy| Removed {
                id: copy.id.to_string(),
                title: copy.content.0.title.clone(),
                reason: copy.reason.clone(),
            })
            .collect(),
        form,
        rule: timing::in_words(&rule),
        expression: rule.expression(),
        clock: clock_of(cohort, &rule),
        weekdays: labels::weekdays(),
        clocks: timing::clocks(),
        lates: labels::lates(),
        changes,
    })
}

/// By whose clock, for a sentence; empty where none counts.
pub(super) fn clock_of(cohort: &Cohort, rule: &LessonTiming) -> String {
    match (rule, cohort.lesson_clock) {
        (LessonTiming::AfterSession { .. }, _) => String::new(),
        (LessonTiming::Rule(_), LessonClock::Cohort) => format!("{} time", cohort.zone.city()),
        (LessonTiming::Rule(_), LessonClock::Participant) => "each participant’s own time".to_owned(),
    }
}

struct About<'a> {
    lessons: &'a Lessons,
    counts: &'a [(Uuid, State, u64)],
    program: &'a ProgramRow,
    cohort: &'a Cohort,
    zone: Zone,
    now: DateTime<Utc>,
}

impl About<'_> {
    fn line(&self, copy: &CohortLesson) -> Line {
        let state = self.lessons.state(copy, self.now);
        let tracks = &self.program.content.0.tracks;
        let label = tracks.iter().find(|track| track.key == copy.track).map(|track| track.label.clone());
        let (chip, leaf) = match state {
            CopyState::Out(_) => (Label::new("Sent", "ok", "check"), "done"),
            CopyState::Due(_) => (Label::new("To come", "info", "clock"), ""),
            CopyState::WithNext(_) => (Label::new("With the next", "info", "clock"), ""),
            CopyState::Skipped | CopyState::Removed => (Label::new("Skipped", "", "x"), "skip"),
        };
        let on = match state {
            CopyState::Due(Some(at)) | CopyState::WithNext(Some(at)) => Some(self.zone.local(at).date()),
            CopyState::Due(None) | CopyState::WithNext(None) => None,
            CopyState::Out(_) | CopyState::Skipped | CopyState::Removed => None,
        };
        let country = Country::chosen(&self.cohort.holiday_country);
        Line {
            id: copy.id.to_string(),
            position: copy.position,
            title: copy.content.0.title.clone(),
            track: label.unwrap_or_else(|| copy.track.clone()),
            state: chip,
            leaf,
            detail: self.detail(copy, state),
            holiday: country.zip(on).and_then(|(country, on)| holiday_note(country, on)).unwrap_or_default(),
            can_edit: !state.is_out(),
            can_move: state.is_ahead(),
            can_take_out: !state.is_out(),
            can_send: matches!(state, CopyState::Skipped | CopyState::WithNext(_)),
        }
    }

    fn detail(&self, copy: &CohortLesson, state: CopyState) -> String {
        let moment = |at| civil::moment(at, self.zone);
        match state {
            CopyState::Out(at) => format!("{}. {}", moment(at), self.sent(copy)),
            CopyState::Due(Some(at)) => moment(at),
            CopyState::Due(None) => "Its date is set when the cohort opens or somebody takes part".to_owned(),
            CopyState::WithNext(at) => {
                let when =
                    at.map_or_else(|| "the next lesson".to_owned(), |at| format!("the lesson of {}", moment(at)));
                format!("Comes with {when}: {}", copy.reason)
            }
            CopyState::Skipped => format!("Not mailed: {}. It can be read after signing in", copy.reason),
            CopyState::Removed => copy.reason.clone(),
        }
    }

    /// `Sent to 9 people, 1 waiting, 2 did not get it`
    fn sent(&self, copy: &CohortLesson) -> String {
        let count = |states: &[State]| -> u64 {
            let mine = self.counts.iter().filter(|row| row.0 == copy.lesson_id.0 && states.contains(&row.1));
            mine.map(|row| row.2).sum()
        };
        let waiting = count(&[State::Queued, State::Claimed, State::Sending, State::Deferred]);
        let lost = count(&ledger::LOST);
        let mut said = format!("Sent to {}", desk::people(count(&[State::Sent])));
        if waiting > 0 {
            said += &format!(", {waiting} waiting");
        }
        if lost > 0 {
            said += &format!(", {lost} did not arrive");
        }
        said
    }
}

//! What will a lesson look like, to a named person who is nobody?

use chrono::{Datelike, Days, NaiveTime, TimeDelta, Weekday};

use crate::{
    app::App,
    domain::{
        category::Category,
        civil::When,
        discretion::{Body, Discretion, Voice},
        lesson::{Finding, Lesson, LessonFacts},
        program::Program,
        reading::Direction,
        zone::Zone,
    },
    mail::{
        letter::{Footer, Frame, Unsubscribe, unsubscribe_label},
        letters::{lesson_waiting::LessonWaiting, weekly_lesson::WeeklyLesson},
        templates::{CannotWrite, Written},
    },
    store::practices::Practice,
};

/// Who reads the preview.
pub const SAMPLE_NAME: &str = "Sam";
const SAMPLE_ZONE: &str = "Europe/Lisbon";

#[derive(Debug, thiserror::Error)]
pub enum CannotPreview {
    /// What `lesson::check` would have said of the body.
    #[error("the lesson cannot be rendered yet")]
    Lesson(Vec<Finding>),
    #[error(transparent)]
    Template(#[from] CannotWrite),
}

/// The lesson of a program as its mail, at one level of discretion.
pub fn preview_lesson(
    app: &App,
    of: (&Practice, &Program),
    lesson: &Lesson,
    level: Discretion,
) -> Result<Written, CannotPreview> {
    let (practice, program) = of;
    let voice = Voice {
        level,
        practice: practice.name.expose(),
        neutral_name: practice.neutral_name.expose(),
        first_name: practice.first_name.expose(),
        calendar_title: &program.calendar_title,
    };
    let frame = frame(app, practice, &voice, lesson);
    if voice.body() == Body::LinkOnly {
        let letter = LessonWaiting { page_url: app.links.to(&format!("/p/lesson/{}", lesson.week)), also: Vec::new() };
        return Ok(app.templates.write(&letter, &frame)?);
    }
    let zone = Zone::parse(SAMPLE_ZONE).unwrap_or(practice.zone);
    let facts = sample_facts(app, of, lesson, (SAMPLE_NAME, zone));
    let rendered = app.templates.lessons.render(&lesson.body, &facts).map_err(CannotPreview::Lesson)?;
    Ok(app.templates.write(&letter(app, &voice, lesson, (rendered.html, rendered.text), program.weeks), &frame)?)
}

fn frame(app: &App, practice: &Practice, voice: &Voice<'_>, lesson: &Lesson) -> Frame {
    Frame {
        sender_name: voice.sender_name().to_owned(),
        recipient_name: SAMPLE_NAME.to_owned(),
        language: "en".to_owned(),
        direction: Direction::LeftToRight,
        preview: voice.preview(&lesson.preview).to_owned(),
        footer: Footer {
            reason: "You receive this because you signed up for a weekly course. One a week until it ends.".to_owned(),
            unsubscribe: stops(app, Category::Lesson),
            settings_url: Some(app.links.to("/p#settings")),
            privacy_url: app.links.to("/privacy"),
            address_line: format!("{}, {}", voice.sender_name(), practice.postal_address),
        },
    }
}

/// The weekly letter, from a lesson that has been rendered as HTML and as text.
pub(super) fn letter(
    app: &App,
    voice: &Voice<'_>,
    lesson: &Lesson,
    body: (String, String),
    weeks: u16,
) -> WeeklyLesson {
    WeeklyLesson {
        subject: voice.lesson_subject(&lesson.subject, &lesson.discreet_subject).to_owned(),
        week_label: format!("Week {} of {weeks}", lesson.week),
        title: lesson.title.clone(),
        body_html: body.0,
        body_text: body.1,
        check_in_url: None,
        page_url: app.links.to(&format!("/p/lesson/{}", lesson.week)),
        next_session: None,
        also: Vec::new(),
        sign_off: Vec::new(),
    }
}

/// What its reader could stop. Whoever reads the preview is nobody, so that the link goes where a person chooses.
pub(super) fn stops(app: &App, category: Category) -> Option<Unsubscribe> {
    unsubscribe_label(category).map(|label| Unsubscribe { label: label.to_owned(), url: app.links.to("/p#settings") })
}

/// What the variables stand for where there is no cohort yet: a session on the next Thursday evening.
pub(super) fn sample_facts(app: &App, of: (&Practice, &Program), lesson: &Lesson, reader: (&str, Zone)) -> LessonFacts {
    let (practice, program) = of;
    let (name, zone) = reader;
    let outline = program.outline.iter().find(|week| week.number == lesson.week);
    let today = zone.local(app.clock.now().program).date();
    let ahead = 1 + Weekday::Thu.days_since((today + Days::new(1)).weekday());
    let evening = NaiveTime::from_hms_opt(19, 0, 0).expect("every day has a nineteenth hour");
    let starts_at = zone.resolve((today + Days::new(u64::from(ahead))).and_time(evening));
    let minutes = TimeDelta::minutes(i64::from(program.session_minutes));
    LessonFacts {
        name: name.to_owned(),
        coach: practice.first_name.expose().to_owned(),
        week: lesson.week,
        weeks: program.weeks,
        session_when: When::new(starts_at, starts_at + minutes, zone).full(),
        session_title: outline.map(|week| week.session_title.clone()).unwrap_or_default(),
        check_in_link: app.links.to(&format!("/p/check-in/{}", lesson.week)),
        my_program_link: app.links.my_program(),
        crisis_line: practice.crisis_line.clone(),
    }
}

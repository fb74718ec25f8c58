//! How was the week? The questions, and what was answered.

use poem::{
    Request, Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

use super::{frame, place::Place};
use crate::{
    actions::save_check_in::{Refused, save_check_in},
    domain::{civil, ids::LessonId, session::SessionState, zone::Zone},
    store::check_ins,
    web::{
        chrome,
        error::PageError,
        fields::Fields,
        form::{Checked, Entered},
        guard::{SignedParticipant, see_other},
        notices::{Act, Look, Notice},
        page::Page,
        site::Site,
        visitor,
    },
};

const LONGEST_ANSWER: usize = 4_000;

/// The form, as a card on the page and on a page of its own.
#[derive(Debug, Serialize)]
pub(super) struct CheckInPart {
    pub(super) week: i32,
    pub(super) enrollment: String,
    pub(super) questions: Vec<Question>,
    /// When it closes, or that it is closed.
    pub(super) closes: Option<String>,
    pub(super) closed: bool,
    pub(super) sent: bool,
    #[serde(skip)]
    lesson: LessonId,
}

#[derive(Debug, Serialize)]
pub(super) struct Question {
    /// `answer-1`
    pub(super) name: String,
    pub(super) text: String,
    pub(super) answer: String,
}

impl CheckInPart {
    /// Puts the answers into a form that is shown.
    pub(super) fn fill(&self, form: Entered) -> Entered {
        self.questions.iter().fold(form, |form, asked| form.with(&asked.name, asked.answer.clone()))
    }

    pub(super) fn sample(closed: bool) -> Self {
        let question = |number, text: &str| Question {
            name: format!("answer-{number}"),
            text: text.into(),
            answer: if closed { "Steady".into() } else { String::new() },
        };
        Self {
            week: 4,
            enrollment: "0193".into(),
            questions: vec![question(1, "How steady did this week feel?"), question(2, "What would help on Thursday?")],
            closes: Some("Thursday 4 March 2027, 20:00 (Berlin time, UTC+01:00)".into()),
            closed,
            sent: closed,
            lesson: LessonId(uuid::Uuid::nil()),
        }
    }
}

/// None when the week's lesson is not out, or asks nothing.
pub(super) async fn read(site: &Site, place: &Place, week: i32, zone: Zone) -> Result<Option<CheckInPart>, PageError> {
    let now = site.clock.now().program;
    let out = place.out(week, now);
    let Some(lesson) = out.into_iter().find(|lesson| !lesson.content.0.check_in.is_empty()) else { return Ok(None) };
    let given = check_ins::of_enrollment(site.db.reader(), place.enrollment.id).await?;
    let given = given.into_iter().find(|given| given.lesson_id == lesson.lesson_id);
    let answers: Vec<String> =
        given.as_ref().and_then(|given| serde_json::from_str(&given.answers).ok()).unwrap_or_default();
    let meeting = place.meetings.iter().find(|m| m.ordinal == week && m.state == SessionState::Planned);
    let question = |(index, text): (usize, &String)| Question {
        name: format!("answer-{}", index + 1),
        text: text.clone(),
        answer: answers.get(index).cloned().unwrap_or_default(),
    };
    Ok(Some(CheckInPart {
        week,
        enrollment: place.enrollment.id.to_string(),
        questions: lesson.content.0.check_in.iter().enumerate().map(question).collect(),
        closes: meeting.map(|meeting| civil::moment(meeting.starts_at, zone)),
        closed: meeting.is_some_and(|meeting| meeting.starts_at <= now),
        sent: given.is_some(),
        lesson: lesson.lesson_id,
    }))
}

async fn find(
    site: &Site,
    signed: &SignedParticipant,
    week: &str,
    wanted: &str,
) -> Result<(Place, Option<CheckInPart>), PageError> {
    let week: i32 = week.parse().map_err(|_| PageError::NotFound)?;
    let place = Place::find(site, signed, wanted).await?.filter(|place| place.is_inside() && place.has_lesson(week));
    let place = place.ok_or(PageError::NotFound)?;
    let part = read(site, &place, week, signed.person.zone).await?;
    Ok((place, part))
}

#[handler]
pub(super) async fn show(
    Data(site): Data<&Site>,
    signed: SignedParticipant,
    Path(week): Path<String>,
    request: &Request,
) -> Result<Response, PageError> {
    let asked = visitor::query(request)?;
    let (_, part) = find(site, &signed, &week, asked.text("enrollment")).await?;
    let Some(check_in) = part else { return nothing_asked(site, &signed) };
    let form = check_in.fill(Entered::blank());
    let chrome = frame(site, &signed, asked.text("done"));
    site.pages.render(&chrome, &CheckInPage::new(&signed, check_in, form))
}

fn nothing_asked(site: &Site, signed: &SignedParticipant) -> Result<Response, PageError> {
    Notice::new("Nothing to answer yet", "The questions come with the week’s lesson.")
        .act(Act::link("Back to my page", "/p", Look::Go))
        .own(site, &frame(site, signed, ""))
}

#[handler]
pub(super) async fn save(
    Data(site): Data<&Site>,
    signed: SignedParticipant,
    Path(week): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    let (place, part) = find(site, &signed, &week, fields.text("enrollment")).await?;
    let Some(check_in) = part else { return nothing_asked(site, &signed) };
    let answers = match answers(&check_in, &fields) {
        Ok(answers) => answers,
        Err(form) => {
            let chrome = frame(site, &signed, "");
            return site.pages.refused(&chrome, &CheckInPage::new(&signed, check_in, form));
        }
    };
    let of = (signed.practice.id, place.enrollment.id);
    match save_check_in(&site.app, of, check_in.lesson, &answers).await {
        Ok(()) => Ok(see_other(&format!("/p?done=check-in&enrollment={}", place.enrollment.id))),
        Err(Refused::Closed) => Err(PageError::Conflict("The session has started, so the check-in is closed.".into())),
        Err(Refused::Unknown) => Err(PageError::NotFound),
        Err(Refused::Store(error)) => Err(error.into()),
    }
}

/// One a question; a question may be skipped.
fn answers(check_in: &CheckInPart, fields: &Fields) -> Result<Vec<String>, Entered> {
    let mut checked = Checked::new(fields);
    let read = |asked: &Question| checked.parse(&asked.name, |text| visitor::words(text, LONGEST_ANSWER));
    let answers: Vec<Option<String>> = check_in.questions.iter().map(read).collect();
    checked.finish(|| answers.into_iter().collect())
}

#[derive(Debug, Serialize)]
pub struct CheckInPage {
    form: Entered,
    coach: String,
    check_in: CheckInPart,
}

impl CheckInPage {
    fn new(signed: &SignedParticipant, check_in: CheckInPart, form: Entered) -> Self {
        Self { form, coach: signed.practice.first_name.expose().to_owned(), check_in }
    }
}

impl Page for CheckInPage {
    type Chrome = chrome::Participant;
    const TEMPLATE: &'static str = "my_program/check_in.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let sample = |closed, form| Self { form, coach: "Nadia".into(), check_in: CheckInPart::sample(closed) };
        let wrong = Entered::blank().with("answer-1", "x").wrong("answer-1", "Shorten this to at most 4000 characters");
        vec![
            ("open", sample(false, Entered::blank())),
            ("closed", sample(true, Entered::blank())),
            ("wrong", sample(false, wrong)),
        ]
    }
}

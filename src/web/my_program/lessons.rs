//! What does this week's lesson say to this person?

use poem::{
    Request, Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

use super::{check_ins, frame, page, place::Place};
use crate::{
    domain::civil::{self, When},
    web::{
        chrome,
        error::PageError,
        guard::SignedParticipant,
        notices::{Act, Look, Notice},
        page::Page,
        site::Site,
        visitor,
    },
};

#[handler]
pub(super) async fn show(
    Data(site): Data<&Site>,
    signed: SignedParticipant,
    Path(week): Path<String>,
    request: &Request,
) -> Result<Response, PageError> {
    let week: i32 = week.parse().map_err(|_| PageError::NotFound)?;
    let asked = visitor::query(request)?;
    let place = Place::find(site, &signed, asked.text("enrollment")).await?;
    let place = place.filter(|place| place.is_inside() && place.has_lesson(week)).ok_or(PageError::NotFound)?;
    if place.out(week, site.clock.now().program).is_empty() {
        return not_yet(site, &signed, &place, week);
    }
    let page = LessonPage::read(site, &signed, &place, week).await?;
    site.pages.render(&frame(site, &signed, ""), &page)
}

fn not_yet(site: &Site, signed: &SignedParticipant, place: &Place, week: i32) -> Result<Response, PageError> {
    let arrives = place.arrives(week).map(|due| format!("It arrives on {}.", civil::moment(due, signed.person.zone)));
    Notice::new("This lesson is not out yet", arrives.unwrap_or_else(|| "Its date is still to be set.".to_owned()))
        .act(Act::link("Back to my page", "/p", Look::Go))
        .own(site, &frame(site, signed, ""))
}

/// A week's lesson on a page; its title names no topic.
#[derive(Debug, Serialize)]
pub struct LessonPage {
    week: i32,
    weeks: u16,
    lessons: Vec<Shown>,
    session: Option<String>,
    check_in: Option<String>,
    before: Option<String>,
    after: Option<String>,
}

#[derive(Debug, Serialize)]
struct Shown {
    title: String,
    html: String,
}

impl LessonPage {
    async fn read(site: &Site, signed: &SignedParticipant, place: &Place, week: i32) -> Result<Self, PageError> {
        let now = site.clock.now().program;
        let shown = place.out(week, now).into_iter().map(|lesson| Shown {
            title: lesson.content.0.title.clone(),
            html: page::rendered(site, signed, place, lesson).html,
        });
        let meeting = place.meetings.iter().find(|meeting| meeting.ordinal == week && meeting.ends_at > now);
        let query = format!("?enrollment={}", place.enrollment.id);
        let near = |week: i32| (!place.out(week, now).is_empty()).then(|| format!("/p/lesson/{week}{query}"));
        let asks = check_ins::read(site, place, week, signed.person.zone).await?.filter(|check_in| !check_in.closed);
        Ok(Self {
            week,
            weeks: place.program.content.0.weeks,
            lessons: shown.collect(),
            session: meeting.map(|m| When::new(m.starts_at, m.ends_at, signed.person.zone).full()),
            check_in: asks.map(|_| format!("/p/check-in/{week}{query}")),
            before: near(week - 1),
            after: near(week + 1),
        })
    }
}

impl Page for LessonPage {
    type Chrome = chrome::Participant;
    const TEMPLATE: &'static str = "my_program/lesson.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let shown = |title: &str| Shown { title: title.into(), html: "<p>Anger often arrives first.</p>".into() };
        let sample = |lessons| Self {
            week: 4,
            weeks: 6,
            lessons,
            session: Some("Thursday 4 March 2027, 20:00–21:15 (Berlin time, UTC+01:00)".into()),
            check_in: Some("/p/check-in/4".into()),
            before: Some("/p/lesson/3".into()),
            after: None,
        };
        vec![("one", sample(vec![shown("Grief and anger")])), ("two", sample(vec![shown("For all"), shown("For you")]))]
    }
}

//! What is on a participant's own page?

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::{
    answers,
    asks::{Ask, asks},
    calendars::CalendarPart,
    check_ins::{self, CheckInPart},
    place::{self, OPENS_EARLY, Place},
    settings,
    standing::{self, StandingPart},
    weeks::{VineWeek, vine},
};
use crate::{
    actions::compose::lesson_facts::{Setting, lesson_facts},
    domain::{
        civil::{date, time_of_day},
        enrollment::Standing,
        lesson,
        zone::Zone,
    },
    store::{cohorts::CohortLesson, sessions::SessionRow},
    web::{
        chrome,
        cohort_dates::{clock, day},
        error::PageError,
        form::Entered,
        guard::SignedParticipant,
        page::Page,
        site::Site,
        visitor::{self, Choice},
    },
};

#[derive(Debug, Serialize)]
pub struct MyProgram {
    /// The settings, and the answers of the check-in.
    pub(super) form: Entered,
    pub(super) name: String,
    pub(super) coach: String,
    pub(super) today: String,
    pub(super) clock: String,
    pub(super) groups: Vec<Group>,
    pub(super) enrollment: String,
    pub(super) standing: Option<StandingPart>,
    pub(super) asks: Vec<Ask>,
    pub(super) next: Option<Next>,
    pub(super) lesson: Option<Teaser>,
    pub(super) check_in: Option<CheckInPart>,
    pub(super) weeks_word: String,
    pub(super) weeks: Vec<VineWeek>,
    pub(super) calendar: Option<CalendarPart>,
    pub(super) levels: Vec<Choice>,
    pub(super) zones: Vec<Choice>,
    pub(super) can_leave: bool,
    pub(super) has_answers: bool,
    /// Somebody in a group may look for other dates, and pause or go on.
    pub(super) can_move: bool,
    pub(super) pauses: bool,
    pub(super) email: String,
}

/// One of several places, to switch between.
#[derive(Debug, Serialize)]
pub(super) struct Group {
    pub(super) id: String,
    pub(super) label: String,
    pub(super) current: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct Next {
    pub(super) id: String,
    pub(super) label: String,
    /// `Thursday 4 March, 20:00`
    pub(super) starts: String,
    /// `Until 21:15, Berlin time, UTC+01:00.`
    pub(super) until: String,
    pub(super) title: String,
    pub(super) starts_iso: String,
    pub(super) now_iso: String,
    pub(super) left: [i64; 3],
    pub(super) opens: String,
    pub(super) is_open: bool,
    pub(super) declined: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct Teaser {
    pub(super) week: i32,
    pub(super) title: String,
    pub(super) opening: String,
    pub(super) href: String,
}

impl MyProgram {
    /// `wanted` is the place the address names, if any; `form` a form that was refused.
    pub(super) async fn read(
        site: &Site,
        signed: &SignedParticipant,
        wanted: &str,
        form: Option<Entered>,
    ) -> Result<Self, PageError> {
        let now = site.clock.now();
        let zone = signed.person.zone;
        let place = Place::find(site, signed, wanted).await?;
        if place.is_none() && !wanted.is_empty() {
            return Err(PageError::NotFound);
        }
        let mut page = Self {
            form: Entered::blank(),
            name: signed.person.name.expose().to_owned(),
            coach: signed.practice.first_name.expose().to_owned(),
            today: date(zone.local(now.program).date()),
            clock: clock(zone, now.program),
            groups: Vec::new(),
            enrollment: String::new(),
            standing: None,
            asks: Vec::new(),
            next: None,
            lesson: None,
            check_in: None,
            weeks_word: String::new(),
            weeks: Vec::new(),
            calendar: None,
            levels: settings::levels(place.as_ref()),
            zones: visitor::zones(now.real),
            can_leave: false,
            has_answers: false,
            can_move: false,
            pauses: false,
            email: signed.person.email.expose().to_owned(),
        };
        page.form = match form {
            Some(refused) => refused,
            None => settings::shown(site, signed, place.as_ref()).await?,
        };
        match place {
            Some(place) => page.fill(site, signed, &place).await,
            None => Ok(Self { standing: Some(StandingPart::nowhere()), ..page }),
        }
    }

    async fn fill(self, site: &Site, signed: &SignedParticipant, place: &Place) -> Result<Self, PageError> {
        let now = site.clock.now().program;
        let inside = place.is_inside();
        let check_in = match place.latest(now) {
            Some(week) => check_ins::read(site, place, week, signed.person.zone).await?,
            None => None,
        };
        let form = match &check_in {
            Some(check_in) => check_in.fill(self.form),
            None => self.form,
        };
        let next = place.next(now).filter(|_| inside);
        Ok(Self {
            form,
            groups: groups(site, signed, place).await?,
            enrollment: place.enrollment.id.to_string(),
            standing: standing::part(site, signed, place),
            asks: asks(site, signed, place).await?,
            has_answers: answers::are_there(site, place).await?,
            next: next.map(|meeting| Next::of(place, meeting, signed.person.zone, now)),
            lesson: teaser(site, signed, place),
            check_in: check_in.filter(|check_in| check_in.sent || !check_in.closed),
            weeks_word: visitor::number(place.weeks.len()),
            weeks: if inside { vine(place, signed.person.zone, now) } else { Vec::new() },
            // What is over is not added to a calendar any more.
            calendar: next.map(|_| CalendarPart::of(site, signed, place)),
            can_leave: standing::can_leave(place.enrollment.standing),
            can_move: matches!(place.enrollment.standing, Standing::Enrolled | Standing::Paused),
            pauses: place.enrollment.standing == Standing::Paused,
            ..self
        })
    }
}

async fn groups(site: &Site, signed: &SignedParticipant, place: &Place) -> Result<Vec<Group>, PageError> {
    let places = place::all(site, signed).await?;
    if places.len() < 2 {
        return Ok(Vec::new());
    }
    let mut groups = Vec::new();
    for enrollment in places {
        let cohort = crate::store::cohorts::find(site.db.reader(), signed.practice.id, enrollment.cohort_id).await?;
        let Some(cohort) = cohort else { continue };
        groups.push(Group {
            id: enrollment.id.to_string(),
            label: format!("From {}", cohort.starts_on.format("%-d %B %Y")),
            current: enrollment.id == place.enrollment.id,
        });
    }
    Ok(groups)
}

/// As many as this cohort has: weeks may have been added or taken off.
fn teaching_weeks(place: &Place) -> usize {
    place.weeks.iter().filter(|week| week.kind.has_session()).count()
}

impl Next {
    fn of(place: &Place, meeting: &SessionRow, zone: Zone, now: DateTime<Utc>) -> Self {
        let (starts, ends) = (zone.local(meeting.starts_at), zone.local(meeting.ends_at));
        let minutes = (meeting.starts_at - now).num_minutes().max(0);
        let own = place.cohort.zone.local(meeting.starts_at);
        let beside = if own == starts {
            String::new()
        } else {
            format!(" It is {} in {}.", time_of_day(own.time()), place.cohort.zone.city())
        };
        Self {
            id: meeting.id.to_string(),
            label: match meeting.ordinal {
                0 => "an extra session".to_owned(),
                ordinal => format!("week {ordinal} of {}", teaching_weeks(place)),
            },
            starts: format!("{}, {}", day(starts.date(), zone.local(now).date()), time_of_day(starts.time())),
            until: format!("Until {}, {}.{beside}", time_of_day(ends.time()), clock(zone, meeting.starts_at)),
            title: meeting.title.expose().to_owned(),
            starts_iso: meeting.starts_at.to_rfc3339_opts(SecondsFormat::Secs, true),
            now_iso: now.to_rfc3339_opts(SecondsFormat::Secs, true),
            left: [minutes / 1440, minutes % 1440 / 60, minutes % 60],
            opens: time_of_day(zone.local(meeting.starts_at - OPENS_EARLY).time()),
            is_open: now >= meeting.starts_at - OPENS_EARLY,
            declined: place.has_declined(meeting.id),
        }
    }
}

fn teaser(site: &Site, signed: &SignedParticipant, place: &Place) -> Option<Teaser> {
    let now = site.clock.now().program;
    let week = place.latest(now)?;
    let out = place.out(week, now);
    let first = out.first()?;
    Some(Teaser {
        week,
        title: first.content.0.title.clone(),
        opening: opening(&rendered(site, signed, place, first).text),
        href: format!("/p/lesson/{week}?enrollment={}", place.enrollment.id),
    })
}

/// A lesson as this person reads it. It was checked when it was saved; should it fail now, nothing is shown.
pub(super) fn rendered(
    site: &Site,
    signed: &SignedParticipant,
    place: &Place,
    own: &CohortLesson,
) -> crate::domain::markdown::Rendered {
    let setting = Setting {
        practice: &signed.practice,
        program: &place.program,
        cohort: &place.cohort,
        name: signed.person.name.expose(),
        zone: signed.person.zone,
    };
    let now = site.clock.now().program;
    let facts = lesson_facts(&site.links, &setting, (Some(&own.content.0), &place.meetings), now);
    lesson::render(&own.content.0, &facts).unwrap_or_else(|faults| {
        tracing::error!(lesson = %own.id, faults = faults.len(), "a saved lesson cannot be rendered");
        crate::domain::markdown::Rendered { html: String::new(), text: String::new() }
    })
}

/// The first whole paragraph, at most about 300 characters of it.
fn opening(text: &str) -> String {
    let paragraphs = text.split("\n\n").map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "));
    let whole =
        paragraphs.clone().find(|paragraph| paragraph.chars().count() > 80 && !paragraph.starts_with(['#', '-', '*']));
    let first = whole.or_else(|| paragraphs.clone().find(|paragraph| !paragraph.is_empty())).unwrap_or_default();
    if first.chars().count() <= 300 {
        return first;
    }
    let cut: String = first.chars().take(300).collect();
    let end = cut.rfind(' ').unwrap_or(cut.len());
    format!("{}…", cut[..end].trim_end_matches([',', ';', ':']))
}

impl Page for MyProgram {
    type Chrome = chrome::Participant;
    const TEMPLATE: &'static str = "my_program/page.html";

    fn samples() -> Vec<(&'static str, Self)> {
        super::samples::pages()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lesson_opens_with_its_first_whole_paragraph() {
        let long = "word ".repeat(100);
        assert!(opening(&format!("HELLO\n\n{long}")).ends_with("word…"));
        assert_eq!(opening("Short."), "Short.");
        assert_eq!(opening(""), "");
    }
}

//! What does a coach see of a schedule before it is saved?

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use super::{Course, Moment};
use crate::domain::{civil, ids::SessionId, session::SessionState, week::Week, zone::Zone};

/// One week of the schedule with all that is in it, or, without a week, what lies before the first or
/// after the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewLine {
    pub week: Option<Week>,
    pub sessions: Vec<SessionEntry>,
    pub lessons: Vec<LessonEntry>,
    /// Sentences about clocks: what changed since the line before, what does not exist.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionEntry {
    pub id: SessionId,
    pub state: SessionState,
    pub reading: Reading,
    /// The same start on the other clocks that were asked for.
    pub elsewhere: Vec<(Zone, Reading)>,
}

/// A lesson by the cohort's clock; by participants' clocks it is at the same local time everywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LessonEntry {
    pub position: u16,
    pub reading: Reading,
}

/// What a clock shows at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    pub at: DateTime<Utc>,
    pub local: NaiveDateTime,
    /// `UTC+01:00`
    pub offset: String,
}

/// The schedule week by week, in the cohort's zone and beside it in the zones of `elsewhere`.
#[must_use]
pub fn preview(course: &Course<'_>, elsewhere: &[Zone]) -> Vec<PreviewLine> {
    let outside = || PreviewLine { week: None, sessions: Vec::new(), lessons: Vec::new(), notes: Vec::new() };
    let mut lines = vec![outside()];
    lines.extend(course.weeks.iter().map(|week| PreviewLine { week: Some(*week), ..outside() }));
    lines.push(outside());
    let others: Vec<Zone> = elsewhere.iter().copied().filter(|zone| *zone != course.zone).collect();
    for meeting in course.meetings {
        let reading = Reading::new(meeting.starts_at, course.zone);
        let elsewhere = others.iter().map(|zone| (*zone, Reading::new(meeting.starts_at, *zone))).collect();
        let line = line_of(course, reading.local);
        lines[line].sessions.push(SessionEntry { id: meeting.id, state: meeting.state, reading, elsewhere });
    }
    for (position, moment) in course.releases() {
        let reading = Reading::new(moment.by(course.zone), course.zone);
        let wanted = match moment {
            Moment::Civil(local) => local,
            Moment::Instant(_) => reading.local,
        };
        let line = &mut lines[line_of(course, wanted)];
        line.notes.extend(missing_time(position, wanted, &reading));
        line.lessons.push(LessonEntry { position, reading });
    }
    for line in &mut lines {
        line.sessions.sort_by_key(|session| session.reading.at);
    }
    note_changes(&mut lines);
    lines.retain(|line| line.week.is_some() || !line.sessions.is_empty() || !line.lessons.is_empty());
    lines
}

impl Reading {
    #[must_use]
    pub fn new(at: DateTime<Utc>, zone: Zone) -> Self {
        Self { at, local: zone.local(at), offset: zone.offset_at(at) }
    }

    /// `Tuesday 3 November 2026, 18:30 (UTC+01:00)`
    #[must_use]
    pub fn text(&self) -> String {
        let (date, time) = (civil::date(self.local.date()), civil::time_of_day(self.local.time()));
        format!("{date}, {time} ({})", self.offset)
    }

    fn ahead(&self) -> TimeDelta {
        self.local - self.at.naive_utc()
    }
}

/// 0 lies before the first week, week n is line n, and one more lies after the last.
fn line_of(course: &Course<'_>, local: NaiveDateTime) -> usize {
    let weeks = course.weeks.iter();
    match weeks.clone().position(|week| week.contains(local.date())) {
        Some(index) => index + 1,
        None if local.date() < course.starts_on => 0,
        None => weeks.len() + 1,
    }
}

fn missing_time(position: u16, wanted: NaiveDateTime, reading: &Reading) -> Option<String> {
    let time = |local: NaiveDateTime| civil::time_of_day(local.time());
    (reading.local != wanted).then(|| {
        let (on, missing, instead) = (civil::short_date(wanted.date()), time(wanted), time(reading.local));
        format!("There is no {missing} on {on}: lesson {position} goes out at {instead}")
    })
}

fn note_changes(lines: &mut [PreviewLine]) {
    let mut here: Option<String> = None;
    // How far each other clock is ahead of the cohort's.
    let mut lead: Vec<TimeDelta> = Vec::new();
    for line in lines {
        let lessons = line.lessons.iter().map(|lesson| &lesson.reading);
        let mut readings: Vec<_> = line.sessions.iter().map(|session| &session.reading).chain(lessons).collect();
        readings.sort_by_key(|reading| reading.at);
        for reading in readings {
            if here.as_ref().is_some_and(|before| *before != reading.offset) {
                line.notes.push(format!("Clocks changed: now {}", reading.offset));
            }
            here = Some(reading.offset.clone());
        }
        for session in &line.sessions {
            let now: Vec<_> =
                session.elsewhere.iter().map(|(_, there)| there.ahead() - session.reading.ahead()).collect();
            for (index, (zone, there)) in session.elsewhere.iter().enumerate() {
                if lead.get(index).is_some_and(|before| *before != now[index]) {
                    let (city, time) = (zone.city(), civil::time_of_day(there.local.time()));
                    line.notes.push(format!("In {city} the session is now at {time} ({})", there.offset));
                }
            }
            lead = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{NaiveDate, NaiveTime, Weekday};
    use uuid::Uuid;

    use super::*;
    use crate::domain::{
        schedule::{LessonClock, LessonTiming},
        session::{SessionRule, plan_sessions},
        timetable::Meeting,
        week::weeks,
    };

    fn read(line: &PreviewLine) -> String {
        let week = line.week.map_or("outside".to_owned(), |week| format!("{} {}", week.number, week.kind.as_str()));
        let lessons = line.lessons.iter().map(|lesson| format!("lesson {} {}", lesson.position, lesson.reading.text()));
        let sessions = line.sessions.iter().map(|session| {
            let there: Vec<_> = session
                .elsewhere
                .iter()
                .map(|(zone, there)| format!("{} {}", zone.city(), there.local.time()))
                .collect();
            format!("{} {} [{}]", session.state.as_str(), session.reading.text(), there.join(", "))
        });
        [week].into_iter().chain(lessons).chain(sessions).chain(line.notes.clone()).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn shows_each_week_with_what_the_clocks_do() {
        let zone = |name| Zone::parse(name).unwrap();
        let starts_on = NaiveDate::from_ymd_opt(2026, 10, 14).unwrap();
        let weeks = weeks(starts_on, 4, &[2]).unwrap();
        let time = NaiveTime::from_hms_opt(18, 30, 0).unwrap();
        let rule = SessionRule::new(Weekday::Tue, time, 90, zone("Europe/Berlin")).unwrap();
        let planned = plan_sessions(&weeks, &rule);
        let mut meetings: Vec<_> = planned
            .iter()
            .map(|session| Meeting {
                id: SessionId(Uuid::nil()),
                starts_at: session.slot.starts_at(),
                ends_at: session.slot.ends_at(),
                state: SessionState::Planned,
                is_extra: false,
            })
            .collect();
        meetings[1].state = SessionState::Canceled;
        meetings.push(Meeting { starts_at: meetings[0].starts_at - TimeDelta::days(7), ..meetings[0] });
        let course = Course {
            zone: zone("Europe/Berlin"),
            starts_on,
            weeks: &weeks,
            rule: &LessonTiming::default(),
            lesson_clock: LessonClock::Cohort,
            positions: &[1, 2, 3, 4, 5],
            meetings: &meetings,
        };
        let lines = preview(&course, &["Europe/Berlin", "America/New_York", "Europe/Oslo"].map(zone));
        assert_eq!(
            lines.iter().map(read).collect::<Vec<_>>(),
            [
                "outside | planned Tuesday 13 October 2026, 18:30 (UTC+02:00) [New York 12:30:00, Oslo 18:30:00]",
                "1 teach | lesson 1 Monday 19 October 2026, 07:00 (UTC+02:00) | planned Tuesday 20 October 2026, 18:30 (UTC+02:00) [New York 12:30:00, Oslo 18:30:00]",
                "2 break",
                "3 teach | lesson 2 Monday 2 November 2026, 07:00 (UTC+01:00) | canceled Tuesday 3 November 2026, 18:30 (UTC+01:00) [New York 12:30:00, Oslo 18:30:00] | Clocks changed: now UTC+01:00",
                "4 teach | lesson 3 Monday 9 November 2026, 07:00 (UTC+01:00) | planned Tuesday 10 November 2026, 18:30 (UTC+01:00) [New York 12:30:00, Oslo 18:30:00]",
                "5 teach | lesson 4 Monday 16 November 2026, 07:00 (UTC+01:00) | planned Tuesday 17 November 2026, 18:30 (UTC+01:00) [New York 12:30:00, Oslo 18:30:00]",
                "outside | lesson 5 Monday 23 November 2026, 07:00 (UTC+01:00)",
            ]
        );
    }

    #[test]
    fn tells_of_a_time_that_does_not_exist_and_of_clocks_that_drift_apart() {
        let zone = |name| Zone::parse(name).unwrap();
        let starts_on = NaiveDate::from_ymd_opt(2026, 10, 19).unwrap();
        let meeting = |day| {
            let local = NaiveDate::from_ymd_opt(2026, 10, day).unwrap().and_hms_opt(18, 30, 0).unwrap();
            let starts_at = zone("Europe/Berlin").resolve(local);
            let ends_at = starts_at + TimeDelta::minutes(90);
            Meeting { id: SessionId(Uuid::nil()), starts_at, ends_at, state: SessionState::Planned, is_extra: false }
        };
        let course = Course {
            zone: zone("Europe/Berlin"),
            starts_on,
            weeks: &weeks(starts_on, 2, &[]).unwrap(),
            rule: &LessonTiming::default(),
            lesson_clock: LessonClock::Cohort,
            positions: &[],
            meetings: &[meeting(20), meeting(27)],
        };
        let notes = |course: &Course<'_>| preview(course, &[zone("America/New_York")]).pop().unwrap().notes;
        assert_eq!(
            notes(&course),
            ["Clocks changed: now UTC+01:00", "In New York the session is now at 13:30 (UTC-04:00)"]
        );

        let starts_on = NaiveDate::from_ymd_opt(2026, 3, 23).unwrap();
        let rule = LessonTiming::parse("30 2 * * SUN").unwrap();
        let weeks = weeks(starts_on, 1, &[]).unwrap();
        let spring = Course { starts_on, weeks: &weeks, rule: &rule, positions: &[1], meetings: &[], ..course };
        assert_eq!(notes(&spring), ["There is no 02:30 on Sun 29 Mar: lesson 1 goes out at 03:00"]);
    }
}

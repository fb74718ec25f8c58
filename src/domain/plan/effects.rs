//! What follows from a schedule that changes: for calendars, lessons, reminders and people?

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::HEXLOWER;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Change, Facts, Plan, Schedule, Session, summary::summary};
use crate::domain::{
    enrollment::CalendarChoice,
    invite::{Told, Wanted, Word, next_word},
    session::{SessionState, Slot},
    timetable::{
        Course, Due, Meeting, REMINDER_DAY, REMINDER_HOUR,
        history::{History, Known},
        preview::Reading,
        timetable,
    },
    zone::Zone,
};

/// Closer than this, nobody can wait to be told.
const SOON: TimeDelta = TimeDelta::hours(24);

/// A session at another time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionMove {
    pub session: Session,
    pub was: Slot,
}

/// A lesson at another time; by participants' clocks, as the cohort's own zone shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LessonMove {
    pub position: u16,
    pub was: Reading,
    pub is: Reading,
}

/// A lesson that went out and stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LessonOut {
    pub position: u16,
    pub at: Reading,
}

/// A lesson whose own time under the new plan is over: it waits for the next free one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LessonLate {
    pub position: u16,
    pub missed: Reading,
    pub is: Reading,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reminders {
    /// At another time, with their session.
    pub moved: usize,
    pub added: usize,
    pub dropped: usize,
    /// Their time is over already: not sent.
    pub skipped: usize,
}

/// Messages to calendars, and who gets none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CalendarCount {
    pub updates: usize,
    pub new: usize,
    pub removed: usize,
    /// People whose calendars hear of it.
    pub people: usize,
    /// People who get the one plain mail.
    pub told: usize,
    /// Names of those whose feed shows it by itself, and of those who have neither.
    pub feed: Vec<String>,
    pub neither: Vec<String>,
    /// Names of those whom mail does not reach.
    pub unreachable: Vec<String>,
}

/// Everything there is to know of the step from one schedule to the next.
pub(super) fn plan_of(before: &Schedule, after: Schedule, of: (&Facts<'_>, &Change), now: DateTime<Utc>) -> Plan {
    let (facts, change) = of;
    let lessons = Lessons::of(before, &after, facts, now);
    let kind = |from: Option<SessionState>, to: SessionState| {
        let came = after.sessions.iter().filter(move |session| session.state == to);
        came.filter(move |session| before.session(session.id).map(|old| old.state) == from).cloned().collect()
    };
    let moved = moved(before, &after);
    let (added, canceled): (Vec<_>, Vec<_>) =
        (kind(None, SessionState::Planned), kind(Some(SessionState::Planned), SessionState::Canceled));
    let restored: Vec<Session> = kind(Some(SessionState::Canceled), SessionState::Planned);
    let touched = moved.iter().flat_map(|moved| [moved.was, moved.session.slot]);
    let mut touched = touched.chain(added.iter().chain(&canceled).chain(&restored).map(|session| session.slot));
    let at_once = touched.any(|slot| is_urgent(slot.starts_at(), now)) && !facts.people.is_empty();
    Plan {
        summary: summary(before, &after, change),
        over: before.sessions.iter().filter(|session| session.is_planned() && session.has_begun(now)).count(),
        lessons_out: lessons.out,
        lessons_moved: lessons.moved,
        lessons_late: lessons.late,
        lessons_after_end: lessons.after_end,
        reminders: reminders(before, &after, now),
        calendars: calendars(&after, facts, now),
        fingerprint: fingerprint(before, &after, facts, at_once),
        moved,
        added,
        canceled,
        restored,
        at_once,
        after,
    }
}

/// Whether people are told at once of a session at this time.
fn is_urgent(starts_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    starts_at > now && starts_at - now < SOON
}

fn moved(before: &Schedule, after: &Schedule) -> Vec<SessionMove> {
    let moved = after.sessions.iter().filter(|session| session.is_planned()).filter_map(|session| {
        let old = before.session(session.id)?;
        let is_moved = old.is_planned() && old.slot != session.slot;
        is_moved.then(|| SessionMove { session: session.clone(), was: old.slot })
    });
    let mut moved: Vec<_> = moved.collect();
    moved.sort_by_key(|moved| moved.session.slot.starts_at());
    moved
}

/// The lessons of both schedules, beside each other.
struct Lessons {
    moved: Vec<LessonMove>,
    out: Vec<LessonOut>,
    late: Vec<LessonLate>,
    after_end: Vec<u16>,
}

impl Lessons {
    fn of(before: &Schedule, after: &Schedule, facts: &Facts<'_>, now: DateTime<Utc>) -> Self {
        // By participants' clocks the cohort's own zone stands for all: the civil times are the same.
        let known =
            facts.history.known.iter().copied().filter(|known| known.zone.is_none_or(|zone| zone == before.zone));
        let history = History { known: known.collect(), since: facts.history.since, ..History::none() };
        let rows = |schedule: &Schedule, history: &History| lessons(schedule, facts, history);
        let (old, new, scratch) = (rows(before, &history), rows(after, &history), rows(after, &History::none()));
        let reading = |due: &Due, zone: Zone| Reading::new(due.due_at, zone);
        let moved = new.iter().filter_map(|(position, is)| {
            let (_, was) = old.iter().find(|(other, _)| other == position)?;
            let (was, is) = (reading(was, before.zone), reading(is, after.zone));
            (was != is).then_some(LessonMove { position: *position, was, is })
        });
        let late = new.iter().filter_map(|(position, is)| {
            let (_, own) = scratch.iter().find(|(other, _)| other == position)?;
            let missed = (own.due_at <= now && own.due_at != is.due_at).then(|| reading(own, after.zone))?;
            Some(LessonLate { position: *position, missed, is: reading(is, after.zone) })
        });
        let out = history.known.iter().filter(|known| known.is_out);
        let out = out.map(|known| LessonOut { position: known.position, at: Reading::new(known.due_at, before.zone) });
        let end =
            after.sessions.iter().filter(|session| session.is_planned()).map(|session| session.slot.ends_at()).max();
        let after_end = new.iter().filter(|(_, due)| end.is_some_and(|end| due.due_at > end));
        Self {
            moved: moved.collect(),
            late: late.collect(),
            after_end: after_end.map(|(position, _)| *position).collect(),
            out: out.collect(),
        }
    }
}

/// The lessons still to come, by the cohort's zone.
fn lessons(schedule: &Schedule, facts: &Facts<'_>, history: &History) -> Vec<(u16, Due)> {
    let meetings = schedule.meetings();
    let course = schedule.course(facts, &meetings);
    let rows = timetable(&course, &[schedule.zone], history);
    rows.into_iter().filter_map(|row| row.work.position().map(|position| (position, row))).collect()
}

impl Schedule {
    pub(super) fn meetings(&self) -> Vec<Meeting> {
        let meeting = |session: &Session| Meeting {
            id: session.id,
            starts_at: session.slot.starts_at(),
            ends_at: session.slot.ends_at(),
            state: session.state,
            is_extra: session.week == 0,
        };
        self.sessions.iter().map(meeting).collect()
    }

    /// What the timetable is computed from.
    pub(super) fn course<'a>(&'a self, facts: &Facts<'a>, meetings: &'a [Meeting]) -> Course<'a> {
        Course {
            zone: self.zone,
            starts_on: self.starts_on,
            weeks: &self.weeks,
            rule: facts.rule,
            lesson_clock: facts.lesson_clock,
            positions: facts.positions,
            meetings,
        }
    }
}

fn reminders(before: &Schedule, after: &Schedule, now: DateTime<Utc>) -> Reminders {
    let mut count = Reminders::default();
    for session in &after.sessions {
        let old = before.session(session.id).filter(|old| old.is_planned());
        let starts = [old.map(|old| old.slot.starts_at()), session.is_planned().then(|| session.slot.starts_at())];
        if starts[0] == starts[1] {
            continue;
        }
        for ahead in [REMINDER_DAY, REMINDER_HOUR] {
            let due = starts.map(|start| start.map(|start| start - ahead));
            match due.map(|due| due.map(|due| due > now)) {
                [_, Some(false)] => count.skipped += 1,
                [Some(true), Some(true)] => count.moved += 1,
                [None | Some(false), Some(true)] => count.added += 1,
                [Some(true), None] => count.dropped += 1,
                [None | Some(false), None] => {}
            }
        }
    }
    count
}

fn calendars(after: &Schedule, facts: &Facts<'_>, now: DateTime<Utc>) -> CalendarCount {
    let mut count = CalendarCount::default();
    for person in facts.people {
        let (mut is_told, mut hears) = (false, false);
        for session in &after.sessions {
            let (starts_at, ends_at) = (session.slot.starts_at(), session.slot.ends_at());
            let is = session.is_planned().then_some((starts_at, ends_at));
            let knows = person.knows.iter().find(|knows| knows.session == session.id);
            let was = knows.and_then(|knows| knows.told);
            let matters = was.or(is).is_some_and(|(_, end)| end > now) || is.is_some_and(|(_, end)| end > now);
            is_told |= was != is && matters;
            if person.calendar != CalendarChoice::Invites {
                continue;
            }
            let wanted = if session.is_planned() { Wanted::At { starts_at, ends_at } } else { Wanted::Gone };
            let told = knows.map_or(Told::Nothing, |knows| knows.calendar);
            let revived = session.is_planned() && told == Told::Canceled;
            match next_word(told, wanted, now) {
                Some(Word::Cancel) => count.removed += 1,
                Some(Word::Request) if told == Told::Nothing => count.new += 1,
                Some(Word::Request) => count.updates += 1,
                None if revived && ends_at > now => count.new += 1,
                None => continue,
            }
            hears = true;
        }
        count.people += usize::from(hears);
        count.told += usize::from(is_told);
        if person.is_unreachable {
            count.unreachable.push(person.name.expose().to_owned());
        }
        match person.calendar {
            CalendarChoice::Invites => {}
            CalendarChoice::Feed => count.feed.push(person.name.expose().to_owned()),
            CalendarChoice::Neither => count.neither.push(person.name.expose().to_owned()),
        }
    }
    count
}

/// Changes with everything the plan depends on, and with what it would do.
fn fingerprint(before: &Schedule, after: &Schedule, facts: &Facts<'_>, at_once: bool) -> String {
    #[derive(Serialize)]
    struct Seen<'a> {
        schedules: [&'a Schedule; 2],
        rule: String,
        clock: &'a str,
        positions: &'a [u16],
        zones: &'a [Zone],
        known: &'a [Known],
        people: &'a [super::Attendee],
        at_once: bool,
    }
    let seen = Seen {
        schedules: [before, after],
        rule: facts.rule.expression(),
        clock: facts.lesson_clock.as_str(),
        positions: facts.positions,
        zones: facts.zones,
        known: &facts.history.known,
        people: facts.people,
        at_once,
    };
    let text = serde_json::to_vec(&seen).expect("plain values");
    HEXLOWER.encode(&Sha256::digest(&text)[..16])
}

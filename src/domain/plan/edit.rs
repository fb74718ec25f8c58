//! What is the schedule after a change?

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use uuid::Uuid;

use super::{
    Change, Refusal, Schedule, Session,
    weeks::{carried, checked, first_on, numbered},
};
use crate::domain::{
    civil,
    ids::SessionId,
    name::Name,
    session::{SessionState, Slot, length},
    week::{Kind, MOST_WEEKS},
    zone::Zone,
};

/// The schedule with the change made. What has begun never moves, and nothing moves into the past.
pub(super) fn edited(
    schedule: &Schedule,
    change: &Change,
    titles: &[(u16, Name)],
    now: DateTime<Utc>,
) -> Result<Schedule, Refusal> {
    match change {
        Change::MoveStart { to } => move_start(schedule, *to, now),
        Change::Reslot { from_week, weekday, time, minutes, zone } => {
            reslot(schedule, *from_week, (*weekday, *time, *minutes, *zone), now)
        }
        Change::InsertBreak { before } => insert_break(schedule, *before, now),
        Change::RemoveBreak { week } => remove_break(schedule, *week, now),
        Change::MoveSession { session, date, time, minutes } => {
            move_session(schedule, *session, (*date, *time, *minutes), now)
        }
        Change::CancelSession { session } => set_state(schedule, *session, SessionState::Canceled, now),
        Change::RestoreSession { session } => set_state(schedule, *session, SessionState::Planned, now),
        Change::AddSession { date, time, minutes, title } => {
            let slot = Slot { date: *date, time: *time, zone: schedule.zone, minutes: length(*minutes)? };
            add_session(schedule, slot, title, now)
        }
        Change::Extend { weeks } => extend(schedule, *weeks, titles, now),
        Change::Shorten { weeks } => shorten(schedule, *weeks, now),
    }
}

fn move_start(schedule: &Schedule, to: NaiveDate, now: DateTime<Utc>) -> Result<Schedule, Refusal> {
    if schedule.sessions.iter().any(|session| session.week > 0 && session.is_planned() && session.has_begun(now)) {
        return Err(Refusal::Begun);
    }
    let weeks = checked(numbered(to, schedule.kinds()))?;
    let before = schedule.first_days();
    let mut after = Schedule { starts_on: to, weeks, ..schedule.clone() };
    let days = after.first_days();
    for session in after.sessions.iter_mut().filter(|session| !session.has_begun(now)) {
        // One that was taken off with its week keeps its distance from the start.
        let (from, to) = match (before.get(&session.week), days.get(&session.week)) {
            (Some(from), Some(to)) => (*from, *to),
            (None, _) | (_, None) if session.week > 0 => (schedule.starts_on, to),
            (None, _) | (_, None) => continue,
        };
        session.slot.date = carried(session.slot.date, from, to);
    }
    ahead(after, schedule, now)
}

fn reslot(
    schedule: &Schedule,
    from_week: u16,
    to: (Weekday, NaiveTime, u16, Zone),
    now: DateTime<Utc>,
) -> Result<Schedule, Refusal> {
    let (weekday, time, minutes, zone) = to;
    schedule.week(from_week)?;
    let minutes = length(minutes)?;
    let begun = |session: &&Session| session.week == from_week && session.has_begun(now);
    if schedule.sessions.iter().any(|session| begun(&session)) {
        return Err(Refusal::WeekBegun(from_week));
    }
    let mut after = Schedule { weekday, time, minutes, zone, ..schedule.clone() };
    let days = after.first_days();
    for session in after.sessions.iter_mut().filter(|session| session.week >= from_week && !session.has_begun(now)) {
        if let Some(first_day) = days.get(&session.week) {
            session.slot = Slot { date: first_on(weekday, *first_day), time, zone, minutes };
        }
    }
    ahead(after, schedule, now)
}

fn insert_break(schedule: &Schedule, before: u16, now: DateTime<Utc>) -> Result<Schedule, Refusal> {
    let week = schedule.week(before)?;
    let over = schedule.zone.local(now).date() >= week.first_day + TimeDelta::weeks(1);
    let begun = schedule.sessions.iter().any(|session| session.week == before && session.has_begun(now));
    if over || begun {
        return Err(Refusal::WeekBegun(before));
    }
    let at = usize::from(before - 1);
    let mut kinds: Vec<Kind> = schedule.kinds().collect();
    kinds.insert(at, Kind::Break);
    let after = Schedule { weeks: checked(numbered(schedule.starts_on, kinds))?, ..schedule.clone() };
    Ok(shifted(after, before, 1, now))
}

fn remove_break(schedule: &Schedule, week: u16, now: DateTime<Utc>) -> Result<Schedule, Refusal> {
    if schedule.week(week)?.kind != Kind::Break {
        return Err(Refusal::NotABreak(week));
    }
    if schedule.sessions.iter().any(|session| session.week > week && session.is_planned() && session.has_begun(now)) {
        return Err(Refusal::WeekBegun(week));
    }
    let kinds = schedule.weeks.iter().filter(|other| other.number != week).map(|other| other.kind);
    let after = Schedule { weeks: checked(numbered(schedule.starts_on, kinds))?, ..schedule.clone() };
    ahead(shifted(after, week, -1, now), schedule, now)
}

/// Sessions from this week on belong to another week, and those still to come move with it.
fn shifted(mut schedule: Schedule, from_week: u16, by: i16, now: DateTime<Utc>) -> Schedule {
    for session in schedule.sessions.iter_mut().filter(|session| session.week >= from_week) {
        if !session.has_begun(now) {
            session.slot.date += TimeDelta::weeks(i64::from(by));
        }
        session.week = session.week.saturating_add_signed(by);
    }
    schedule
}

fn move_session(
    schedule: &Schedule,
    id: SessionId,
    to: (NaiveDate, NaiveTime, u16),
    now: DateTime<Utc>,
) -> Result<Schedule, Refusal> {
    let (date, time, minutes) = to;
    change_one(schedule, id, now, |session| {
        if !session.is_planned() {
            return Err(Refusal::Canceled);
        }
        session.slot = Slot { date, time, minutes: length(minutes)?, ..session.slot };
        if session.has_begun(now) { Err(Refusal::Past) } else { Ok(()) }
    })
}

fn set_state(schedule: &Schedule, id: SessionId, state: SessionState, now: DateTime<Utc>) -> Result<Schedule, Refusal> {
    change_one(schedule, id, now, |session| {
        session.state = state;
        Ok(())
    })
}

fn change_one(
    schedule: &Schedule,
    id: SessionId,
    now: DateTime<Utc>,
    change: impl FnOnce(&mut Session) -> Result<(), Refusal>,
) -> Result<Schedule, Refusal> {
    let mut after = schedule.clone();
    let session = after.sessions.iter_mut().find(|session| session.id == id).ok_or(Refusal::NoSession)?;
    if session.slot.ends_at() <= now {
        return Err(Refusal::Over);
    }
    change(session)?;
    Ok(after)
}

fn add_session(schedule: &Schedule, slot: Slot, title: &Name, now: DateTime<Utc>) -> Result<Schedule, Refusal> {
    let session = Session {
        id: SessionId(Uuid::from_u128(1)),
        ordinal: 0,
        week: 0,
        title: title.clone(),
        slot,
        state: SessionState::Planned,
    };
    if session.has_begun(now) {
        return Err(Refusal::Past);
    }
    let mut after = schedule.clone();
    after.sessions.push(session);
    Ok(after)
}

fn extend(schedule: &Schedule, more: u16, titles: &[(u16, Name)], now: DateTime<Utc>) -> Result<Schedule, Refusal> {
    if more == 0 || more > MOST_WEEKS {
        return Err(Refusal::HowMany(MOST_WEEKS));
    }
    let last = schedule.last_week();
    let kinds = schedule.kinds().chain(std::iter::repeat_n(Kind::Teach, usize::from(more)));
    let mut after = Schedule { weeks: checked(numbered(schedule.starts_on, kinds))?, ..schedule.clone() };
    let days = after.first_days();
    // Weeks that were taken off come back with the sessions they had.
    let off = |session: &&Session| session.week > last && !session.has_begun(now);
    let mut taken_off: Vec<_> =
        schedule.sessions.iter().filter(off).map(|session| (session.week, session.id)).collect();
    taken_off.sort_unstable();
    let mut taken_off = taken_off.into_iter();
    for (number, week) in (1_u128..).zip(last + 1..=last + more) {
        let Some(first_day) = days.get(&week) else { continue };
        let date = first_on(schedule.weekday, *first_day);
        let slot = Slot { date, time: schedule.time, zone: schedule.zone, minutes: schedule.minutes };
        let back = taken_off.next().map(|(_, id)| id);
        if let Some(session) = after.sessions.iter_mut().find(|session| Some(session.id) == back) {
            (session.week, session.slot, session.state) = (week, slot, SessionState::Planned);
            continue;
        }
        let ordinal = after.sessions.iter().map(|session| session.ordinal).max().unwrap_or_default() + 1;
        let (id, title) = (SessionId(Uuid::from_u128(number)), title(ordinal, titles));
        after.sessions.push(Session { id, ordinal, week, title, slot, state: SessionState::Planned });
    }
    ahead(after, schedule, now)
}

fn title(ordinal: u16, titles: &[(u16, Name)]) -> Name {
    let known = titles.iter().find(|(number, _)| *number == ordinal).map(|(_, title)| title.clone());
    known.unwrap_or_else(|| Name::parse(&format!("Session {ordinal}")).expect("a number makes a name"))
}

fn shorten(schedule: &Schedule, fewer: u16, now: DateTime<Utc>) -> Result<Schedule, Refusal> {
    if fewer == 0 || fewer > MOST_WEEKS {
        return Err(Refusal::HowMany(MOST_WEEKS));
    }
    let mut kinds: Vec<Kind> = schedule.kinds().collect();
    kinds.truncate(kinds.len().saturating_sub(usize::from(fewer)));
    // A break at the end would be no break.
    while kinds.last().is_some_and(|kind| *kind == Kind::Break) {
        kinds.pop();
    }
    if !kinds.contains(&Kind::Teach) {
        return Err(Refusal::NoneLeft);
    }
    let last = u16::try_from(kinds.len()).unwrap_or(MOST_WEEKS);
    let mut after = Schedule { weeks: numbered(schedule.starts_on, kinds), ..schedule.clone() };
    for session in after.sessions.iter_mut().filter(|session| session.week > last && session.is_planned()) {
        if session.has_begun(now) {
            return Err(Refusal::WeekBegun(session.week));
        }
        session.state = SessionState::Canceled;
    }
    Ok(after)
}

/// Refuses a planned session that this change would put into the past.
fn ahead(after: Schedule, before: &Schedule, now: DateTime<Utc>) -> Result<Schedule, Refusal> {
    let moved = |session: &&Session| before.session(session.id).is_none_or(|other| other.slot != session.slot);
    let past = |session: &&Session| session.is_planned() && session.has_begun(now);
    match after.sessions.iter().filter(moved).find(past) {
        None => Ok(after),
        Some(session) => Err(Refusal::WouldBePast {
            session: session.label(),
            when: format!("{}, {}", civil::date(session.slot.date), civil::time_of_day(session.slot.time)),
        }),
    }
}

//! A coach brings in a list of people: it is looked through first, and then all of it comes in, or nothing.

mod rows;

use std::collections::BTreeMap;

use crate::{
    app::App,
    clock::Now,
    domain::{
        delivery::Occasion,
        enrollment::Event,
        ids::{CohortId, PracticeId},
        people_list::{Line, List, Listed},
        schedule::LessonClock,
    },
    store::{
        self, Connection,
        audits::{self, Audit},
        cohorts::{self, Cohort},
        database::Tx,
        enrollments::{self, Enrollment},
        ledger,
        participants::Participant,
        roster, timetable,
    },
    transact,
};

use super::{add_person::WhenFull, place_letters::about_place, plan_timetable::plan_timetable, welcome::welcome};

/// What becomes of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Becomes {
    /// Somebody this practice does not know.
    New,
    /// Somebody it knows, by this name: what is known of them stays as it is.
    Known(String),
    /// Takes part already: nothing changes.
    Stays(String),
    /// Everything that is wrong, each a sentence.
    Wrong(Vec<String>),
}

#[derive(Debug, Clone)]
pub struct Entry {
    pub number: u64,
    pub shown: String,
    pub becomes: Becomes,
}

/// What a list would do.
#[derive(Debug, Clone)]
pub struct Look {
    pub entries: Vec<Entry>,
    /// Places that are needed, and free ones.
    pub needed: i32,
    pub free: i32,
}

impl Look {
    #[must_use]
    pub fn wrong(&self) -> usize {
        self.entries.iter().filter(|entry| matches!(entry.becomes, Becomes::Wrong(_))).count()
    }

    #[must_use]
    pub fn coming(&self) -> usize {
        self.entries.iter().filter(|entry| matches!(entry.becomes, Becomes::New | Becomes::Known(_))).count()
    }

    /// Places that are not there.
    #[must_use]
    pub fn lacking(&self) -> i32 {
        (self.needed - self.free).max(0)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("this cohort does not exist")]
    Unknown,
    #[error("some lines of this list cannot come in")]
    Wrong,
    #[error("nobody new is on this list")]
    Nobody,
    #[error("there are fewer places than people")]
    Full,
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

/// Looks through a list and changes nothing.
pub async fn look_through(app: &App, cohort: &Cohort, list: &List) -> store::Result<Look> {
    let judged = judge(app.db.reader(), cohort, list).await?;
    let needed = judged.iter().filter_map(|one| one.coming.as_ref()).filter(|coming| coming.needs_seat()).count();
    Ok(Look {
        entries: judged.into_iter().map(|one| one.entry).collect(),
        needed: i32::try_from(needed).unwrap_or(i32::MAX),
        free: (cohort.capacity - cohort.seats_taken).max(0),
    })
}

/// Brings in everybody on the list who is not there yet; returns how many. One wrong line, and nobody comes in.
pub async fn import_people(
    app: &App,
    of: (PracticeId, CohortId),
    list: &List,
    when_full: WhenFull,
    actor: &str,
) -> Result<usize, Refused> {
    let now = app.clock.now();
    let (practice, cohort) = of;
    let count = transact!(app.db, |tx| {
        cohorts::lock(tx, cohort).await?;
        let cohort = cohorts::find(tx, practice, cohort).await?.ok_or(Refused::Unknown)?;
        let judged = judge(tx, &cohort, list).await?;
        if judged.iter().any(|one| matches!(one.entry.becomes, Becomes::Wrong(_))) {
            return Err(Refused::Wrong);
        }
        let coming: Vec<Coming> = judged.into_iter().filter_map(|one| one.coming).collect();
        if coming.is_empty() {
            return Err(Refused::Nobody);
        }
        bring_in(app, tx, &cohort, &coming, (when_full, actor), now).await?;
        Ok::<_, Refused>(coming.len())
    })?;
    app.bell.notify_waiters();
    Ok(count)
}

/// Somebody who comes in.
#[derive(Debug, Clone)]
struct Coming {
    listed: Listed,
    known: Option<Participant>,
    /// As they stood here before.
    before: Option<Enrollment>,
}

impl Coming {
    fn needs_seat(&self) -> bool {
        self.before.as_ref().is_none_or(|before| before.seat.is_none())
    }
}

struct Judged {
    entry: Entry,
    coming: Option<Coming>,
}

async fn judge(db: &impl Connection, cohort: &Cohort, list: &List) -> store::Result<Vec<Judged>> {
    let listed = list.lines.iter().filter_map(|line| line.read.as_ref().ok());
    let keys: Vec<String> = listed.map(|listed| listed.email.key()).collect();
    let people = roster::people_with_emails(db, cohort.practice_id, &keys).await?;
    let people: BTreeMap<_, _> = people.into_iter().map(|person| (person.email_key.clone(), person)).collect();
    let here = enrollments::of_cohort(db, cohort.id).await?;
    let here: BTreeMap<_, _> = here.into_iter().map(|enrollment| (enrollment.participant_id, enrollment)).collect();
    let judge = |line: &Line| {
        let (becomes, coming) = match &line.read {
            Err(wrong) => (Becomes::Wrong(wrong.clone()), None),
            Ok(listed) => {
                let known = people.get(&listed.email.key());
                let before = known.and_then(|person| here.get(&person.id));
                let name = known.map(|person| person.name.expose().to_owned()).unwrap_or_default();
                if before.is_some_and(|before| before.standing.after(Event::Add).is_err()) {
                    (Becomes::Stays(name), None)
                } else {
                    let becomes = if known.is_some() { Becomes::Known(name) } else { Becomes::New };
                    let (known, before) = (known.cloned(), before.cloned());
                    (becomes, Some(Coming { listed: listed.clone(), known, before }))
                }
            }
        };
        Judged { entry: Entry { number: line.number, shown: line.shown.clone(), becomes }, coming }
    };
    Ok(list.lines.iter().map(judge).collect())
}

async fn bring_in(
    app: &App,
    tx: &Tx,
    cohort: &Cohort,
    coming: &[Coming],
    how: (WhenFull, &str),
    now: Now,
) -> Result<(), Refused> {
    let (when_full, actor) = how;
    let needed = coming.iter().filter(|coming| coming.needs_seat()).count();
    let needed = i32::try_from(needed).unwrap_or(i32::MAX);
    match (roster::take_seats(tx, cohort.id, needed).await?, when_full) {
        (true, _) => {}
        (false, WhenFull::Refuse) => return Err(Refused::Full),
        (false, WhenFull::Override) => cohorts::count_seats(tx, cohort.id, needed).await?,
    }
    let made = rows::make(app, tx, cohort, coming, actor, now).await?;
    roster::bring_in(tx, made.brought.clone()).await?;
    for (before, after) in &made.again {
        enrollments::save(tx, before.standing, after.clone()).await?;
    }
    audits::note(tx, audit(app, cohort, (coming.len(), needed), how, now)).await?;
    greet(app, tx, cohort, &made, now).await?;
    Ok(())
}

/// The welcome of each. Where nothing went out yet and no calendar is to be told, that is one letter.
async fn greet(app: &App, tx: &Tx, cohort: &Cohort, made: &rows::Made, now: Now) -> store::Result<()> {
    let planned = timetable::of_cohort(tx, cohort.id).await?;
    let is_out =
        planned.iter().any(|row| row.work == "lesson" && (row.due_at <= now.program || row.released_at.is_some()));
    let (alike, apart) =
        if is_out { (&[][..], &made.brought.enrollments[..]) } else { (&made.brought.enrollments[..], &[][..]) };
    let letters = alike
        .iter()
        .map(|enrollment| about_place(Occasion::Welcome, enrollment, now).row(app.random.id(now.program), now))
        .collect();
    ledger::enqueue(tx, letters).await?;
    for enrollment in apart.iter().chain(made.again.iter().map(|(_, after)| after)) {
        welcome(app, tx, cohort, enrollment, now).await?;
    }
    if cohort.lesson_clock == LessonClock::Participant && !alike.is_empty() {
        plan_timetable(app, tx, cohort, now).await?;
    }
    Ok(())
}

fn audit(app: &App, cohort: &Cohort, counts: (usize, i32), how: (WhenFull, &str), now: Now) -> Audit {
    let (people, needed) = counts;
    let over = (cohort.seats_taken + needed - cohort.capacity).max(0);
    let act = match how.0 {
        WhenFull::Override if over > 0 => "list of people brought in over the limit",
        WhenFull::Override | WhenFull::Refuse => "list of people brought in",
    };
    Audit {
        id: app.random.uuid(now.real),
        practice_id: cohort.practice_id,
        act: act.to_owned(),
        actor: how.1.to_owned(),
        subject: cohort.id.to_string(),
        detail: format!("{people} people, {over} over the limit"),
        made_at: now.real,
    }
}

//! Whom does an announcement reach, when, and who is left out for which reason?

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::Draft;
use crate::{
    actions::{own_lessons::own_lessons, suppress::scope_of},
    app::App,
    clock::Now,
    domain::{
        announcement::{Of, arrives_at},
        category::Category,
        cohort::Attendance,
        enrollment::Standing,
        ids::{EnrollmentId, ParticipantId, PracticeId},
    },
    store::{
        self, Connection, attendances, check_ins,
        cohorts::{self, Cohort},
        enrollments::{self, Enrollment},
        ledger::{self, Day},
        participants::{self, Participant},
        stops,
    },
};

/// Who has not checked in for this long is quiet.
const QUIET: TimeDelta = TimeDelta::days(14);

/// Somebody who gets it, and when.
#[derive(Debug, Clone)]
pub struct Reached {
    pub enrollment: Enrollment,
    pub person: Participant,
    pub at: DateTime<Utc>,
}

/// Somebody of the set who does not get it.
#[derive(Debug, Clone)]
pub struct LeftOut {
    pub person: Participant,
    /// A clause, as in `turned announcements off`.
    pub why: &'static str,
}

#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// In the order of their arrival.
    pub reached: Vec<Reached>,
    pub left_out: Vec<LeftOut>,
}

/// Each person once, also one who is in two of the cohorts.
pub async fn reach(app: &App, db: &impl Connection, of: (PracticeId, &Draft), now: Now) -> store::Result<Reach> {
    let (practice, draft) = of;
    let mut reach = Reach::default();
    let mut seen = BTreeSet::new();
    for id in &draft.audience.cohorts {
        let Some(cohort) = cohorts::find(db, practice, *id).await? else { continue };
        let mut members = enrollments::of_cohort(db, cohort.id).await?;
        members.retain(|member| draft.audience.track.is_empty() || member.track == draft.audience.track);
        let chosen = chosen(db, &cohort, &members, draft.audience.of, now).await?;
        let people = people(db, practice, &members).await?;
        for member in members {
            let Some(person) = people.get(&member.participant_id).filter(|_| chosen.contains(&member.id)) else {
                continue;
            };
            if !is_meant(member.standing) || !seen.insert(person.id) {
                continue;
            }
            match left_out(app, db, (&cohort, &member, person)).await? {
                Some(why) => reach.left_out.push(LeftOut { person: person.clone(), why }),
                None => {
                    let taken = taken(db, (&cohort, &member, person), now.program).await?;
                    let at = arrives_at(draft.wish, person.zone, now.program, &taken);
                    reach.reached.push(Reached { enrollment: member, person: person.clone(), at });
                }
            }
        }
    }
    reach.reached.sort_by_key(|reached| (reached.at, reached.person.id));
    Ok(reach)
}

/// Whoever has, or had, a part in the group; others are not spoken of.
fn is_meant(standing: Standing) -> bool {
    standing.takes_part() || standing == Standing::Paused
}

async fn people(
    db: &impl Connection,
    practice: PracticeId,
    members: &[Enrollment],
) -> store::Result<BTreeMap<ParticipantId, Participant>> {
    let ids: Vec<ParticipantId> = members.iter().map(|member| member.participant_id).collect();
    let people = participants::with_ids(db, practice, &ids).await?;
    Ok(people.into_iter().map(|person| (person.id, person)).collect())
}

async fn chosen(
    db: &impl Connection,
    cohort: &Cohort,
    members: &[Enrollment],
    of: Of,
    now: Now,
) -> store::Result<BTreeSet<EnrollmentId>> {
    match of {
        Of::Everyone => Ok(members.iter().map(|member| member.id).collect()),
        Of::AbsentAt(session) => {
            let marks = attendances::of_cohort(db, cohort.practice_id, cohort.id).await?;
            let absent = marks.into_iter().filter(|mark| mark.session_id == session && mark.mark == Attendance::Absent);
            Ok(absent.map(|mark| mark.enrollment_id).collect())
        }
        Of::Quiet => {
            let mut quiet = BTreeSet::new();
            for member in members {
                let own = check_ins::of_enrollment(db, member.id).await?;
                if own.iter().all(|check_in| check_in.changed_at < now.program - QUIET) {
                    quiet.insert(member.id);
                }
            }
            Ok(quiet)
        }
    }
}

/// What the late gate would say; a coach sees it before.
async fn left_out(
    app: &App,
    db: &impl Connection,
    of: (&Cohort, &Enrollment, &Participant),
) -> store::Result<Option<&'static str>> {
    let (cohort, member, person) = of;
    if member.standing == Standing::Paused {
        return Ok(Some("is taking a pause"));
    }
    if stops::of_person(db, person.id, cohort.program_id).await?.contains(&Category::Announcement) {
        return Ok(Some("turned announcements off"));
    }
    let scope = scope_of(app, db, person.practice_id, &person.email).await?;
    Ok(scope.map(|_| "mail to this address comes back, or is not wanted"))
}

/// The days of the reader's own clock on which something of this program comes to them already.
async fn taken(
    db: &impl Connection,
    of: (&Cohort, &Enrollment, &Participant),
    now: DateTime<Utc>,
) -> store::Result<BTreeSet<NaiveDate>> {
    let (cohort, member, person) = of;
    let mut busy = Vec::new();
    if member.standing == Standing::Enrolled {
        busy.extend(own_lessons(db, cohort, member).await?.into_iter().map(|own| own.due_at));
    }
    let hours = now - TimeDelta::hours(26)..now + TimeDelta::days(366);
    busy.extend(ledger::busy_at(db, &Day { person: person.id, program: cohort.program_id, hours }).await?);
    Ok(busy.into_iter().map(|at| person.zone.local(at).date()).collect())
}

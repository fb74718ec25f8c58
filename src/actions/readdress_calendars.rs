//! A person's address changes: the calendar behind the old one is cleared, and the new one's is filled.
//!
//! A calendar object names one attendee, so an entry cannot follow to another address: each session gets another
//! invite, under a UID of its own.

use std::collections::BTreeMap;

use crate::{
    app::App,
    clock::Now,
    domain::{
        enrollment::{CalendarChoice, Standing},
        ids::SessionId,
        invite::{Told, Wanted},
    },
    store::{
        self, cohorts,
        database::Tx,
        enrollments::{self, Enrollment},
        invites::{self, Invite},
        ledger::{self, addressed},
        participants::Participant,
    },
};

use super::tell_calendars::{archive, decide, delivery, settle, tell_calendar};

/// What the old address can still be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    Told,
    /// Mail there comes back: no word reaches that calendar.
    Unreachable,
}

/// A place whose calendar is to be filled anew, with the answers that were given for its sessions.
#[derive(Debug)]
pub(super) struct ToFill {
    enrollment: Enrollment,
    answers: BTreeMap<SessionId, String>,
}

/// Before the address changes: what the old calendar holds is canceled there, and what is under way stays for the
/// old address.
pub(super) async fn clear_calendars(
    app: &App,
    tx: &Tx,
    person: &Participant,
    old: Left,
    now: Now,
) -> store::Result<Vec<ToFill>> {
    let mut places = enrollments::of_participant(tx, person.practice_id, person.id).await?;
    // Everybody locks cohorts in this order.
    places.sort_unstable_by_key(|place| place.cohort_id);
    for place in &places {
        cohorts::lock(tx, place.cohort_id).await?;
    }
    for open in ledger::open_invites_of(tx, person.id).await? {
        ledger::unclaim(tx, open.id).await?;
    }
    let mut cleared = Vec::new();
    let mut to_fill = Vec::new();
    for place in enrollments::of_participant(tx, person.practice_id, person.id).await? {
        let keeps = place.calendar == CalendarChoice::Invites
            && matches!(place.standing, Standing::Enrolled | Standing::Paused);
        if keeps {
            let (aside, answers) = set_aside(tx, &place, now).await?;
            cleared.extend(aside.into_iter().map(|(invite, told)| (place.clone(), invite, told)));
            to_fill.push(ToFill { enrollment: place, answers });
        }
    }
    for open in ledger::open_invites_of(tx, person.id).await? {
        ledger::address_to(tx, &open, &person.email).await?;
    }
    if old == Left::Told {
        cancel_there(app, tx, person, cleared, now).await?;
    }
    Ok(to_fill)
}

/// Every invite whose entry stands in the calendar, or may.
async fn set_aside(
    tx: &Tx,
    place: &Enrollment,
    now: Now,
) -> store::Result<(Vec<(Invite, Told)>, BTreeMap<SessionId, String>)> {
    let mut known = invites::of_enrollment(tx, place.id).await?;
    let (mut aside, mut answers) = (Vec::new(), BTreeMap::new());
    for invite in known.clone().into_iter().filter(|invite| invite.generation >= 0) {
        let told = settle(tx, &invite, now).await?;
        match told {
            Told::Requested { ends_at, .. } if ends_at > now.program => {
                answers.insert(invite.session_id, invite.rsvp.clone());
                let put = archive(tx, &known, invite).await?;
                known.push(put.clone());
                aside.push((put, told));
            }
            Told::Requested { .. } | Told::Nothing | Told::Canceled => {}
        }
    }
    Ok((aside, answers))
}

async fn cancel_there(
    app: &App,
    tx: &Tx,
    person: &Participant,
    cleared: Vec<(Enrollment, Invite, Told)>,
    now: Now,
) -> store::Result<()> {
    let mut rows = Vec::new();
    for (place, invite, told) in cleared {
        let (invite, Some(message)) = decide(invite, told, Wanted::Gone, now) else { continue };
        let mut mail = delivery(&place, &invite, message, now.program, now);
        mail.params = addressed(mail.params, &person.email);
        rows.push(mail.row(app.random.id(now.program), now));
        invites::save(tx, invite).await?;
    }
    ledger::enqueue(tx, rows).await?;
    Ok(())
}

/// After the address changed: the new calendar is asked for every session still to come. What the person had
/// answered stands.
pub(super) async fn fill_calendars(app: &App, tx: &Tx, places: Vec<ToFill>, now: Now) -> store::Result<()> {
    for ToFill { enrollment, answers } in places {
        tell_calendar(app, tx, &enrollment, now).await?;
        for invite in invites::of_enrollment(tx, enrollment.id).await? {
            let answer = answers.get(&invite.session_id).filter(|answer| !answer.is_empty());
            if let (Some(answer), true) = (answer, invite.generation >= 0 && invite.rsvp.is_empty()) {
                invites::save(tx, Invite { rsvp: answer.clone(), ..invite }).await?;
            }
        }
    }
    Ok(())
}

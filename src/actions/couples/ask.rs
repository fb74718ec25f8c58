//! The inviter has confirmed: a second seat is held, and the partner is asked.

use chrono::TimeDelta;

use super::{about, let_go};
use crate::{
    app::App,
    clock::Now,
    domain::{
        cohort::Admission,
        couple::{ASKS_COUNTED_OVER, CoupleEvent, CoupleState, MOST_ASKS, respond_by},
        delivery::{Occasion, State},
        email_address::EmailAddress,
        enrollment::Standing,
        ids::ParticipantId,
        name::Name,
        people::CohortState,
    },
    store::{
        self,
        cohorts::{self, Cohort},
        couples::{self, Couple},
        database::Tx,
        enrollments::{self, Enrollment},
        ledger::{self, Delivery, Queued, Recipient},
        participants::{self, Participant},
    },
};

/// The seat of somebody who confirms, when they come as one of two: both get one, or both wait. `seat` is what
/// they would get alone.
pub(in crate::actions) async fn seat_for_pair(
    tx: &Tx,
    cohort: &Cohort,
    enrollment: &Enrollment,
    seat: Option<i32>,
) -> store::Result<Option<i32>> {
    let all = couples::of_enrollment(tx, enrollment.id).await?;
    if let Some(couple) = all.iter().find(|couple| couple.partner_id == Some(enrollment.id) && couple.in_line == 1) {
        // The place they found is for somebody else, as long as there are not two.
        return if in_line(tx, couple).await? { back(tx, cohort, seat).await } else { Ok(seat) };
    }
    let Some(named) = all.into_iter().find(|couple| couple.state == CoupleState::Named) else { return Ok(seat) };
    // Where the coach reads each application, or has closed the doors, each stands for themselves.
    if cohort.admission == Admission::Approval || cohort.state != CohortState::Open {
        return Ok(seat);
    }
    if let Some(mut asked) = other_way_round(tx, &named, enrollment.participant_id).await? {
        return Ok(match (seat, asked.seats_held) {
            (None, 1) => {
                asked.seats_held = 0;
                couples::save(tx, asked).await?;
                Some(cohorts::free_seat_number(tx, cohort.id).await?)
            }
            (seat, _) => seat,
        });
    }
    if seat.is_some() && asks_too(tx, &named, enrollment.participant_id).await? {
        // The other's form holds a seat of its own.
        return Ok(seat);
    }
    let second = match seat {
        Some(_) if enrollments::first_waiting(tx, cohort.id).await?.is_none() => {
            cohorts::take_seat(tx, cohort.id).await?
        }
        Some(_) | None => None,
    };
    if second.is_some() {
        couples::save(tx, Couple { seats_held: 1, ..named }).await?;
        return Ok(seat);
    }
    couples::save(tx, Couple { in_line: 1, ..named }).await?;
    back(tx, cohort, seat).await
}

async fn in_line(tx: &Tx, couple: &Couple) -> store::Result<bool> {
    let inviter = enrollments::holding(tx, couple.inviter_id).await?;
    Ok(inviter.is_some_and(|inviter| inviter.standing == Standing::Waitlisted))
}

async fn back(tx: &Tx, cohort: &Cohort, seat: Option<i32>) -> store::Result<Option<i32>> {
    if seat.is_some() {
        cohorts::give_seat_back(tx, cohort.id).await?;
    }
    Ok(None)
}

/// The couple in which the named partner asked this person, if each asked the other.
async fn other_way_round(tx: &Tx, named: &Couple, person: ParticipantId) -> store::Result<Option<Couple>> {
    let Ok(email) = EmailAddress::parse(&named.partner_email) else { return Ok(None) };
    let Some(partner) = participants::with_email(tx, named.practice_id, &email).await? else { return Ok(None) };
    for asked in couples::of_person_asked(tx, person).await? {
        let is_here =
            asked.cohort_id == named.cohort_id && (asked.state.is_open() || asked.state == CoupleState::Undecided);
        let inviter = enrollments::holding(tx, asked.inviter_id).await?;
        if is_here && inviter.is_some_and(|inviter| inviter.participant_id == partner.id) {
            return Ok(Some(asked));
        }
    }
    Ok(None)
}

/// Whether the named partner has sent a form that names this person, and has still to confirm it.
async fn asks_too(tx: &Tx, named: &Couple, person: ParticipantId) -> store::Result<bool> {
    let Ok(email) = EmailAddress::parse(&named.partner_email) else { return Ok(false) };
    let Some(partner) = participants::with_email(tx, named.practice_id, &email).await? else { return Ok(false) };
    let theirs = enrollments::of_person_in(tx, named.cohort_id, partner.id).await?;
    let Some(theirs) = theirs.filter(|theirs| theirs.standing == Standing::Pending && theirs.seat.is_some()) else {
        return Ok(false);
    };
    let asked = couples::of_inviter(tx, theirs.id).await?.filter(|asked| asked.state == CoupleState::Named);
    let asked = asked.and_then(|asked| EmailAddress::parse(&asked.partner_email).ok());
    let own = participants::holding(tx, person).await?;
    Ok(asked.zip(own).is_some_and(|(asked, own)| asked.key() == own.email_key))
}

/// Asks the partner of somebody who has just confirmed; nothing when nobody was named. Returns whether
/// the two are together now: then somebody who waited for two places may wait for one.
pub(in crate::actions) async fn ask_partner(
    app: &App,
    tx: &Tx,
    cohort: &Cohort,
    inviter: &Enrollment,
    now: Now,
) -> store::Result<bool> {
    let named = couples::of_inviter(tx, inviter.id).await?.filter(|couple| couple.state == CoupleState::Named);
    let Some(named) = named else { return Ok(false) };
    if let Some(asked) = other_way_round(tx, &named, inviter.participant_id).await? {
        both_asked(tx, (asked, named), inviter, now).await?;
        return Ok(true);
    }
    let Ok(email) = EmailAddress::parse(&named.partner_email) else {
        super::part(tx, named, now).await?;
        return Ok(false);
    };
    let person = partner(app, tx, cohort, (&named, &email), now).await?;
    let standing = enrollments::of_person_in(tx, cohort.id, person.id).await?.map(|enrollment| enrollment.standing);
    let asked = Couple {
        state: named.state.after(CoupleEvent::Ask).unwrap_or(CoupleState::Asked),
        person_id: Some(person.id),
        partner_name: String::new(),
        partner_email: String::new(),
        respond_by: Some(respond_by(now.real)),
        round: 1,
        changed_at: now.real,
        ..named
    };
    let needs_seat = standing.is_none_or(|standing| !standing.holds_seat() && standing != Standing::Removed);
    let in_line = asked.in_line;
    let asked = if needs_seat { asked } else { Couple { in_line, ..let_go(tx, asked, now).await? } };
    couples::save(tx, asked.clone()).await?;
    write_to_partner(app, tx, (&asked, &person), now).await?;
    Ok(false)
}

/// Two times yes: nobody has to be asked any more.
async fn both_asked(tx: &Tx, two: (Couple, Couple), later: &Enrollment, now: Now) -> store::Result<()> {
    let (first, second) = two;
    let together = |couple: &Couple| couple.state.after(CoupleEvent::Join).unwrap_or(CoupleState::Together);
    let joined = Couple { state: together(&first), partner_id: Some(later.id), respond_by: None, ..first };
    let (in_line, inviter) = (joined.in_line, joined.inviter_id);
    couples::save(tx, Couple { in_line, ..let_go(tx, joined, now).await? }).await?;
    let joined = Couple { state: together(&second), partner_id: Some(inviter), ..second };
    couples::save(tx, let_go(tx, joined, now).await?).await
}

/// The person behind the address; what is known of them stays as it is.
async fn partner(
    app: &App,
    tx: &Tx,
    cohort: &Cohort,
    named: (&Couple, &EmailAddress),
    now: Now,
) -> store::Result<Participant> {
    let (couple, email) = named;
    if let Some(known) = participants::with_email(tx, cohort.practice_id, email).await? {
        return Ok(known);
    }
    let id: ParticipantId = app.random.id(now.real);
    let person = Participant {
        id,
        practice_id: cohort.practice_id,
        email: email.clone(),
        email_key: email.key(),
        name: Name::parse(&couple.partner_name).unwrap_or_else(|_| Name::parse("You").expect("a name")),
        // Where they are is theirs to say.
        zone: cohort.zone,
        feed_hash: app.links.feed_hash(&app.links.feed_token(id.0, 0)),
        language: "en".to_owned(),
        discretion: None,
        mail_problem: None,
        epoch: 0,
        feed_rotation: 0,
        confirmed_at: None,
        created_at: now.real,
    };
    participants::create(tx, person.clone()).await?;
    Ok(person)
}

/// One letter, or a row that says why there is none: the work is the same.
pub(super) async fn write_to_partner(app: &App, tx: &Tx, to: (&Couple, &Participant), now: Now) -> store::Result<()> {
    let (couple, person) = to;
    // About no cohort: the letter is as discreet as mail can be, whatever the cohort is.
    let mail = Queued {
        subject: couple.id,
        object: person.id.0,
        generation: couple.round,
        useful_until: couple.respond_by,
        params: about(couple.id),
        ..Queued::now(couple.practice_id, Occasion::PartnerAsked, Recipient::Participant(person.id), now)
    };
    let row = mail.row(app.random.id(now.program), now);
    let row = match why_not(tx, couple, person, now).await? {
        None => row,
        Some(reason) => Delivery { state: State::Skipped, reason: Some(reason.to_owned()), ..row },
    };
    ledger::enqueue(tx, vec![row]).await?;
    Ok(())
}

/// Nobody is pressed: not whom the coach removed, not who said no to the same person, and not too often.
async fn why_not(tx: &Tx, couple: &Couple, person: &Participant, now: Now) -> store::Result<Option<&'static str>> {
    let here = enrollments::of_person_in(tx, couple.cohort_id, person.id).await?;
    if here.is_some_and(|enrollment| enrollment.standing == Standing::Removed) {
        return Ok(Some("this person was removed from the cohort"));
    }
    let inviter = enrollments::holding(tx, couple.inviter_id).await?.map(|row| row.participant_id);
    for before in couples::of_person_asked(tx, person.id).await?.iter().filter(|before| before.declined_at.is_some()) {
        let other = enrollments::holding(tx, before.inviter_id).await?.map(|row| row.participant_id);
        if other == inviter {
            return Ok(Some("this person said no before"));
        }
    }
    let filter = ledger::Filter {
        participant: Some(person.id),
        occasion: Some(Occasion::PartnerAsked),
        page_size: 50,
        ..ledger::Filter::default()
    };
    let (rows, _) = ledger::of_practice(tx, couple.practice_id, &filter).await?;
    let since = |ago: TimeDelta| {
        rows.iter().filter(|row| row.state != State::Skipped && row.next_try_at > now.real - ago).count()
    };
    let too_often = since(TimeDelta::days(1)) > 0 || since(ASKS_COUNTED_OVER) >= MOST_ASKS;
    Ok(too_often.then_some("this address was asked not long ago"))
}

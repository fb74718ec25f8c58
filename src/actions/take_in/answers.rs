//! A calendar answered an invite: what does the person say, and does it count?

use chrono::{DateTime, TimeDelta, Utc};

use super::Outcome;
use crate::{
    actions::tell_calendars::Message,
    app::App,
    clock::Now,
    domain::{
        civil::When,
        delivery::Occasion,
        enrollment::CalendarChoice,
        invite::Word,
        rsvp::{self, Given, Rsvp, Weight, weigh},
        session::SessionState,
    },
    keys::token_hash,
    mail::receive::{Act, By, Calendar, CalendarAnswer, Dmarc, Instance},
    store::{
        self,
        calendar_answers::{self, CalendarAnswerRow},
        cohorts,
        database::Tx,
        enrollments::{self, Enrollment},
        invites::{self, Invite},
        ledger::{self, Queued, Recipient},
        sessions::{self, SessionRow},
    },
    transact,
};

pub(super) async fn take(app: &App, calendar: &Calendar, now: Now) -> store::Result<Outcome> {
    if calendar.dmarc == Dmarc::Failed {
        // The UID is the proof; the sender is only worth a note.
        tracing::warn!("a calendar's answer came from a sender that fails DMARC");
    }
    transact!(app.db, |tx| {
        let mut outcome = Outcome::Nothing;
        for answer in &calendar.answers {
            if take_one(app, tx, (calendar, answer), now).await? {
                outcome = Outcome::Answer;
            }
        }
        Ok::<_, store::Error>(outcome)
    })
}

/// What an answer is about.
struct About {
    invite: Invite,
    enrollment: Enrollment,
    meeting: SessionRow,
}

/// `false` when it is about no invite of ours.
async fn take_one(app: &App, tx: &Tx, of: (&Calendar, &CalendarAnswer), now: Now) -> store::Result<bool> {
    let (calendar, answer) = of;
    let Some(about) = about(tx, &answer.uid).await? else {
        tracing::info!("a calendar's answer is about no invite of ours");
        return Ok(false);
    };
    if answer.instance == Instance::OneOfSeries {
        tracing::info!(invite = %about.invite.id, "a calendar answered one of a series, and we send none; ignored");
        return Ok(true);
    }
    match answer.act {
        Act::Reply(rsvp) => reply(app, tx, &about, (calendar, answer, rsvp), now).await?,
        Act::Counter { starts_at, ends_at } => {
            let wish = wish(app, tx, &about, starts_at.zip(ends_at)).await?;
            let note = joined(&[&wish, &answer.comment, &calendar.note]);
            let row = row(app, &about.invite, (answer, rsvp::Act::Counter, Weight::Aside), note, now);
            calendar_answers::note(tx, row).await?;
        }
        Act::Refresh => {
            let row = row(app, &about.invite, (answer, rsvp::Act::Refresh, Weight::Aside), String::new(), now);
            if calendar_answers::note(tx, row).await? && calendar.by == By::Person {
                say_again(app, tx, &about, now).await?;
            }
        }
        Act::NoAnswer => tracing::info!(invite = %about.invite.id, "a calendar answered neither yes nor no; ignored"),
    }
    Ok(true)
}

async fn about(tx: &Tx, uid: &str) -> store::Result<Option<About>> {
    let Some(found) = invites::with_uid(tx, uid).await? else { return Ok(None) };
    let Some(enrollment) = enrollments::holding(tx, found.enrollment_id).await? else { return Ok(None) };
    // Whoever tells calendars writes the same rows.
    cohorts::lock(tx, enrollment.cohort_id).await?;
    let Some(invite) = invites::find(tx, found.id).await? else { return Ok(None) };
    let meeting = sessions::find(tx, invite.practice_id, invite.session_id).await?;
    Ok(meeting.map(|meeting| About { invite, enrollment, meeting }))
}

async fn reply(
    app: &App,
    tx: &Tx,
    about: &About,
    (calendar, answer, rsvp): (&Calendar, &CalendarAnswer, Rsvp),
    now: Now,
) -> store::Result<()> {
    let invite = &about.invite;
    let last = calendar_answers::that_counts(tx, invite.id).await?;
    let last = last.map(|row| Given { sequence: row.sequence, at: row.stamped_at });
    let given = Given { sequence: answer.sequence, at: answer.at.unwrap_or(now.real) };
    // A session that was canceled and came back is another invite.
    let is_this_one = about.meeting.generation == invite.generation;
    let weight = if is_this_one { weigh(given, invite.sequence, last) } else { Weight::Older };
    let note = joined(&[&answer.comment, &calendar.note]);
    let row = row(app, invite, (answer, rsvp.into(), weight), note, now);
    match weight {
        Weight::Counts => count(tx, invite, row, rsvp).await,
        Weight::Older | Weight::Overtaken | Weight::Aside => calendar_answers::note(tx, row).await.map(drop),
    }
}

async fn count(tx: &Tx, invite: &Invite, row: CalendarAnswerRow, rsvp: Rsvp) -> store::Result<()> {
    calendar_answers::overtake(tx, invite.id).await?;
    calendar_answers::note(tx, row).await?;
    invites::save(tx, Invite { rsvp: rsvp.as_str().to_owned(), ..invite.clone() }).await
}

fn row(
    app: &App,
    invite: &Invite,
    (answer, act, weight): (&CalendarAnswer, rsvp::Act, Weight),
    note: String,
    now: Now,
) -> CalendarAnswerRow {
    // Without a DTSTAMP it was given when it came in, and the same mail may come in twice in a day.
    let stamp = answer.at.map_or_else(|| now.real.date_naive().to_string(), |at| at.to_rfc3339());
    CalendarAnswerRow {
        id: app.random.uuid(now.real),
        practice_id: invite.practice_id,
        invite_id: invite.id,
        digest: token_hash(&format!("{act}/{}/{stamp}/{note}", answer.sequence)),
        act,
        weight,
        sequence: answer.sequence,
        stamped_at: answer.at.unwrap_or(now.real),
        note,
        made_at: now.program,
    }
}

fn joined(texts: &[&str]) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for text in texts.iter().copied().filter(|text| !text.is_empty()) {
        if !kept.contains(&text) {
            kept.push(text);
        }
    }
    kept.join("\n")
}

/// The time that is wished for, on the cohort's clock.
async fn wish(
    _app: &App,
    tx: &Tx,
    about: &About,
    times: Option<(DateTime<Utc>, DateTime<Utc>)>,
) -> store::Result<String> {
    let cohort = cohorts::anywhere(tx, about.enrollment.cohort_id).await?;
    let (Some((starts_at, ends_at)), Some(cohort)) = (times.filter(|(from, to)| from < to), cohort) else {
        return Ok("another time".to_owned());
    };
    Ok(When::new(starts_at, ends_at, cohort.zone).beside(cohort.zone))
}

/// The present REQUEST once more, to the person's own address, at most once a day: the day is its number, and
/// the ledger takes each number once.
async fn say_again(app: &App, tx: &Tx, about: &About, now: Now) -> store::Result<()> {
    let About { invite, enrollment, meeting } = about;
    let is_wanted = enrollment.calendar == CalendarChoice::Invites && enrollment.standing.holds_seat();
    let stands = meeting.state == SessionState::Planned
        && meeting.generation == invite.generation
        && meeting.ends_at > now.program
        && invite.last_method == Word::Request.as_str();
    let (Some(starts_at), Some(ends_at), Some(stamp)) =
        (invite.in_calendar_starts_at, invite.in_calendar_ends_at, invite.stamped_at)
    else {
        return Ok(());
    };
    // A newer word is on its way already.
    let is_open = !ledger::open_about(tx, Occasion::Invite, invite.id.0).await?.is_empty();
    if !is_wanted || !stands || is_open {
        return Ok(());
    }
    let message = Message { word: Word::Request, sequence: invite.sequence, starts_at, ends_at, stamp };
    let mail = Queued {
        subject: enrollment.id.0,
        object: invite.id.0,
        generation: -day(now.program),
        enrollment: Some(enrollment.id),
        cohort: Some(enrollment.cohort_id),
        useful_until: Some(ends_at.min(now.program + TimeDelta::days(1))),
        params: serde_json::to_value(message).expect("plain values"),
        actor: Some("the person’s calendar".to_owned()),
        ..Queued::now(enrollment.practice_id, Occasion::Invite, Recipient::Participant(enrollment.participant_id), now)
    };
    ledger::enqueue(tx, vec![mail.row(app.random.id(now.program), now)]).await?;
    Ok(())
}

fn day(at: DateTime<Utc>) -> i32 {
    i32::try_from(at.timestamp().div_euclid(86_400)).unwrap_or(i32::MAX)
}

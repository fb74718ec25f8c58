//! What do we hold about somebody? All of it, in one file.

use poem::{Response, handler, http::header, web::Data};
use serde_json::{Value, json};

use crate::{
    actions::sent_words::SentWords,
    domain::{category::Category, people::Who},
    store::{
        check_ins, cohorts,
        enrollments::{self, Enrollment},
        intakes, invites, ledger, logins, programs, stops,
    },
    web::{error::PageError, guard::SignedParticipant, site::Site},
};

/// More mail than anybody gets.
const MOST_MAIL: u64 = 10_000;

#[handler]
pub(super) async fn download(Data(site): Data<&Site>, signed: SignedParticipant) -> Result<Response, PageError> {
    let copy = everything(site, &signed).await?;
    let text = serde_json::to_string_pretty(&copy).map_err(anyhow::Error::from)?;
    Ok(Response::builder()
        .content_type("application/json; charset=utf-8")
        .header(header::CONTENT_DISPOSITION, "attachment; filename=\"my-data.json\"")
        .body(text))
}

async fn everything(site: &Site, signed: &SignedParticipant) -> Result<Value, PageError> {
    let (db, person) = (site.db.reader(), &signed.person);
    let mut places = Vec::new();
    for enrollment in enrollments::of_participant(db, signed.practice.id, person.id).await? {
        places.push(place(site, signed, &enrollment).await?);
    }
    let signed_in = logins::of_person(db, Who::Participant, person.id.0).await?;
    let signed_in = signed_in.iter().map(|login| json!({ "since": login.created_at, "until": login.expires_at }));
    Ok(json!({
        "held_by": signed.practice.name.expose(),
        "written_at": site.clock.now().real,
        "person": {
            "email": person.email.expose(),
            "name": person.name.expose(),
            "time_zone": person.zone,
            "language": person.language,
            "discretion": person.discretion,
            "address_confirmed_at": person.confirmed_at,
            "mail_problem": person.mail_problem,
            "known_since": person.created_at,
        },
        "places": places,
        "mail": mail(site, signed).await?,
        "signed_in": signed_in.collect::<Vec<_>>(),
    }))
}

async fn place(site: &Site, signed: &SignedParticipant, enrollment: &Enrollment) -> Result<Value, PageError> {
    let db = site.db.reader();
    let cohort = cohorts::find(db, signed.practice.id, enrollment.cohort_id).await?.ok_or(PageError::NotFound)?;
    let program = programs::find(db, signed.practice.id, cohort.program_id).await?.ok_or(PageError::NotFound)?;
    let consents = enrollments::consents_of(db, enrollment.id).await?;
    let answers = check_ins::of_enrollment(db, enrollment.id).await?;
    let intake = intakes::of_enrollment(db, enrollment.id).await?;
    let intake = intake.map(|intake| intake.answered()).unwrap_or_default();
    let entries = invites::of_enrollment(db, enrollment.id).await?;
    let stopped = stops::of_person(db, signed.person.id, program.id).await?;
    Ok(json!({
        "program": program.title.expose(),
        "group": cohort.name.expose(),
        "standing": enrollment.standing,
        "track": enrollment.track,
        "note": enrollment.note,
        "calendar": enrollment.calendar,
        "asked_at": enrollment.asked_at,
        "confirmed_at": enrollment.confirmed_at,
        "left_at": enrollment.left_at,
        "stopped_mail": stopped,
        "agreed_to": consents.iter().map(|c| json!({
            "what": c.kind, "version": c.version, "wording": c.wording, "at": c.agreed_at,
        })).collect::<Vec<_>>(),
        "answered_when_enrolling": intake.iter().map(|given| json!({
            "question": given.asked.question, "answer": given.words(),
        })).collect::<Vec<_>>(),
        "check_ins": answers.iter().map(|a| json!({
            "answers": serde_json::from_str::<Value>(&a.answers).unwrap_or_default(),
            "made_at": a.made_at, "changed_at": a.changed_at,
        })).collect::<Vec<_>>(),
        "calendar_entries": entries.iter().map(|e| json!({
            "id": e.uid, "last_message": e.last_method, "answer": e.rsvp,
            "starts_at": e.told_starts_at, "ends_at": e.told_ends_at,
        })).collect::<Vec<_>>(),
    }))
}

/// Every email, with its text where it was kept; not the codes of sign-ins.
async fn mail(site: &Site, signed: &SignedParticipant) -> Result<Vec<Value>, PageError> {
    let filter = ledger::Filter { participant: Some(signed.person.id), page_size: MOST_MAIL, ..Default::default() };
    let (rows, _) = ledger::of_practice(site.db.reader(), signed.practice.id, &filter).await?;
    let (mut words, mut mail) = (SentWords::default(), Vec::with_capacity(rows.len()));
    for row in &rows {
        let text = words.of(&site.app, row).await?.filter(|_| row.category != Category::Security);
        mail.push(json!({
            "about": row.occasion,
            "kind": row.category,
            "state": row.state,
            "due_at": row.due_at,
            "sent_at": row.sent_at,
            "subject": row.subject,
            "text": text,
        }));
    }
    Ok(mail)
}

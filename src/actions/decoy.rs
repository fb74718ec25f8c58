//! The same work for an address we know as for one we do not: done, and taken back. The time tells nothing.

use super::{
    ask_to_enroll::letter,
    mailed_sign_in::mail_sign_in,
    newcomers::{Newcomer, enroll_newcomers},
};
use crate::{
    app::App,
    clock::Now,
    domain::{asking::Form, delivery::Occasion, email_address::EmailAddress, people::Who},
    store::{
        self,
        cohorts::Cohort,
        database::{Database, Tx},
        enrollments::{self, Enrollment},
        ledger::{self, Recipient},
        practices,
    },
};

/// What these forms would write if somebody new had sent them, for whoever is known.
pub(super) async fn enroll_nobody(
    app: &App,
    tx: &Tx,
    cohort: &Cohort,
    in_vain: Vec<Newcomer>,
    now: Now,
) -> store::Result<()> {
    if in_vain.is_empty() {
        return Ok(());
    }
    let nobody = |newcomer: Newcomer| {
        let form = Form { email: nobodys_address(app)?, ..newcomer.form };
        Some(Newcomer { form, asked_to_confirm: 0, ..newcomer })
    };
    let nobodies = in_vain.into_iter().filter_map(nobody).collect();
    let inner = Database::begin_within(tx).await?;
    enroll_newcomers(app, &inner, cohort, nobodies, now).await?;
    Database::take_back(inner).await
}

/// What the form of somebody known would write, for whoever is new.
pub(super) async fn tell_nobody(app: &App, tx: &Tx, new: &Enrollment, now: Now) -> store::Result<()> {
    let inner = Database::begin_within(tx).await?;
    let place = enrollments::of_person_in(&inner, new.cohort_id, new.participant_id).await?;
    let letter = letter(Occasion::AlreadyEnrolled, place.as_ref().unwrap_or(new), now);
    ledger::enqueue(&inner, vec![letter.row(app.random.id(now.program), now)]).await?;
    Database::take_back(inner).await
}

/// What asking for a link or a password writes, for whoever is not known.
pub(super) async fn mail_nobody(app: &App, tx: &Tx, asked: (Who, &str, &str), now: Now) -> store::Result<()> {
    let (who, purpose, browser) = asked;
    let Some(practice) = practices::on_this_installation(tx).await?.into_iter().next() else { return Ok(()) };
    let nobody = app.random.uuid(now.real);
    let recipient = match who {
        Who::Participant => Recipient::Participant(nobody.into()),
        Who::Coach => Recipient::Coach(nobody.into()),
    };
    let inner = Database::begin_within(tx).await?;
    mail_sign_in(app, &inner, (who, practice.id, nobody), recipient, (purpose, browser), now).await?;
    Database::take_back(inner).await
}

fn nobodys_address(app: &App) -> Option<EmailAddress> {
    EmailAddress::parse(&format!("{}@nobody.invalid", app.random.token())).ok()
}

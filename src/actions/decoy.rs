//! The same work for an address we know as for one we do not: done, and taken back. The time tells nothing.

use super::{
    ask_to_enroll::{Form, answer, person},
    mailed_sign_in::mail_sign_in,
};
use crate::{
    app::App,
    clock::Now,
    domain::{email_address::EmailAddress, people::Who},
    store::{
        self,
        cohorts::Cohort,
        database::{Database, Tx},
        ledger::Recipient,
        practices,
    },
};

/// What the form of somebody new would write, for whoever is known.
pub(super) async fn enroll_nobody(app: &App, tx: &Tx, cohort: &Cohort, form: &Form, now: Now) -> store::Result<()> {
    let Some(email) = nobodys_address(app) else { return Ok(()) };
    let form = Form { email, ..form.clone() };
    let inner = Database::begin_in_vain(tx).await?;
    let person = person(app, &inner, (cohort, None), &form, now).await?;
    answer(app, &inner, (cohort, &person), None, &form, now).await?;
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
    let inner = Database::begin_in_vain(tx).await?;
    mail_sign_in(app, &inner, (who, practice.id, nobody), recipient, (purpose, browser), now).await?;
    Database::take_back(inner).await
}

fn nobodys_address(app: &App) -> Option<EmailAddress> {
    EmailAddress::parse(&format!("{}@nobody.invalid", app.random.token())).ok()
}

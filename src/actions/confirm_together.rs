//! How do many who confirm in the same moment share the cohort's lock and one commit?
//!
//! One after the other, in the order in which they came, each with a savepoint of their own: who is refused leaves
//! nothing behind. What the database does not take from one of many is tried again by itself.

use crate::{
    app::App,
    store::{
        self,
        asking::{Confirmed, Confirming},
        database::{Database, Tx},
        enrollments::Enrollment,
        gather::shared,
        sent_forms,
    },
    transact,
};

use super::confirm_enrollment::{Refused, confirm_within};

/// Durable when it returns.
pub(super) async fn confirm_all(app: &App, all: Vec<Confirming>) -> Vec<Confirmed> {
    let error = match write(app, &all).await {
        Ok(confirmed) => return confirmed,
        Err(error) => error,
    };
    if all.len() == 1 || !error.is_about_a_row() {
        let error = shared(error);
        return all.iter().map(|_| Confirmed::Lost(error.clone())).collect();
    }
    let mut confirmed = Vec::with_capacity(all.len());
    for one in all {
        let outcome = write(app, std::slice::from_ref(&one)).await;
        confirmed.extend(outcome.unwrap_or_else(|error| vec![Confirmed::Lost(shared(error))]));
    }
    confirmed
}

async fn write(app: &App, all: &[Confirming]) -> store::Result<Vec<Confirmed>> {
    let confirmed = transact!(aside app.db, |tx| {
        let mut confirmed = Vec::with_capacity(all.len());
        for one in all {
            confirmed.push(confirm_one(app, tx, one).await?);
        }
        Ok::<_, store::Error>(confirmed)
    })?;
    for (one, confirmed) in all.iter().zip(&confirmed) {
        if let (Some(mark), Confirmed::Now(_)) = (&one.mark, confirmed) {
            mark.has_counted();
        }
    }
    Ok(confirmed)
}

async fn confirm_one(app: &App, tx: &Tx, one: &Confirming) -> store::Result<Confirmed> {
    let inner = Database::begin_within(tx).await?;
    let confirmed = match step(app, &inner, one).await {
        Ok(now) => {
            Database::keep(inner).await?;
            return Ok(Confirmed::Now(Box::new(now)));
        }
        Err(Refused::Unknown) => Ok(Confirmed::Unknown),
        Err(Refused::Over | Refused::Late) => Ok(Confirmed::Over),
        Err(Refused::Standing(refusal)) => Ok(Confirmed::Refused(refusal)),
        Err(Refused::Store(store::Error::SentBefore)) => Ok(Confirmed::SentBefore),
        Err(Refused::Store(error)) => Err(error),
    };
    Database::take_back(inner).await?;
    confirmed
}

async fn step(app: &App, tx: &Tx, one: &Confirming) -> Result<Enrollment, Refused> {
    let marks: Vec<_> = one.mark.iter().collect();
    if sent_forms::mark_all(tx, &marks).await?.len() < marks.len() {
        return Err(store::Error::SentBefore.into());
    }
    // Read for each: who had to wait came after whoever was first.
    confirm_within(app, tx, one.id, app.clock.now()).await
}

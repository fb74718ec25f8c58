//! The coach takes two people apart: each keeps what they have, and neither is told.

use uuid::Uuid;

use crate::{
    actions::fill_seats::fill_seats,
    app::App,
    domain::ids::{EnrollmentId, PracticeId},
    store::{
        self,
        audits::{self, Audit},
        cohorts, couples,
    },
    transact,
};

/// Returns whether there was a link to break.
pub async fn part_couple(app: &App, of: (PracticeId, Uuid), by: (EnrollmentId, &str)) -> store::Result<bool> {
    let now = app.clock.now();
    let ((practice, id), (enrollment, actor)) = (of, by);
    let parted = transact!(app.db, |tx| {
        let Some(couple) = couples::find(tx, practice, id).await? else { return Ok(false) };
        cohorts::lock(tx, couple.cohort_id).await?;
        // Each may have asked the other: then there are two links, and neither stays.
        let links = couples::of_enrollment(tx, enrollment).await?;
        let Some(link) = links.into_iter().find(|link| link.id == id) else { return Ok(false) };
        let two = [Some(link.inviter_id), link.partner_id];
        for other in couples::of_cohort(tx, couple.cohort_id).await? {
            let is_same = other.id == id || (two.contains(&Some(other.inviter_id)) && two.contains(&other.partner_id));
            if is_same {
                super::part(tx, other, now).await?;
            }
        }
        fill_seats(app, tx, couple.cohort_id, now).await?;
        let audit = Audit {
            id: app.random.uuid(now.real),
            practice_id: practice,
            act: "couple parted".to_owned(),
            actor: actor.to_owned(),
            subject: enrollment.to_string(),
            detail: String::new(),
            made_at: now.real,
        };
        audits::note(tx, audit).await?;
        Ok::<_, store::Error>(true)
    })?;
    app.bell.notify_waiters();
    Ok(parted)
}

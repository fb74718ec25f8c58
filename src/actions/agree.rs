//! Somebody agrees to a text that reads differently from what they agreed to.

use crate::{
    app::App,
    domain::{
        asking::Agreed,
        ids::{EnrollmentId, PracticeId},
    },
    store::{self, enrollments},
    transact,
};

use super::keep_papers::keep_consents;

/// Keeps the wording as it was shown. Agreeing twice is agreeing once. False: there is no such place.
pub async fn agree(app: &App, of: (PracticeId, EnrollmentId), agreed: &[Agreed]) -> store::Result<bool> {
    let now = app.clock.now();
    let (practice, id) = of;
    transact!(app.db, |tx| {
        let Some(enrollment) = enrollments::find(tx, practice, id).await? else { return Ok(false) };
        keep_consents(app, tx, &enrollment, agreed, now.real).await?;
        Ok(true)
    })
}

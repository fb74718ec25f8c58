//! A coach changes their own password, or the address of their private feed.

use crate::transact;
use crate::{
    app::App,
    domain::people::Who,
    store::{
        self,
        coaches::{self, Coach},
        logins,
    },
};

use super::{
    passwords::hash_password,
    sign_in::{COACH_IDLE, Refused, SignedIn, is_password_of, open_login},
};

/// Changes the password for somebody who knows the old one, and signs every other browser out.
pub async fn change_password(app: &App, coach: &Coach, old: &str, new: &str) -> Result<SignedIn, Refused> {
    let now = app.clock.now();
    if !is_password_of(app, coach, old).await? {
        return Err(Refused::Wrong);
    }
    let hash = hash_password(app, new).await?;
    transact!(app.db, |tx| {
        coaches::set_password(tx, coach.id, &hash).await?;
        logins::end_all_of(tx, Who::Coach, coach.id.0).await?;
        let whose = (Who::Coach, coach.practice_id, coach.id.0);
        Ok(open_login(app, tx, whose, coach.epoch + 1, COACH_IDLE, now).await?)
    })
}

/// Gives the feed a new address; the old one stops at once.
pub async fn renew_feed(app: &App, coach: &Coach) -> store::Result<()> {
    let rotation = coach.feed_rotation + 1;
    let hash = app.links.feed_hash(&app.links.feed_token(coach.id.0, rotation));
    transact!(app.db, |tx| coaches::rotate_feed(tx, coach.id, rotation, &hash).await)
}

//! What need nobody know any more?

use chrono::TimeDelta;

use crate::{
    app::App,
    domain::enrollment::LAPSED_KEPT,
    store::{self, enrollments, ledger},
    transact,
};

/// So long a coach can see what was sent; then only that it was.
const TEXTS_KEPT: TimeDelta = TimeDelta::days(30);

/// What nobody needs any more: spent sign-ins, old tries, forms of yesterday, what lapsed a week ago, and the words
/// of what was sent a month ago.
pub async fn forget(app: &App) -> store::Result<()> {
    let now = app.clock.now();
    transact!(app.db, |tx| {
        store::logins::sweep(tx, now.real - TimeDelta::days(1)).await?;
        store::attempts::sweep(tx, now.real - TimeDelta::days(1)).await?;
        store::sent_forms::forget(tx, now.real - TimeDelta::days(1)).await?;
        store::couples::forget_asked(tx, now.real - LAPSED_KEPT).await?;
        ledger::forget_texts(tx, now.program - TEXTS_KEPT).await?;
        store::stencils::forget(tx, now.program - TEXTS_KEPT - TimeDelta::days(2)).await?;
        enrollments::forget_lapsed(tx, now.real - LAPSED_KEPT).await
    })
}

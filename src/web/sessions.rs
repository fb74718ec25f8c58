//! How does a coach move, cancel or restore one session, and see first whom it reaches?

use pages::{About, ConfirmPage, MovePage};
use poem::{
    Response, handler,
    http::StatusCode,
    web::{Data, Path},
};

use crate::{
    actions::change_schedule::{Change, Refused, Target, change_schedule, is_urgent},
    domain::{
        civil::When,
        enrollment::{CalendarChoice, Standing},
        ids::SessionId,
        session::{SessionState, Slot},
    },
    store::{
        cohorts::{self, Cohort},
        enrollments,
        sessions::{self, SessionRow},
    },
    web::{
        chrome::Here,
        cohort_new::read::{date, minutes, time},
        desk,
        error::PageError,
        fields::Fields,
        form::{Checked, Entered},
        guard::{SignedCoach, see_other},
        site::Site,
        table::{Access, Table},
    },
};

pub(crate) mod pages;

pub(crate) fn add(table: Table) -> Table {
    table
        .get("/coach/sessions/:id/move", Access::Coach, show_move)
        .post("/coach/sessions/:id/move", Access::Coach, post_move)
        .get("/coach/sessions/:id/cancel", Access::Coach, show_cancel)
        .post("/coach/sessions/:id/cancel", Access::Coach, post_cancel)
        .get("/coach/sessions/:id/restore", Access::Coach, show_restore)
        .post("/coach/sessions/:id/restore", Access::Coach, post_restore)
}

async fn found(site: &Site, signed: &SignedCoach, id: &str) -> Result<(SessionRow, Cohort), PageError> {
    let (db, id): (_, SessionId) = (site.db.reader(), desk::id(id)?);
    let session = sessions::find(db, signed.practice.id, id).await?.ok_or(PageError::NotFound)?;
    let cohort = cohorts::find(db, signed.practice.id, session.cohort_id).await?.ok_or(PageError::NotFound)?;
    Ok((session, cohort))
}

#[handler]
async fn show_move(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let (session, cohort) = found(site, &signed, &id).await?;
    let chrome = desk::around(site, &signed, Here::Cohorts).await?;
    let form = Entered::blank()
        .with("date", session.local_date.to_string())
        .with("time", session.local_time.format("%H:%M").to_string())
        .with("minutes", session.minutes.to_string());
    site.pages.render(&chrome, &MovePage { about: About::of(&session, &cohort, &signed), form })
}

#[handler]
async fn post_move(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    let (session, cohort) = found(site, &signed, &id).await?;
    let change = match read(&fields) {
        Ok(change) => change,
        Err(form) => return again(site, &signed, (&session, &cohort), form).await,
    };
    if fields.text("do") == "apply" {
        return apply(site, &signed, (&session, &cohort), &fields, &change).await;
    }
    if let Some((field, message)) = refusal(site, &session, &change) {
        return again(site, &signed, (&session, &cohort), Entered::of(&fields).wrong(field, message)).await;
    }
    preview(site, &signed, (&session, &cohort), &change, Entered::of(&fields)).await
}

fn read(fields: &Fields) -> Result<Change, Entered> {
    let mut checked = Checked::new(fields);
    let date = date(&mut checked, "date");
    let time = time(&mut checked, "time");
    let minutes = minutes(&mut checked);
    checked.finish(|| Some(Change::Move { date: date?, time: time?, minutes: minutes? }))
}

/// What `change_schedule` would refuse, said before the preview.
fn refusal(site: &Site, session: &SessionRow, change: &Change) -> Option<(&'static str, &'static str)> {
    let now = site.clock.now().program;
    let Change::Move { date, time, minutes } = change else { return None };
    let slot = Slot { date: *date, time: *time, zone: session.zone, minutes: *minutes };
    if slot.starts_at() <= now {
        return Some(("date", "This is in the past. Choose a time that is still to come"));
    }
    if session.state == SessionState::Canceled {
        return Some(("date", "This session is canceled. Restore it first, then move it"));
    }
    let same = (slot.starts_at(), slot.ends_at()) == (session.starts_at, session.ends_at);
    same.then_some(("date", "This is when the session is already. Choose another date or time"))
}

async fn again(
    site: &Site,
    signed: &SignedCoach,
    of: (&SessionRow, &Cohort),
    form: Entered,
) -> Result<Response, PageError> {
    let chrome = desk::around(site, signed, Here::Cohorts).await?;
    site.pages.refused(&chrome, &MovePage { about: About::of(of.0, of.1, signed), form })
}

async fn preview(
    site: &Site,
    signed: &SignedCoach,
    of: (&SessionRow, &Cohort),
    change: &Change,
    form: Entered,
) -> Result<Response, PageError> {
    let (session, cohort) = of;
    let chrome = desk::around(site, signed, Here::Cohorts).await?;
    let told: Vec<_> = enrollments::of_cohort(site.db.reader(), cohort.id)
        .await?
        .into_iter()
        .filter(|enrollment| matches!(enrollment.standing, Standing::Enrolled | Standing::Paused))
        .collect();
    let invited = told.iter().filter(|enrollment| enrollment.calendar == CalendarChoice::Invites).count();
    let (verb, slot) = match change {
        Change::Move { date, time, minutes } => {
            ("move", Some(Slot { date: *date, time: *time, zone: session.zone, minutes: *minutes }))
        }
        Change::Cancel => ("cancel", None),
        Change::Restore => ("restore", None),
    };
    let starts_at = slot.map_or(session.starts_at, |slot| slot.starts_at());
    let page = ConfirmPage {
        about: About::of(session, cohort, signed),
        verb,
        becomes: slot.map_or_else(String::new, |slot| {
            When::new(slot.starts_at(), slot.ends_at(), slot.zone).beside(signed.coach.zone)
        }),
        form,
        people: desk::people(u64::try_from(told.len()).unwrap_or_default()),
        calendars: u64::try_from(invited).unwrap_or_default(),
        at_once: is_urgent(session.starts_at, starts_at, site.clock.now().program),
    };
    site.pages.render(&chrome, &page)
}

#[handler]
async fn show_cancel(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let (session, cohort) = found(site, &signed, &id).await?;
    preview(site, &signed, (&session, &cohort), &Change::Cancel, Entered::blank()).await
}

#[handler]
async fn show_restore(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let (session, cohort) = found(site, &signed, &id).await?;
    preview(site, &signed, (&session, &cohort), &Change::Restore, Entered::blank()).await
}

#[handler]
async fn post_cancel(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    let (session, cohort) = found(site, &signed, &id).await?;
    apply(site, &signed, (&session, &cohort), &fields, &Change::Cancel).await
}

#[handler]
async fn post_restore(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    let (session, cohort) = found(site, &signed, &id).await?;
    apply(site, &signed, (&session, &cohort), &fields, &Change::Restore).await
}

async fn apply(
    site: &Site,
    signed: &SignedCoach,
    of: (&SessionRow, &Cohort),
    fields: &Fields,
    change: &Change,
) -> Result<Response, PageError> {
    let target = Target {
        practice: signed.practice.id,
        session: of.0.id,
        version: fields.text("version").parse().unwrap_or(-1),
        actor: signed.coach.name.expose().to_owned(),
    };
    match change_schedule(&site.app, &target, change).await {
        Ok(tell_at) => {
            let verb = match change {
                Change::Move { .. } => "moved",
                Change::Cancel => "canceled",
                Change::Restore => "restored",
            };
            let now = if tell_at <= site.clock.now().program { "-now" } else { "" };
            Ok(see_other(&format!("/coach/cohorts/{}/schedule?done={verb}{now}", of.1.id)))
        }
        Err(Refused::Store(error)) => Err(error.into()),
        Err(Refused::Unknown) => Err(PageError::NotFound),
        Err(refused) => not_applied(site, signed, of, fields, (change, &refused)).await,
    }
}

/// The session changed meanwhile, or its time has come: what was typed stays, with what is true now above it.
async fn not_applied(
    site: &Site,
    signed: &SignedCoach,
    of: (&SessionRow, &Cohort),
    fields: &Fields,
    what: (&Change, &Refused),
) -> Result<Response, PageError> {
    let (change, refused) = what;
    let (session, cohort) = found(site, signed, &of.0.id.to_string()).await.unwrap_or((of.0.clone(), of.1.clone()));
    let message = match refused {
        Refused::Changed => {
            "Somebody changed this session since you opened the page. Above is how it is now: look again, then repeat it"
        }
        Refused::Over => "This session is over and can no longer be changed",
        Refused::Past => "This is in the past. Choose a time that is still to come",
        Refused::Canceled => "This session is canceled. Restore it first, then move it",
        Refused::Length(_) | Refused::Unknown | Refused::Store(_) => "Enter a length from 5 to 600 minutes",
    };
    let form = Entered::of(fields).wrong("date", message);
    let mut response = match change {
        Change::Move { .. } => again(site, signed, (&session, &cohort), form).await?,
        Change::Cancel | Change::Restore => preview(site, signed, (&session, &cohort), change, form).await?,
    };
    let is_conflict = matches!(refused, Refused::Changed);
    response.set_status(if is_conflict { StatusCode::CONFLICT } else { StatusCode::UNPROCESSABLE_ENTITY });
    Ok(response)
}

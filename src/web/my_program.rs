//! What does a participant see, and do, on their own pages?

mod absences;
mod address;
pub(in crate::web) mod agreeing;
mod answers;
mod asks;
mod calendars;
mod check_ins;
mod copies;
mod leaving;
mod lessons;
mod notes;
mod page;
pub(in crate::web) mod place;
mod samples;
mod settings;
pub(in crate::web) mod standing;
pub(in crate::web) mod weeks;

use poem::{Request, Response, handler, web::Data};

pub use agreeing::AgreePage;
pub use answers::AnswersPage;
pub use check_ins::CheckInPage;
pub use lessons::LessonPage;
pub use notes::NotePage;
pub use page::MyProgram;

use crate::{
    domain::bounce::{COMPLAINED, FULL},
    web::{
        chrome::{self, Flash, Tone},
        error::PageError,
        guard::{SignedParticipant, see_other},
        site::Site,
        table::{Access, Table},
        visitor,
    },
};

pub(crate) fn add(table: Table) -> Table {
    let who = Access::Participant;
    table
        .get("/p", who, show)
        .get("/p/lesson/:week", who, lessons::show)
        .get("/p/note/:id", who, notes::show)
        .get("/p/check-in/:week", who, check_ins::show)
        .post("/p/check-in/:week", who, check_ins::save)
        .get("/p/absent/:session", who, absences::show)
        .post("/p/absent/:session", who, absences::answer)
        .get("/p/settings", who, to_settings)
        .post("/p/settings", who, settings::save)
        .post("/p/address", who, address::ask)
        .get("/address/:token", Access::Link, address::show)
        .post("/address/:token", Access::Link, address::confirm)
        .post("/p/calendar", who, calendars::choose)
        .post("/p/calendar/rotate", who, calendars::rotate)
        .get("/p/calendar.ics", who, calendars::download)
        .get("/p/agree", who, agreeing::show)
        .post("/p/agree", who, agreeing::save)
        .get("/p/answers", who, answers::show)
        .post("/p/answers", who, answers::save)
        .get("/p/data", who, copies::download)
        .get("/p/leave", who, leaving::ask)
        .post("/p/leave", who, leaving::go)
        .post("/p/sign-out", who, leaving::forget)
        .get("/left", Access::Anyone, leaving::left)
}

#[handler]
async fn show(Data(site): Data<&Site>, signed: SignedParticipant, request: &Request) -> Result<Response, PageError> {
    let asked = visitor::query(request)?;
    let page = MyProgram::read(site, &signed, asked.text("enrollment"), None).await?;
    site.pages.render(&frame(site, &signed, asked.text("done")), &page)
}

/// For the link beside *Leave quickly*.
#[handler]
async fn to_settings(_: SignedParticipant) -> Response {
    see_other("/p#settings")
}

/// Around every page of a participant: the practice's neutral name, and what was just done.
pub(in crate::web) fn frame(site: &Site, signed: &SignedParticipant, done: &str) -> chrome::Participant {
    chrome::Participant {
        brand: signed.practice.neutral_name.expose().to_owned(),
        form_token: site.form_token(),
        flash: flash(done).or_else(|| unreachable(signed)),
    }
}

/// Whoever our mail does not reach reads it here. A coach sees the same on the roster.
fn unreachable(signed: &SignedParticipant) -> Option<Flash> {
    let address = signed.person.email.masked();
    let what = match signed.person.mail_problem.as_deref()? {
        COMPLAINED => return None,
        FULL => format!("The mailbox {address} is full, so weekly emails wait."),
        _ => format!("Emails to {address} come back."),
    };
    let text = format!(
        "{what} If the address is right, sign out and ask for a new link: once you have used it, everything is sent again. If it is wrong, tell your coach."
    );
    Some(Flash::new(Tone::Bad, "We cannot reach you.", text))
}

/// Fixed sentences for known words: nothing from the address is ever shown.
fn flash(done: &str) -> Option<Flash> {
    let (strong, text) = match done {
        "confirmed" => ("Your place is confirmed.", "We have sent an email with every date."),
        "waitlisted" => ("You are on the waitlist.", "If a place opens you will have 24 hours to accept it."),
        "together" => ("Thank you.", "Your answer is kept. Nothing of your own place has changed."),
        "agreed" => ("Thank you.", "What you agreed to is kept word for word, in your data."),
        "answers" => ("Saved.", "Your answers are as you left them."),
        "applied" => ("Your application has arrived.", "It is read in person and answered by email."),
        "settings" => ("Saved.", "From now on everything follows your new settings."),
        "calendar" => ("Saved.", "Your calendar follows your choice from now on."),
        "rotated" => ("The old address has stopped working.", "Subscribe to the new one below."),
        "check-in" => ("Thank you.", "Your check-in is saved. You can change it until the session starts."),
        "absent" => ("Thank you for telling us.", "If you can come after all, just come."),
        "comes" => ("Good to know.", "You are expected again."),
        "moved" => ("You have new dates.", "We have sent an email with every one of them."),
        "paused" => ("Your pause has begun.", "Your place is kept, and no lessons or reminders come."),
        "resumed" => ("Your pause is over.", "It is good to have you back. An email says what comes next."),
        "address" => {
            ("Look into your new inbox.", "Nothing changes before you press the button in the email we sent there.")
        }
        _ => return None,
    };
    Some(Flash::new(Tone::Ok, strong, text))
}

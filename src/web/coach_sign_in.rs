//! How does a coach get in, and out?

use poem::{
    Request, Response, handler,
    http::StatusCode,
    web::{Data, Path},
};
use serde::Serialize;

use crate::{
    actions::{
        mailed_sign_in::{ask_for_reset, reset_password},
        passwords::SHORTEST_PASSWORD,
        send_test::{NotArrived, arrived_at, mark_arrived},
        sign_in::{Refused, SignedIn, sign_in_coach, sign_out},
    },
    domain::{email_address::EmailAddress, people::Who},
    web::{
        chrome::Public,
        desk::Asked,
        error::PageError,
        fields::Fields,
        form::{Checked, Entered},
        guard::{self, Browser, Client, SignedCoach, see_other},
        page::Page,
        site::Site,
        table::{Access, Table},
    },
};

#[derive(Debug, Serialize)]
pub(crate) struct SignInPage {
    form: Entered,
}

impl Page for SignInPage {
    type Chrome = Public;
    const TEMPLATE: &'static str = "coach_sign_in/sign_in.html";

    fn samples() -> Vec<(&'static str, Self)> {
        vec![
            ("blank", Self { form: Entered::blank() }),
            ("wrong", Self { form: Entered::blank().wrong("email", WRONG) }),
        ]
    }
}

/// Asks for an address; once sent, the answer is the same for any.
#[derive(Debug, Serialize)]
pub(crate) struct ForgotPage {
    form: Entered,
    sent: bool,
}

impl Page for ForgotPage {
    type Chrome = Public;
    const TEMPLATE: &'static str = "coach_sign_in/forgot.html";

    fn samples() -> Vec<(&'static str, Self)> {
        vec![
            ("blank", Self { form: Entered::blank(), sent: false }),
            ("sent", Self { form: Entered::blank(), sent: true }),
        ]
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct ResetPage {
    form: Entered,
    /// The link can no longer be used.
    spent: bool,
    shortest: usize,
}

impl Page for ResetPage {
    type Chrome = Public;
    const TEMPLATE: &'static str = "coach_sign_in/reset.html";

    fn samples() -> Vec<(&'static str, Self)> {
        vec![("form", Self::form(Entered::blank())), ("spent", Self::spent())]
    }
}

impl ResetPage {
    fn form(form: Entered) -> Self {
        Self { form, spent: false, shortest: SHORTEST_PASSWORD }
    }

    fn spent() -> Self {
        Self { spent: true, ..Self::form(Entered::blank()) }
    }
}

/// The test mail's link: one button, so that no mail scanner says it for the coach.
#[derive(Debug, Serialize)]
pub(crate) struct ArrivedPage {
    /// `asks`, `arrived` or `spent`.
    step: &'static str,
}

impl Page for ArrivedPage {
    type Chrome = Public;
    const TEMPLATE: &'static str = "coach_sign_in/arrived.html";

    fn samples() -> Vec<(&'static str, Self)> {
        ["asks", "arrived", "spent"].map(|step| (step, Self { step })).into()
    }
}

const WRONG: &str = "The address or the password is not right. Check both, or ask for a new password";

pub(crate) fn add(table: Table) -> Table {
    table
        .get("/coach/sign-in", Access::Anyone, show)
        .post("/coach/sign-in", Access::Anyone, enter)
        .post("/coach/sign-out", Access::Coach, leave)
        .get("/coach/forgot", Access::Anyone, show_forgot)
        .post("/coach/forgot", Access::Anyone, forgot)
        .get("/coach/reset/:token", Access::Link, show_reset)
        .post("/coach/reset/:token", Access::Link, reset)
        .get("/coach/arrived/:token", Access::Link, show_arrived)
        .post("/coach/arrived/:token", Access::Link, arrived)
}

fn around(site: &Site) -> Public {
    Public { form_token: Some(site.form_token()), ..Public::plain("Trellis") }
}

#[handler]
async fn show(Data(site): Data<&Site>, request: &Request, asked: Asked) -> Result<Response, PageError> {
    if guard::signed_coach(site, request).await?.is_some() {
        return Ok(see_other("/coach"));
    }
    let chrome = Public { flash: asked.flash(), ..around(site) };
    site.pages.render(&chrome, &SignInPage { form: Entered::blank() })
}

#[handler]
async fn enter(Data(site): Data<&Site>, client: Client, fields: Fields) -> Result<Response, PageError> {
    let password = fields.many("password").first().map_or("", String::as_str);
    let (status, message) = match sign_in_coach(&site.app, fields.text("email"), password, &client.0).await {
        Ok(signed_in) => return Ok(inside(site, &signed_in)),
        Err(Refused::TooOften(until)) => {
            let minutes = (until - site.clock.now().real).num_minutes().max(1);
            (
                StatusCode::TOO_MANY_REQUESTS,
                format!("There were too many tries. Wait {minutes} minutes, then try again"),
            )
        }
        Err(Refused::Store(error)) => return Err(error.into()),
        Err(Refused::Wrong | Refused::Spent | Refused::Password(_)) => {
            (StatusCode::UNPROCESSABLE_ENTITY, WRONG.to_owned())
        }
    };
    let form = Entered::of(&fields).wrong("email", message);
    let mut response = site.pages.refused(&around(site), &SignInPage { form })?;
    response.set_status(status);
    Ok(response)
}

fn inside(site: &Site, signed_in: &SignedIn) -> Response {
    guard::with_sign_in(site, see_other("/coach"), Who::Coach, signed_in)
}

#[handler]
async fn leave(Data(site): Data<&Site>, signed: SignedCoach) -> Result<Response, PageError> {
    sign_out(&site.app, &signed.login).await?;
    Ok(guard::without_sign_in(site, see_other("/coach/sign-in?done=out"), Who::Coach))
}

#[handler]
async fn show_forgot(Data(site): Data<&Site>) -> Result<Response, PageError> {
    site.pages.render(&around(site), &ForgotPage { form: Entered::blank(), sent: false })
}

#[handler]
async fn forgot(Data(site): Data<&Site>, browser: Browser, fields: Fields) -> Result<Response, PageError> {
    let mut checked = Checked::new(&fields);
    let email = checked.parse("email", EmailAddress::parse);
    match checked.finish(|| email) {
        Err(form) => site.pages.refused(&around(site), &ForgotPage { form, sent: false }),
        Ok(email) => {
            // Whatever came of it, the answer tells nothing; a failing database is told.
            if let Err(Refused::Store(error)) = ask_for_reset(&site.app, &email, &browser.0).await {
                return Err(error.into());
            }
            site.pages.render(&around(site), &ForgotPage { form: Entered::blank(), sent: true })
        }
    }
}

#[handler]
async fn show_reset(Data(site): Data<&Site>) -> Result<Response, PageError> {
    site.pages.render(&around(site), &ResetPage::form(Entered::blank()))
}

#[handler]
async fn reset(Data(site): Data<&Site>, Path(token): Path<String>, fields: Fields) -> Result<Response, PageError> {
    let password = fields.many("password").first().map_or("", String::as_str);
    match reset_password(&site.app, &token, password).await {
        Ok(_) => Ok(see_other("/coach/sign-in?done=reset")),
        Err(Refused::Password(bad)) => {
            let form = Entered::blank().wrong("password", bad.to_string());
            site.pages.refused(&around(site), &ResetPage::form(form))
        }
        Err(Refused::Spent | Refused::Wrong | Refused::TooOften(_)) => {
            let mut response = site.pages.render(&around(site), &ResetPage::spent())?;
            response.set_status(StatusCode::GONE);
            Ok(response)
        }
        Err(Refused::Store(error)) => Err(error.into()),
    }
}

#[handler]
async fn show_arrived(Data(site): Data<&Site>, Path(token): Path<String>) -> Result<Response, PageError> {
    let asked = arrived_at(&site.app, &token).await.map(|_| ());
    answered(site, asked, "asks")
}

#[handler]
async fn arrived(Data(site): Data<&Site>, Path(token): Path<String>) -> Result<Response, PageError> {
    let marked = mark_arrived(&site.app, &token).await;
    answered(site, marked, "arrived")
}

fn answered(site: &Site, outcome: Result<(), NotArrived>, step: &'static str) -> Result<Response, PageError> {
    match outcome {
        Ok(()) => site.pages.render(&around(site), &ArrivedPage { step }),
        Err(NotArrived::Link) => {
            let mut response = site.pages.render(&around(site), &ArrivedPage { step: "spent" })?;
            response.set_status(StatusCode::GONE);
            Ok(response)
        }
        Err(NotArrived::Store(error)) => Err(error.into()),
    }
}

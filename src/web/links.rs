//! How does somebody without a password get to their own page?

use poem::{
    Response, handler,
    http::StatusCode,
    web::{Data, Path},
};
use serde::Serialize;

use crate::{
    actions::{
        mailed_sign_in::{LinkState, Shown, ask_for_link, link_state, use_sign_in},
        sign_in::{OWN_DEVICE_FOR, PARTICIPANT_FOR, Refused},
    },
    domain::{email_address::EmailAddress, people::Who},
    web::{
        chrome,
        error::PageError,
        fields::Fields,
        form::{Checked, Entered},
        guard::{Browser, see_other, with_browser, with_sign_in},
        my_program::agreeing::after_sign_in,
        page::Page,
        site::Site,
        table::{Access, Table},
        visitor,
    },
};

pub(crate) fn add(table: Table) -> Table {
    table
        .get("/link", Access::Anyone, show)
        .post("/link", Access::Anyone, ask)
        .get("/link/sent", Access::Anyone, sent)
        .post("/link/code", Access::Anyone, code)
        .get("/p/open/:token", Access::Link, open)
        .post("/p/open/:token", Access::Link, enter)
}

#[handler]
async fn show(Data(site): Data<&Site>) -> Result<Response, PageError> {
    site.pages.render(&visitor::neutral(site, None), &FindPage { form: Entered::blank() })
}

/// The same answer for any address.
#[handler]
async fn ask(Data(site): Data<&Site>, browser: Browser, fields: Fields) -> Result<Response, PageError> {
    fields.form_token()?;
    let mut checked = Checked::new(&fields);
    let email = checked.parse("email", EmailAddress::parse);
    match checked.finish(|| email) {
        Ok(email) => {
            send_link(site, &email, &browser).await?;
            Ok(with_browser(site, see_other("/link/sent"), &browser))
        }
        Err(form) => site.pages.refused(&visitor::neutral(site, None), &FindPage { form }),
    }
}

/// Mails a link and a code; who asks too often gets the same answer.
pub(super) async fn send_link(site: &Site, email: &EmailAddress, browser: &Browser) -> Result<(), PageError> {
    match ask_for_link(&site.app, email, &browser.0).await {
        Ok(()) | Err(Refused::TooOften(_) | Refused::Wrong | Refused::Spent | Refused::Password(_)) => Ok(()),
        Err(Refused::Store(error)) => Err(error.into()),
    }
}

#[handler]
async fn sent(Data(site): Data<&Site>) -> Result<Response, PageError> {
    site.pages.render(&visitor::neutral(site, None), &CodePage { form: Entered::blank() })
}

#[handler]
async fn code(Data(site): Data<&Site>, browser: Browser, fields: Fields) -> Result<Response, PageError> {
    fields.form_token()?;
    let digits: String = fields.text("code").chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    if let Some(response) = sign_in(site, &Shown::Code(digits), &browser, &fields).await? {
        return Ok(response);
    }
    let wrong = "This code is not right, or its ten minutes are over. Check it, or ask for a new one";
    let form = Entered::of(&fields).wrong("code", wrong);
    site.pages.refused(&visitor::neutral(site, None), &CodePage { form })
}

/// One button: a scanner that opens the link spends nothing.
#[handler]
async fn open(Data(site): Data<&Site>, Path(token): Path<String>, browser: Browser) -> Result<Response, PageError> {
    let state = link_state(&site.app, &token, &browser.0).await?;
    opened(site, &token, state, Entered::blank())
}

#[handler]
async fn enter(
    Data(site): Data<&Site>,
    Path(token): Path<String>,
    browser: Browser,
    fields: Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    let address = Some(fields.text("email").to_owned()).filter(|text| !text.is_empty());
    let shown = Shown::Link { token: token.clone(), address };
    if let Some(response) = sign_in(site, &shown, &browser, &fields).await? {
        return Ok(response);
    }
    let wrong = "Enter the address that the link was sent to";
    let state = link_state(&site.app, &token, &browser.0).await?;
    opened(site, &token, state, Entered::of(&fields).wrong("email", wrong))
}

/// None: the link or code was wrong, used or too old.
async fn sign_in(
    site: &Site,
    shown: &Shown,
    browser: &Browser,
    fields: &Fields,
) -> Result<Option<Response>, PageError> {
    let lasts = if fields.has("own_device") { OWN_DEVICE_FOR } else { PARTICIPANT_FOR };
    match use_sign_in(&site.app, shown, &browser.0, lasts).await {
        Ok(signed_in) => {
            let to = after_sign_in(site, &signed_in).await?;
            Ok(Some(with_sign_in(site, see_other(to), Who::Participant, &signed_in)))
        }
        Err(Refused::Spent | Refused::Wrong | Refused::TooOften(_) | Refused::Password(_)) => Ok(None),
        Err(Refused::Store(error)) => Err(error.into()),
    }
}

fn opened(site: &Site, token: &str, state: LinkState, form: Entered) -> Result<Response, PageError> {
    let chrome = visitor::neutral(site, None);
    let elsewhere = match state {
        LinkState::Ours => false,
        LinkState::Elsewhere => true,
        LinkState::Spent => {
            let mut response = site.pages.render(&chrome, &SpentPage { form: Entered::blank() })?;
            response.set_status(StatusCode::GONE);
            return Ok(response);
        }
    };
    let wrong = !form.errors().is_empty();
    let page = OpenPage { form, token: token.to_owned(), elsewhere };
    if wrong { site.pages.refused(&chrome, &page) } else { site.pages.render(&chrome, &page) }
}

/// Where to send a new link?
#[derive(Debug, Serialize)]
pub struct FindPage {
    form: Entered,
}

impl Page for FindPage {
    type Chrome = chrome::Public;
    const TEMPLATE: &'static str = "links/find.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let wrong = Entered::blank().with("email", "sam").wrong("email", "Enter an email address with an @ sign");
        vec![("empty", Self { form: Entered::blank() }), ("wrong", Self { form: wrong })]
    }
}

/// The code from the mail, in the browser that asked.
#[derive(Debug, Serialize)]
pub struct CodePage {
    form: Entered,
}

impl Page for CodePage {
    type Chrome = chrome::Public;
    const TEMPLATE: &'static str = "links/code.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let wrong = Entered::blank().wrong("code", "This code is not right");
        vec![("sent", Self { form: Entered::blank() }), ("wrong code", Self { form: wrong })]
    }
}

/// What the mailed link opens.
#[derive(Debug, Serialize)]
pub struct OpenPage {
    form: Entered,
    token: String,
    /// Another browser asked for it, so the address is asked for.
    elsewhere: bool,
}

impl Page for OpenPage {
    type Chrome = chrome::Public;
    const TEMPLATE: &'static str = "links/open.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let sample = |elsewhere, form| Self { form, token: "abc".into(), elsewhere };
        let wrong = Entered::blank().with("email", "sam@example.org").wrong("email", "Enter the address");
        vec![
            ("this browser", sample(false, Entered::blank())),
            ("another browser", sample(true, Entered::blank())),
            ("wrong address", sample(true, wrong)),
        ]
    }
}

/// A link that was used, replaced or outlived, with the way to a new one.
#[derive(Debug, Serialize)]
pub struct SpentPage {
    form: Entered,
}

impl Page for SpentPage {
    type Chrome = chrome::Public;
    const TEMPLATE: &'static str = "links/spent.html";

    fn samples() -> Vec<(&'static str, Self)> {
        vec![("spent", Self { form: Entered::blank() })]
    }
}

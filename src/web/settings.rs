//! Who writes, whom does mail come from, and does it arrive?

use poem::{Response, handler, web::Data};
use serde::Serialize;

use crate::{
    actions::{
        change_own_access::{change_password, renew_feed},
        passwords::SHORTEST_PASSWORD,
        save_practice::{PracticeSettings, save_practice},
        send_test::send_test_mail,
        sign_in::Refused,
    },
    config::MailMode,
    domain::{civil, delivery::Occasion, email_address::EmailAddress, name::Name, people::Who, zone::Zone},
    store::ledger,
    web::{
        chrome::{self, Here},
        cohort_new::read::one_line,
        desk::{self, Asked},
        error::PageError,
        fields::Fields,
        form::{Checked, Entered},
        guard::{SignedCoach, see_other, with_sign_in},
        labels::{self, Choice, Label},
        page::Page,
        site::Site,
        table::{Access, Table},
    },
};

#[derive(Debug, Serialize)]
pub(crate) struct SettingsPage {
    form: Entered,
    /// Only the errors of the password's own form.
    password: Entered,
    zones: Vec<Choice>,
    shortest: usize,
    feed: String,
    mode: &'static str,
    relay: String,
    /// When mail was last seen to arrive; empty if it never was.
    tested: String,
    /// Where the last test mail stands, and when it was asked for.
    last_test: Option<(Label, String)>,
}

impl Page for SettingsPage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "settings/settings.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |form, password| Self {
            form,
            password,
            zones: labels::zones(),
            shortest: SHORTEST_PASSWORD,
            feed: "https://groups.example/c/abc.ics".to_owned(),
            mode: "live",
            relay: "mail.example:587".to_owned(),
            tested: String::new(),
            last_test: Some((labels::delivery(crate::domain::delivery::State::Sent), "Today 10:40".to_owned())),
        };
        let wrong =
            Entered::blank().with("sender_email", "x").wrong("sender_email", "Enter an email address with an @ sign");
        let weak = Entered::blank().wrong("new_password", "Use at least 12 characters");
        vec![
            ("blank", page(Entered::blank(), Entered::blank())),
            ("wrong", page(wrong, Entered::blank())),
            ("weak password", page(Entered::blank(), weak)),
        ]
    }
}

pub(crate) fn add(table: Table) -> Table {
    table
        .get("/coach/settings", Access::Coach, show)
        .post("/coach/settings", Access::Coach, save)
        .post("/coach/settings/password", Access::Coach, set_password)
        .post("/coach/settings/feed", Access::Coach, give_feed)
        .post("/coach/settings/test", Access::Coach, send_test)
}

fn filled(signed: &SignedCoach) -> Entered {
    let practice = &signed.practice;
    Entered::blank()
        .with("name", practice.name.expose())
        .with("neutral_name", practice.neutral_name.expose())
        .with("first_name", practice.first_name.expose())
        .with("zone", practice.zone.name())
        .with("sender_email", practice.sender_email.expose())
        .with("list_email", practice.list_email.as_ref().map_or("", EmailAddress::expose))
        .with("reply_email", practice.reply_email.expose())
        .with("postal_address", practice.postal_address.as_str())
        .with("crisis_line", practice.crisis_line.as_str())
        .with("brand_color", practice.brand_color.as_str())
}

async fn page(site: &Site, signed: &SignedCoach, form: Entered, password: Entered) -> Result<SettingsPage, PageError> {
    let now = site.clock.now().program;
    let filter = ledger::Filter { occasion: Some(Occasion::TestMail), page_size: 1, ..Default::default() };
    let (rows, _) = ledger::of_practice(site.db.reader(), signed.practice.id, &filter).await?;
    let last =
        rows.first().map(|row| (labels::delivery(row.state), desk::brief(row.created_at, signed.coach.zone, now)));
    Ok(SettingsPage {
        form,
        password,
        zones: labels::zones(),
        shortest: SHORTEST_PASSWORD,
        feed: site.links.feed(signed.coach.id.0, signed.coach.feed_rotation),
        mode: match site.config.mail.mode {
            MailMode::Live => "live",
            MailMode::Redirect => "redirect",
            MailMode::Hold => "hold",
            MailMode::File => "file",
        },
        relay: site.relay_name(),
        tested: signed.practice.mail_tested_at.map_or_else(String::new, |at| civil::moment(at, signed.coach.zone)),
        last_test: last,
    })
}

#[handler]
async fn show(Data(site): Data<&Site>, signed: SignedCoach, asked: Asked) -> Result<Response, PageError> {
    let chrome = desk::after(site, &signed, Here::Settings, &asked).await?;
    site.pages.render(&chrome, &page(site, &signed, filled(&signed), Entered::blank()).await?)
}

#[handler]
async fn save(Data(site): Data<&Site>, signed: SignedCoach, fields: Fields) -> Result<Response, PageError> {
    match read(&fields) {
        Ok(settings) => {
            save_practice(&site.app, signed.practice.id, &settings, signed.coach.name.expose()).await?;
            Ok(see_other("/coach/settings?done=saved"))
        }
        Err(form) => {
            let chrome = desk::around(site, &signed, Here::Settings).await?;
            site.pages.refused(&chrome, &page(site, &signed, form, Entered::blank()).await?)
        }
    }
}

fn read(fields: &Fields) -> Result<PracticeSettings, Entered> {
    let mut checked = Checked::new(fields);
    let name = checked.parse("name", Name::parse);
    let neutral_name = checked.parse("neutral_name", Name::parse);
    let first_name = checked.parse("first_name", Name::parse);
    let zone = checked.parse("zone", Zone::parse);
    let sender_email = checked.parse("sender_email", EmailAddress::parse);
    let list_email = checked
        .parse("list_email", |text| if text.is_empty() { Ok(None) } else { EmailAddress::parse(text).map(Some) });
    let reply_email = checked.parse("reply_email", EmailAddress::parse);
    let postal_address = one_line(&mut checked, "postal_address", 300);
    let crisis_line = one_line(&mut checked, "crisis_line", 300);
    let brand_color = checked.parse("brand_color", |text| {
        let is_color = text.len() == 7 && text.starts_with('#') && text[1..].chars().all(|c| c.is_ascii_hexdigit());
        if is_color || text.is_empty() {
            Ok(text.to_lowercase())
        } else {
            Err("Enter a color as # and six digits, such as #1f5c4a")
        }
    });
    checked.finish(|| {
        Some(PracticeSettings {
            name: name?,
            neutral_name: neutral_name?,
            first_name: first_name?,
            zone: zone?,
            sender_email: sender_email?,
            list_email: list_email?,
            reply_email: reply_email?,
            postal_address: postal_address?,
            crisis_line: crisis_line?,
            brand_color: brand_color?,
        })
    })
}

#[handler]
async fn set_password(Data(site): Data<&Site>, signed: SignedCoach, fields: Fields) -> Result<Response, PageError> {
    let given = |name: &str| fields.many(name).first().map_or("", String::as_str);
    let wrong = match change_password(&site.app, &signed.coach, given("old_password"), given("new_password")).await {
        Ok(signed_in) => {
            return Ok(with_sign_in(site, see_other("/coach/settings?done=password"), Who::Coach, &signed_in));
        }
        Err(Refused::Store(error)) => return Err(error.into()),
        Err(Refused::Password(bad)) => Entered::blank().wrong("new_password", bad.to_string()),
        Err(Refused::TooOften(_)) => {
            Entered::blank().wrong("old_password", "There were too many tries. Wait fifteen minutes, then try again")
        }
        Err(Refused::Wrong | Refused::Spent) => {
            Entered::blank().wrong("old_password", "This is not your present password")
        }
    };
    let chrome = desk::around(site, &signed, Here::Settings).await?;
    site.pages.refused(&chrome, &page(site, &signed, filled(&signed), wrong).await?)
}

#[handler]
async fn give_feed(Data(site): Data<&Site>, signed: SignedCoach) -> Result<Response, PageError> {
    renew_feed(&site.app, &signed.coach).await?;
    Ok(see_other("/coach/settings?done=feed#feed"))
}

#[handler]
async fn send_test(Data(site): Data<&Site>, signed: SignedCoach) -> Result<Response, PageError> {
    send_test_mail(&site.app, &signed.coach).await?;
    Ok(see_other("/coach/settings?done=test#mail"))
}

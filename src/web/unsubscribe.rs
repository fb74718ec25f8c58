//! How does somebody stop one kind of mail, at once and without signing in? (RFC 8058)

use poem::{
    Request, Response, handler,
    web::{Data, Path},
};

use crate::{
    actions::change_person::{Refused, stop},
    domain::category::Category,
    links::{Claims, Purpose},
    web::{
        error::PageError,
        fields::Fields,
        headers::{Manner, set_manner},
        notices::{Act, Look, Notice},
        site::Site,
        table::{Access, Origin, Table},
        visitor,
    },
};

pub(crate) fn add(table: Table) -> Table {
    table.get("/u/:token", Access::Link, show).post_from("/u/:token", Access::Link, Origin::Anywhere, act)
}

/// What the link names. It outlives the enrollment and every key but the one that signed it.
fn read(site: &Site, token: &str) -> Result<(Claims, Category), PageError> {
    let claims =
        site.links.read(Purpose::Unsubscribe, token, site.clock.now().real).map_err(|_| PageError::NotFound)?;
    let category = Category::ALL.into_iter().find(|category| *category as u8 == claims.detail);
    let category = category.filter(|category| category.subscribed()).ok_or(PageError::NotFound)?;
    Ok((claims, category))
}

fn mail(category: Category) -> &'static str {
    match category {
        Category::Lesson => "the weekly emails",
        Category::Reminder => "the reminders",
        Category::Announcement => "the announcements",
        Category::Security => "emails about signing in",
        Category::Service => "emails about dates and places",
    }
}

/// Nothing is stopped here: scanners open every link.
#[handler]
async fn show(Data(site): Data<&Site>, Path(token): Path<String>) -> Result<Response, PageError> {
    let (_, category) = read(site, &token)?;
    Notice::new("Stop these emails?", format!("This stops {}, at once.", mail(category)))
        .detail("Emails about changed dates and about your place still come. You do not have to explain.")
        .act(Act::post("Stop these emails", format!("/u/{token}"), Look::Go, &[("stop", "yes")]))
        .show(site, &visitor::neutral(site, None))
        .map(without_referrer)
}

/// Posts to this address need no origin, so its pages can tell none, unlike others with a form.
fn without_referrer(mut response: Response) -> Response {
    set_manner(&mut response, Manner::PUBLIC);
    response
}

/// A mail provider's one click, or the button of the page. Needs no cookie, no origin and no form token.
#[handler]
async fn act(
    Data(site): Data<&Site>,
    Path(token): Path<String>,
    request: &Request,
    body: Vec<u8>,
) -> Result<Response, PageError> {
    let (claims, own) = read(site, &token)?;
    let fields = posted(request.content_type().unwrap_or_default(), &body)?;
    let asked = match (fields.text("List-Unsubscribe"), fields.text("stop")) {
        ("One-Click", _) | (_, "yes") => own,
        (_, other) => Category::parse(other)
            .filter(|category| category.subscribed())
            .ok_or_else(|| PageError::BadRequest("It did not say what to stop. Nothing was changed.".into()))?,
    };
    match stop(&site.app, claims.person.into(), claims.object.into(), asked).await {
        Ok(()) => done(site, &token, asked),
        Err(Refused::Unknown | Refused::Taken) => Err(PageError::NotFound),
        Err(Refused::Store(error)) => Err(error.into()),
    }
}

/// The same for a machine and for a person; stopping everything is leaving, and that needs a sign-in.
fn done(site: &Site, token: &str, stopped: Category) -> Result<Response, PageError> {
    let mut notice = Notice::new("It is done", format!("We have stopped {}.", mail(stopped))).detail(
        "You can switch them on again on your own page. If you want nothing more at all, leave the group there.",
    );
    for other in [Category::Lesson, Category::Reminder, Category::Announcement] {
        if other != stopped {
            let text = format!("Stop {} too", mail(other));
            notice = notice.act(Act::post(&text, format!("/u/{token}"), Look::Plain, &[("stop", other.as_str())]));
        }
    }
    notice
        .act(Act::link("Stop everything: leave the group", "/p/leave", Look::Quiet))
        .show(site, &visitor::neutral(site, None))
        .map(without_referrer)
}

/// A body in either form that RFC 8058 §3.1 allows. Anything else says nothing.
fn posted(kind: &str, body: &[u8]) -> Result<Fields, PageError> {
    let (kind, parameters) = kind.split_once(';').unwrap_or((kind, ""));
    if kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return multipart(parameters, body);
    }
    if kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        Fields::parse(body)
    } else {
        Ok(Fields::default())
    }
}

/// The short text fields of a multipart form (RFC 7578); files and long values are passed over.
fn multipart(parameters: &str, body: &[u8]) -> Result<Fields, PageError> {
    let boundary = parameters.split(';').find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"'))
    });
    let Some(boundary) = boundary.filter(|boundary| !boundary.is_empty()) else { return Ok(Fields::default()) };
    let text = String::from_utf8_lossy(body).replace("\r\n", "\n");
    let delimiter = format!("--{boundary}");
    let pairs = text.split(delimiter.as_str()).filter_map(|part| {
        let (head, value) = part.split_once("\n\n")?;
        let disposition = head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
        let name = disposition.split_once("name=\"")?.1.split_once('"')?.0;
        let value = value.trim_end_matches('\n');
        let plain =
            |text: &str| text.len() <= 100 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        (plain(name) && plain(value)).then(|| format!("{name}={value}"))
    });
    Fields::parse(pairs.take(20).collect::<Vec<_>>().join("&").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_click_is_read_in_both_forms() {
        let urlencoded = posted("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click").unwrap();
        assert_eq!(urlencoded.text("List-Unsubscribe"), "One-Click");
        let body = "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";
        for kind in ["multipart/form-data; boundary=x", "Multipart/Form-Data; charset=utf-8; boundary=\"x\""] {
            assert_eq!(posted(kind, body.as_bytes()).unwrap().text("List-Unsubscribe"), "One-Click", "{kind}");
        }
    }

    #[test]
    fn anything_else_says_nothing() {
        for (kind, body) in [
            ("", &b"List-Unsubscribe=One-Click"[..]),
            ("text/plain", b"List-Unsubscribe=One-Click"),
            ("multipart/form-data", b"--x"),
            ("multipart/form-data; boundary=x", b"\xff\xfe--x\r\n\r\n--x"),
            ("application/x-www-form-urlencoded", b""),
        ] {
            assert!(!posted(kind, body).unwrap().has("List-Unsubscribe"), "{kind}");
        }
    }
}

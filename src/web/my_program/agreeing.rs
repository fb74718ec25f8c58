//! A text that somebody agreed to reads differently now: do they agree to it too?

use poem::{Request, Response, handler, web::Data};
use serde::Serialize;

use super::{frame, place::Place};
use crate::{
    actions::{agree::agree, sign_in::SignedIn},
    domain::{asking::Agreed, program::Document},
    store::consents,
    web::{
        chrome,
        error::PageError,
        fields::Fields,
        form::{Checked, Entered},
        guard::{SignedParticipant, participant_of, see_other},
        page::Page,
        program_page,
        site::Site,
        visitor,
    },
};

#[derive(Debug, Serialize)]
struct Text {
    /// `agreement` or `storage`: the box to tick.
    kind: &'static str,
    title: &'static str,
    html: String,
    promise: &'static str,
    /// They agreed to an earlier wording.
    changed: bool,
}

#[derive(Debug, Serialize)]
pub struct AgreePage {
    form: Entered,
    enrollment: String,
    texts: Vec<Text>,
    /// Which wordings are read.
    wordings: String,
}

impl Page for AgreePage {
    type Chrome = chrome::Participant;
    const TEMPLATE: &'static str = "my_program/agree.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let text = |kind, changed| Text {
            kind,
            title: title(kind),
            html: "<p>What is said here stays here.</p>".into(),
            promise: promise(kind),
            changed,
        };
        let page = |form, texts| Self { form, enrollment: "0193".into(), texts, wordings: "2.1".into() };
        let wrong = Entered::blank().wrong("agreement", "Tick the box to agree, or choose not now");
        vec![
            ("one has changed", page(Entered::blank(), vec![text("agreement", true)])),
            ("nothing was agreed yet", page(wrong, vec![text("agreement", false), text("storage", false)])),
        ]
    }
}

fn title(kind: &str) -> &'static str {
    if kind == "agreement" { "The group agreement" } else { "What is stored about you" }
}

fn promise(kind: &str) -> &'static str {
    if kind == "agreement" {
        "I have read the group agreement and accept it."
    } else {
        "I have read what is stored about me, and agree to it."
    }
}

/// The texts a person in this place has not agreed to as they read now.
pub(super) async fn open<'a>(
    site: &Site,
    place: &'a Place,
) -> Result<Vec<(&'static str, &'a Document, bool)>, PageError> {
    if !place.is_inside() {
        return Ok(Vec::new());
    }
    let agreed = consents::versions_of(site.db.reader(), place.enrollment.id).await?;
    let open = place.program.content.0.not_agreed(&agreed);
    Ok(open.into_iter().map(|(kind, document)| (kind, document, agreed.contains_key(kind))).collect())
}

/// Where somebody goes who has just signed in: first to what they have to read, then to their page.
pub(in crate::web) async fn after_sign_in(site: &Site, signed_in: &SignedIn) -> Result<&'static str, PageError> {
    let Some(signed) = participant_of(site, &signed_in.token).await? else { return Ok("/p") };
    let place = Place::find(site, &signed, "").await?;
    Ok(match place {
        Some(place) if !open(site, &place).await?.is_empty() => "/p/agree",
        Some(_) | None => "/p",
    })
}

fn page(place: &Place, open: &[(&'static str, &Document, bool)], form: Entered) -> AgreePage {
    let text = |(kind, document, changed): &(&'static str, &Document, bool)| Text {
        kind,
        title: title(kind),
        html: program_page::html(&document.text),
        promise: promise(kind),
        changed: *changed,
    };
    AgreePage {
        form,
        enrollment: place.enrollment.id.to_string(),
        texts: open.iter().map(text).collect(),
        wordings: wordings(place),
    }
}

fn wordings(place: &Place) -> String {
    place.program.content.0.agreements().map(|(_, document)| document.version.to_string()).join(".")
}

#[handler]
pub(super) async fn show(
    Data(site): Data<&Site>,
    signed: SignedParticipant,
    request: &Request,
) -> Result<Response, PageError> {
    let asked = visitor::query(request)?;
    let place = Place::find(site, &signed, asked.text("enrollment")).await?.ok_or(PageError::NotFound)?;
    let open = open(site, &place).await?;
    if open.is_empty() {
        return Ok(see_other("/p"));
    }
    site.pages.render(&frame(site, &signed, ""), &page(&place, &open, Entered::blank()))
}

#[handler]
pub(super) async fn save(
    Data(site): Data<&Site>,
    signed: SignedParticipant,
    fields: Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    let place = Place::find(site, &signed, fields.text("enrollment")).await?.ok_or(PageError::NotFound)?;
    let open = open(site, &place).await?;
    let mut checked = Checked::new(&fields);
    for (kind, ..) in &open {
        checked.ticked(kind, "Tick the box to agree, or choose not now");
    }
    if let Some((kind, ..)) = open.first()
        && fields.text("wordings") != wordings(&place)
    {
        checked.refuse::<()>(kind, "The wording has changed since you opened this page: please read it again");
    }
    match checked.finish(|| Some(())) {
        Ok(()) => {
            let agreed: Vec<_> = open.iter().map(|(kind, document, _)| Agreed::to(kind, document)).collect();
            agree(&site.app, (signed.practice.id, place.enrollment.id), &agreed).await?;
            Ok(see_other(&format!("/p?done=agreed&enrollment={}", place.enrollment.id)))
        }
        Err(form) => site.pages.refused(&frame(site, &signed, ""), &page(&place, &open, form)),
    }
}

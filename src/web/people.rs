//! Who is this person, where do they stand, and what did they get?

use poem::{
    Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

use crate::{
    actions::change_person::{self, Settings, correct_address, save_settings},
    domain::{
        civil,
        discretion::Discretion,
        email_address::EmailAddress,
        ids::ParticipantId,
        name::Name,
        people::{Right, may},
        zone::Zone,
    },
    store::{
        ledger::{self, Filter},
        participants::{self, Participant},
    },
    web::{
        chrome::{self, Here},
        desk::{self, Asked},
        error::PageError,
        fields::Fields,
        form::{Checked, Entered},
        guard::{SignedCoach, see_other},
        labels::{self, Choice, Label},
        page::Page,
        site::Site,
        table::{Access, Table},
    },
};

use self::{
    places::{Place, places},
    said::{Said, Words, said},
};

pub(crate) mod answers;
mod history;
mod places;
pub(crate) mod removal;
mod said;
mod together;

#[derive(Debug, Serialize)]
struct Mail {
    id: String,
    what: String,
    kind: &'static str,
    state: Label,
    when: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct PersonPage {
    id: String,
    name: String,
    email: String,
    /// Their clock now.
    local: String,
    confirmed: String,
    /// What the mail server said of the mailbox.
    problem: String,
    form: Entered,
    address: Entered,
    zones: Vec<Choice>,
    discretions: Vec<Choice>,
    places: Vec<Place>,
    mails: Vec<Mail>,
    clock: String,
    said: Vec<Said>,
    may_read_answers: bool,
}

impl Page for PersonPage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "people/person.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |address, problem: &str| Self {
            id: "7".to_owned(),
            name: "Priya".to_owned(),
            email: "priya@example.net".to_owned(),
            local: "Today at 14:00 in New York".to_owned(),
            confirmed: "Tuesday 9 February 2027, 10:00 (Dublin time, UTC+00:00)".to_owned(),
            problem: problem.to_owned(),
            form: Entered::blank().with("name", "Priya"),
            address,
            zones: labels::zones(),
            discretions: levels(),
            places: Place::samples(),
            mails: vec![Mail {
                id: "1".to_owned(),
                what: "Week 4: Grief and anger".to_owned(),
                kind: "Lesson",
                state: labels::delivery(crate::domain::delivery::State::Bounced),
                when: "Mon 08:01".to_owned(),
            }],
            clock: "Dublin".to_owned(),
            said: Said::samples(),
            may_read_answers: true,
        };
        let wrong = Entered::blank().wrong("email", "Enter an email address with an @ sign, such as sam@example.org");
        vec![("some", page(Entered::blank(), "550 5.1.1 no such mailbox")), ("wrong", page(wrong, ""))]
    }
}

/// The three levels, and the choice of following the program.
fn levels() -> Vec<Choice> {
    let own = Choice::new("", "As the cohort has it").with("The person chose nothing of their own.");
    std::iter::once(own).chain(labels::discretions()).collect()
}

pub(crate) fn add(table: Table) -> Table {
    let table = table
        .get("/coach/people/:id", Access::Coach, show)
        .post("/coach/people/:id", Access::Coach, save)
        .post("/coach/people/:id/address", Access::Coach, correct);
    together::add(answers::add(removal::add(table)))
}

pub(super) async fn found(site: &Site, signed: &SignedCoach, id: &str) -> Result<Participant, PageError> {
    let id: ParticipantId = desk::id(id)?;
    participants::find(site.db.reader(), signed.practice.id, id).await?.ok_or(PageError::NotFound)
}

fn filled(person: &Participant) -> Entered {
    Entered::blank()
        .with("name", person.name.expose())
        .with("zone", person.zone.name())
        .with("discretion", person.discretion.map_or("", Discretion::as_str))
}

fn address_of(person: &Participant) -> Entered {
    Entered::blank().with("email", person.email.expose())
}

async fn page(
    site: &Site,
    signed: &SignedCoach,
    person: &Participant,
    forms: (Entered, Entered),
) -> Result<PersonPage, PageError> {
    let (db, now, zone) = (site.db.reader(), site.clock.now().program, signed.coach.zone);
    let filter = Filter { participant: Some(person.id), page_size: 15, ..Default::default() };
    let (rows, _) = ledger::of_practice(db, signed.practice.id, &filter).await?;
    let mails = rows.into_iter().map(|row| Mail {
        id: row.id.to_string(),
        kind: labels::occasion(row.occasion),
        what: row.subject.unwrap_or_else(|| labels::occasion(row.occasion).to_owned()),
        state: labels::delivery(row.state),
        when: desk::brief(row.sent_at.unwrap_or(row.due_at), zone, now),
    });
    let may_read_answers = may(signed.coach.role, &signed.coach.rights, Right::Answers);
    let words = if may_read_answers { Words::Shown } else { Words::Hidden };
    Ok(PersonPage {
        id: person.id.to_string(),
        name: person.name.expose().to_owned(),
        email: person.email.expose().to_owned(),
        local: format!("{} in {}", civil::time_of_day(person.zone.local(now).time()), person.zone.city()),
        confirmed: person.confirmed_at.map_or_else(String::new, |at| civil::moment(at, zone)),
        problem: person.mail_problem.clone().unwrap_or_default(),
        form: forms.0,
        address: forms.1,
        zones: labels::zones(),
        discretions: levels(),
        places: places(site, signed, person).await?,
        mails: mails.collect(),
        clock: zone.city(),
        said: said(site, signed, person, words).await?,
        may_read_answers,
    })
}

#[handler]
async fn show(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, PageError> {
    let person = found(site, &signed, &id).await?;
    let chrome = desk::after(site, &signed, Here::Cohorts, &asked).await?;
    let forms = (filled(&person), address_of(&person));
    site.pages.render(&chrome, &page(site, &signed, &person, forms).await?)
}

#[handler]
async fn save(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    let person = found(site, &signed, &id).await?;
    match read(&fields) {
        Ok(settings) => match save_settings(&site.app, signed.practice.id, person.id, &settings).await {
            Ok(()) => Ok(see_other(&format!("/coach/people/{}?done=saved", person.id))),
            Err(change_person::Refused::Unknown | change_person::Refused::Taken) => Err(PageError::NotFound),
            Err(change_person::Refused::Store(error)) => Err(error.into()),
        },
        Err(form) => {
            let chrome = desk::around(site, &signed, Here::Cohorts).await?;
            let page = page(site, &signed, &person, (form, address_of(&person))).await?;
            site.pages.refused(&chrome, &page)
        }
    }
}

fn read(fields: &Fields) -> Result<Settings, Entered> {
    let mut checked = Checked::new(fields);
    let name = checked.parse("name", Name::parse);
    let zone = checked.parse("zone", Zone::parse);
    let discretion = checked.optional("discretion", Discretion::parse);
    checked.finish(|| Some(Settings { name: name?, zone: zone?, discretion: discretion? }))
}

#[handler]
async fn correct(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    let person = found(site, &signed, &id).await?;
    let mut checked = Checked::new(&fields);
    let email = checked.parse("email", EmailAddress::parse);
    let form = match checked.finish(|| email) {
        Ok(email) => match correct_address(&site.app, signed.practice.id, person.id, &email).await {
            Ok(()) => return Ok(see_other(&format!("/coach/people/{}?done=corrected", person.id))),
            Err(change_person::Refused::Taken) => {
                Entered::of(&fields).wrong("email", "Another person of yours has this address already")
            }
            Err(change_person::Refused::Unknown) => return Err(PageError::NotFound),
            Err(change_person::Refused::Store(error)) => return Err(error.into()),
        },
        Err(form) => form,
    };
    let chrome = desk::around(site, &signed, Here::Cohorts).await?;
    site.pages.refused(&chrome, &page(site, &signed, &person, (filled(&person), form)).await?)
}

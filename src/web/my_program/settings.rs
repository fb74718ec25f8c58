//! What may somebody decide about themselves?

use poem::{Response, handler, web::Data};

use super::{frame, page::MyProgram, place::Place};
use crate::{
    actions::{
        change_person::{Refused, Settings},
        save_own_settings::{Switches, save_own_settings},
    },
    domain::{
        category::Category,
        discretion::{Discretion, at_least},
        ids::ProgramId,
        name::Name,
        zone::Zone,
    },
    store::stops,
    web::{
        error::PageError,
        fields::Fields,
        form::{Checked, Entered},
        guard::{SignedParticipant, see_other},
        site::Site,
        visitor::Choice,
    },
};

/// The switches: a field each, on while the mail comes.
const SWITCHES: [(&str, Category); 3] =
    [("lessons", Category::Lesson), ("reminders", Category::Reminder), ("announcements", Category::Announcement)];

fn base(place: Option<&Place>) -> Discretion {
    place.map_or(Discretion::Open, |place| place.cohort.discretion)
}

/// The group's own level, and the more careful ones.
pub(super) fn levels(place: Option<&Place>) -> Vec<Choice> {
    let base = base(place);
    let allowed = Discretion::ALL.into_iter().filter(|level| *level >= base);
    allowed
        .map(|level| {
            let text = match level {
                Discretion::Open => "Open",
                Discretion::Discreet => "Discreet (neutral titles)",
                Discretion::Minimal => "Minimal (only a link)",
            };
            Choice { value: level.as_str().to_owned(), text: text.to_owned() }
        })
        .collect()
}

/// The form as things stand.
pub(super) async fn shown(
    site: &Site,
    signed: &SignedParticipant,
    place: Option<&Place>,
) -> Result<Entered, PageError> {
    let (person, base) = (&signed.person, base(place));
    let level = at_least(base, person.discretion.unwrap_or(base));
    let form = Entered::blank()
        .with("name", person.name.expose())
        .with("tz", person.zone.name())
        .with("discretion", level.as_str());
    let stopped = match place {
        Some(place) => stops::of_person(site.db.reader(), person.id, place.program.id).await?,
        None => Vec::new(),
    };
    let on = SWITCHES.into_iter().filter(|(_, category)| !stopped.contains(category));
    Ok(on.fold(form, |form, (name, _)| form.with(name, "on")))
}

#[handler]
pub(super) async fn save(
    Data(site): Data<&Site>,
    signed: SignedParticipant,
    fields: Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    let wanted = fields.text("enrollment");
    let place = Place::find(site, &signed, wanted).await?;
    let settings = match check(&fields, base(place.as_ref())) {
        Ok(settings) => settings,
        Err(form) => {
            let page = MyProgram::read(site, &signed, wanted, Some(form)).await?;
            return site.pages.refused(&frame(site, &signed, ""), &page);
        }
    };
    let switches = place.as_ref().map(|place| switches(place.program.id, &fields));
    let of = (signed.practice.id, signed.person.id);
    understood(save_own_settings(&site.app, of, &settings, switches.as_ref()).await)?;
    Ok(see_other(&format!(
        "/p?done=settings&enrollment={}",
        place.map_or_else(String::new, |place| place.enrollment.id.to_string())
    )))
}

/// A level may be raised above the group's, never lowered below it.
fn check(fields: &Fields, base: Discretion) -> Result<Settings, Entered> {
    let mut checked = Checked::new(fields);
    let name = checked.parse("name", Name::parse);
    let zone = checked.parse("tz", Zone::parse);
    let allowed: Vec<_> = Discretion::ALL.into_iter().filter(|level| *level >= base).collect();
    let choices: Vec<_> = allowed.iter().map(|level| (level.as_str(), (*level > base).then_some(*level))).collect();
    let discretion =
        checked.choice("discretion", &choices, "Choose how discreet emails and calendar entries should be");
    checked.finish(|| Some(Settings { name: name?, zone: zone?, discretion: discretion? }))
}

fn switches(program: ProgramId, fields: &Fields) -> Switches {
    let (on, off) = SWITCHES.into_iter().partition::<Vec<_>, _>(|(name, _)| fields.has(name));
    let categories = |switches: Vec<(&str, Category)>| switches.into_iter().map(|(_, category)| category).collect();
    Switches { program, on: categories(on), off: categories(off) }
}

/// A person who was erased meanwhile is not found.
pub(super) fn understood(outcome: Result<(), Refused>) -> Result<(), PageError> {
    outcome.map_err(|refused| match refused {
        Refused::Unknown | Refused::Taken => PageError::NotFound,
        Refused::Store(error) => error.into(),
    })
}

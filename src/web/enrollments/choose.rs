//! The dates are off: what would the person like instead?

use poem::{
    Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

use super::{
    confirm::{Held, Link, arrive, follow},
    takes_new_people,
};
use crate::{
    actions::{
        call_off::choose_by,
        choose_instead::{Refused, ask_elsewhere, go_along},
        leave::{self, By, leave},
    },
    domain::{
        civil::{self, When},
        cohort::{Admission, Decision},
        enrollment::Standing,
        ids::CohortId,
        session::SessionState,
        zone::Zone,
    },
    links::Purpose,
    store::{
        cohorts::{self, Cohort},
        enrollments, sessions,
    },
    web::{
        chrome,
        error::PageError,
        fields::Fields,
        form::{Checked, Entered},
        guard::see_other,
        notices::{Act, Look, Notice},
        page::Page,
        site::Site,
        visitor,
    },
};

/// One way to go on, as a card.
#[derive(Debug, Clone, Serialize)]
struct Way {
    value: String,
    text: String,
    detail: String,
}

/// Nothing in it names a person or a topic: whoever holds the link sees it.
#[derive(Debug, Serialize)]
pub struct ChoosePage {
    form: Entered,
    token: String,
    title: &'static str,
    lead: String,
    ways: Vec<Way>,
}

impl Page for ChoosePage {
    type Chrome = chrome::Public;
    const TEMPLATE: &'static str = "enrollments/choose.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let when = "From Thursday 15 April 2027, 20:00–21:15 (Dublin time, UTC+01:00)";
        let way = |value: &str, text: &str, detail: &str| Way {
            value: value.into(),
            text: text.into(),
            detail: detail.into(),
        };
        let page = |form| Self {
            form,
            token: "abc".into(),
            title: "These dates do not take place",
            lead: "Please choose by Tuesday 16 March 2027, 18:00 (Dublin time, UTC+00:00).".into(),
            ways: vec![
                way("go:1", when, "A place is free there. It is yours at once."),
                way("wait:2", when, "Every place is taken. You go on the waitlist."),
                way("leave", "Stop here", "No more email comes. You do not have to explain."),
            ],
        };
        let wrong = Entered::blank().wrong("way", "Choose one of these");
        vec![("three ways", page(Entered::blank())), ("none chosen", page(wrong))]
    }
}

/// What a choice is about.
struct Setting {
    held: Held,
    off: Cohort,
}

impl Setting {
    async fn read(site: &Site, token: &str) -> Result<Self, PageError> {
        let held = match follow(site, Purpose::Choose, token).await? {
            Link::Good(held) | Link::Over(held) => held,
        };
        let off = cohorts::anywhere(site.db.reader(), held.enrollment.cohort_id).await?.ok_or(PageError::Gone)?;
        Ok(Self { held, off })
    }

    fn has_place(&self) -> bool {
        matches!(self.held.enrollment.standing, Standing::Enrolled | Standing::Paused)
    }

    /// Nothing to choose: what became of it.
    async fn settled(&self, site: &Site) -> Result<Option<Notice>, PageError> {
        if !self.off.decision.is_off() {
            return Ok(Some(Notice::new("This group takes place", "There is nothing to choose here.")));
        }
        if self.held.enrollment.standing == Standing::Transferred || self.is_elsewhere(site).await? {
            return Ok(Some(
                Notice::new("You have chosen", "Your dates and everything else stand on your page.")
                    .act(Act::link("Open my page", "/p", Look::Go))
                    .find_my_link(),
            ));
        }
        Ok(None)
    }

    async fn is_elsewhere(&self, site: &Site) -> Result<bool, PageError> {
        let (db, person) = (site.db.reader(), &self.held.person);
        let others = cohorts::of_program(db, person.practice_id, self.off.program_id).await?;
        let places = enrollments::of_participant(db, person.practice_id, person.id).await?;
        let stands = |standing: Standing| standing.holds_seat() || standing == Standing::Waitlisted;
        Ok(places.iter().any(|place| {
            place.cohort_id != self.off.id
                && stands(place.standing)
                && others.iter().any(|other| other.id == place.cohort_id)
        }))
    }

    async fn ways(&self, site: &Site) -> Result<Vec<Way>, PageError> {
        let db = site.db.reader();
        let zone = self.held.person.zone;
        let mut ways = Vec::new();
        if let Some(into) = self.off.merged_into.filter(|_| self.has_place()) {
            let other = cohorts::anywhere(db, into).await?.filter(|other| !other.decision.is_off());
            if let Some(when) = first(site, other.as_ref(), zone).await? {
                ways.push(Way {
                    value: format!("go:{into}"),
                    text: format!("Come along: {when}"),
                    detail: "Your place there is kept for you. Your new dates come by email.".into(),
                });
            }
        }
        let merged = self.off.decision == Decision::Merged && self.has_place();
        for other in cohorts::open_of_program(db, self.off.program_id).await?.iter().filter(|_| !merged) {
            if other.id == self.off.id || !takes_new_people(site, other) {
                continue;
            }
            if let Some(when) = first(site, Some(other), zone).await? {
                ways.push(self.way(site, other, &when).await?);
            }
        }
        let leaves = if self.has_place() { "Stop here" } else { "Leave it at that" };
        ways.push(Way {
            value: "leave".into(),
            text: leaves.into(),
            detail: "No more email comes. You do not have to explain.".into(),
        });
        Ok(ways)
    }

    async fn way(&self, site: &Site, other: &Cohort, when: &str) -> Result<Way, PageError> {
        let waits = enrollments::first_waiting(site.db.reader(), other.id).await?.is_some();
        let is_free = other.seats_taken < other.capacity && !waits;
        let (word, detail) = match other.admission {
            Admission::Approval => ("wait", "Your application goes along, and is answered by email."),
            Admission::Open if is_free => ("go", "A place is free there. It is yours at once."),
            Admission::Open => ("wait", "Every place is taken. You go on the waitlist."),
        };
        Ok(Way { value: format!("{word}:{}", other.id), text: when.to_owned(), detail: detail.into() })
    }

    async fn page(&self, site: &Site, token: String, form: Entered) -> Result<ChoosePage, PageError> {
        let until = civil::moment(choose_by(&self.off, site.clock.now().program), self.held.person.zone);
        let merged = self.off.decision == Decision::Merged && self.has_place();
        Ok(ChoosePage {
            form,
            token,
            title: if merged { "Your group has new dates" } else { "These dates do not take place" },
            lead: if self.has_place() {
                format!("Please choose by {until}.")
            } else {
                "You have no place in this group any more. You can still choose other dates.".to_owned()
            },
            ways: self.ways(site).await?,
        })
    }
}

/// When a cohort meets next, on this person's clock; none when it is over.
async fn first(site: &Site, cohort: Option<&Cohort>, zone: Zone) -> Result<Option<String>, PageError> {
    let Some(cohort) = cohort else { return Ok(None) };
    let now = site.clock.now().program;
    let meetings = sessions::of_cohort(site.db.reader(), cohort.id).await?;
    let to_come = meetings.iter().filter(|m| m.state == SessionState::Planned && m.ends_at > now);
    let first = to_come.min_by_key(|meeting| meeting.starts_at);
    Ok(first.map(|first| format!("From {}", When::new(first.starts_at, first.ends_at, zone).full())))
}

#[handler]
pub(super) async fn show(Data(site): Data<&Site>, Path(token): Path<String>) -> Result<Response, PageError> {
    let setting = Setting::read(site, &token).await?;
    let chrome = visitor::neutral(site, Some(&setting.held.practice));
    if let Some(notice) = setting.settled(site).await? {
        return notice.show(site, &chrome);
    }
    site.pages.render(&chrome, &setting.page(site, token, Entered::blank()).await?)
}

enum Chosen {
    Go(CohortId),
    Wait(CohortId),
    Leave,
}

fn read(fields: &Fields, ways: &[Way]) -> Result<Chosen, Entered> {
    let mut checked = Checked::new(fields);
    let offered: Vec<(&str, &str)> = ways.iter().map(|way| (way.value.as_str(), way.value.as_str())).collect();
    let way = checked.choice("way", &offered, "Choose one of these");
    checked.finish(|| match way?.split_once(':') {
        Some(("go", id)) => Some(Chosen::Go(id.parse().ok()?)),
        Some((_, id)) => Some(Chosen::Wait(id.parse().ok()?)),
        None => Some(Chosen::Leave),
    })
}

#[handler]
pub(super) async fn choose(
    Data(site): Data<&Site>,
    Path(token): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    let setting = Setting::read(site, &token).await?;
    let chrome = visitor::neutral(site, Some(&setting.held.practice));
    if let Some(notice) = setting.settled(site).await? {
        return notice.show(site, &chrome);
    }
    let chosen = match read(&fields, &setting.ways(site).await?) {
        Ok(chosen) => chosen,
        Err(form) => return site.pages.refused(&chrome, &setting.page(site, token, form).await?),
    };
    let taken = match chosen {
        Chosen::Leave => return stop(site, &setting).await,
        Chosen::Go(to) if setting.has_place() => go_along(&site.app, setting.held.enrollment.id, to).await,
        Chosen::Go(to) | Chosen::Wait(to) => ask_elsewhere(&site.app, setting.held.enrollment.id, to).await,
    };
    match taken {
        Ok(now) => arrive(site, &setting.held, &now).await,
        Err(refused @ (Refused::Full | Refused::Elsewhere | Refused::TakesPlace | Refused::Unknown)) => {
            let form = Entered::of(&fields).wrong("way", sentence(&refused));
            site.pages.refused(&chrome, &setting.page(site, token, form).await?)
        }
        Err(Refused::Store(error)) => Err(error.into()),
    }
}

fn sentence(refused: &Refused) -> &'static str {
    match refused {
        Refused::Full => "The last free place there is taken meanwhile. Choose again",
        Refused::Elsewhere | Refused::TakesPlace | Refused::Unknown | Refused::Store(_) => {
            "Those dates are not open any more. Choose again"
        }
    }
}

async fn stop(site: &Site, setting: &Setting) -> Result<Response, PageError> {
    if setting.has_place() {
        match leave(&site.app, setting.held.enrollment.id, &By::Participant).await {
            Ok(_) | Err(leave::Refused::Unknown | leave::Refused::Standing(_)) => {}
            Err(leave::Refused::Store(error)) => return Err(error.into()),
        }
    }
    Ok(see_other("/left"))
}

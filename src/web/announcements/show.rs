//! Whom does an announcement reach, when, and can it still be taken back?

use poem::{
    Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

use super::{found, stage_label, to};
use crate::{
    actions::announce::{Reach, Refused, draft_of, fingerprint, reach, send_announcement, undo_announcement},
    domain::{
        announcement::Stage,
        civil::moment,
        delivery::{Occasion, State},
    },
    store::{announcements::Announcement, ledger, participants},
    web::{
        chrome::{self, Here},
        desk::{self, Asked},
        error::PageError,
        fields::Fields,
        guard::{SignedCoach, see_other},
        labels::{self, Label},
        page::Page,
        site::Site,
        table::{Access, Table},
    },
};

/// One reader.
#[derive(Debug, Clone, Serialize)]
struct Reader {
    person: String,
    name: String,
    /// On their own clock.
    when: String,
    /// What became of their mail; for a draft, nothing yet.
    state: Option<Label>,
    mail: String,
}

/// Somebody of the set who gets nothing.
#[derive(Debug, Clone, Serialize)]
struct Without {
    person: String,
    name: String,
    why: &'static str,
}

#[derive(Debug, Serialize)]
pub(crate) struct AnnouncementPage {
    id: String,
    subject: String,
    discreet_subject: String,
    to: String,
    stage: Label,
    /// Above the readers; a draft counts them.
    heading: &'static str,
    is_draft: bool,
    readers: Vec<Reader>,
    without: Vec<Without>,
    /// Who would get it, as the coach sees it now.
    seen: String,
    /// How many can still be spared.
    waiting: usize,
    gone: usize,
    levels: Vec<(&'static str, &'static str)>,
}

impl Page for AnnouncementPage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "announcements/announcement.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let reader = |name: &str, state: Option<State>| Reader {
            person: "7".into(),
            name: name.into(),
            when: "Friday 5 March 2027, 18:00 (Lisbon time, UTC+00:00)".into(),
            state: state.map(labels::delivery),
            mail: state.map_or(String::new(), |_| "1".into()),
        };
        let page = |stage, readers: Vec<Reader>, counts: (usize, usize)| Self {
            id: "1".into(),
            subject: "An extra evening on Friday".into(),
            discreet_subject: "A note from Nadia".into(),
            to: "Monday evenings".into(),
            stage: stage_label(stage, counts.0),
            heading: if counts.1 > 0 { "Who got it" } else { heading(stage) },
            is_draft: stage == Stage::Draft,
            without: vec![Without { person: "8".into(), name: "Ben".into(), why: "is taking a pause" }],
            readers,
            seen: "0a".into(),
            waiting: counts.0,
            gone: counts.1,
            levels: levels(),
        };
        vec![
            ("draft", page(Stage::Draft, vec![reader("Ana", None), reader("Priya", None)], (0, 0))),
            ("nobody", page(Stage::Draft, vec![], (0, 0))),
            ("waits", page(Stage::Sent, vec![reader("Ana", Some(State::Queued))], (1, 0))),
            (
                "half gone",
                page(Stage::Sent, vec![reader("Ana", Some(State::Sent)), reader("Priya", Some(State::Queued))], (1, 1)),
            ),
            ("taken back", page(Stage::Undone, vec![reader("Ana", Some(State::Canceled))], (0, 0))),
        ]
    }
}

fn levels() -> Vec<(&'static str, &'static str)> {
    vec![("discreet", "Discreet"), ("open", "Open"), ("minimal", "Minimal")]
}

pub(super) fn add(table: Table) -> Table {
    table
        .get("/coach/announcements/:id", Access::Coach, show)
        .post("/coach/announcements/:id/send", Access::Coach, send)
        .post("/coach/announcements/:id/undo", Access::Coach, undo)
}

#[handler]
async fn show(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, PageError> {
    let row = found(site, &signed, &id).await?;
    let page = match row.stage {
        Stage::Draft => draft(site, &signed, &row).await?,
        Stage::Sent | Stage::Undone => sent(site, &signed, &row).await?,
    };
    let chrome = desk::after(site, &signed, Here::Outbox, &asked).await?;
    site.pages.render(&chrome, &page)
}

async fn bare(site: &Site, signed: &SignedCoach, row: &Announcement) -> Result<AnnouncementPage, PageError> {
    Ok(AnnouncementPage {
        id: row.id.to_string(),
        subject: row.subject.clone(),
        discreet_subject: row.discreet_subject.clone(),
        to: to(site, signed, row).await?,
        stage: stage_label(row.stage, 0),
        heading: heading(row.stage),
        is_draft: row.stage == Stage::Draft,
        readers: Vec::new(),
        without: Vec::new(),
        seen: String::new(),
        waiting: 0,
        gone: 0,
        levels: levels(),
    })
}

/// Everybody whom it would reach, each with the time on their own clock.
async fn draft(site: &Site, signed: &SignedCoach, row: &Announcement) -> Result<AnnouncementPage, PageError> {
    let draft = draft_of(row).ok_or(PageError::NotFound)?;
    let found = reach(&site.app, site.db.reader(), (signed.practice.id, &draft), site.clock.now()).await?;
    let seen = fingerprint(&site.app, row, &found);
    let Reach { reached, left_out } = found;
    let readers = reached.into_iter().map(|reached| Reader {
        person: reached.person.id.to_string(),
        name: reached.person.name.expose().to_owned(),
        when: moment(reached.at, reached.person.zone),
        state: None,
        mail: String::new(),
    });
    let without = left_out.into_iter().map(|left| Without {
        person: left.person.id.to_string(),
        name: left.person.name.expose().to_owned(),
        why: left.why,
    });
    let (readers, without) = (readers.collect(), without.collect());
    Ok(AnnouncementPage { readers, without, seen, ..bare(site, signed, row).await? })
}

/// What became of each mail of it.
async fn sent(site: &Site, signed: &SignedCoach, row: &Announcement) -> Result<AnnouncementPage, PageError> {
    let db = site.db.reader();
    let mut mails = ledger::about(db, Occasion::Announcement, row.id.0).await?;
    mails.retain(|mail| mail.generation == 0);
    mails.sort_by_key(|mail| (mail.due_at, mail.id));
    let ids: Vec<_> = mails.iter().filter_map(|mail| mail.participant_id).collect();
    let people = participants::with_ids(db, signed.practice.id, &ids).await?;
    let mut page = bare(site, signed, row).await?;
    for mail in &mails {
        match mail.state {
            State::Queued | State::Deferred | State::Held => page.waiting += 1,
            State::Canceled => {}
            State::Claimed
            | State::Sending
            | State::Sent
            | State::Unknown
            | State::Bounced
            | State::Complained
            | State::Failed
            | State::Skipped
            | State::Missed => page.gone += 1,
        }
        let Some(person) = people.iter().find(|person| Some(person.id) == mail.participant_id) else { continue };
        page.readers.push(Reader {
            person: person.id.to_string(),
            name: person.name.expose().to_owned(),
            when: moment(mail.sent_at.unwrap_or(mail.due_at), person.zone),
            state: Some(labels::delivery(mail.state)),
            mail: mail.id.to_string(),
        });
    }
    page.stage = stage_label(row.stage, page.waiting);
    page.heading = if page.gone > 0 { "Who got it" } else { heading(row.stage) };
    Ok(page)
}

/// Above the readers, while nobody has it yet.
fn heading(stage: Stage) -> &'static str {
    match stage {
        Stage::Draft | Stage::Sent => "Who gets it",
        Stage::Undone => "Who would have got it",
    }
}

#[handler]
async fn send(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    let row = found(site, &signed, &id).await?;
    let of = (signed.practice.id, row.id);
    let done = match send_announcement(&site.app, of, fields.text("seen"), signed.coach.name.expose()).await {
        Ok(_) => "announced",
        Err(Refused::Sent) => "announced-before",
        Err(Refused::Changed) => "announce-changed",
        Err(Refused::Nobody) => "announce-nobody",
        Err(Refused::Faulty(_) | Refused::NoCohort) => "announce-faulty",
        Err(Refused::Unknown) => return Err(PageError::NotFound),
        Err(Refused::Store(error)) => return Err(error.into()),
    };
    Ok(see_other(&format!("/coach/announcements/{}?done={done}", row.id)))
}

#[handler]
async fn undo(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    let row = found(site, &signed, &id).await?;
    let done = match undo_announcement(&site.app, (signed.practice.id, row.id), signed.coach.name.expose()).await {
        Ok(0) => "announce-gone",
        Ok(_) => "announce-undone",
        Err(Refused::Store(error)) => return Err(error.into()),
        Err(
            Refused::Unknown
            | Refused::Sent
            | Refused::NoCohort
            | Refused::Faulty(_)
            | Refused::Changed
            | Refused::Nobody,
        ) => return Err(PageError::NotFound),
    };
    Ok(see_other(&format!("/coach/announcements/{}?done={done}", row.id)))
}

//! What has a coach written to sets of people, and what became of it?

mod preview;
mod show;
mod write;

use poem::{Response, handler, web::Data};
use serde::Serialize;

pub(crate) use show::AnnouncementPage;
pub(crate) use write::WritePage;

use crate::{
    domain::{
        announcement::Stage,
        delivery::{Occasion, State},
        ids::AnnouncementId,
    },
    store::{
        announcements::{self, Announcement},
        cohorts, ledger,
    },
    web::{
        chrome::{self, Here},
        desk::{self, Asked},
        error::PageError,
        guard::SignedCoach,
        labels::Label,
        page::Page,
        site::Site,
        table::{Access, Table},
    },
};

/// As many as the list shows.
const SHOWN: u64 = 100;

pub(crate) fn add(table: Table) -> Table {
    let table = table.get("/coach/announcements", Access::Coach, list);
    preview::add(show::add(write::add(table)))
}

#[derive(Debug, Serialize)]
struct Line {
    id: String,
    subject: String,
    to: String,
    stage: Label,
    when: String,
    /// As in `9 of 11 sent`; empty for a draft.
    count: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct AnnouncementsPage {
    lines: Vec<Line>,
    clock: String,
}

impl Page for AnnouncementsPage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "announcements/announcements.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let line = |subject: &str, stage, count: &str| Line {
            id: "1".into(),
            subject: subject.into(),
            to: "Monday evenings".into(),
            stage: stage_label(stage, 0),
            when: "Today 10:41".into(),
            count: count.into(),
        };
        let lines = vec![
            line("An extra evening on Friday", Stage::Draft, ""),
            line("The room has a new door", Stage::Sent, "9 of 11 sent"),
            line("Sent too soon", Stage::Undone, ""),
        ];
        let clock = "Dublin".to_owned();
        vec![("some", Self { lines, clock: clock.clone() }), ("none", Self { lines: vec![], clock })]
    }
}

/// Nobody reads that it is sent while somebody has yet to get it.
fn stage_label(stage: Stage, waiting: usize) -> Label {
    match stage {
        Stage::Draft => Label::new("Draft", "", ""),
        Stage::Sent if waiting > 0 => Label::new("On its way", "info", ""),
        Stage::Sent => Label::new("Sent", "ok", ""),
        Stage::Undone => Label::new("Taken back", "info", ""),
    }
}

#[handler]
async fn list(Data(site): Data<&Site>, signed: SignedCoach, asked: Asked) -> Result<Response, PageError> {
    let (db, now) = (site.db.reader(), site.clock.now().program);
    let mut lines = Vec::new();
    for row in announcements::of_practice(db, signed.practice.id, SHOWN).await? {
        let (waiting, count) = count(site, &row).await?;
        lines.push(Line {
            id: row.id.to_string(),
            subject: row.subject.clone(),
            to: to(site, &signed, &row).await?,
            stage: stage_label(row.stage, waiting),
            when: desk::brief(row.sent_at.unwrap_or(row.changed_at), signed.coach.zone, now),
            count,
        });
    }
    let chrome = desk::after(site, &signed, Here::Outbox, &asked).await?;
    site.pages.render(&chrome, &AnnouncementsPage { lines, clock: signed.coach.zone.city() })
}

/// The cohorts it goes to, by name.
async fn to(site: &Site, signed: &SignedCoach, row: &Announcement) -> Result<String, PageError> {
    let Some(draft) = crate::actions::announce::draft_of(row) else { return Ok(String::new()) };
    let mut names = Vec::new();
    for id in draft.audience.cohorts {
        if let Some(cohort) = cohorts::find(site.db.reader(), signed.practice.id, id).await? {
            names.push(cohort.name.expose().to_owned());
        }
    }
    Ok(names.join(", "))
}

/// How many have yet to get it, and how many have, in words.
async fn count(site: &Site, row: &Announcement) -> Result<(usize, String), PageError> {
    if row.stage != Stage::Sent {
        return Ok((0, String::new()));
    }
    let mails = ledger::about(site.db.reader(), Occasion::Announcement, row.id.0).await?;
    let sent = mails.iter().filter(|mail| mail.state == State::Sent).count();
    let waiting = mails.iter().filter(|mail| waits(mail.state)).count();
    Ok((waiting, format!("{sent} of {} sent", mails.len())))
}

/// It can still be taken back.
fn waits(state: State) -> bool {
    matches!(state, State::Queued | State::Deferred | State::Held)
}

/// The announcement of the address, if it is the practice's.
async fn found(site: &Site, signed: &SignedCoach, id: &str) -> Result<Announcement, PageError> {
    let id: AnnouncementId = desk::id(id)?;
    announcements::find(site.db.reader(), signed.practice.id, id).await?.ok_or(PageError::NotFound)
}

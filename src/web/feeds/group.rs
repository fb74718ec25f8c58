//! What do the calendars of one group have in common?

use std::sync::Arc;

use crate::{
    domain::{
        discretion::Discretion,
        ids::{CohortId, PracticeId},
    },
    store::{
        cohorts,
        freshness::Source,
        practices::{self, Practice},
        programs,
        sessions::{self, SessionRow},
    },
    web::{error::PageError, kept::Span, site::Site},
};

/// Read once for all who are in it.
#[derive(Debug)]
pub(crate) struct Group {
    pub(super) practice: Practice,
    pub(super) discretion: Discretion,
    /// What its sessions are called in a calendar.
    pub(super) calendar_title: String,
    /// By time, canceled ones too.
    pub(super) meetings: Vec<SessionRow>,
}

/// What it is made of.
const SOURCES: [Source; 4] = [Source::Practices, Source::Programs, Source::Cohorts, Source::Sessions];

impl Group {
    pub(super) async fn of(site: &Site, (practice, id): (PracticeId, CohortId)) -> Result<Arc<Self>, PageError> {
        let (db, now) = (site.db.reader(), site.clock.now().program);
        let stamp = site.db.stamp(&SOURCES).await;
        if let Some(group) = site.kept.groups.get(&id, stamp, now) {
            return Ok(group);
        }
        let cohort = cohorts::find(db, practice, id).await?.ok_or(PageError::NotFound)?;
        let practice = practices::find(db, practice).await?.ok_or(PageError::NotFound)?;
        let program = programs::find(db, practice.id, cohort.program_id).await?.ok_or(PageError::NotFound)?;
        let group = Arc::new(Self {
            practice,
            discretion: cohort.discretion,
            calendar_title: program.content.0.calendar_title,
            meetings: sessions::of_cohort(db, id).await?,
        });
        site.kept.groups.put(id, stamp, Span::ALWAYS, group.clone());
        Ok(group)
    }

    /// About how many bytes it takes.
    pub(crate) fn size(&self) -> u32 {
        let bytes = size_of::<Self>() + 1_000 + self.meetings.len() * (size_of::<SessionRow>() + 64);
        u32::try_from(bytes).unwrap_or(u32::MAX)
    }
}

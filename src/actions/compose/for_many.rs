//! How is a letter that a whole cohort gets written once?
//!
//! What it says is the same for all who have the same level, zone and language. It is written for marks in place of a
//! person, and cut where the marks are.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use sha2::{Digest, Sha256};

use super::{Around, CannotCompose, Composed, Desk};
use crate::{
    domain::markdown,
    mail::{
        letter::Frame,
        stencil::{self, AsKept, Master, Person},
        templates::Written,
    },
    store::{ledger::Kept, stencils::Stencil},
};

/// What was written once, and what is kept of it.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) master: Arc<Master>,
    /// Made when the first mail is kept by it.
    pub(super) stencil: OnceLock<Arc<Stencil>>,
}

/// The sheets of one lesson, by what differs among its readers. `None`: has to be written for each.
#[derive(Debug, Default)]
pub struct Sheets(Mutex<HashMap<String, Option<Arc<Sheet>>>>);

impl Desk<'_> {
    /// The sheet for whoever reads as this one does. `made_of`: everything the letter says that is not in its frame.
    pub(super) fn sheet(
        &self,
        (sheets, person): (&Sheets, &Person),
        around: &Around<'_>,
        made_of: impl Fn(&str) -> Result<String, CannotCompose>,
        write: impl FnOnce(&str, &Frame) -> Result<Written, CannotCompose>,
    ) -> Result<Option<Arc<Sheet>>, CannotCompose> {
        let (name, link) = person.marks();
        let facts = self.facts;
        let (zone, language) = (facts.reader.zone(), facts.reader.language());
        let reader = format!("{}\n{zone}\n{language}\n{}\n{name}\n{link}", facts.level, self.takes_part());
        if let Some(known) = sheets.0.lock().unwrap_or_else(PoisonError::into_inner).get(&reader) {
            return Ok(known.clone());
        }
        let mut frame = self.frame(around.preview);
        frame.recipient_name.clear();
        // What somebody wrote could be taken for a mark: then each is written by itself.
        if has_marks(&frame, &made_of("")?) {
            sheets.0.lock().unwrap_or_else(PoisonError::into_inner).insert(reader, None);
            return Ok(None);
        }
        frame.recipient_name.clone_from(&name);
        if let Some(unsubscribe) = &mut frame.footer.unsubscribe {
            unsubscribe.url.clone_from(&link);
        }
        // What is refused for the address it comes from, or answers go to, is refused for another, too.
        let practice = &facts.practice;
        let (from, answers) = (practice.sender_of(self.delivery.category).expose(), practice.reply_email.expose());
        let said = made_of(&name)?;
        let all = format!("{}\n{from}\n{answers}\n{reader}\n{frame:?}\n{said}", practice.id);
        let made_of: [u8; 32] = Sha256::digest(all.as_bytes()).into();
        let masters = &self.app.templates.masters;
        let master = match masters.known(&made_of) {
            Some(master) => master,
            None => {
                let master = self.cut(write(&name, &frame)?, &frame, (person, around))?.map(Arc::new);
                masters.keep(made_of, master.clone());
                master
            }
        };
        let sheet = master.map(|master| Arc::new(Sheet { stencil: OnceLock::new(), master }));
        sheets.0.lock().unwrap_or_else(PoisonError::into_inner).insert(reader, sheet.clone());
        Ok(sheet)
    }

    /// From what was written once for all who get it.
    pub(super) fn finish_with(
        &self,
        sheet: &Sheet,
        person: &Person,
        around: &Around,
    ) -> Result<Composed, CannotCompose> {
        let written = Written { subject: sheet.master.subject.clone(), text: String::new(), html: String::new() };
        let fills = self.addressed(&written, around, |outgoing| Ok(sheet.master.fills(outgoing, person)?))?;
        let message = sheet.master.stencil.fill(&fills).map_err(|_| CannotCompose::Gone("a part of the message"))?;
        let kept = if sheet.master.is_worth_keeping() {
            let stencil = sheet.stencil.get_or_init(|| Arc::new(self.kept(sheet.master.as_kept())));
            Kept::Holes { stencil: stencil.clone(), fills: fills.to_json() }
        } else {
            Kept::Whole { body: stencil::text_of(&message).unwrap_or_default() }
        };
        Ok(self.frozen(message, written.subject, kept))
    }

    fn cut(
        &self,
        written: Written,
        frame: &Frame,
        (person, around): (&Person, &Around<'_>),
    ) -> Result<Option<Master>, CannotCompose> {
        // Whoever writes it for one alone says what is wrong with it.
        if self.refuse_forbidden(frame, &written, around).is_err() {
            return Ok(None);
        }
        self.addressed(&written, around, |outgoing| Ok(Master::cut(outgoing, person)?))
    }

    /// The same pieces of the same practice are the same row.
    fn kept(&self, as_kept: &AsKept) -> Stencil {
        let (practice_id, pieces) = (self.facts.practice.id, as_kept.json.to_string());
        let digest = Sha256::new().chain_update(practice_id.0.as_bytes()).chain_update(as_kept.digest).finalize();
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        let id = uuid::Builder::from_custom_bytes(id).into_uuid();
        Stencil { id, practice_id, pieces, used_at: self.now.program }
    }
}

/// Whether a mark stands there that is none of ours. What a frame says of itself has such characters escaped.
fn has_marks(frame: &Frame, said: &str) -> bool {
    let frame = format!("{frame:?}");
    said.contains(markdown::is_mark) || frame.contains(markdown::is_mark) || frame.contains("\\u{f02")
}

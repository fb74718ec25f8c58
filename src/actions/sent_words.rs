//! What did a mail say that has left? For as long as its words are kept.

use std::collections::{HashMap, hash_map::Entry};

use uuid::Uuid;

use crate::{
    app::App,
    mail::stencil::{self, Fills, Stencil},
    store::{
        self,
        ledger::{self, Delivery},
        stencils,
    },
};

/// Reads the words of mails; what many got alike is read once.
#[derive(Debug, Default)]
pub struct SentWords(HashMap<Uuid, Option<Stencil>>);

impl SentWords {
    /// The text of the mail; `None`: it has none, or it is forgotten.
    pub async fn of(&mut self, app: &App, row: &Delivery) -> store::Result<Option<String>> {
        let Some(id) = row.stencil_id else { return Ok(row.body.clone()) };
        let Some(fills) = ledger::fills_of(app.db.reader(), row).await? else { return Ok(None) };
        let stencil = match self.0.entry(id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let kept = stencils::find(app.db.reader(), id).await?;
                new.insert(kept.and_then(|kept| Stencil::parse(&kept.pieces).ok()))
            }
        };
        let Some(stencil) = stencil else { return Ok(None) };
        let message = Fills::parse(&fills).and_then(|fills| stencil.fill(&fills));
        Ok(message.ok().and_then(|message| stencil::text_of(&message)))
    }
}

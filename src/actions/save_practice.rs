//! A coach changes what the practice is called and whom its mail is from.

use crate::transact;
use crate::{
    app::App,
    domain::{email_address::EmailAddress, ids::PracticeId, name::Name, zone::Zone},
    store::{
        self,
        audits::{self, Audit},
        practices::{self, Practice},
    },
};

#[derive(Debug, Clone)]
pub struct PracticeSettings {
    pub name: Name,
    /// Gives nothing away: it stands above discreet mail.
    pub neutral_name: Name,
    pub first_name: Name,
    pub zone: Zone,
    /// Also calendars' organizer.
    pub sender_email: EmailAddress,
    /// For what a person can turn off; `None`: the same.
    pub list_email: Option<EmailAddress>,
    pub reply_email: EmailAddress,
    pub postal_address: String,
    pub crisis_line: String,
    /// `#1f5c4a`
    pub brand_color: String,
}

/// Saves them. Mail from a new sender address has yet to be seen to arrive.
pub async fn save_practice(app: &App, id: PracticeId, settings: &PracticeSettings, actor: &str) -> store::Result<()> {
    let now = app.clock.now();
    transact!(app.db, |tx| {
        let Some(practice) = practices::find(tx, id).await? else {
            return Ok(());
        };
        let same_sender = practice.sender_email.key() == settings.sender_email.key();
        let saved = Practice {
            name: settings.name.clone(),
            neutral_name: settings.neutral_name.clone(),
            first_name: settings.first_name.clone(),
            zone: settings.zone,
            sender_email: settings.sender_email.clone(),
            list_email: settings.list_email.clone().filter(|own| own.key() != settings.sender_email.key()),
            reply_email: settings.reply_email.clone(),
            postal_address: settings.postal_address.clone(),
            crisis_line: settings.crisis_line.clone(),
            brand_color: settings.brand_color.clone(),
            mail_tested_at: practice.mail_tested_at.filter(|_| same_sender),
            ..practice
        };
        practices::save(tx, saved).await?;
        let audit = Audit {
            id: app.random.uuid(now.real),
            practice_id: id,
            act: "settings changed".to_owned(),
            actor: actor.to_owned(),
            subject: id.to_string(),
            detail: String::new(),
            made_at: now.real,
        };
        audits::note(tx, audit).await
    })
}

//! Does mail stand still, or is it in doubt? For the pages of the coach, for doctor and for machines that watch.

use chrono::{DateTime, Utc};

use crate::{
    app::App,
    domain::{
        attempt::{Attempt, Class, class},
        ids::PracticeId,
    },
    store::{
        self,
        ledger::{self, Standstill},
    },
};

/// What stands still of a practice's mail, or of everybody's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailTrouble {
    /// Since when this process has not been able to use the mail server.
    pub shut_since: Option<DateTime<Utc>>,
    /// Domains of providers that refuse us as a sender, as far as this process knows.
    pub providers: Vec<String>,
    /// Emails that wait because a provider refuses us, whichever process tried.
    pub refused: u64,
    /// Emails that may have arrived, and wait for a person to decide.
    pub doubtful: u64,
}

/// `None`: of the whole installation.
pub async fn mail_trouble(app: &App, practice: Option<PracticeId>) -> store::Result<MailTrouble> {
    let Standstill { reasons, doubtful } = ledger::standstill(app.db.reader(), practice).await?;
    let refused = reasons.iter().filter(|reason| is_our_fault(reason)).count();
    Ok(MailTrouble {
        shut_since: app.post.shut_since(),
        providers: app.post.refusing(),
        refused: u64::try_from(refused).unwrap_or_default(),
        doubtful,
    })
}

fn is_our_fault(reason: &str) -> bool {
    Attempt::read_refusal(reason).is_some_and(|attempt| class(&attempt) == Class::SenderFault)
}

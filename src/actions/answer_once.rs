//! A form counts once, whatever happens on the way: the same one again gets the answer that the first one got.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    keys::fingerprint,
    store::{
        self,
        sent_forms::{Form, ToKeep},
    },
};

/// An answer is being made for at most this long; after it, a form without one was cut off.
const IN_THE_MAKING: TimeDelta = TimeDelta::seconds(30);
/// A sign-in is handed out again this long: for two presses of a button, not for whoever comes later.
const SIGN_IN_AGAIN: TimeDelta = TimeDelta::minutes(1);
const PURPOSE: &str = "sent-form";
const ANSWERS: &str = "sent-form-answer";

/// What makes a form the same form: its address with the query, who sent it, and everything in it, its token
/// included. Other content is another form: whoever goes back and corrects something is not told *saved* for
/// what was not.
#[derive(Debug, Clone, Copy)]
pub struct SameForm([u8; 32]);

impl SameForm {
    #[must_use]
    pub fn of(address: &str, sender: &str, content: &[u8]) -> Self {
        Self(fingerprint(&[address.as_bytes(), sender.as_bytes(), content]))
    }

    fn hash(&self, app: &App) -> String {
        let mac = app.links.keys().mac(PURPOSE, &self.0);
        data_encoding::BASE32_NOPAD.encode(&mac).to_lowercase()
    }

    /// The form as it goes on its way now.
    #[must_use]
    pub fn sent_now(&self, app: &App) -> Form {
        let now = app.clock.now().real;
        Form { id: app.random.uuid(now), hash: self.hash(app), sent_at: now }
    }
}

/// What was said. It may hold what somebody typed, or their sign-in: it is kept sealed, for a day, and the key
/// is made of the form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// What became of the same form earlier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Earlier {
    /// It never counted.
    Nothing,
    /// It counted a moment ago; its answer is in the making.
    Soon,
    Answered(Answer),
    /// It counted, and its answer was never given: something stopped in between.
    Unanswered,
}

pub async fn earlier(app: &App, form: &SameForm) -> store::Result<Earlier> {
    let Some(sent) = app.sent_forms.find(&app.db, &form.hash(app)).await? else {
        return Ok(Earlier::Nothing);
    };
    let now = app.clock.now().real;
    let Some(answered_at) = sent.answered_at else {
        return Ok(if now - sent.sent_at < IN_THE_MAKING { Earlier::Soon } else { Earlier::Unanswered });
    };
    let opened = app.links.keys().unseal((ANSWERS, &form.0), &sent.answer);
    let answer: Option<Answer> = opened.and_then(|text| serde_json::from_slice(&text).ok());
    let Some(mut answer) = answer else { return Ok(Earlier::Unanswered) };
    if now - answered_at > SIGN_IN_AGAIN {
        answer.headers.retain(|(name, _)| name != "set-cookie");
    }
    Ok(Earlier::Answered(answer))
}

pub async fn keep(app: &App, form: &SameForm, answer: &Answer) -> store::Result<()> {
    let text = serde_json::to_vec(answer).unwrap_or_default();
    let sealed = app.links.keys().seal((ANSWERS, &form.0), app.random.bytes(), &text);
    app.sent_forms.keep(&app.db, ToKeep { hash: form.hash(app), answer: sealed, at: app.clock.now().real }).await
}

//! What stands around every page of the coach, and what do all of them share?

use chrono::{DateTime, TimeDelta, Utc};
use poem::{FromRequest, Request, RequestBody, Result};

use crate::{
    actions::{
        mail_trouble::{MailTrouble, mail_trouble},
        needs_you::needs_you,
    },
    config::MailMode,
    domain::{civil, zone::Zone},
    store::{
        ledger,
        silences::{self, Silence},
    },
    web::{
        chrome::{Badges, Coach, Flash, Here, Tone},
        error::PageError,
        fields::Fields,
        guard::SignedCoach,
        rehearsal,
        site::Site,
    },
};

/// What did not arrive longer ago than this is no news.
const RECENT: TimeDelta = TimeDelta::days(7);

/// What the address asks for, after its question mark. An extractor; a broken one asks for nothing.
#[derive(Debug)]
pub(crate) struct Asked(Fields);

impl<'a> FromRequest<'a> for Asked {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let query = request.uri().query().unwrap_or_default();
        Ok(Self(Fields::parse(query.as_bytes()).unwrap_or_default()))
    }
}

impl Asked {
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.text(name)
    }

    /// What was done on the page before, in fixed words: never text from the address.
    pub(crate) fn flash(&self) -> Option<Flash> {
        let word = self.text("done");
        let said = SAID.iter().find(|(known, ..)| *known == word);
        said.map(|(_, tone, strong, text)| Flash::new(*tone, *strong, *text))
    }
}

/// The frame of a page, with what needs the coach counted.
pub(crate) async fn around(site: &Site, signed: &SignedCoach, here: Here) -> Result<Coach, PageError> {
    let (now, practice) = (site.clock.now(), &signed.practice);
    let week = needs_you(&site.app, practice, now).await?.len();
    let outbox = ledger::count_lost(site.db.reader(), practice.id, now.program - RECENT).await?;
    let held = silences::find(site.db.reader()).await?;
    let trouble = mail_trouble(&site.app, Some(practice.id)).await?;
    Ok(Coach {
        practice: practice.name.expose().to_owned(),
        coach: signed.coach.name.expose().to_owned(),
        here,
        badges: Badges { week: u64::try_from(week).unwrap_or_default(), outbox },
        mail: mail_line((site.config.mail.mode, trouble.shut_since), held, outbox),
        banner: banner(site, held, signed.coach.zone).or_else(|| alarm(&trouble, signed.coach.zone)),
        form_token: site.form_token(),
        flash: None,
    })
}

/// The same, saying what was just done.
pub(crate) async fn after(site: &Site, signed: &SignedCoach, here: Here, asked: &Asked) -> Result<Coach, PageError> {
    Ok(Coach { flash: asked.flash(), ..around(site, signed, here).await? })
}

fn mail_line((mode, shut_since): (MailMode, Option<DateTime<Utc>>), held: Option<Silence>, lost: u64) -> Flash {
    match (mode, lost) {
        _ if held.is_some() => Flash::new(Tone::Warn, "", "Email is held back."),
        (MailMode::Live | MailMode::Redirect, _) if shut_since.is_some() => {
            Flash::new(Tone::Warn, "", "The mail server cannot be reached just now. Email waits, and nothing is lost.")
        }
        (MailMode::Live, 0) => Flash::new(Tone::Ok, "", "Email is sending normally."),
        (MailMode::Live, 1) => Flash::new(Tone::Warn, "", "Email is sending. One message did not arrive."),
        (MailMode::Live, lost) => {
            Flash::new(Tone::Warn, "", format!("Email is sending. {lost} messages did not arrive."))
        }
        (MailMode::Redirect, _) => Flash::new(Tone::Warn, "", "All email is redirected."),
        (MailMode::Hold, _) => Flash::new(Tone::Warn, "", "Email is held back."),
        (MailMode::File, _) => Flash::new(Tone::Warn, "", "Email goes to a folder."),
    }
}

fn banner(site: &Site, held: Option<Silence>, zone: Zone) -> Option<Flash> {
    if let Some(banner) = rehearsal::banner(&site.app) {
        return Some(banner);
    }
    if let Some(hold) = held {
        let text = format!(
            "Everything here is as it was on {}: a backup was restored. Messages wait until the operator says which \
             of them go out.",
            civil::moment(hold.backup_of, zone)
        );
        return Some(Flash::new(Tone::Warn, "Nobody gets mail.", text));
    }
    let (strong, text) = match site.config.mail.mode {
        MailMode::Live => return None,
        MailMode::Redirect => {
            ("Participants get no mail.", "Every message goes to the one address that the operator chose.")
        }
        MailMode::Hold => {
            ("Nobody gets mail.", "Messages wait in the outbox until the operator sets the mail mode to live.")
        }
        MailMode::File => {
            ("Nobody gets mail.", "Messages are written to a folder until the operator sets the mail mode to live.")
        }
    };
    Some(Flash::new(Tone::Warn, strong, text))
}

/// What an operator, or the coach, has to look at before mail goes on.
fn alarm(trouble: &MailTrouble, zone: Zone) -> Option<Flash> {
    if let Some(since) = trouble.shut_since {
        let text = format!(
            "The mail server has not been usable since {}. Nothing is lost: it is tried again every few minutes. \
             With trellis doctor the operator sees why.",
            civil::moment(since, zone)
        );
        return Some(Flash::new(Tone::Bad, "Email waits.", text));
    }
    if trouble.refused > 0 || !trouble.providers.is_empty() {
        let who = if trouble.providers.is_empty() { "A provider".to_owned() } else { trouble.providers.join(", ") };
        let text = "Email to that provider waits, and is tried again; all other email goes on. With trellis doctor \
                    the operator sees what to mend.";
        return Some(Flash::new(Tone::Bad, format!("{who} refuses our email."), text));
    }
    let strong = match trouble.doubtful {
        0 => return None,
        1 => "One message may or may not have arrived.".to_owned(),
        more => format!("{more} messages may or may not have arrived."),
    };
    let text = "The mail server fell silent before it answered. Decide in the outbox whether to send again.";
    Some(Flash::new(Tone::Warn, strong, text))
}

/// An id from an address; what cannot be one is not there.
pub(crate) fn id<T: std::str::FromStr>(text: &str) -> Result<T, PageError> {
    text.parse().map_err(|_| PageError::NotFound)
}

/// `Mon 08:01` within a week, `Mon 1 Mar, 08:01` beyond: for tables, whose head names the clock.
pub(crate) fn brief(at: DateTime<Utc>, zone: Zone, now: DateTime<Utc>) -> String {
    let local = zone.local(at);
    let days = (local.date() - zone.local(now).date()).num_days();
    match days {
        0 => format!("Today {}", local.format("%H:%M")),
        -6..=6 => local.format("%a %H:%M").to_string(),
        _ => local.format("%a %-d %b, %H:%M").to_string(),
    }
}

/// `1 person`, `3 people`
pub(crate) fn people(count: u64) -> String {
    if count == 1 { "1 person".to_owned() } else { format!("{count} people") }
}

/// What a page says after a redirect.
const SAID: &[(&str, Tone, &str, &str)] = &[
    ("reset", Tone::Ok, "Your password is changed.", "Sign in with the new one."),
    ("out", Tone::Ok, "You are signed out.", ""),
    ("saved", Tone::Ok, "Saved.", ""),
    ("password", Tone::Ok, "Your password is changed.", "Other browsers are signed out."),
    ("feed", Tone::Ok, "Your feed has a new address.", "The old one no longer works."),
    (
        "test",
        Tone::Info,
        "A test mail is in the queue.",
        "Once it is there, press its button: then we know that mail arrives.",
    ),
    ("test-lesson", Tone::Info, "A test is on its way to you.", ""),
    ("arrived", Tone::Ok, "Mail arrives.", "Cohorts can be opened."),
    ("draft", Tone::Ok, "Saved as a draft.", "Nobody sees it, and nothing is sent before it is opened."),
    ("not-open", Tone::Warn, "Saved as a draft, not open yet.", "What is missing is listed below."),
    ("open", Tone::Ok, "The cohort is open.", "People can enroll; lessons and reminders go out by themselves."),
    ("closed", Tone::Ok, "Enrollment is closed.", "Lessons and reminders go on for those who take part."),
    (
        "moved",
        Tone::Ok,
        "The session is moved.",
        "People and calendars are told in ten minutes: until then it can be changed again.",
    ),
    ("moved-now", Tone::Ok, "The session is moved.", "People and calendars are being told now."),
    (
        "canceled",
        Tone::Ok,
        "The session is canceled.",
        "People and calendars are told in ten minutes: until then it can be restored.",
    ),
    ("canceled-now", Tone::Ok, "The session is canceled.", "People and calendars are being told now."),
    ("restored", Tone::Ok, "The session is restored.", "People and calendars are told in ten minutes."),
    ("changed", Tone::Ok, "The schedule is changed.", "People and calendars are told in ten minutes."),
    ("changed-now", Tone::Ok, "The schedule is changed.", "People and calendars are being told now."),
    ("undone", Tone::Ok, "Undone.", "The schedule is as it was, and nobody hears of it."),
    ("undone-before", Tone::Info, "This was undone before.", ""),
    ("undo-told", Tone::Warn, "Not undone.", "People have been told already: make another change instead."),
    ("undo-not-last", Tone::Warn, "Not undone.", "The schedule was changed again since: undo the later change first."),
    ("restored-now", Tone::Ok, "The session is restored.", "People and calendars are being told now."),
    ("added", Tone::Ok, "Added.", "A welcome mail with every date is on its way."),
    ("imported", Tone::Ok, "The list is in.", "Each of them gets a welcome mail with every date."),
    ("removed", Tone::Ok, "Removed.", "Mail stops now, calendars are cleared, and the place is free."),
    ("parted", Tone::Ok, "The two are no longer linked.", "Each keeps their place. Neither is told."),
    ("resent", Tone::Ok, "It is in the queue again.", ""),
    ("noted", Tone::Ok, "Noted: it arrived.", "Nothing more is sent of it."),
    ("copy", Tone::Ok, "A copy is on its way.", ""),
    ("corrected", Tone::Ok, "The address is corrected.", "What came back is sent again."),
    ("gone", Tone::Info, "Nothing was sent.", "It has gone out, or was changed, in the meantime."),
    ("program", Tone::Ok, "The program is there.", "Now write its lessons."),
    ("lesson", Tone::Ok, "Saved.", "Cohorts that you ticked have the new text too; the others keep theirs."),
    ("accepted", Tone::Ok, "Accepted.", "A letter with the day to answer by is on its way."),
    ("declined", Tone::Ok, "Declined.", "A kind letter is on its way."),
    ("answered", Tone::Info, "Nothing was changed.", "It was answered, or taken back, in the meantime."),
    ("offered", Tone::Ok, "A place is offered.", "A letter is on its way; the place is held until they answer."),
    ("go", Tone::Ok, "It takes place as planned.", ""),
    ("to-move", Tone::Info, "Now move the start.", "Nobody is told anything before you have seen who is told what."),
    ("off", Tone::Ok, "It does not take place.", "Everybody is being told, and calendars are cleared."),
    ("lesson-added", Tone::Ok, "The lesson is added.", "Its date, or why it has none, stands below."),
    ("lesson-back", Tone::Ok, "The lesson is back.", "It stands at the end: move it up if you like."),
    ("lesson-changed", Tone::Warn, "Nothing was changed.", "Somebody changed this in the meantime: look at it again."),
    ("lesson-edge", Tone::Info, "Nothing was changed.", "Only lessons that are still to come change places."),
    ("lesson-moved", Tone::Ok, "The lesson is moved.", "The dates stay; the two lessons changed places."),
    ("lesson-out", Tone::Info, "Nothing was changed.", "That lesson has gone out, so it stays as it is."),
    (
        "lesson-removed",
        Tone::Ok,
        "The lesson is taken out.",
        "Those after it move up one date. It can be put back below.",
    ),
    ("lesson-sent", Tone::Ok, "It goes out after all.", "Nobody gets it twice."),
    ("lesson-taken", Tone::Info, "Nothing was added.", "This cohort has that lesson already."),
    ("announced", Tone::Ok, "It is on its way.", "For ten minutes it can be taken back."),
    ("announced-before", Tone::Info, "This was sent before.", ""),
    (
        "announce-changed",
        Tone::Warn,
        "Not sent yet.",
        "Who gets it has changed since you looked. Look again, and send it.",
    ),
    ("announce-nobody", Tone::Warn, "Not sent.", "Nobody would get it."),
    ("announce-faulty", Tone::Warn, "Not sent.", "Its text cannot go out as it stands: open it and save it again."),
    ("announce-undone", Tone::Ok, "Taken back.", "What had not left yet does not go out."),
    ("announce-gone", Tone::Info, "Nothing was taken back.", "All of it has left already."),
    ("lessons-timed", Tone::Ok, "The lessons have new dates.", "What has gone out stays as it is."),
];

//! What did a person say by calendar and by email?

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    domain::{
        civil::{self, When},
        rsvp::{Act, Weight},
    },
    store::{
        calendar_answers::{self, CalendarAnswerRow},
        enrollments,
        invites::{self, Invite},
        participants::Participant,
        replies,
        sessions::{self, SessionRow},
    },
    web::{error::PageError, guard::SignedCoach, labels::Label, site::Site},
};

/// One answer to one invite, or one email.
#[derive(Debug, Serialize)]
pub(super) struct Said {
    /// The session; empty for an email.
    about: String,
    when: String,
    what: Label,
    /// Why it does not count; empty where it does.
    aside: &'static str,
    /// In the person's own words; empty for whoever may not read them.
    words: String,
}

impl Said {
    pub(super) fn samples() -> Vec<Self> {
        let said = |act, weight, words: &str| Self {
            about: "4. Grief and anger, Thursday 4 March 2027, 19:00–20:15 (Dublin time, UTC+00:00)".to_owned(),
            when: "Tuesday 2 March 2027, 21:10 (Dublin time, UTC+00:00)".to_owned(),
            what: label(act),
            aside: aside(weight),
            words: words.to_owned(),
        };
        vec![
            said(Act::Declined, Weight::Counts, "My son is ill, I am so sorry."),
            said(Act::Accepted, Weight::Older, ""),
            said(Act::Counter, Weight::Aside, "Friday 5 March 2027, 19:00–20:15 (Dublin time, UTC+00:00)"),
        ]
    }
}

fn label(act: Act) -> Label {
    match act {
        Act::Accepted => Label::new("Comes", "ok", "check"),
        Act::Declined => Label::new("Can’t come", "warn", "x"),
        Act::Tentative => Label::new("Perhaps", "", ""),
        Act::Counter => Label::new("Asks for another time", "warn", "clock"),
        Act::Refresh => Label::new("Asked for the invite again", "", ""),
    }
}

fn aside(weight: Weight) -> &'static str {
    match weight {
        Weight::Older => "Answered an older time, so it does not count.",
        Weight::Overtaken => "Said something else since.",
        Weight::Counts | Weight::Aside => "",
    }
}

/// Whether the person's own words may be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Words {
    Shown,
    Hidden,
}

/// The newest first.
pub(super) async fn said(
    site: &Site,
    signed: &SignedCoach,
    person: &Participant,
    words: Words,
) -> Result<Vec<Said>, PageError> {
    let (db, zone) = (site.db.reader(), signed.coach.zone);
    let mut found = Vec::new();
    for enrollment in enrollments::of_participant(db, signed.practice.id, person.id).await? {
        let known: BTreeMap<_, _> =
            invites::of_enrollment(db, enrollment.id).await?.into_iter().map(|invite| (invite.id, invite)).collect();
        let ids: Vec<_> = known.keys().copied().collect();
        let answers = calendar_answers::of_invites(db, &ids).await?;
        if answers.is_empty() {
            continue;
        }
        let meetings = sessions::of_cohort(db, enrollment.cohort_id).await?;
        for answer in answers {
            let about = about(known.get(&answer.invite_id), &meetings, signed);
            found.push((answer.made_at, of_answer(answer, about, (signed, words))));
        }
    }
    if words == Words::Shown {
        for reply in replies::of_participant(db, signed.practice.id, person.id).await? {
            let (when, what) = (civil::moment(reply.made_at, zone), Label::new("Wrote", "", ""));
            found.push((reply.made_at, Said { about: String::new(), when, what, aside: "", words: reply.text }));
        }
    }
    found.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    Ok(found.into_iter().map(|(_, said)| said).collect())
}

fn of_answer(answer: CalendarAnswerRow, about: String, of: (&SignedCoach, Words)) -> Said {
    let (signed, words) = of;
    Said {
        about,
        when: civil::moment(answer.made_at, signed.coach.zone),
        what: label(answer.act),
        aside: aside(answer.weight),
        words: if words == Words::Shown { answer.note } else { String::new() },
    }
}

fn about(invite: Option<&Invite>, meetings: &[SessionRow], signed: &SignedCoach) -> String {
    let meeting = invite.and_then(|invite| meetings.iter().find(|meeting| meeting.id == invite.session_id));
    meeting.map_or_else(String::new, |meeting| {
        let when = When::new(meeting.starts_at, meeting.ends_at, meeting.zone).beside(signed.coach.zone);
        format!("{}. {}, {when}", meeting.ordinal, meeting.title.expose())
    })
}

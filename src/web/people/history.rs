//! Where did somebody stand before, who changed it, when, and why?

use serde::Serialize;

use crate::{
    domain::{civil, enrollment::Standing, zone::Zone},
    store::{
        Connection,
        enrollments::{self, Enrollment, StandingChange},
    },
    web::{error::PageError, labels},
};

/// One change, in words.
#[derive(Debug, Serialize)]
pub(super) struct Past {
    /// What the person became.
    became: String,
    when: String,
    /// Who did it and why, a full sentence.
    why: String,
}

impl Past {
    pub(super) fn samples() -> Vec<Self> {
        let past = |became: &str, why: &str| Self {
            became: became.to_owned(),
            when: "Tuesday 9 February 2027, 10:00 (Dublin time, UTC+00:00)".to_owned(),
            why: why.to_owned(),
        };
        vec![
            past("Not confirmed yet", "The person asked by the form."),
            past("Enrolled", "The person confirmed by mail."),
        ]
    }
}

/// The first change first.
pub(super) async fn history(db: &impl Connection, enrollment: &Enrollment, zone: Zone) -> Result<Vec<Past>, PageError> {
    let changes = enrollments::history_of(db, enrollment.id).await?;
    Ok(changes.iter().map(|change| past(change, zone)).collect())
}

fn past(change: &StandingChange, zone: Zone) -> Past {
    let became = change.became.parse::<Standing>().map(|standing| labels::standing(standing).text);
    Past {
        became: became.unwrap_or_else(|_| change.became.clone()),
        when: civil::moment(change.made_at, zone),
        why: why(&change.actor, &change.reason),
    }
}

/// `The person left.` `Nadia: place offered by name.` `By itself: not answered in time.`
fn why(actor: &str, reason: &str) -> String {
    match (actor, reason) {
        ("participant", reason) => format!("The person {reason}."),
        ("Trellis" | "", reason) => format!("By itself: {reason}."),
        (coach, reason) => format!("{coach}: {reason}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_who_and_why() {
        assert_eq!(why("participant", "asked by the form"), "The person asked by the form.");
        assert_eq!(why("Trellis", "a place came free"), "By itself: a place came free.");
        assert_eq!(why("Nadia", "added by the coach"), "Nadia: added by the coach.");
    }
}

//! How are many forms for one cohort written in one go, each as if it had come alone?
//!
//! In the order in which they came: under one lock, and of what they write each kind of row in one statement. Who is
//! known to us is dealt with between the others, so that nobody is passed by somebody who asked later.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    app::App,
    clock::Now,
    domain::{
        delivery::Occasion,
        ids::{CohortId, ParticipantId},
    },
    store::{
        self,
        asking::{Asked, Asking},
        attempts::{self, Bucket, Tries},
        cohorts::{self, Cohort},
        database::Tx,
        gather::shared,
        ledger,
        participants::{self, Participant},
        sent_forms::{self, Mark},
    },
    transact,
};

use super::{
    ask_to_enroll::ask_known,
    decoy::{enroll_nobody, tell_nobody},
    newcomers::{Newcomer, enroll_newcomers},
};

const BY_CLIENT: &str = "enroll-client";
const BY_ADDRESS: &str = "enroll";
const AN_HOUR: TimeDelta = TimeDelta::hours(1);

/// Durable when it returns.
pub(super) async fn ask_all(app: &App, cohort: CohortId, all: Vec<Asking>) -> Vec<Asked> {
    let error = match write(app, cohort, &all).await {
        Ok(asked) => return asked,
        Err(error) => error,
    };
    if all.len() == 1 || !error.is_about_a_row() {
        let error = shared(error);
        return all.iter().map(|_| Asked::Lost(error.clone())).collect();
    }
    // One of them spoils it for the others: each goes by itself.
    let mut asked = Vec::with_capacity(all.len());
    for one in all {
        let outcome = write(app, cohort, std::slice::from_ref(&one)).await;
        asked.extend(outcome.unwrap_or_else(|error| vec![Asked::Lost(shared(error))]));
    }
    asked
}

async fn write(app: &App, cohort: CohortId, all: &[Asking]) -> store::Result<Vec<Asked>> {
    let asked = transact!(aside app.db, |tx| write_within(app, tx, cohort, all).await)?;
    for (one, asked) in all.iter().zip(&asked) {
        if let (Some(mark), Asked::Counted) = (&one.mark, asked) {
            mark.has_counted();
        }
    }
    Ok(asked)
}

async fn write_within(app: &App, tx: &Tx, cohort: CohortId, all: &[Asking]) -> store::Result<Vec<Asked>> {
    let cohort = cohorts::lock_and_read(tx, cohort).await?;
    // Read now: who had to wait for the lock asked after whoever had it. The line's order is that of the times.
    let now = app.clock.now();
    let limits = limits(app, tx, all, now.real).await?;
    let marks: Vec<&Mark> =
        all.iter().zip(&limits).filter_map(|(one, limit)| one.mark.as_ref().filter(|_| limit.admits())).collect();
    let fresh = sent_forms::mark_all(tx, &marks).await?;
    let outcome = |(one, limit): (&Asking, &Limit)| match (limit, &one.mark) {
        (Limit::Client(until), _) => Asked::TooOften(*until),
        (Limit::None | Limit::Address, Some(mark)) if !fresh.contains(&mark.id()) => Asked::SentBefore,
        (Limit::None | Limit::Address, _) => Asked::Counted,
    };
    let asked: Vec<Asked> = all.iter().zip(&limits).map(outcome).collect();
    let counted = all.iter().zip(&limits).zip(&asked).filter(|(_, asked)| matches!(asked, Asked::Counted));
    let counted: Vec<(&Asking, &Limit)> = counted.map(|(of, _)| of).collect();
    note_tries(app, tx, &counted, now).await?;
    let people = People::of(tx, &counted, now).await?;
    work_off(app, tx, (&cohort, &people), &counted, now).await?;
    Ok(asked)
}

/// What keeps a form from being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Limit {
    None,
    /// Enough came from this client until then, and that is said.
    Client(DateTime<Utc>),
    /// Enough came for this address: that is said to nobody.
    Address,
}

impl Limit {
    fn admits(self) -> bool {
        match self {
            Self::None | Self::Address => true,
            Self::Client(_) => false,
        }
    }
}

async fn limits(app: &App, tx: &Tx, all: &[Asking], now: DateTime<Utc>) -> store::Result<Vec<Limit>> {
    let clients: Vec<&str> =
        all.iter().filter_map(|one| one.client.as_ref()).map(|client| client.hash.as_str()).collect();
    let addresses: Vec<&str> = all.iter().map(|one| one.address_hash.as_str()).collect();
    let mut by_client = attempts::tries_since(tx, BY_CLIENT, &clients, now - AN_HOUR).await?;
    let mut by_address = attempts::tries_since(tx, BY_ADDRESS, &addresses, now - AN_HOUR).await?;
    let most = u64::from(app.config.limits.enrollments_per_address);
    Ok(all
        .iter()
        .map(|one| {
            let client = one.client.as_ref();
            match client.and_then(|client| over(&mut by_client, &client.hash, u64::from(client.most), now)) {
                Some(first) => Limit::Client(first + AN_HOUR),
                None if over(&mut by_address, &one.address_hash, most, now).is_some() => Limit::Address,
                None => Limit::None,
            }
        })
        .collect())
}

/// Counts one more. Over the limit: when the first of them was.
fn over(tries: &mut Tries, who: &str, most: u64, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let (count, first) = tries.entry(who.to_owned()).or_insert((0, now));
    if *count >= most {
        return Some(*first);
    }
    *count += 1;
    None
}

async fn note_tries(app: &App, tx: &Tx, counted: &[(&Asking, &Limit)], now: Now) -> store::Result<()> {
    let mut tries = Vec::with_capacity(counted.len() * 2);
    for (one, _) in counted {
        let client = one.client.as_ref().map(|client| Bucket { name: BY_CLIENT, subject_hash: &client.hash });
        let address = Bucket { name: BY_ADDRESS, subject_hash: &one.address_hash };
        tries.extend(client.into_iter().chain([address]).map(|bucket| (app.random.uuid(now.real), bucket)));
    }
    attempts::note_all(tx, tries, now.real).await
}

/// Whose addresses these are, in every practice, and how many were asked to confirm theirs within a day.
struct People {
    everywhere: HashMap<String, Vec<Participant>>,
    asked: HashMap<ParticipantId, u64>,
}

impl People {
    async fn of(tx: &Tx, counted: &[(&Asking, &Limit)], now: Now) -> store::Result<Self> {
        let keys: Vec<String> = counted.iter().map(|(one, _)| one.form.email.key()).collect();
        let people = participants::everywhere_with_keys(tx, &keys).await?;
        let ids: Vec<ParticipantId> = people.iter().map(|person| person.id).collect();
        let since = now.real - TimeDelta::days(1);
        let asked = ledger::count_to_each(tx, &ids, Occasion::ConfirmAddress, since).await?;
        let mut everywhere: HashMap<String, Vec<Participant>> = HashMap::new();
        for person in people {
            everywhere.entry(person.email_key.clone()).or_default().push(person);
        }
        Ok(Self { everywhere, asked })
    }

    fn in_practice(&self, cohort: &Cohort, key: &str) -> Option<Participant> {
        self.everywhere.get(key)?.iter().find(|person| person.practice_id == cohort.practice_id).cloned()
    }

    fn asked_to_confirm(&self, key: &str) -> u64 {
        let people = self.everywhere.get(key).into_iter().flatten();
        people.filter_map(|person| self.asked.get(&person.id)).sum()
    }
}

async fn work_off(
    app: &App,
    tx: &Tx,
    (cohort, people): (&Cohort, &People),
    counted: &[(&Asking, &Limit)],
    now: Now,
) -> store::Result<()> {
    let (mut new, mut in_vain) = (Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    for (place, (one, limit)) in (0_i64..).zip(counted) {
        // Each a moment after the one before.
        let asked_at = now.real + TimeDelta::microseconds(place);
        let (form, key) = (&one.form, one.form.email.key());
        let newcomer = Newcomer { form: form.clone(), asked_to_confirm: people.asked_to_confirm(&key), asked_at };
        if **limit == Limit::Address {
            in_vain.push(newcomer);
            continue;
        }
        let known = if seen.insert(key.clone()) {
            people.in_practice(cohort, &key)
        } else {
            enroll_newcomers(app, tx, cohort, std::mem::take(&mut new), now).await?;
            participants::with_email(tx, cohort.practice_id, &form.email).await?
        };
        match known {
            None => new.push(newcomer),
            Some(known) => {
                enroll_newcomers(app, tx, cohort, std::mem::take(&mut new), now).await?;
                ask_known(app, tx, (cohort, known), (form, asked_at), now).await?;
                in_vain.push(newcomer);
            }
        }
    }
    let last = enroll_newcomers(app, tx, cohort, new, now).await?;
    // Each half of the work is done, in earnest or in vain, whoever is among them.
    match last {
        Some(last) if in_vain.is_empty() => tell_nobody(app, tx, &last, now).await,
        Some(_) | None => enroll_nobody(app, tx, cohort, in_vain, now).await,
    }
}

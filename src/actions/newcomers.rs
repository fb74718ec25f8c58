//! What do forms write whose senders nobody in the practice knows?

use chrono::{DateTime, Utc};

use crate::{
    app::App,
    clock::Now,
    domain::{asking::Form, cohort::Admission, delivery::Occasion, ids::ParticipantId},
    store::{
        self,
        cohorts::{self, Cohort},
        couples::{self, Couple},
        database::Tx,
        enrollments::{self, Consent, Enrollment, Journey},
        intakes::{self, Intake},
        ledger::{self, Delivery},
        participants::{self, Participant},
    },
};

use super::{
    ask_to_enroll::{MOST_TO_A_STRANGER, fresh, letter},
    couples::named,
    keep_papers::{answers, consents},
};

/// Somebody new to the practice.
#[derive(Debug, Clone)]
pub(super) struct Newcomer {
    pub form: Form,
    /// How many mails within a day asked this address to confirm, whoever of this installation it was about.
    pub asked_to_confirm: u64,
    /// A moment after whoever asked before them.
    pub asked_at: DateTime<Utc>,
}

/// Gives each a place in their order, with a seat while there are any; returns the last of them. The caller holds the
/// cohort's lock.
pub(super) async fn enroll_newcomers(
    app: &App,
    tx: &Tx,
    cohort: &Cohort,
    new: Vec<Newcomer>,
    now: Now,
) -> store::Result<Option<Enrollment>> {
    if new.is_empty() {
        return Ok(None);
    }
    let mut seats = hold_seats(tx, cohort, new.len()).await?.into_iter();
    let mut rows = Rows::default();
    for newcomer in &new {
        rows.add(app, cohort, (newcomer, seats.next()), now);
    }
    let last = rows.places.last().cloned();
    rows.write(tx).await?;
    Ok(last)
}

/// Free seats, unless somebody waits for them. Who applies holds none.
pub(super) async fn hold_seats(tx: &Tx, cohort: &Cohort, wanted: usize) -> store::Result<Vec<i32>> {
    if cohort.admission == Admission::Approval || enrollments::first_waiting(tx, cohort.id).await?.is_some() {
        return Ok(Vec::new());
    }
    cohorts::take_seats(tx, cohort.id, wanted).await
}

/// All that they write, by table.
#[derive(Default)]
struct Rows {
    people: Vec<Participant>,
    journeys: Vec<Journey>,
    places: Vec<Enrollment>,
    consents: Vec<Consent>,
    intakes: Vec<Intake>,
    couples: Vec<Couple>,
    letters: Vec<Delivery>,
}

impl Rows {
    fn add(&mut self, app: &App, cohort: &Cohort, of: (&Newcomer, Option<i32>), now: Now) {
        let (Newcomer { form, asked_to_confirm, asked_at }, seat) = of;
        let person = participant(app, cohort, form, now);
        let journey = Journey::begun(app.random.id(now.real), (cohort.practice_id, cohort.program_id), person.id, now);
        let place = Enrollment { seat, asked_at: *asked_at, ..fresh(app, cohort, (person.id, journey.id), form, now) };
        self.consents.extend(consents(app, &place, &form.consents, now.real));
        self.intakes.extend(answers(app, &place, &form.intake, now.program));
        self.couples.extend(form.partner.as_ref().map(|partner| named(app, &place, partner, now)));
        // An address that did not ask is not flooded.
        if *asked_to_confirm < MOST_TO_A_STRANGER {
            let letter = letter(Occasion::ConfirmAddress, &place, now);
            self.letters.push(letter.row(app.random.id(now.program), now));
        }
        self.people.push(person);
        self.journeys.push(journey);
        self.places.push(place);
    }

    async fn write(self, tx: &Tx) -> store::Result<()> {
        participants::create_all(tx, self.people).await?;
        enrollments::create_journeys(tx, self.journeys).await?;
        enrollments::begin_all(tx, self.places).await?;
        enrollments::consent_all(tx, self.consents).await?;
        intakes::save_all(tx, self.intakes).await?;
        couples::create_all(tx, self.couples).await?;
        ledger::enqueue(tx, self.letters).await?;
        Ok(())
    }
}

fn participant(app: &App, cohort: &Cohort, form: &Form, now: Now) -> Participant {
    let id: ParticipantId = app.random.id(now.real);
    Participant {
        id,
        practice_id: cohort.practice_id,
        email: form.email.clone(),
        email_key: form.email.key(),
        name: form.name.clone(),
        zone: form.zone,
        feed_hash: app.links.feed_hash(&app.links.feed_token(id.0, 0)),
        language: "en".to_owned(),
        discretion: form.discretion,
        mail_problem: None,
        epoch: 0,
        feed_rotation: 0,
        confirmed_at: None,
        created_at: now.real,
    }
}

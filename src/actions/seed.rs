//! Many invented people take part in a cohort at once.

use crate::{
    app::App,
    clock::Now,
    domain::{
        email_address::EmailAddress,
        enrollment::{CalendarChoice, Standing},
        ids::{CohortId, ParticipantId, PracticeId, ProgramId},
        name::Name,
        zone::Zone,
    },
    store::{
        self, cohorts,
        enrollments::{self, Enrollment, Journey},
        participants::{self, Participant},
    },
    transact,
};

#[derive(Debug, Clone)]
pub struct Seeded {
    pub practice: PracticeId,
    pub cohort: CohortId,
    pub program: ProgramId,
    /// Which cohort of the run: makes the addresses differ.
    pub number: usize,
    pub people: usize,
    pub tracks: Vec<String>,
}

const NAMES: [&str; 8] = ["Ana", "Ben", "Chandra", "Dolma", "Eli", "Fatou", "Grace", "Hanna"];
const ZONES: [&str; 5] =
    ["Europe/Berlin", "Europe/Lisbon", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"];

/// Returns how many were added.
pub async fn seed(app: &App, seeded: &Seeded) -> store::Result<usize> {
    let now = app.clock.now();
    let zones: Vec<Zone> = ZONES.iter().filter_map(|name| Zone::parse(name).ok()).collect();
    // Distinct between runs, so that seeding twice adds twice.
    let run: String = app.random.token().chars().take(6).collect();
    let (mut people, mut journeys, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    for index in 0..seeded.people {
        let address = format!("seed-{run}-{}-{index}@example.org", seeded.number);
        let (Ok(email), Ok(name)) = (EmailAddress::parse(&address), Name::parse(NAMES[index % NAMES.len()])) else {
            continue;
        };
        let person = person(app, seeded, (email, name, zones[index % zones.len()]), now);
        let journey = Journey::begun(app.random.id(now.real), (seeded.practice, seeded.program), person.id, now);
        rows.push(enrollment(app, seeded, (&journey, index), now));
        people.push(person);
        journeys.push(journey);
    }
    let added = rows.len();
    transact!(app.db, |tx| {
        cohorts::lock(tx, seeded.cohort).await?;
        participants::create_all(tx, people.clone()).await?;
        enrollments::create_journeys(tx, journeys.clone()).await?;
        enrollments::create_all(tx, rows.clone()).await?;
        cohorts::count_seats(tx, seeded.cohort, i32::try_from(added).unwrap_or(i32::MAX)).await
    })?;
    Ok(added)
}

fn person(app: &App, seeded: &Seeded, who: (EmailAddress, Name, Zone), now: Now) -> Participant {
    let (email, name, zone) = who;
    let id: ParticipantId = app.random.id(now.real);
    Participant {
        id,
        practice_id: seeded.practice,
        email_key: email.key(),
        email,
        name,
        zone,
        feed_hash: app.links.feed_hash(&app.links.feed_token(id.0, 0)),
        language: "en".to_owned(),
        discretion: None,
        mail_problem: None,
        epoch: 0,
        feed_rotation: 0,
        confirmed_at: Some(now.real),
        created_at: now.real,
    }
}

fn enrollment(app: &App, seeded: &Seeded, of: (&Journey, usize), now: Now) -> Enrollment {
    let (journey, index) = of;
    let (place, who) = ((seeded.practice, seeded.cohort), (journey.participant_id, journey.id));
    Enrollment {
        standing: Standing::Enrolled,
        calendar: CalendarChoice::Feed,
        track: seeded.tracks.get(index % seeded.tracks.len().max(1)).cloned().unwrap_or_default(),
        reason: "seeded".to_owned(),
        actor: "seed".to_owned(),
        seat: i32::try_from(index + 1).ok(),
        confirmed_at: Some(now.real),
        ..Enrollment::begun(app.random.id(now.real), place, who, now)
    }
}

//! Does a whole rehearsal tell its story, each person getting exactly their mail?

use std::{collections::HashMap, time::Duration};

use chrono::TimeDelta;

use super::{
    driver, household,
    people::{FOLLOWS, LEAVES, PEOPLE, STOPS_REMINDERS, WANTS_INVITES},
    story::Story,
};
use crate::{
    actions::rehearse::{self, Turn},
    app::App,
    domain::delivery::{Occasion, State},
    store::{ledger, participants},
    worker::Worker,
};

const LISTEN: &str = "127.0.0.1:8080";

/// Runs until nothing is left to come.
async fn to_the_end(app: &App) {
    for _ in 0..1_200 {
        // A sleeping thread, for timers live elsewhere.
        tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_millis(100))).await.unwrap();
        let end = rehearse::end(app).await.unwrap().unwrap() + TimeDelta::hours(24);
        if app.clock.now().program >= end && rehearse::is_settled(app, app.clock.now()).await.unwrap() {
            return;
        }
    }
    panic!("the rehearsal did not come to its end: {:?}", app.clock);
}

/// Sent mail by address and occasion.
async fn sent(app: &App, house: &household::Household) -> HashMap<(String, Occasion), usize> {
    let mut counts = HashMap::new();
    for row in ledger::everything(app.db.reader()).await.unwrap() {
        assert!(
            matches!(row.state, State::Sent | State::Skipped | State::Canceled),
            "{} {} {:?}",
            row.occasion,
            row.state,
            row.reason
        );
        let Some(person) = row.participant_id.filter(|_| row.state == State::Sent) else { continue };
        let person = participants::find(app.db.reader(), house.practice.id, person).await.unwrap().unwrap();
        *counts.entry((person.email.expose().to_owned(), row.occasion)).or_default() += 1;
    }
    counts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn six_weeks_pass_and_everybody_gets_exactly_their_mail() {
    let folder = tempfile::tempdir().unwrap();
    let app = super::open(folder.path(), LISTEN.parse().unwrap()).await.unwrap();
    let house = household::settle(&app, folder.path()).await.unwrap();
    let story = Story::open(&app, house.clone()).await.unwrap();
    let driving = driver::start(&app, story).await.unwrap();
    let worker = Worker::start(&app);
    let far = app.clock.now().program + TimeDelta::days(100);
    rehearse::turn(&app, Turn::To(far)).await.unwrap();
    to_the_end(&app).await;
    worker.stop().await;
    driving.stop(&app).await.unwrap();

    let counts = sent(&app, &house).await;
    let count = |email: &str, occasion| counts.get(&(email.to_owned(), occasion)).copied().unwrap_or_default();
    for person in &PEOPLE[..12] {
        let email = person.email;
        assert_eq!((count(email, Occasion::ConfirmAddress), count(email, Occasion::Welcome)), (1, 1), "{email}");
        let (lessons, reminders) = match email {
            LEAVES => (3, 4),
            STOPS_REMINDERS => (6, 8),
            _ => (6, 12),
        };
        assert_eq!(count(email, Occasion::Lesson), lessons, "{email}");
        assert_eq!(count(email, Occasion::ReminderDay) + count(email, Occasion::ReminderHour), reminders, "{email}");
        assert_eq!(count(email, Occasion::ScheduleChanged), usize::from(email != LEAVES), "{email}");
        let invites = match (email, person.calendar) {
            // One of six is over by then, and one moves.
            (WANTS_INVITES, _) => 5 + 1,
            // Six, and four are taken back.
            (LEAVES, _) => 6 + 4,
            (_, crate::domain::enrollment::CalendarChoice::Invites) => 6 + 1,
            _ => 0,
        };
        assert_eq!(count(email, Occasion::Invite), invites, "{email}");
    }
    assert_eq!(count(LEAVES, Occasion::Left), 1);
    assert_eq!(
        (
            count(FOLLOWS, Occasion::Waitlisted),
            count(FOLLOWS, Occasion::PlaceOffered),
            count(FOLLOWS, Occasion::Welcome)
        ),
        (1, 1, 1)
    );
    assert_eq!((count(FOLLOWS, Occasion::CatchUp), count(FOLLOWS, Occasion::Lesson)), (1, 3));
    let last = PEOPLE[13].email;
    assert_eq!(
        (count(last, Occasion::ConfirmAddress), count(last, Occasion::Waitlisted), count(last, Occasion::Lesson)),
        (1, 1, 0)
    );
}

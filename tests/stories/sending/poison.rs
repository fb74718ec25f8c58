//! R6: does a letter that cannot be written stop anybody but itself?

use trellis::{
    demo::smtp_server::Script,
    domain::delivery::{Occasion, State},
    store::{
        enrollments,
        ledger::{self, Queued, Recipient},
    },
};

use super::{coach, queue, transact};
use crate::{
    people::{Person, enroll},
    world::{Backend, World},
};

/// An instant at the end of all time: to say it in a zone ahead of UTC is beyond what can be counted, and panics.
const NEVER: &str = "+262142-12-31T23:59:59Z";

const DOLMA: Person =
    Person { name: "Dolma", email: "dolma@example.org", zone: "Asia/Kathmandu", track: "broke", calendar: "neither" };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_letters_that_panic_among_five_hundred_fail_alone() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let world = World::with(backend, Script::well(), &[]).await;
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        let enrollment = enroll(&world, cohort, &DOLMA).await;
        world.forget_mails();
        let (app, now) = (&world.app, world.app.clock.now());
        let person = enrollments::find(app.db.reader(), practice.id, enrollment).await.unwrap().unwrap().participant_id;
        let nadia = coach(app, "other@group.example").await;
        let poison =
            serde_json::json!({ "changes": [{ "session": uuid::Uuid::nil(), "was": null, "is": [NEVER, NEVER] }] });
        for number in 0..5 {
            queue(app, &nadia, 100).await;
            let letter = Queued {
                subject: enrollment.0,
                object: app.random.uuid(now.real),
                // Sent again by a coach: what it says is not compared with how things stand.
                generation: -1 - number,
                enrollment: Some(enrollment),
                cohort: Some(cohort),
                params: poison.clone(),
                ..Queued::now(practice.id, Occasion::ScheduleChanged, Recipient::Participant(person), now)
            };
            transact(app, vec![letter.row(app.random.id(now.program), now)]).await.unwrap();
        }
        world.run().await;
        let rows = ledger::everything(app.db.reader()).await.unwrap();
        let failed: Vec<_> = rows.iter().filter(|row| row.state == State::Failed).collect();
        assert_eq!(failed.len(), 5, "{:?}", rows.iter().map(|row| row.state).collect::<Vec<_>>());
        for row in failed {
            assert_eq!((row.occasion, row.tries), (Occasion::ScheduleChanged, 1), "at once, and not again");
            assert!(row.reason.as_deref().unwrap().contains("our fault"), "{:?}", row.reason);
        }
        let tests = rows.iter().filter(|row| row.occasion == Occasion::TestMail && row.state == State::Sent).count();
        assert_eq!((tests, world.mails_to("other@group.example").len()), (500, 500), "everybody else's arrives");
        assert!(world.mails_to(DOLMA.email).is_empty());
        world.end().await;
    }
}

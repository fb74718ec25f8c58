//! R4: what does a slow or broken mail server do? It delays, and neither loses nor is flooded.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use chrono::TimeDelta;
use trellis::{
    demo::smtp_server::{Action, Script, Step},
    domain::delivery::State,
    store::ledger,
};

use super::{coach, queue, tally::Arrivals};
use crate::world::{Backend, World};

const MAILS: usize = 60;

/// 451 for a minute, then it hangs up at once, then at the dot, then it says nothing, then it is well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_in_trouble_delays_loses_nothing_and_is_not_flooded() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let (phase, visits, arrivals) =
            (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)), Arrivals::default());
        let (now, counted, noted) = (phase.clone(), visits.clone(), arrivals.clone());
        let script = Script::new(move |step| {
            let phase = now.load(Ordering::SeqCst);
            if let Step::Greeting = step {
                counted.fetch_add(1, Ordering::SeqCst);
            }
            match (phase, step) {
                (0, Step::RcptTo(_)) => Action::Say("451 4.3.0 Later".to_owned()),
                (1 | 3, Step::Greeting) => {
                    if phase == 1 {
                        Action::Drop
                    } else {
                        Action::Hang
                    }
                }
                (2, Step::Message(message)) => {
                    noted.note(message);
                    Action::TakeAndDrop
                }
                (_, Step::Message(message)) => {
                    noted.note(message);
                    Action::Go
                }
                _ => Action::Go,
            }
        });
        let world = World::with(backend, script, &[("mail.attempt_seconds", "1")]).await;
        let nadia = coach(&world.app, "nadia@group.example").await;
        queue(&world.app, &nadia, MAILS).await;
        let mut in_phase = Vec::new();
        for (number, minutes) in [(0, 1), (1, 20), (2, 10), (3, 10)] {
            phase.store(number, Ordering::SeqCst);
            let before = visits.load(Ordering::SeqCst);
            for _ in 0..minutes {
                world.run().await;
                world.app.clock.advance(TimeDelta::minutes(1));
            }
            in_phase.push(visits.load(Ordering::SeqCst) - before);
        }
        let [_, refusing, _, silent] = in_phase[..] else { panic!("four phases") };
        assert!(refusing <= 7, "twenty minutes of a closed door: {refusing} knocks");
        assert!(silent <= 5, "ten minutes of silence: {silent} tries");
        let rows = ledger::everything(world.app.db.reader()).await.unwrap();
        assert!(rows.iter().all(|row| !row.state.is_final()), "nothing is given up");

        phase.store(4, Ordering::SeqCst);
        world.pass(TimeDelta::hours(3)).await;
        let rows = ledger::everything(world.app.db.reader()).await.unwrap();
        let in_doubt = rows.iter().filter(|row| row.doubts > 0).count();
        assert!(in_doubt > 0, "the dot was hung up on");
        assert!(rows.iter().all(|row| matches!(row.state, State::Sent | State::Unknown)), "nothing is lost");
        assert!(
            rows.iter().filter(|row| row.state == State::Unknown).all(|row| row.doubts == 2),
            "twice in doubt is left to a person"
        );
        let doubled: usize = arrivals.count() - rows.iter().filter(|row| row.message_id.is_some()).count();
        assert_eq!(
            doubled,
            rows.iter().map(|row| usize::try_from(row.doubts).unwrap()).sum::<usize>()
                - rows.iter().filter(|row| row.state == State::Unknown).count()
        );
        eprintln!("an ill server on {backend:?}: {in_phase:?} visits by phase, {in_doubt} in doubt, {doubled} doubled");
    }
}

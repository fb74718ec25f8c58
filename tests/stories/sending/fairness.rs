//! Whose mail goes first when much is due, and how fast may it leave?

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::TimeDelta;
use trellis::{
    actions::send_deliveries::{Hands, Round, send_deliveries},
    demo::smtp_server::{Action, Script, Step},
    domain::delivery::{Occasion, State},
    store::{coaches::Coach, ledger},
};

use super::{coach, queue, queue_kind};
use crate::world::{Backend, World};

/// One practice has three hundred mails in the queue, and two others a handful: nobody waits for the three hundred.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn practices_take_turns_and_what_is_urgent_overtakes() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let world = World::with(backend, Script::well(), &[]).await;
        let app = &world.app;
        let (large, small, smaller) = (
            coach(app, "large@a.example").await,
            coach(app, "small@b.example").await,
            coach(app, "smaller@c.example").await,
        );
        queue(app, &large, 300).await;
        app.clock.advance(TimeDelta::minutes(1));
        queue(app, &small, 20).await;
        queue(app, &smaller, 10).await;
        let mut sender = app.mailer.sender();
        let sent = async |of: &Coach| {
            let rows = ledger::everything(app.db.reader()).await.unwrap();
            rows.iter().filter(|row| row.practice_id == of.practice_id && row.state == State::Sent).count()
        };
        // How many are taken at once depends on how fast they go; whose they are takes turns, whoever came first.
        let mut served = Vec::new();
        for _ in 0..6 {
            let before = (sent(&large).await, sent(&small).await, sent(&smaller).await);
            send_deliveries(app, &Hands::default(), &mut sender).await.unwrap();
            let after = (sent(&large).await, sent(&small).await, sent(&smaller).await);
            let most = [after.0 - before.0, after.1 - before.1, after.2 - before.2];
            assert_eq!(most.iter().filter(|more| **more > 0).count(), 1, "a hand is of one practice: {most:?}");
            served.push(most.iter().position(|more| *more > 0).unwrap());
        }
        let first = [served[0], served[1], served[2]];
        assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), 3, "each once before anybody twice: {served:?}");
        assert!(sent(&large).await < 150 && sent(&smaller).await == 10, "{served:?}");
        // A sign-in overtakes all of them.
        let secret = serde_json::json!({ "token": "x", "code": "123456" });
        queue_kind(app, &large, (Occasion::PasswordReset, secret), 1).await;
        send_deliveries(app, &Hands::default(), &mut sender).await.unwrap();
        let rows = ledger::everything(app.db.reader()).await.unwrap();
        let reset = rows.iter().find(|row| row.occasion == Occasion::PasswordReset).unwrap();
        assert_eq!(reset.state, State::Sent);
        sender.close().await;
        world.end().await;
    }
}

async fn sent(world: &World) -> usize {
    let rows = ledger::everything(world.app.db.reader()).await.unwrap();
    assert!(rows.iter().all(|row| row.tries <= 1), "what waits for its turn spends no try");
    rows.iter().filter(|row| row.state == State::Sent).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_leaves_in_a_minute_or_a_day_than_the_operator_allows() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let world = World::with(backend, Script::well(), &[("pace.per_minute", "20"), ("pace.per_day", "70")]).await;
        let nadia = coach(&world.app, "nadia@group.example").await;
        queue(&world.app, &nadia, 100).await;
        let mut left = vec![];
        for _ in 0..300 {
            world.run().await;
            left.push(sent(&world).await);
            world.app.clock.advance(TimeDelta::seconds(1));
        }
        assert!(left.windows(60).all(|minute| minute[59] - minute[0] <= 20), "{left:?}");
        assert!(left[70] >= 18, "and as much as is allowed does leave: {left:?}");
        assert_eq!(left.last(), Some(&70), "then the day is full");
        world.pass(TimeDelta::hours(23)).await;
        assert_eq!(sent(&world).await, 70);
        for _ in 0..60 {
            world.pass(TimeDelta::minutes(2)).await;
        }
        assert_eq!(sent(&world).await, 100, "the next day takes the rest");
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_domain_at_its_limit_holds_up_nobody_else() {
    let world = World::with(Backend::Sqlite, Script::well(), &[("pace.per_domain_a_minute", "10")]).await;
    let (gmail, other) = (coach(&world.app, "a@gmail.com").await, coach(&world.app, "b@example.org").await);
    queue(&world.app, &gmail, 30).await;
    queue(&world.app, &other, 9).await;
    for _ in 0..61 {
        world.run().await;
        world.app.clock.advance(TimeDelta::seconds(1));
    }
    let of = |email: &str| world.mails_to(email).len();
    assert_eq!(of("b@example.org"), 9);
    assert!((9..=11).contains(&of("a@gmail.com")), "{}", of("a@gmail.com"));
    world.pass(TimeDelta::minutes(2)).await;
    for _ in 0..200 {
        world.pass(TimeDelta::seconds(10)).await;
    }
    assert_eq!(of("a@gmail.com"), 30);
    world.end().await;
}

/// One mail hangs at the server; what was taken from the queue with it does not wait for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_that_hangs_holds_up_none_of_those_taken_with_it() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let first = Arc::new(AtomicBool::new(true));
        let script = Script::new(move |step| match step {
            Step::Message(_) if first.swap(false, Ordering::SeqCst) => Action::Wait(Duration::from_secs(30)),
            _ => Action::Go,
        });
        let world = World::with(backend, script, &[]).await;
        let nadia = coach(&world.app, "nadia@group.example").await;
        queue(&world.app, &nadia, 8).await;
        let hands = Arc::<Hands>::default();
        let senders: Vec<_> = (0..2)
            .map(|_| {
                let (app, hands) = (world.app.clone(), hands.clone());
                tokio::spawn(async move {
                    let mut sender = app.mailer.sender();
                    loop {
                        if send_deliveries(&app, &hands, &mut sender).await.unwrap() == Round::Idle {
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                    }
                })
            })
            .collect();
        let others = async {
            while sent(&world).await < 7 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), others).await.expect("seven leave while the first hangs");
        let rows = ledger::everything(world.app.db.reader()).await.unwrap();
        assert_eq!(rows.iter().filter(|row| row.state == State::Sending).count(), 1);
        let leases: BTreeSet<_> = rows.iter().filter_map(|row| row.lease_token).collect();
        assert_eq!(world.app.at_work.leases(), Vec::from_iter(leases), "as long as it hangs, it is in hand");
        for sender in senders {
            sender.abort();
            assert!(sender.await.is_err(), "it was stopped, and did not break");
        }
        drop(hands);
        assert!(world.app.at_work.leases().is_empty(), "what belongs to nobody is in nobody's hands");
    }
}

//! Does a clock that jumps do harm?

use chrono::TimeDelta;
use trellis::domain::delivery::State;

use super::{lessons, with_people};
use crate::{story, world::World};

const PEOPLE: usize = 12;

story! {
    async fn a_clock_that_jumps_an_hour_or_a_day_neither_doubles_nor_loses_a_mail(world: &World) {
        let practice = world.practice().await;
        let (_, first) = with_people(world, &practice, PEOPLE).await;
        world.to(first - TimeDelta::minutes(1)).await;
        let clock = &world.app.clock;
        for jump in [TimeDelta::hours(-1), TimeDelta::hours(1), TimeDelta::days(-1), TimeDelta::days(1)] {
            clock.advance(jump);
            world.run().await;
        }
        assert!(lessons(world, &practice).await.is_empty(), "nothing is due yet, whatever the clock said");

        // Due, and while it is being sent the clock goes back a day: it says *not yet* again, and it stays sent.
        clock.set(first);
        world.run().await;
        clock.advance(TimeDelta::days(-1));
        world.run().await;
        clock.advance(TimeDelta::hours(25));
        world.run().await;
        let sent = lessons(world, &practice).await;
        assert_eq!(sent.len(), PEOPLE);
        assert!(sent.iter().all(|row| row.state == State::Sent), "each once, and none forgotten");

        // An hour too far, and back: the next lesson comes when it is time, not before, and once.
        let next = world.next_instant().await.unwrap();
        clock.set(next + TimeDelta::hours(1));
        world.run().await;
        clock.set(next - TimeDelta::hours(1));
        world.run().await;
        clock.set(next + TimeDelta::hours(2));
        world.run().await;
        let mails = world.mails.lock().unwrap().len();
        world.run().await;
        assert_eq!(world.mails.lock().unwrap().len(), mails, "nothing twice");
    }
}

//! What do we promise? One file a promise, every story on both databases, through the front door.
#![allow(
    clippy::too_many_lines,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    unreachable_pub,
    missing_debug_implementations,
    reason = "a story that breaks says where, and nobody is outside of this crate"
)]

mod addresses;
mod all_letters;
mod announcements;
mod any_order;
mod applications;
mod architecture;
mod asking_together;
mod browser;
mod calendars;
mod coach;
mod couples;
mod databases;
mod desk;
mod doors;
mod durability;
mod forms;
mod freshness;
mod front_door;
mod golden;
mod grep_proof;
mod intake;
mod late_joiners;
mod law;
mod leaving;
mod lesson_plan;
mod lessons;
mod letters;
mod lists;
mod mail_in;
mod moves;
mod offers;
mod one_writer;
mod operations;
mod other_dates;
mod pauses;
mod people;
mod places;
mod planning;
mod post;
mod program_lessons;
mod query_plans;
mod rush;
mod scale;
mod schedule_changes;
mod seats;
mod second_looks;
mod sending;
mod smtp;
mod still_true;
mod streams;
mod taking_place;
mod twice;
mod unsubscribing;
mod visitor;
mod ways;
mod world;

/// Every story twice: once on SQLite, once on PostgreSQL.
#[macro_export]
macro_rules! story {
    ($(#[$meta:meta])* async fn $name:ident($world:ident: &World) $body:block) => {
        mod $name {
            use super::*;

            async fn tell($world: &World) $body

            $(#[$meta])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                // On the heap: all that a story waits for at once is more than a test's stack holds.
                let world = Box::pin(World::new($crate::world::Backend::Sqlite)).await;
                Box::pin(tell(&world)).await;
                Box::pin(world.end()).await;
            }

            $(#[$meta])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                // On the heap: all that a story waits for at once is more than a test's stack holds.
                let world = Box::pin(World::new($crate::world::Backend::Postgres)).await;
                Box::pin(tell(&world)).await;
                Box::pin(world.end()).await;
            }
        }
    };
}

//! What do we promise? One file a promise, every story on both databases, through the front door.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    unreachable_pub,
    missing_debug_implementations,
    reason = "a story that breaks says where, and nobody is outside of this crate"
)]

mod architecture;
mod browser;
mod coach;
mod databases;
mod front_door;
mod late_joiners;
mod lesson_plan;
mod lessons;
mod letters;
mod moves;
mod people;
mod post;
mod program_lessons;
mod seats;
mod second_looks;
mod smtp;
mod visitor;
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
                let world = World::new($crate::world::Backend::Sqlite).await;
                tell(&world).await;
                world.end().await;
            }

            $(#[$meta])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                let world = World::new($crate::world::Backend::Postgres).await;
                tell(&world).await;
                world.end().await;
            }
        }
    };
}

//! What does whoever runs it see, and what do they get back when it breaks?

mod alarms;
mod backups;
mod doctors;
mod health;
mod modes;
pub mod process;
mod releases;
mod side_by_side;
mod stopping;
mod upgrades;
mod zone;

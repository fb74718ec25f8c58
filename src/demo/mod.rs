//! How does one see all of it in minutes, on one machine, with no mail server?

pub mod smtp_server;

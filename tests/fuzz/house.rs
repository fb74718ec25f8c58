//! Which rooms of the house are fuzzed? The program's own files, and nothing that needs a database or a network.
#![allow(dead_code, unreachable_pub, missing_debug_implementations, reason = "the program uses what is not used here")]

#[path = "../../src/domain/mod.rs"]
pub mod domain;
#[path = "../../src/keys.rs"]
pub mod keys;
#[path = "../../src/links.rs"]
pub mod links;
#[path = "../../src/random.rs"]
pub mod random;

#[path = "../../src/mail"]
pub mod mail {
    pub mod receive;
}

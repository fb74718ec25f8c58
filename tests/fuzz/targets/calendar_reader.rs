//! Can a calendar object break its reader?
#![no_main]

use libfuzzer_sys::fuzz_target;
use trellis::domain::calendar::reader::read;

fuzz_target!(|text: &str| {
    if let Ok(events) = read(text) {
        assert!(events.len() <= 1_000);
    }
});

//! Can a link be read that we did not write?
#![no_main]

use chrono::{DateTime, TimeDelta};
use libfuzzer_sys::fuzz_target;
use trellis::{
    keys::Keys,
    links::{Claims, Links, Purpose},
};
use uuid::Uuid;

const PURPOSES: [Purpose; 5] =
    [Purpose::Confirm, Purpose::Offer, Purpose::Unsubscribe, Purpose::Join, Purpose::TestMail];

fuzz_target!(|octets: &[u8]| {
    let key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    let links = Links::new("https://group.example", Keys::parse(key).expect("a key"));
    // A full minute: a link counts in minutes.
    let now = DateTime::from_timestamp(1_791_199_980, 0).expect("an instant");
    // Nothing random is a link of ours.
    if let Ok(text) = std::str::from_utf8(octets) {
        assert!(PURPOSES.into_iter().all(|purpose| links.read(purpose, text, now).is_err()));
    }
    let Some((seed, change)) = octets.split_first_chunk::<16>() else { return };
    let id = Uuid::from_bytes(*seed);
    let claims = Claims { person: id, object: id, detail: seed[0], epoch: 7, expires_at: now + TimeDelta::minutes(4) };
    let token = links.token(Purpose::Confirm, &claims);
    assert_eq!(links.read(Purpose::Confirm, &token, now), Ok(claims));
    assert!(links.read(Purpose::Offer, &token, now).is_err(), "another purpose");
    let mut altered = token.into_bytes();
    for pair in change.chunks_exact(2) {
        let at = usize::from(pair[0]) % altered.len();
        altered[at] = pair[1];
    }
    if let Ok(altered) = String::from_utf8(altered)
        && let Ok(read) = links.read(Purpose::Confirm, &altered, now)
    {
        // The last letter of base64 may carry bits that do not count.
        assert_eq!(read, claims);
    }
});

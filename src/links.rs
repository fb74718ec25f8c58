//! What does a link in a mail prove, and about whom?
//!
//! `/{path}/v1.{payload}.{mac}`: HMAC-SHA-256 cut to 128 bits, under a key of the link's own purpose. A signed
//! link is not a sign-in: it shows only what its act needs, and no GET acts.

use chrono::{DateTime, Utc};
use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use uuid::Uuid;

use crate::{
    domain::ids::{CohortId, ParticipantId, SessionId},
    keys::{Keys, same},
};

/// What a signed link is for. Each has a path and a key of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Confirm,
    Offer,
    /// Somebody was asked to come along.
    Partner,
    /// Somebody asked, and chooses how to come.
    Together,
    /// The dates are off: what instead?
    Choose,
    Unsubscribe,
    Join,
    /// Leave for good.
    Leave,
    /// Go on with other dates.
    Dates,
    /// Pause, or end a pause.
    Pause,
    /// From now on, write to this inbox.
    NewAddress,
    /// Come to a session, or not.
    Rsvp,
    TestMail,
}

impl Purpose {
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Offer => "offer",
            Self::Partner => "partner",
            Self::Together => "together",
            Self::Choose => "choose",
            Self::Unsubscribe => "u",
            Self::Join => "j",
            Self::Leave => "leaving",
            Self::Dates => "dates",
            Self::Pause => "pause",
            Self::NewAddress => "address",
            Self::Rsvp => "rsvp",
            Self::TestMail => "coach/arrived",
        }
    }
}

/// What a signed link names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claims {
    pub person: Uuid,
    pub object: Uuid,
    /// A small detail of the purpose, such as the category to stop.
    pub detail: u8,
    /// The person's token epoch: raised, and every older link is refused.
    pub epoch: u32,
    pub expires_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadLink {
    #[error("this link is not one of ours, or was altered on its way")]
    Forged,
    #[error("this link has expired")]
    Expired(Claims),
}

/// Makes and reads every link that leaves the house.
#[derive(Debug)]
pub struct Links {
    base: String,
    keys: Keys,
}

const VERSION: &str = "v1";
const MAC: usize = 16;

impl Links {
    #[must_use]
    pub fn new(base_url: &str, keys: Keys) -> Self {
        Self { base: base_url.trim_end_matches('/').to_owned(), keys }
    }

    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The host, for Message-IDs, UIDs and List-Ids.
    #[must_use]
    pub fn host(&self) -> &str {
        let rest = self.base.split_once("://").map_or(self.base.as_str(), |(_, rest)| rest);
        rest.split([':', '/']).next().unwrap_or(rest)
    }

    /// An absolute address of a path that begins with a slash.
    #[must_use]
    pub fn to(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    #[must_use]
    pub fn signed(&self, purpose: Purpose, claims: &Claims) -> String {
        format!("{}/{}/{}", self.base, purpose.path(), self.token(purpose, claims))
    }

    #[must_use]
    pub fn token(&self, purpose: Purpose, claims: &Claims) -> String {
        let payload = BASE64URL_NOPAD.encode(&pack(claims));
        let mac = BASE64URL_NOPAD.encode(&self.mac(purpose, &payload));
        format!("{VERSION}.{payload}.{mac}")
    }

    fn mac(&self, purpose: Purpose, payload: &str) -> [u8; MAC] {
        let full = self.keys.mac(&format!("link/{VERSION}/{}", purpose.path()), payload.as_bytes());
        let mut mac = [0; MAC];
        mac.copy_from_slice(&full[..MAC]);
        mac
    }

    /// Reads a token; `now` is real time. The caller compares the epoch with the person's.
    pub fn read(&self, purpose: Purpose, token: &str, now: DateTime<Utc>) -> Result<Claims, BadLink> {
        let mut parts = token.split('.');
        let (Some(VERSION), Some(payload), Some(mac), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(BadLink::Forged);
        };
        let given = BASE64URL_NOPAD.decode(mac.as_bytes()).map_err(|_| BadLink::Forged)?;
        if !same(&given, &self.mac(purpose, payload)) {
            return Err(BadLink::Forged);
        }
        let bytes = BASE64URL_NOPAD.decode(payload.as_bytes()).map_err(|_| BadLink::Forged)?;
        let claims = unpack(&bytes).ok_or(BadLink::Forged)?;
        if claims.expires_at <= now { Err(BadLink::Expired(claims)) } else { Ok(claims) }
    }

    /// The secret part of a private feed's address: derived, so that it can be shown again without being stored.
    #[must_use]
    pub fn feed_token(&self, person: Uuid, rotation: i32) -> String {
        let mac = self.keys.mac("feed", format!("{person}/{rotation}").as_bytes());
        BASE32_NOPAD.encode(&mac[..20]).to_lowercase()
    }

    /// What is stored of a feed's token, to look it up by.
    #[must_use]
    pub fn feed_hash(&self, token: &str) -> String {
        self.keys.hash("feed-lookup", token)
    }

    #[must_use]
    pub fn feed(&self, person: Uuid, rotation: i32) -> String {
        format!("{}/c/{}.ics", self.base, self.feed_token(person, rotation))
    }

    /// What a calendar entry points to: opens the join page, which asks for a sign-in.
    #[must_use]
    pub fn join(&self, person: ParticipantId, session: SessionId, until: DateTime<Utc>) -> String {
        let claims = Claims { person: person.0, object: session.0, detail: 0, epoch: 0, expires_at: until };
        self.signed(Purpose::Join, &claims)
    }

    #[must_use]
    pub fn enroll(&self, cohort: CohortId) -> String {
        format!("{}/enroll/{cohort}", self.base)
    }

    #[must_use]
    pub fn my_program(&self) -> String {
        self.to("/p")
    }
}

const PACKED: usize = 16 + 16 + 1 + 4 + 4;

fn pack(claims: &Claims) -> [u8; PACKED] {
    let minutes = u32::try_from(claims.expires_at.timestamp() / 60).unwrap_or(u32::MAX);
    let mut bytes = [0; PACKED];
    bytes[..16].copy_from_slice(claims.person.as_bytes());
    bytes[16..32].copy_from_slice(claims.object.as_bytes());
    bytes[32] = claims.detail;
    bytes[33..37].copy_from_slice(&claims.epoch.to_be_bytes());
    bytes[37..].copy_from_slice(&minutes.to_be_bytes());
    bytes
}

fn unpack(bytes: &[u8]) -> Option<Claims> {
    let bytes: &[u8; PACKED] = bytes.try_into().ok()?;
    let word = |from: usize| Some(u32::from_be_bytes(bytes[from..from + 4].try_into().ok()?));
    Some(Claims {
        person: Uuid::from_slice(&bytes[..16]).ok()?,
        object: Uuid::from_slice(&bytes[16..32]).ok()?,
        detail: bytes[32],
        epoch: word(33)?,
        expires_at: DateTime::from_timestamp(i64::from(word(37)?) * 60, 0)?,
    })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn links() -> Links {
        let key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
        Links::new("https://group.example", Keys::parse(key).unwrap())
    }

    fn claims() -> Claims {
        let expires_at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        Claims { person: Uuid::from_u128(7), object: Uuid::from_u128(9), detail: 3, epoch: 2, expires_at }
    }

    #[test]
    fn reads_what_it_signed() {
        let token = links().token(Purpose::Confirm, &claims());
        let before = claims().expires_at - TimeDelta::minutes(1);
        assert_eq!(links().read(Purpose::Confirm, &token, before), Ok(claims()));
        assert_eq!(links().read(Purpose::Confirm, &token, claims().expires_at), Err(BadLink::Expired(claims())));
    }

    #[test]
    fn refuses_altered_and_other_purpose_links() {
        let token = links().token(Purpose::Confirm, &claims());
        let before = claims().expires_at - TimeDelta::minutes(1);
        assert_eq!(links().read(Purpose::Offer, &token, before), Err(BadLink::Forged));
        for at in 0..token.len() {
            let mut altered: Vec<char> = token.chars().collect();
            altered[at] = if altered[at] == 'A' { 'B' } else { 'A' };
            let altered: String = altered.into_iter().collect();
            // The last letter of a base64 group may carry bits that do not count.
            if let Ok(read) = links().read(Purpose::Confirm, &altered, before) {
                assert_eq!(read, claims());
            }
        }
        assert_eq!(links().read(Purpose::Confirm, "", before), Err(BadLink::Forged));
        assert_eq!(links().read(Purpose::Confirm, &"a.".repeat(5_000), before), Err(BadLink::Forged));
    }
}

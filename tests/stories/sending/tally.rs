//! What did the mail server get, and what does the ledger say? Counted, and held against each other.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::Path,
    sync::{Arc, Mutex},
};

use serde::Deserialize;
use sha2::{Digest, Sha256};
use trellis::demo::smtp_server::Received;

use crate::{
    operations::process::{Settings, told, trellis},
    post::header,
};

/// Every message a mail server took, by its Message-ID: a digest of the bytes at each arrival.
#[derive(Debug, Clone, Default)]
pub struct Arrivals(Arc<Mutex<BTreeMap<String, Vec<String>>>>);

impl Arrivals {
    /// At the final dot: from then on it may be in somebody's mailbox, whatever becomes of the answer.
    pub fn note(&self, message: &Received) {
        let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(&message.bytes));
        let id = header(&message.bytes, "Message-ID");
        self.0.lock().unwrap().entry(id).or_default().push(digest);
    }

    pub fn count(&self) -> usize {
        self.0.lock().unwrap().values().map(Vec::len).sum()
    }

    fn of(&self, message_id: &str) -> Vec<String> {
        self.0.lock().unwrap().get(message_id).cloned().unwrap_or_default()
    }
}

/// One line of `trellis ledger --json`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Line {
    pub key: String,
    pub state: String,
    pub tries: i32,
    pub doubts: i32,
    pub message_id: Option<String>,
}

pub fn ledger(folder: &Path, settings: &Settings) -> Vec<Line> {
    let said = trellis(folder, settings, &["ledger", "--json"]);
    told(&said);
    let lines = String::from_utf8(said.stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

/// What a run came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    pub keys: usize,
    pub sent: usize,
    /// In doubt, and left to a person.
    pub in_doubt: usize,
    /// Arrivals beyond the first of a message.
    pub doubled: usize,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { keys, sent, in_doubt, doubled } = self;
        write!(f, "{keys} in the ledger, 0 lost, {sent} sent, {in_doubt} in doubt, {doubled} doubled")
    }
}

/// Holds the ledger against what arrived. What nobody may do, panics: a key that is lost or not yet at its end, a
/// `sent` that never arrived, an arrival of nothing we know, a double whose row was not on the wire when something
/// stopped, a double that differs.
pub fn tally(ledger: &[Line], arrivals: &Arrivals) -> Tally {
    let keys: BTreeSet<&str> = ledger.iter().map(|line| line.key.as_str()).collect();
    assert_eq!(keys.len(), ledger.len(), "a key stands there twice");
    let (mut tally, mut known) = (Tally { keys: keys.len(), sent: 0, in_doubt: 0, doubled: 0 }, 0);
    for line in ledger {
        let arrived = line.message_id.as_deref().map(|id| arrivals.of(id)).unwrap_or_default();
        match line.state.as_str() {
            "sent" => {
                assert!(!arrived.is_empty(), "said to be sent, and never arrived: {line:?}");
                tally.sent += 1;
            }
            "unknown" => tally.in_doubt += 1,
            _ => panic!("neither sent nor left to a person: {line:?}"),
        }
        if arrived.len() > 1 {
            let doubts = usize::try_from(line.doubts).unwrap();
            assert!(doubts + 1 >= arrived.len(), "doubled without having been in doubt: {line:?}");
            assert!(arrived.iter().all(|digest| *digest == arrived[0]), "not the same bytes: {line:?}");
            tally.doubled += arrived.len() - 1;
        }
        known += arrived.len();
    }
    assert_eq!(known, arrivals.count(), "something arrived that the ledger does not know");
    tally
}

//! How far has the running try come, even when the try itself is gone?

use std::{
    sync::atomic::{AtomicU8, AtomicU64, Ordering},
    time::Instant,
};

use super::smtp_wire::Written;
use crate::domain::attempt::Stage;

/// How far the running try has come, readable when the try itself is gone.
#[derive(Debug)]
pub(super) struct Progress {
    stage: AtomicU8,
    pub(super) written: Written,
    /// Octets written when the final dot has left; set with `Stage::Body`.
    dot_at: AtomicU64,
    until: Option<Instant>,
}

impl Progress {
    pub(super) fn on(written: Written) -> Self {
        Self { stage: AtomicU8::new(0), written, dot_at: AtomicU64::new(0), until: None }
    }

    pub(super) fn until(self, until: Instant) -> Self {
        Self { until: Some(until), ..self }
    }

    /// Looked at before the text leaves: a process that stood still must not go on with what another has taken up
    /// meanwhile. A timer alone is asked too late, for what is ready is done before what is over.
    pub(super) fn is_late(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() >= until)
    }

    pub(super) fn reach(&self, stage: Stage) {
        let at = Stage::ALL.iter().position(|known| *known == stage).unwrap_or(Stage::ALL.len() - 1);
        self.stage.store(u8::try_from(at).expect("there are nine stages"), Ordering::Relaxed);
    }

    pub(super) fn reach_body(&self, octets: usize) {
        self.dot_at.store(self.written.octets() + octets as u64, Ordering::Relaxed);
        self.reach(Stage::Body);
    }

    /// While the text is on its way: after the dot, as soon as the dot may have left.
    pub(super) fn stage(&self) -> Stage {
        let stage = Stage::ALL[usize::from(self.stage.load(Ordering::Relaxed))];
        if stage == Stage::Body && self.written.octets() >= self.dot_at.load(Ordering::Relaxed) {
            return Stage::AfterDot;
        }
        stage
    }
}

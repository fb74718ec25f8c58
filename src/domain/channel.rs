//! Can the mail server be used now, and by how many at once? A breaker, and sessions that grow and halve.

use chrono::{DateTime, TimeDelta, Utc};

/// The way to the mail server, as all senders of this process have found it.
#[derive(Debug, Clone)]
pub struct Channel {
    shut: Option<Shut>,
    sessions: Sessions,
    /// Mails in a row that the server fell silent on.
    losses: u32,
    /// It has answered for a mail since the last fault.
    is_well: bool,
}

#[derive(Debug, Clone, Copy)]
struct Shut {
    since: DateTime<Utc>,
    until: DateTime<Utc>,
    faults: i32,
    /// Somebody tries just now; nobody else does before this instant.
    probing_until: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy)]
struct Sessions {
    now: usize,
    most: usize,
    accepted: u32,
}

/// What a sender may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    Go,
    /// One mail, to see whether the way is open again.
    Probe,
    Wait(DateTime<Utc>),
}

/// What went wrong on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The server has enough of us for now (421).
    Busy,
    /// It does not answer, does not know us, or has no time for anybody.
    Shut,
}

/// What follows from a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    pub until: DateTime<Utc>,
    /// The first of its kind: an operator hears of this one, and of none that follows from it.
    pub is_news: bool,
}

/// A session more after so many mails without a fault.
const GROW_AFTER: u32 = 50;
/// After a session less, the mail it had in hand waits this long.
const BUSY: TimeDelta = TimeDelta::seconds(15);
/// So many in a row are no accident.
const LOSSES: u32 = 3;
const FIRST_PAUSE: i32 = 60;
const LONGEST_PAUSE: i32 = 300;
/// Whoever tries and says nothing is not waited for longer.
const PROBE: TimeDelta = TimeDelta::seconds(120);

impl Channel {
    #[must_use]
    pub fn new(sessions: usize, most: usize) -> Self {
        Self {
            shut: None,
            sessions: Sessions { now: sessions, most: most.max(sessions), accepted: 0 },
            losses: 0,
            is_well: false,
        }
    }

    /// How many senders may work at the same time.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.sessions.now
    }

    /// Since when it cannot be used.
    #[must_use]
    pub fn shut_since(&self) -> Option<DateTime<Utc>> {
        self.shut.map(|shut| shut.since)
    }

    pub fn turn(&mut self, now: DateTime<Utc>) -> Turn {
        let Some(shut) = &mut self.shut else { return Turn::Go };
        // A clock that jumped back would make the pause longer than any pause is.
        let until = shut.until.min(now + TimeDelta::seconds(i64::from(LONGEST_PAUSE)));
        match shut.probing_until {
            _ if now < until => Turn::Wait(until),
            Some(probed) if now < probed => Turn::Wait(probed),
            Some(_) | None => {
                shut.probing_until = Some(now + PROBE);
                Turn::Probe
            }
        }
    }

    /// The one that tried found nothing to try with.
    pub fn not_probed(&mut self) {
        if let Some(shut) = &mut self.shut {
            shut.probing_until = None;
        }
    }

    /// The server answered as a server does, whatever it said of the mail. `true`: it can be used again.
    pub fn answered(&mut self) -> bool {
        self.losses = 0;
        self.is_well = true;
        let was_shut = self.shut.take().is_some();
        self.sessions.accepted += 1;
        if self.sessions.accepted >= GROW_AFTER && self.sessions.now < self.sessions.most {
            self.sessions = Sessions { now: self.sessions.now + 1, accepted: 0, ..self.sessions };
        }
        was_shut
    }

    /// The server fell silent in the midst of a mail. Once is an accident; again and again, or when it was only
    /// tried, it is the way that is shut, and each further mail would be in doubt.
    pub fn lost(&mut self, jitter: f64, now: DateTime<Utc>) -> Option<Pause> {
        self.losses += 1;
        (self.losses >= LOSSES || self.shut.is_some()).then(|| self.fault(Fault::Shut, jitter, now))
    }

    /// `jitter` is in `0.0..1.0`.
    pub fn fault(&mut self, fault: Fault, jitter: f64, now: DateTime<Utc>) -> Pause {
        self.sessions.accepted = 0;
        // Who has enough of us took something from us before; who takes nothing is shut.
        let was_well = std::mem::take(&mut self.is_well);
        if fault == Fault::Busy && was_well && self.sessions.now > 1 && self.shut.is_none() {
            self.sessions.now /= 2;
            return Pause { until: now + BUSY, is_news: false };
        }
        let (since, faults, is_news) = match self.shut {
            // Several senders meet the same wall: that is one fault.
            Some(shut) if now < shut.until => return Pause { until: shut.until, is_news: false },
            Some(shut) => (shut.since, shut.faults + 1, false),
            None => (now, 1, true),
        };
        let until = now + pause(faults, jitter);
        self.shut = Some(Shut { since, until, faults, probing_until: None });
        Pause { until, is_news }
    }
}

/// One minute, two, four, then five, and up to a tenth less, so that processes do not try in step.
fn pause(faults: i32, jitter: f64) -> TimeDelta {
    let most = f64::from((FIRST_PAUSE << (faults - 1).clamp(0, 8)).min(LONGEST_PAUSE));
    #[expect(clippy::cast_possible_truncation, reason = "seconds up to 300")]
    let seconds = (most * (1.0 - jitter / 10.0)).max(f64::from(FIRST_PAUSE)) as i64;
    TimeDelta::seconds(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    #[test]
    fn one_fault_shuts_the_way_for_all_and_is_told_once() {
        let mut channel = Channel::new(4, 4);
        assert_eq!(channel.turn(at(0)), Turn::Go);
        assert_eq!(channel.fault(Fault::Shut, 0.0, at(0)), Pause { until: at(60), is_news: true });
        assert_eq!(channel.fault(Fault::Shut, 0.0, at(1)), Pause { until: at(60), is_news: false });
        assert_eq!(channel.turn(at(59)), Turn::Wait(at(60)));
        assert_eq!(channel.turn(at(60)), Turn::Probe);
        assert_eq!(channel.turn(at(60)), Turn::Wait(at(180)), "one tries, the others wait for it");
        assert_eq!(channel.fault(Fault::Shut, 0.0, at(61)), Pause { until: at(181), is_news: false });
        assert_eq!(channel.turn(at(181)), Turn::Probe);
        assert!(channel.answered(), "it can be used again");
        assert_eq!(channel.turn(at(182)), Turn::Go);
        assert!(!channel.answered());
        assert!(channel.fault(Fault::Shut, 0.0, at(183)).is_news, "and the next time is another one");
    }

    #[test]
    fn one_loss_is_an_accident_and_three_are_not() {
        let mut channel = Channel::new(2, 2);
        assert_eq!(channel.lost(0.0, at(0)), None);
        assert_eq!(channel.lost(0.0, at(0)), None);
        channel.answered();
        assert_eq!(channel.lost(0.0, at(1)), None);
        assert_eq!(channel.lost(0.0, at(1)), None);
        assert_eq!(channel.lost(0.0, at(1)), Some(Pause { until: at(61), is_news: true }));
        assert_eq!(channel.turn(at(61)), Turn::Probe);
        assert_eq!(channel.lost(0.0, at(61)), Some(Pause { until: at(181), is_news: false }), "one probe, one mail");
    }

    #[test]
    fn every_pause_is_of_one_to_five_minutes() {
        for (faults, least, most) in [(1, 60, 60), (2, 108, 120), (3, 216, 240), (4, 270, 300), (99, 270, 300)] {
            assert_eq!((pause(faults, 0.0), pause(faults, 1.0)), (TimeDelta::seconds(most), TimeDelta::seconds(least)));
        }
    }

    #[test]
    fn a_probe_that_is_never_answered_for_is_not_waited_for_forever() {
        let mut channel = Channel::new(1, 1);
        channel.fault(Fault::Shut, 0.0, at(0));
        assert_eq!(channel.turn(at(60)), Turn::Probe);
        assert_eq!(channel.turn(at(180)), Turn::Probe);
        channel.not_probed();
        assert_eq!(channel.turn(at(181)), Turn::Probe, "there was nothing to try with");
    }

    #[test]
    fn a_clock_that_jumps_back_keeps_nobody_longer_than_the_longest_pause() {
        let mut channel = Channel::new(1, 1);
        channel.fault(Fault::Shut, 0.0, at(86_400));
        assert_eq!(channel.turn(at(0)), Turn::Wait(at(300)));
    }

    #[test]
    fn sessions_grow_slowly_and_halve_when_the_server_has_enough() {
        let mut channel = Channel::new(2, 5);
        for _ in 0..49 {
            channel.answered();
        }
        assert_eq!(channel.sessions(), 2);
        for _ in 0..500 {
            channel.answered();
        }
        assert_eq!(channel.sessions(), 5, "as many as allowed");
        assert_eq!(channel.fault(Fault::Busy, 0.0, at(0)), Pause { until: at(15), is_news: false });
        assert_eq!(channel.sessions(), 2);
        assert_eq!(channel.turn(at(0)), Turn::Go, "the others go on");
        channel.answered();
        channel.fault(Fault::Busy, 0.0, at(1));
        assert_eq!(channel.sessions(), 1);
        channel.answered();
        assert_eq!(channel.fault(Fault::Busy, 0.0, at(2)), Pause { until: at(62), is_news: true }, "no less than one");
        let mut shut = Channel::new(2, 5);
        assert!(shut.fault(Fault::Busy, 0.0, at(0)).is_news, "it has taken nothing from us yet");
    }
}

//! What does a mail that came back say about the address, and what follows from it?
//!
//! The bounce policy of the mail sheet: class from the enhanced code first, the words second, the basic code
//! last. Codes are RFC 3463's.

use chrono::{DateTime, TimeDelta, Utc};

/// What the failure is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BounceClass {
    /// The address does not exist, or was closed.
    Hard,
    /// The mailbox does not take mail now: it is full, or it says no without a reason we know.
    Soft,
    /// Somebody on the way gave up; nothing is said about the address.
    Transient,
    /// Our policy, reputation or content: never held against the address.
    SenderFault,
    /// The reader called it spam.
    Complaint,
}

crate::words!(BounceClass {
    Hard = "hard",
    Soft = "soft",
    Transient = "transient",
    SenderFault = "sender_fault",
    Complaint = "complaint",
});

/// What is not sent to an address any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Nothing at all, but what its owner asks for to show that it works.
    All,
    /// What can be unsubscribed from; what a person needs to know still goes out.
    Subscribed,
}

crate::words!(Scope { All = "all", Subscribed = "subscribed" });

/// What follows from one more failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Suppress(Scope),
    /// An operator must look: it is ours.
    Alert,
    Nothing,
}

/// Badges on the person, as the coach reads them: that mail does not arrive, not what a server said.
pub const COMES_BACK: &str = "mail to this address comes back";
pub const FULL: &str = "the mailbox has been full for a week, so weekly mail waits";
pub const COMPLAINED: &str = "mail was reported as spam, so weekly mail has stopped";

/// Failures further apart than this are different stories.
const REMEMBERED: TimeDelta = TimeDelta::days(30);
const FAILURES: usize = 3;
const OVER: TimeDelta = TimeDelta::days(7);

/// `soft` are the instants of all soft failures of this address, this one included.
#[must_use]
pub fn decide(class: BounceClass, soft: &[DateTime<Utc>], now: DateTime<Utc>) -> Decision {
    match class {
        BounceClass::Hard => Decision::Suppress(Scope::All),
        BounceClass::Complaint => Decision::Suppress(Scope::Subscribed),
        BounceClass::SenderFault => Decision::Alert,
        BounceClass::Transient => Decision::Nothing,
        BounceClass::Soft => {
            let recent: Vec<_> = soft.iter().copied().filter(|at| *at > now - REMEMBERED).collect();
            let span = recent.iter().max().zip(recent.iter().min()).map(|(last, first)| *last - *first);
            if recent.len() >= FAILURES && span.is_some_and(|span| span >= OVER) {
                Decision::Suppress(Scope::Subscribed)
            } else {
                Decision::Nothing
            }
        }
    }
}

/// Classifies a failure by the `Status` of its report and the words of the server that refused.
#[must_use]
pub fn class_of(status: Option<[u16; 3]>, words: &str) -> BounceClass {
    let said = enhanced_in(words);
    // `5.0.0` says nothing; the words may know more.
    let telling = [status, said].into_iter().flatten().find(|code| (code[1], code[2]) != (0, 0));
    telling
        .and_then(class_of_enhanced)
        .or_else(|| class_of_words(words))
        .unwrap_or_else(|| class_of_basic(status.or(said), words))
}

fn class_of_enhanced(code: [u16; 3]) -> Option<BounceClass> {
    match code {
        [_, 2, 2] | [4, 2, 1] | [5, 2, 3] => Some(BounceClass::Soft),
        [4, ..] => Some(BounceClass::Transient),
        [5, 1, 1 | 2 | 3 | 6 | 10] | [5, 2, 1] => Some(BounceClass::Hard),
        // Whose address is wrong: 5.1.7 and 5.1.8 are ours.
        [5, 1, 7 | 8] | [5, 3, 4] | [5, 6 | 7, _] => Some(BounceClass::SenderFault),
        _ => None,
    }
}

fn class_of_words(words: &str) -> Option<BounceClass> {
    let words = words.to_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| words.contains(phrase));
    if says(&["blocklist", "blacklist", "block list", "black list", "blocked", "spamhaus", "barracuda", "reputation"])
        || says(&["dmarc", "dkim", "spf check", "spam", "policy", "message size", "too large", "too big"])
    {
        return Some(BounceClass::SenderFault);
    }
    if says(&["mailbox full", "mailbox is full", "over quota", "overquota", "quota exceeded", "exceeded storage"])
        || says(&["insufficient storage", "out of storage", "mailbox size limit"])
    {
        return Some(BounceClass::Soft);
    }
    if says(&["user unknown", "unknown user", "no such user", "no such recipient", "does not exist", "doesn't exist"])
        || says(&[
            "mailbox unavailable",
            "mailbox not found",
            "recipient not found",
            "no mailbox here",
            "invalid recipient",
        ])
        || says(&[
            "address rejected",
            "account is disabled",
            "account has been disabled",
            "account disabled",
            "inactive user",
        ])
        || says(&["recipientnotfound", "unrouteable address", "host or domain name not found", "domain not found"])
    {
        return Some(BounceClass::Hard);
    }
    None
}

/// A no without a reason is not enough to give an address up: three of them over a week are.
fn class_of_basic(code: Option<[u16; 3]>, words: &str) -> BounceClass {
    match code.map(|code| code[0]).or_else(|| basic_in(words).map(|basic| basic / 100)) {
        Some(5) => match basic_in(words) {
            Some(552) => BounceClass::SenderFault,
            _ => BounceClass::Soft,
        },
        Some(_) | None => BounceClass::Transient,
    }
}

/// The first enhanced code that stands in the words by itself; `127.0.0.1` is none.
#[must_use]
pub fn enhanced_in(words: &str) -> Option<[u16; 3]> {
    let is_part = |c: char| c.is_ascii_digit() || c == '.';
    words.split(|c| !is_part(c)).find_map(|word| {
        let word = word.trim_end_matches('.');
        let mut numbers = word.split('.').map(|n| (1..=3).contains(&n.len()).then(|| n.parse::<u16>().ok()).flatten());
        let code = [numbers.next()??, numbers.next()??, numbers.next()??];
        (numbers.next().is_none() && matches!(code[0], 4 | 5)).then_some(code)
    })
}

/// The first SMTP code of a refusal, as in `550 no` or `550-5.1.1 no`.
#[must_use]
pub fn basic_in(words: &str) -> Option<u16> {
    words.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.')).find_map(|word| {
        let code = (word.len() == 3).then(|| word.parse::<u16>().ok()).flatten()?;
        (400..600).contains(&code).then_some(code)
    })
}

/// A server's words as the ledger keeps them: one line, not long, and nobody's address in it.
#[must_use]
pub fn kept_words(words: &str) -> String {
    let kept = words.split_whitespace().map(|word| if word.contains('@') { "(address)" } else { word });
    let line: String = kept.collect::<Vec<_>>().join(" ");
    line.chars().filter(|c| !c.is_control()).take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_table_row_by_row() {
        use BounceClass::{Hard, SenderFault, Soft, Transient};
        for (status, words, expected) in [
            // B: hard, address
            (Some([5, 1, 1]), "", Hard),
            (Some([5, 1, 2]), "", Hard),
            (Some([5, 1, 3]), "", Hard),
            (Some([5, 1, 6]), "", Hard),
            (Some([5, 1, 10]), "", Hard),
            (Some([5, 2, 1]), "", Hard),
            (None, "smtp; 550 No such user here", Hard),
            (Some([5, 0, 0]), "smtp; 550-5.1.1 The email account does not exist", Hard),
            // soft, mailbox
            (Some([4, 2, 2]), "", Soft),
            (Some([5, 2, 2]), "", Soft),
            (Some([4, 2, 1]), "", Soft),
            (Some([5, 2, 3]), "", Soft),
            (None, "452 The mailbox is full", Soft),
            // a no without a reason
            (Some([5, 0, 0]), "554 Sorry", Soft),
            (None, "550 no", Soft),
            // transient
            (Some([4, 4, 7]), "delivery time expired", Transient),
            (Some([4, 7, 1]), "greylisted", Transient),
            (None, "", Transient),
            (None, "421 Come back later", Transient),
            // sender fault
            (Some([5, 7, 1]), "", SenderFault),
            (Some([5, 7, 26]), "", SenderFault),
            (Some([5, 7, 515]), "", SenderFault),
            (Some([5, 6, 0]), "", SenderFault),
            (Some([5, 3, 4]), "", SenderFault),
            (None, "552 Message size exceeds fixed limit", SenderFault),
            (None, "552 No", SenderFault),
            (None, "554 Your address 127.0.0.1 is listed by Spamhaus", SenderFault),
            // The enhanced code comes first, whatever the words are.
            (Some([5, 7, 1]), "user unknown", SenderFault),
        ] {
            assert_eq!(class_of(status, words), expected, "{status:?} {words}");
        }
    }

    #[test]
    fn only_a_week_of_soft_failures_stops_weekly_mail() {
        let day = |n: i64| DateTime::from_timestamp(1_800_000_000, 0).unwrap() + TimeDelta::days(n);
        let decided = |days: &[i64]| {
            let at: Vec<_> = days.iter().map(|n| day(*n)).collect();
            decide(BounceClass::Soft, &at, *at.last().unwrap())
        };
        assert_eq!(decided(&[0]), Decision::Nothing);
        assert_eq!(decided(&[0, 1, 2]), Decision::Nothing, "three, but within three days");
        assert_eq!(decided(&[0, 7]), Decision::Nothing, "a week, but only two");
        assert_eq!(decided(&[0, 3, 7]), Decision::Suppress(Scope::Subscribed));
        assert_eq!(decided(&[0, 3, 40]), Decision::Nothing, "an old story is over");
        assert_eq!(decide(BounceClass::Hard, &[], day(0)), Decision::Suppress(Scope::All));
        assert_eq!(decide(BounceClass::Complaint, &[], day(0)), Decision::Suppress(Scope::Subscribed));
        assert_eq!(decide(BounceClass::SenderFault, &[day(0); 9], day(9)), Decision::Alert);
        assert_eq!(decide(BounceClass::Transient, &[day(0); 9], day(9)), Decision::Nothing);
    }

    #[test]
    fn a_code_is_found_in_a_sentence_and_an_address_is_not_kept() {
        assert_eq!(enhanced_in("smtp; 550-5.1.1 <a@b.example> unknown."), Some([5, 1, 1]));
        assert_eq!(enhanced_in("host 10.0.0.1 said: 4.2.2"), Some([4, 2, 2]));
        assert_eq!(enhanced_in("host 5.1.1.7 said no"), None);
        assert_eq!(basic_in("host mx5.example said: 550-no"), Some(550));
        assert_eq!(basic_in("received 1550 octets"), None);
        let kept = kept_words("smtp; 550 5.1.1\r\n <ana@example.org>: no\u{7} such user");
        assert_eq!(kept, "smtp; 550 5.1.1 (address) no such user");
    }
}

//! What became of one try to hand a message to the mail server, and what does that say about whom?

/// How far the try had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    Connect,
    /// The greeting and EHLO.
    Greeting,
    Tls,
    Auth,
    MailFrom,
    RcptTo,
    Data,
    /// The text was on its way; its final dot had certainly not left.
    Body,
    /// The final dot may have left.
    AfterDot,
}

impl Stage {
    /// In the order in which an attempt reaches them.
    pub const ALL: [Self; 9] = [
        Self::Connect,
        Self::Greeting,
        Self::Tls,
        Self::Auth,
        Self::MailFrom,
        Self::RcptTo,
        Self::Data,
        Self::Body,
        Self::AfterDot,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Greeting => "greeting",
            Self::Tls => "tls",
            Self::Auth => "auth",
            Self::MailFrom => "mail_from",
            Self::RcptTo => "rcpt_to",
            Self::Data => "data",
            Self::Body => "body",
            Self::AfterDot => "after_dot",
        }
    }
}

/// One try, as the mail server answered it. The server's words may hold an address: for the ledger, never for a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// 2xx after the final dot: the next hop has it.
    Accepted { reply: String },
    /// The server said no: 4xx or 5xx, with the enhanced status code of RFC 3463 where it gave one.
    Refused { stage: Stage, code: u16, enhanced: Option<[u16; 3]>, text: String },
    /// No answer, or none that could be understood.
    Lost { stage: Stage, what: String },
}

/// What a try says about whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    Sent,
    /// This message, not now: try again later.
    MessageTransient,
    /// This address takes no mail: stop, and show it.
    RecipientPermanent,
    /// The way to the server itself is shut: no message is to blame, none spends a try.
    Channel,
    /// Our policy or our reputation with this provider: never held against the address, an operator must look.
    SenderFault,
    /// This message is too big or not well formed: it would be refused again, and no other is to blame.
    ContentFault,
    /// The dot may have left and no answer came: it may have arrived.
    Unknown,
}

impl Attempt {
    /// A refusal with its enhanced code read from the words.
    #[must_use]
    pub fn refused(stage: Stage, code: u16, text: impl Into<String>) -> Self {
        let text = text.into();
        Self::Refused { stage, code, enhanced: enhanced_code(&text), text }
    }

    /// A refusal as the ledger keeps it, `550 at rcpt_to: 5.7.1 No`; `None`: these words are none.
    #[must_use]
    pub fn read_refusal(words: &str) -> Option<Self> {
        let (code, rest) = words.split_once(" at ")?;
        let (stage, text) = rest.split_once(": ")?;
        let stage = Stage::ALL.into_iter().find(|known| known.as_str() == stage)?;
        Some(Self::refused(stage, code.parse().ok()?, text))
    }

    /// How far it came, in a word; nothing the server said.
    #[must_use]
    pub fn stage_name(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => Stage::AfterDot.as_str(),
            Self::Refused { stage, .. } | Self::Lost { stage, .. } => stage.as_str(),
        }
    }

    #[must_use]
    pub fn lost(stage: Stage, what: impl Into<String>) -> Self {
        Self::Lost { stage, what: what.into() }
    }
}

/// The enhanced status code that opens a reply's text, as in `5.1.1 No such user` (RFC 3463 §2).
#[must_use]
pub fn enhanced_code(text: &str) -> Option<[u16; 3]> {
    let word = text.split_whitespace().next()?;
    let mut numbers = word.split('.').map(|n| (n.len() <= 3).then(|| n.parse::<u16>().ok()).flatten());
    let code = [numbers.next()??, numbers.next()??, numbers.next()??];
    (numbers.next().is_none() && matches!(code[0], 2 | 4 | 5)).then_some(code)
}

/// Whether the server said that it has enough of us for now.
#[must_use]
pub fn is_busy(attempt: &Attempt) -> bool {
    match attempt {
        Attempt::Refused { code, .. } => *code == 421,
        Attempt::Accepted { .. } | Attempt::Lost { .. } => false,
    }
}

/// Classifies a try: by the enhanced code first, then by the words, by the basic code last.
#[must_use]
pub fn class(attempt: &Attempt) -> Class {
    match attempt {
        Attempt::Accepted { .. } => Class::Sent,
        Attempt::Lost { stage, .. } => class_of_loss(*stage),
        Attempt::Refused { stage, code, enhanced, text } => class_of_refusal(*stage, *code, *enhanced, text),
    }
}

fn class_of_loss(stage: Stage) -> Class {
    match stage {
        Stage::Connect | Stage::Greeting | Stage::Tls | Stage::Auth => Class::Channel,
        Stage::MailFrom | Stage::RcptTo | Stage::Data | Stage::Body => Class::MessageTransient,
        Stage::AfterDot => Class::Unknown,
    }
}

fn class_of_refusal(stage: Stage, code: u16, enhanced: Option<[u16; 3]>, text: &str) -> Class {
    // 421 service closing, 454 no TLS now, 530 sign in first, 534/535/538 the sign-in itself.
    if matches!(code, 421 | 454 | 530 | 534 | 535 | 538) || is_before_message(stage) {
        return Class::Channel;
    }
    if code < 500 {
        return class_of_transient(enhanced, text);
    }
    enhanced
        .and_then(|enhanced| class_of_enhanced(stage, enhanced))
        .or_else(|| class_of_words(text))
        .unwrap_or_else(|| class_of_basic(stage, code))
}

fn is_before_message(stage: Stage) -> bool {
    match stage {
        Stage::Connect | Stage::Greeting | Stage::Tls | Stage::Auth => true,
        Stage::MailFrom | Stage::RcptTo | Stage::Data | Stage::Body | Stage::AfterDot => false,
    }
}

/// A provider that does not know us says 4.7.x at first (A8: Gmail 4.7.23 to 4.7.32); 4.7.1 is greylisting.
fn class_of_transient(enhanced: Option<[u16; 3]>, text: &str) -> Class {
    match enhanced {
        Some([_, 7, 23..=32]) => Class::SenderFault,
        _ if class_of_words(text) == Some(Class::SenderFault) => Class::SenderFault,
        _ => Class::MessageTransient,
    }
}

/// RFC 3463 §3; `None` where the code says too little.
fn class_of_enhanced(stage: Stage, [_, subject, detail]: [u16; 3]) -> Option<Class> {
    match (subject, detail) {
        // 5.1.7 and 5.1.8 are about the sender's address.
        (1, 7 | 8) => Some(Class::SenderFault),
        (1, 1..) | (2, 1) => Some(Class::RecipientPermanent),
        // A full mailbox empties again.
        (2, 2 | 3) | (3, 1) => Some(Class::MessageTransient),
        (3, 4) | (6, _) => Some(Class::ContentFault),
        // Policy before a recipient was named shuts the way for all; after it, only this message met it.
        (7, _) if stage == Stage::MailFrom => Some(Class::Channel),
        (7, _) => Some(Class::SenderFault),
        (_, _) => None,
    }
}

fn class_of_words(text: &str) -> Option<Class> {
    let text = text.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if says(&[
        "blocklist",
        "blacklist",
        "block list",
        "black list",
        "spamhaus",
        "reputation",
        "dmarc",
        "dkim",
        "spf check",
    ]) {
        return Some(Class::SenderFault);
    }
    if says(&["mailbox full", "mailbox is full", "over quota", "quota exceeded"]) {
        return Some(Class::MessageTransient);
    }
    if says(&[
        "user unknown",
        "unknown user",
        "no such user",
        "does not exist",
        "mailbox unavailable",
        "mailbox not found",
    ]) {
        return Some(Class::RecipientPermanent);
    }
    None
}

/// 5xx at RCPT is about the address; elsewhere it is about us or the content.
fn class_of_basic(stage: Stage, code: u16) -> Class {
    match code {
        // Too big; a parameter of ours.
        552 | 555 => Class::ContentFault,
        _ if stage == Stage::RcptTo => Class::RecipientPermanent,
        _ => Class::SenderFault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_classified_by_code_words_and_stage() {
        use Class::{Channel, ContentFault, MessageTransient, RecipientPermanent, SenderFault};
        use Stage::{AfterDot, Auth, Data, Greeting, MailFrom, RcptTo, Tls};
        for (stage, code, text, expected) in [
            (Greeting, 421, "Too many connections", Channel),
            (Greeting, 554, "5.7.1 Your host is not welcome", Channel),
            (Tls, 454, "4.7.0 TLS not available", Channel),
            (Auth, 535, "5.7.8 Bad credentials", Channel),
            (Auth, 454, "4.7.0 Temporary authentication failure", Channel),
            (MailFrom, 530, "5.7.0 Must issue STARTTLS first", Channel),
            (MailFrom, 550, "5.7.1 Sender not permitted", Channel),
            (MailFrom, 553, "5.1.8 Sender domain not found", SenderFault),
            (MailFrom, 552, "5.3.4 Message too big", ContentFault),
            (MailFrom, 451, "Later", MessageTransient),
            (RcptTo, 421, "4.7.0 Slow down", Channel),
            (RcptTo, 450, "4.2.0 Greylisted", MessageTransient),
            (RcptTo, 452, "4.2.2 Mailbox full", MessageTransient),
            (RcptTo, 550, "5.1.1 No such user", RecipientPermanent),
            (RcptTo, 550, "5.1.10 Null MX", RecipientPermanent),
            (RcptTo, 550, "5.2.1 Disabled", RecipientPermanent),
            (RcptTo, 552, "5.2.2 Mailbox full", MessageTransient),
            (RcptTo, 550, "5.4.1 Access denied", RecipientPermanent),
            (RcptTo, 550, "Sorry", RecipientPermanent),
            (RcptTo, 550, "5.7.1 Relaying denied", SenderFault),
            (RcptTo, 554, "Listed by Spamhaus", SenderFault),
            (RcptTo, 552, "Too much", ContentFault),
            (Data, 451, "4.3.0 Try again", MessageTransient),
            (Data, 554, "No valid recipients", SenderFault),
            (AfterDot, 451, "4.7.1 Try later", MessageTransient),
            (AfterDot, 550, "5.7.26 Unauthenticated", SenderFault),
            (AfterDot, 550, "5.7.515 Access denied", SenderFault),
            (AfterDot, 421, "4.7.28 Unusual rate of mail", Channel),
            (AfterDot, 450, "4.7.27 SPF did not pass", SenderFault),
            (RcptTo, 451, "4.7.30 DKIM did not pass", SenderFault),
            (RcptTo, 450, "4.7.1 Greylisted", MessageTransient),
            (RcptTo, 451, "Blocklisted for now", SenderFault),
            (AfterDot, 554, "5.6.0 Malformed", ContentFault),
            (AfterDot, 552, "5.3.4 Too big", ContentFault),
            (AfterDot, 550, "5.1.1 User unknown", RecipientPermanent),
            (AfterDot, 554, "Unknown user here", RecipientPermanent),
            (AfterDot, 554, "Transaction failed", SenderFault),
        ] {
            assert_eq!(class(&Attempt::refused(stage, code, text)), expected, "{stage:?} {code} {text}");
        }
    }

    #[test]
    fn a_loss_is_classified_by_whether_the_dot_may_have_left() {
        for (stage, expected) in [
            (Stage::Connect, Class::Channel),
            (Stage::Greeting, Class::Channel),
            (Stage::Tls, Class::Channel),
            (Stage::Auth, Class::Channel),
            (Stage::MailFrom, Class::MessageTransient),
            (Stage::RcptTo, Class::MessageTransient),
            (Stage::Data, Class::MessageTransient),
            (Stage::Body, Class::MessageTransient),
            (Stage::AfterDot, Class::Unknown),
        ] {
            assert_eq!(class(&Attempt::lost(stage, "gone")), expected, "{stage:?}");
        }
        assert_eq!(class(&Attempt::Accepted { reply: "2.0.0 Ok".into() }), Class::Sent);
    }

    #[test]
    fn an_enhanced_code_is_read_only_where_there_is_one() {
        assert_eq!(enhanced_code("5.1.10 Null MX"), Some([5, 1, 10]));
        assert_eq!(enhanced_code("4.7.515"), Some([4, 7, 515]));
        for text in ["", "No such user", "5.1 x", "5.1.1.1 x", "3.1.1 x", "5.1.1000 x", "127.0.0.1 is listed"] {
            assert_eq!(enhanced_code(text), None, "{text}");
        }
    }
}

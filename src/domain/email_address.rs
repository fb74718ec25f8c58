//! What is an address we may write to?

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One mailbox, `local@domain`: ASCII local part of at most 64 octets as typed, domain as lower-case
/// A-labels with at least one dot, 254 octets in all (RFC 5321 §4.5.3.1). Prints masked.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EmailAddress(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    #[error("Enter an email address")]
    Empty,
    #[error("Enter an email address with an @ sign, such as sam@example.org")]
    NoAt,
    #[error("The part before the @ sign has a character or a length that mail does not carry")]
    Local,
    #[error("Check the part after the @ sign: it should look like example.org")]
    Domain,
    #[error("This address is too long: mail carries at most 254 characters")]
    Long,
}

impl EmailAddress {
    /// Parses what a person typed; white space around it is forgiven.
    pub fn parse(text: &str) -> Result<Self, BadAddress> {
        let text = text.trim();
        if text.is_empty() {
            return Err(BadAddress::Empty);
        }
        if text.len() > 1_000 {
            return Err(BadAddress::Long);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(BadAddress::NoAt)?;
        let atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
        if local.is_empty()
            || local.len() > 64
            || !local.chars().all(atom)
            || local.starts_with('.')
            || local.ends_with('.')
            || local.contains("..")
        {
            return Err(BadAddress::Local);
        }
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| BadAddress::Domain)?;
        let label = |l: &str| !l.is_empty() && l.len() <= 63 && !l.starts_with('-') && !l.ends_with('-');
        let last = domain.rsplit('.').next().unwrap_or_default();
        if !domain.contains('.')
            || !domain.split('.').all(label)
            || !domain.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.')
            || last.chars().all(|c| c.is_ascii_digit())
        {
            return Err(BadAddress::Domain);
        }
        let address = format!("{local}@{domain}");
        if address.len() > 254 {
            return Err(BadAddress::Long);
        }
        Ok(Self(address))
    }

    /// The address in full, for the envelope and the header; never for a log.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn local(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(local, _)| local)
    }

    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// What makes two spellings the same mailbox for us: everything in lower case.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }

    /// `s•••@example.org`, for a page that reassures without telling.
    #[must_use]
    pub fn masked(&self) -> String {
        let first = self.0.chars().next().unwrap_or('•');
        format!("{first}•••@{}", self.domain())
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(•••)")
    }
}

impl FromStr for EmailAddress {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl Serialize for EmailAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for EmailAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_what_mail_carries() {
        for (typed, kept) in [
            (" sam@example.org ", "sam@example.org"),
            ("Sam.O'Neil+x@Example.ORG", "Sam.O'Neil+x@example.org"),
            ("a@bücher.example", "a@xn--bcher-kva.example"),
        ] {
            assert_eq!(EmailAddress::parse(typed).unwrap().expose(), kept);
        }
    }

    #[test]
    fn refuses_what_it_does_not() {
        let long = format!("{}@example.org", "a".repeat(65));
        let huge = "a".repeat(10_000);
        for (typed, why) in [
            ("", BadAddress::Empty),
            ("sam.example.org", BadAddress::NoAt),
            ("a\r\nBcc: x@y@example.org", BadAddress::Local),
            ("a b@example.org", BadAddress::Local),
            (".a@example.org", BadAddress::Local),
            ("a@localhost", BadAddress::Domain),
            ("a@127.0.0.1", BadAddress::Domain),
            ("a@exa mple.org", BadAddress::Domain),
            ("a@-x.org", BadAddress::Domain),
            (long.as_str(), BadAddress::Local),
            (huge.as_str(), BadAddress::Long),
        ] {
            assert_eq!(EmailAddress::parse(typed), Err(why), "{typed:.40}");
        }
    }

    #[test]
    fn prints_masked() {
        let address = EmailAddress::parse("sam@example.org").unwrap();
        assert!(!format!("{address:?}").contains("sam"));
        assert_eq!(address.masked(), "s•••@example.org");
    }
}

//! What do a domain's records say about who may send mail in its name? SPF, DMARC (RFC 7208, RFC 7489).

/// What is wrong with a domain's SPF records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spf {
    Missing,
    /// More than one is the same as none (RFC 7208 §3.2).
    Several,
    /// Anybody at all may send.
    OpenToAll,
    /// It ends without saying what becomes of everybody else.
    Endless,
    Good,
}

/// All TXT records of the domain, each put together from its parts.
#[must_use]
pub fn spf(records: &[String]) -> Spf {
    let is_one = |record: &&String| {
        let record = record.to_ascii_lowercase();
        record == "v=spf1" || record.starts_with("v=spf1 ")
    };
    let mut found = records.iter().filter(is_one);
    let record = match (found.next(), found.next()) {
        (None, _) => return Spf::Missing,
        (Some(_), Some(_)) => return Spf::Several,
        (Some(record), None) => record.to_ascii_lowercase(),
    };
    let mut terms = record.split_ascii_whitespace().skip(1);
    if terms.clone().any(|term| term == "all" || term == "+all") {
        Spf::OpenToAll
    } else if terms.any(|term| matches!(term, "-all" | "~all" | "?all") || term.starts_with("redirect=")) {
        Spf::Good
    } else {
        Spf::Endless
    }
}

/// What a domain asks receivers to do with mail that is not its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dmarc {
    Missing,
    Several,
    /// It names no policy that is known.
    Broken,
    /// It asks to be told, and for nothing else.
    Watching,
    Good,
}

/// All TXT records at `_dmarc.DOMAIN`.
#[must_use]
pub fn dmarc(records: &[String]) -> Dmarc {
    let is_one = |record: &&String| record.trim_start().to_ascii_lowercase().starts_with("v=dmarc1");
    let mut found = records.iter().filter(is_one);
    match (found.next(), found.next()) {
        (None, _) => Dmarc::Missing,
        (Some(_), Some(_)) => Dmarc::Several,
        (Some(record), None) => policy(record),
    }
}

fn policy(record: &str) -> Dmarc {
    let tags = record.split(';').filter_map(|tag| tag.split_once('='));
    let policy = tags.map(|(name, value)| (name.trim(), value.trim())).find(|(name, _)| name.eq_ignore_ascii_case("p"));
    match policy.map(|(_, value)| value.to_ascii_lowercase()).as_deref() {
        Some("reject" | "quarantine") => Dmarc::Good,
        Some("none") => Dmarc::Watching,
        Some(_) | None => Dmarc::Broken,
    }
}

/// Whether two domains count as one for DMARC's relaxed alignment. Without a list of public suffixes one must lie
/// within the other.
#[must_use]
pub fn are_aligned(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_ascii_lowercase(), other.to_ascii_lowercase());
    one == other || one.ends_with(&format!(".{other}")) || other.ends_with(&format!(".{one}"))
}

/// The domain and those above it, down to two labels: where a DMARC record may stand.
#[must_use]
pub fn upwards(domain: &str) -> Vec<&str> {
    let mut domains = vec![domain];
    let mut rest = domain;
    while let Some((_, above)) = rest.split_once('.').filter(|(_, above)| above.contains('.')) {
        domains.push(above);
        rest = above;
    }
    domains
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(records: &[&str]) -> Vec<String> {
        records.iter().map(|record| (*record).to_owned()).collect()
    }

    #[test]
    fn spf_is_one_record_that_ends_in_all() {
        for (records, expected) in [
            (vec![], Spf::Missing),
            (vec!["google-site-verification=x"], Spf::Missing),
            (vec!["v=spf10 -all"], Spf::Missing),
            (vec!["v=spf1 mx -all", "other"], Spf::Good),
            (vec!["V=SPF1 include:_spf.example.org ~ALL"], Spf::Good),
            (vec!["v=spf1 redirect=_spf.example.org"], Spf::Good),
            (vec!["v=spf1 mx"], Spf::Endless),
            (vec!["v=spf1"], Spf::Endless),
            (vec!["v=spf1 +all"], Spf::OpenToAll),
            (vec!["v=spf1 mx all"], Spf::OpenToAll),
            (vec!["v=spf1 -all", "v=spf1 mx -all"], Spf::Several),
        ] {
            assert_eq!(spf(&texts(&records)), expected, "{records:?}");
        }
    }

    #[test]
    fn dmarc_is_one_record_with_a_policy() {
        for (records, expected) in [
            (vec![], Dmarc::Missing),
            (vec!["v=spf1 -all"], Dmarc::Missing),
            (vec!["v=DMARC1; p=reject; rua=mailto:a@example.org"], Dmarc::Good),
            (vec!["v=DMARC1;P=Quarantine"], Dmarc::Good),
            (vec!["v=DMARC1; p=none"], Dmarc::Watching),
            (vec!["v=DMARC1; sp=reject"], Dmarc::Broken),
            (vec!["v=DMARC1; p=none", "v=DMARC1; p=reject"], Dmarc::Several),
        ] {
            assert_eq!(dmarc(&texts(&records)), expected, "{records:?}");
        }
    }

    #[test]
    fn domains_align_where_one_lies_within_the_other() {
        assert!(are_aligned("Bounce.Group.example", "group.example") && are_aligned("a.example", "a.example"));
        assert!(!are_aligned("group.example", "oup.example") && !are_aligned("a.example", "b.example"));
        assert_eq!(upwards("a.b.example.org"), ["a.b.example.org", "b.example.org", "example.org"]);
        assert_eq!(upwards("example.org"), ["example.org"]);
    }
}

//! Do receivers believe that our mail is ours? SPF, DKIM and DMARC, and somewhere for answers to go.

use std::collections::BTreeSet;

use super::{Finding, Level};
use crate::{
    app::App,
    domain::mail_records::{Dmarc, Spf, are_aligned, dmarc, spf, upwards},
    mail::{
        dkim::Signer,
        dns::{Believed, Dns, Doubt, NoAnswer},
    },
    store::practices,
};

pub(super) async fn look(app: &App) -> Vec<Finding> {
    let server = &app.config.doctor.dns_server;
    let dns = match Dns::new(server.parse().ok()) {
        Ok(dns) => dns,
        Err(error) => return vec![silent("dns", &error)],
    };
    let mut findings = Vec::new();
    let Ok(domains) = domains(app).await else { return findings };
    for domain in &domains.senders {
        let returns = domains.returns.as_deref().unwrap_or(domain);
        findings.push(sender_policy(&dns, app, returns).await);
        findings.push(policy(&dns, domain).await);
        findings.push(alignment(app, domain, returns));
    }
    findings.extend(signatures(&dns, app).await);
    // A12: what we write from takes mail, too.
    for domain in domains.replies.iter().chain(&domains.senders).chain(&domains.returns) {
        findings.push(mailbox(&dns, domain).await);
    }
    findings.sort_by_key(|finding| finding.check);
    findings.dedup();
    findings
}

/// The domains whose records count.
struct Domains {
    senders: BTreeSet<String>,
    replies: BTreeSet<String>,
    /// Where bounces come back to, if it is not the sender.
    returns: Option<String>,
}

async fn domains(app: &App) -> crate::store::Result<Domains> {
    let practices = practices::on_this_installation(app.db.reader()).await?;
    let of = |address: &crate::domain::email_address::EmailAddress| address.domain().to_owned();
    Ok(Domains {
        senders: practices
            .iter()
            .flat_map(|practice| std::iter::once(&practice.sender_email).chain(&practice.list_email))
            .map(of)
            .collect(),
        replies: practices.iter().map(|practice| of(&practice.reply_email)).collect(),
        returns: Some(app.config.mail.bounce_domain.clone()).filter(|domain| !domain.is_empty()),
    })
}

fn silent(check: &'static str, error: &NoAnswer) -> Finding {
    let advice = "Look at doctor.dns_server, or at /etc/resolv.conf, and whether DNS may leave this machine.";
    Finding::new(check, Level::Note, error.to_string(), advice)
}

async fn sender_policy(dns: &Dns, app: &App, domain: &str) -> Finding {
    let found = match dns.texts(domain).await {
        Ok(records) => spf(&records),
        Err(error) => return silent("spf", &error),
    };
    let relay = app.relay_name();
    let host = relay.split(':').next().unwrap_or_default();
    let is_here = ["localhost", "127.0.0.1", "[::1]"].contains(&host);
    let example = if is_here { "a mx".to_owned() } else { format!("include:_spf.{host}") };
    let publish = format!(
        "Publish one TXT record at {domain}. Your mail provider says what belongs into it, such as `v=spf1 {example} -all`."
    );
    let (level, told, advice) = match found {
        Spf::Good => return Finding::fine("spf", format!("{domain} says who may send")),
        Spf::Missing => (Level::Wrong, "has no SPF record: much of the mail will be taken for spam", publish),
        Spf::Several => (Level::Wrong, "has more than one SPF record, which counts as none", publish),
        Spf::OpenToAll => {
            (Level::Wrong, "lets everybody send in its name", "End the record in -all instead of +all.".to_owned())
        }
        Spf::Endless => {
            (Level::Warning, "does not say what becomes of others' mail", "End the SPF record in -all.".to_owned())
        }
    };
    Finding::new("spf", level, format!("{domain} {told}"), advice)
}

async fn policy(dns: &Dns, domain: &str) -> Finding {
    // The nearest record counts; where a receiver looks above the domain, we look, too.
    for name in upwards(domain) {
        let found = match dns.texts(&format!("_dmarc.{name}")).await {
            Ok(records) => dmarc(&records),
            Err(error) => return silent("dmarc", &error),
        };
        let (level, told, advice) = match found {
            Dmarc::Missing => continue,
            Dmarc::Good => return Finding::fine("dmarc", format!("_dmarc.{name} protects {domain}")),
            Dmarc::Several => (Level::Wrong, "stands there twice, which counts as none", "Keep one of the records."),
            Dmarc::Broken => (Level::Wrong, "names no policy", "Write p=none, p=quarantine or p=reject into it."),
            Dmarc::Watching => (
                Level::Note,
                "only watches",
                "Once the reports show that all of your mail passes, raise it to p=quarantine.",
            ),
        };
        return Finding::new("dmarc", level, format!("_dmarc.{name} {told}"), advice);
    }
    Finding::new(
        "dmarc",
        Level::Warning,
        format!("{domain} has no DMARC record: the large providers want one"),
        format!("Publish a TXT record at _dmarc.{domain}: `v=DMARC1; p=none; rua=mailto:postmaster@{domain}`."),
    )
}

/// DMARC passes if what SPF or DKIM vouches for is the domain of the From address.
fn alignment(app: &App, domain: &str, returns: &str) -> Finding {
    let signs = app.signer.as_ref().is_some_and(|signer| are_aligned(signer.domain(), domain));
    if signs || are_aligned(returns, domain) {
        return Finding::fine("alignment", format!("mail from {domain} can pass DMARC"));
    }
    Finding::new(
        "alignment",
        Level::Warning,
        format!("mail from {domain} bounces to {returns} and is not signed here for {domain}: DMARC may fail"),
        format!("Set mail.bounce_domain to a domain within {domain}, or sign for {domain} ([dkim])."),
    )
}

/// What is signed with our keys for nobody: the very bytes are verified by the records of the DNS.
const SAMPLE: &str = "From: doctor@localhost\r\nTo: doctor@localhost\r\nSubject: A sample\r\n\
    Date: Thu, 1 Jan 1970 00:00:00 +0000\r\nMessage-ID: <sample@localhost>\r\n\r\nA sample.\r\n";

async fn signatures(dns: &Dns, app: &App) -> Vec<Finding> {
    let Some(signer) = &app.signer else {
        let advice = "Send yourself a test mail from Settings, and look at its source: Authentication-Results should \
                      say dkim=pass for your domain. If not, set [dkim], or have your mail provider sign.";
        return vec![Finding::new("dkim", Level::Note, "signing is left to the mail server", advice)];
    };
    match signer.sign(SAMPLE.as_bytes(), app.clock.now().real) {
        Ok(signed) => dns.believes(&signed).await.into_iter().map(|found| judge_key(signer, found)).collect(),
        Err(error) => vec![Finding::new("dkim", Level::Wrong, error.to_string(), "Look at the key files in [dkim].")],
    }
}

fn judge_key(signer: &Signer, found: Believed) -> Finding {
    let name = format!("{}._domainkey.{}", found.selector, signer.domain());
    match found.doubt {
        None => Finding::fine("dkim", format!("{name} is the record of our key")),
        Some(Doubt::NoAnswer(why)) => Finding::new(
            "dkim",
            Level::Note,
            format!("{name}: the DNS does not answer: {why}"),
            "Look at doctor.dns_server, or at /etc/resolv.conf.",
        ),
        Some(Doubt::NoRecord) => Finding::new(
            "dkim",
            Level::Wrong,
            format!("{name} has no record: every signature of ours fails"),
            "Publish the public half of the key there as a TXT record, `v=DKIM1; k=rsa; p=…` (k=ed25519 for that \
             kind), or leave the selector out of [dkim].",
        ),
        Some(Doubt::OtherKey(why)) => Finding::new(
            "dkim",
            Level::Wrong,
            format!("{name} is not the record of our key ({why}): every signature of ours fails"),
            "Publish the public half of the key file that [dkim] names, or name the key that is published.",
        ),
    }
}

async fn mailbox(dns: &Dns, domain: &str) -> Finding {
    match dns.takes_mail(domain).await {
        Ok(true) => Finding::fine("mailbox", format!("{domain} takes mail")),
        Ok(false) => Finding::new(
            "mailbox",
            Level::Wrong,
            format!("{domain} takes no mail: bounces and answers are lost, and receivers mistrust it"),
            format!("Publish an MX record for {domain}, or use a domain that has one."),
        ),
        Err(error) => silent("mailbox", &error),
    }
}

//! How does mail come in: from a mailbox that is watched, or by a hook?

use std::net::IpAddr;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::BadConfig;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounces {
    pub host: String,
    pub port: u16,
    pub tls: MailboxTls,
    pub ca_file: String,
    pub user: String,
    pub password: SecretString,
    pub password_file: String,
    pub folder: String,
    pub after: After,
    pub move_to: String,
    pub look_every_seconds: u32,
    pub hook_token: SecretString,
    pub hook_token_file: String,
}

/// How the way to a mailbox is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailboxTls {
    Implicit,
    StartTls,
    None,
}

/// What becomes of a mail that was dealt with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum After {
    Move,
    Mark,
}

impl Bounces {
    /// A password as it stands, or as its file holds it.
    pub fn password(&self) -> Result<SecretString, BadConfig> {
        secret(&self.password, &self.password_file, "bounces.password_file")
    }

    /// The PEM of the authorities that count; `None`: the web's.
    pub fn authorities(&self) -> Result<Option<String>, BadConfig> {
        if self.ca_file.is_empty() {
            return Ok(None);
        }
        let wrong = |why: &str| BadConfig(format!("bounces.ca_file: {} {why}", self.ca_file));
        let pem = std::fs::read_to_string(&self.ca_file).map_err(|error| wrong(&format!("cannot be read: {error}")))?;
        if !pem.contains("-----BEGIN CERTIFICATE-----") {
            return Err(wrong("holds no certificate: write a PEM file"));
        }
        Ok(Some(pem))
    }

    /// `None`: the hook is off.
    pub fn hook_token(&self) -> Result<Option<SecretString>, BadConfig> {
        let token = secret(&self.hook_token, &self.hook_token_file, "bounces.hook_token_file")?;
        let length = token.expose_secret().len();
        if length > 0 && length < 32 {
            return Err(BadConfig(
                "bounces.hook_token is too short: use at least 32 characters, such as the output of `openssl rand -hex 32`"
                    .into(),
            ));
        }
        Ok((length > 0).then_some(token))
    }

    pub(super) fn check(&self) -> Result<(), BadConfig> {
        self.hook_token()?;
        if self.host.is_empty() {
            return Ok(());
        }
        self.authorities()?;
        let is_here = self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|host| host.is_loopback());
        if self.tls == MailboxTls::None && !is_here {
            return Err(BadConfig(
                "bounces.tls is none, and the password would cross the network in the clear: write implicit or starttls"
                    .into(),
            ));
        }
        if self.user.is_empty() || self.password()?.expose_secret().is_empty() {
            return Err(BadConfig("bounces.host is set, so bounces.user and bounces.password_file must be too".into()));
        }
        if !(5..=3_600).contains(&self.look_every_seconds) {
            return Err(BadConfig("bounces.look_every_seconds must be a number from 5 to 3600".into()));
        }
        let is_same = self.after == After::Move && self.move_to == self.folder;
        if self.folder.is_empty() || self.move_to.is_empty() || is_same {
            return Err(BadConfig("bounces.folder and bounces.move_to must be two different folders".into()));
        }
        Ok(())
    }
}

fn secret(text: &SecretString, file: &str, key: &str) -> Result<SecretString, BadConfig> {
    if !text.expose_secret().is_empty() || file.is_empty() {
        return Ok(text.clone());
    }
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(SecretString::from(text.trim_end_matches(['\r', '\n']).to_owned())),
        Err(error) => Err(BadConfig(format!("{key}: {file} cannot be read: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn a_mailbox_for_bounces_is_reached_safely_or_not_at_all() {
        let with = |more: &[(&str, &str)]| {
            let mut values = vec![
                ("bounces.host", "\"mail.example.org\""),
                ("bounces.user", "\"bounces\""),
                ("bounces.password", "\"hunter2\""),
            ];
            values.extend_from_slice(more);
            Config::with(&values).map(drop).map_err(|error| error.to_string()).err().unwrap_or_default()
        };
        assert_eq!(with(&[]), "");
        assert_eq!(with(&[("bounces.host", "\"127.0.0.1\""), ("bounces.tls", "\"none\"")]), "");
        assert!(with(&[("bounces.tls", "\"none\"")]).contains("in the clear"));
        assert!(with(&[("bounces.password", "\"\"")]).contains("password_file"));
        assert!(with(&[("bounces.password", "\"\""), ("bounces.password_file", "\"/nowhere\"")]).contains("/nowhere"));
        assert!(with(&[("bounces.ca_file", "\"/nowhere\"")]).contains("bounces.ca_file: /nowhere cannot be read"));
        let no_pem = concat!("\"", env!("CARGO_MANIFEST_DIR"), "/Cargo.toml\"");
        assert!(with(&[("bounces.ca_file", no_pem)]).contains("holds no certificate"));
        assert!(with(&[("bounces.move_to", "\"INBOX\"")]).contains("different"));
        assert!(with(&[("bounces.look_every_seconds", "0")]).contains("3600"));
        assert!(with(&[("bounces.hook_token", "\"short\"")]).contains("32 characters"));
    }
}

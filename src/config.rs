//! What was decided by whoever runs this, and where did each decision come from?

mod bounces;
mod on_unknown;
mod pace;

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    str::FromStr,
};

use figment::{
    Figment, Profile,
    providers::{Env, Format, Serialized, Toml},
};
use secrecy::SecretString;
use serde::Deserialize;

pub use bounces::{After, Bounces, MailboxTls};
pub use on_unknown::OnUnknown;
pub use pace::Pace;

/// The documented default is the default.
pub const DEFAULT: &str = include_str!("../config/default.toml");

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub server: Server,
    pub database: Database,
    pub mail: Mail,
    pub pace: Pace,
    pub bounces: Bounces,
    pub dkim: Dkim,
    pub secrets: Secrets,
    pub backup: Backup,
    pub health: Health,
    pub doctor: Doctor,
    pub log: Log,
    pub limits: Limits,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    pub role: Role,
    pub listen: String,
    pub base_url: String,
    pub trusted_proxies: Vec<IpAddr>,
    pub leave_url: String,
}

/// What this process does, where several share a PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Both,
    /// Answers requests, and leaves it to others to look at what is due and to send.
    Web,
    /// Looks at what is due and sends.
    Worker,
}

impl FromStr for Role {
    type Err = BadConfig;

    fn from_str(text: &str) -> Result<Self, BadConfig> {
        match text {
            "both" => Ok(Self::Both),
            "web" => Ok(Self::Web),
            "worker" => Ok(Self::Worker),
            other => Err(BadConfig(format!("the role is {other:?}: write both, web or worker"))),
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    pub url: SecretString,
    pub connections: u32,
}

/// What the sender does with what is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailMode {
    Live,
    Redirect,
    Hold,
    File,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    pub mode: MailMode,
    pub redirect_to: String,
    pub folder: PathBuf,
    pub smtp_url: SecretString,
    pub bounce_domain: String,
    pub senders: usize,
    pub most_senders: usize,
    pub on_unknown: OnUnknown,
    pub attempt_seconds: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dkim {
    pub domain: String,
    pub rsa_selector: String,
    pub rsa_key_file: String,
    pub ed25519_selector: String,
    pub ed25519_key_file: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    pub key: SecretString,
    pub key_file: PathBuf,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    pub folder: PathBuf,
    pub recipients: Vec<String>,
    pub keep_days: u32,
    pub warn_after_hours: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Health {
    pub planner_seconds: u32,
    pub oldest_due_minutes: u32,
    pub metrics_token: SecretString,
    pub metrics_listen: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Doctor {
    pub dns_server: String,
    pub time_server: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub format: LogFormat,
    pub filter: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub passwords_per_address: u32,
    pub passwords_per_client: u32,
    pub sign_in_mails: u32,
    pub enrollments_per_address: u32,
    pub enrollments_per_client: u32,
}

/// A setting that cannot be used: which one, where it came from, what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadConfig(String);

/// The four short names, for a first start.
const SHORT: [(&str, &str); 4] = [
    ("TRELLIS_DATABASE_URL", "database.url"),
    ("TRELLIS_SMTP_URL", "mail.smtp_url"),
    ("TRELLIS_BASE_URL", "server.base_url"),
    ("TRELLIS_LISTEN", "server.listen"),
];

impl Config {
    /// Default, then the file, then the environment.
    pub fn load(file: Option<&Path>) -> Result<Self, BadConfig> {
        let mut layers = Figment::new().merge(Toml::string(DEFAULT));
        if let Some(path) = file {
            if !path.is_file() {
                return Err(BadConfig(format!(
                    "configuration file {} does not exist; name another with --config",
                    path.display()
                )));
            }
            layers = layers.merge(Toml::file_exact(path));
        } else {
            layers = layers.merge(Toml::file("trellis.toml"));
        }
        for (variable, key) in SHORT {
            layers = layers.merge(Env::raw().only(&[variable]).map(move |_| key.into()).lowercase(false));
        }
        layers = layers.merge(Env::prefixed("TRELLIS__").split("__"));
        Self::extract(&layers)
    }

    /// The default with a few values set: for tests, the demo and the like.
    pub fn with(values: &[(&str, &str)]) -> Result<Self, BadConfig> {
        let mut layers = Figment::new().merge(Toml::string(DEFAULT));
        for (key, value) in values {
            layers = layers.merge(Serialized::from(Nested(key, value).value(), Profile::Default));
        }
        Self::extract(&layers)
    }

    fn extract(layers: &Figment) -> Result<Self, BadConfig> {
        let config: Self = layers.extract().map_err(|error| BadConfig(explain(&error)))?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), BadConfig> {
        let base = &self.server.base_url;
        if !(base.starts_with("https://") || base.starts_with("http://")) || base.ends_with('/') {
            return Err(BadConfig(format!(
                "server.base_url is {base:?}: write https://host without a slash at the end"
            )));
        }
        if self.server.listen.parse::<std::net::SocketAddr>().is_err() {
            return Err(BadConfig(format!(
                "server.listen is {:?}: write address:port, such as 127.0.0.1:8080",
                self.server.listen
            )));
        }
        for (name, address) in
            [("health.metrics_listen", &self.health.metrics_listen), ("doctor.dns_server", &self.doctor.dns_server)]
        {
            if !address.is_empty() && address.parse::<std::net::SocketAddr>().is_err() {
                return Err(BadConfig(format!("{name} is {address:?}: write address:port, such as 127.0.0.1:9464")));
            }
        }
        if self.mail.mode == MailMode::Redirect
            && crate::domain::email_address::EmailAddress::parse(&self.mail.redirect_to).is_err()
        {
            return Err(BadConfig(
                "mail.mode is redirect, so mail.redirect_to must be the email address everything goes to".into(),
            ));
        }
        for (name, number) in [
            ("mail.senders", self.mail.senders),
            ("mail.most_senders", self.mail.most_senders),
            ("mail.attempt_seconds", self.mail.attempt_seconds as usize),
            ("database.connections", self.database.connections as usize),
        ] {
            if number == 0 || number > 256 {
                return Err(BadConfig(format!("{name} is {number}: write a number from 1 to 256")));
            }
        }
        self.bounces.check()
    }
}

struct Nested<'a>(&'a str, &'a str);

impl Nested<'_> {
    fn value(&self) -> serde_json::Value {
        let leaf = toml::from_str::<toml::Table>(&format!("x = {}", self.1))
            .ok()
            .and_then(|table| serde_json::to_value(&table["x"]).ok())
            .unwrap_or_else(|| serde_json::Value::String(self.1.to_owned()));
        self.0.rsplit('.').fold(leaf, |inner, key| serde_json::json!({ key: inner }))
    }
}

/// One line: the key, what is wrong with it, and the file or variable it came from.
fn explain(error: &figment::Error) -> String {
    let first = error.clone().into_iter().next().unwrap_or_else(|| error.clone());
    let key = first.path.join(".");
    let source = first.metadata.as_ref().map_or_else(String::new, |metadata| {
        if metadata.name.contains("environment") {
            return " (from the environment)".to_owned();
        }
        match metadata.source.as_ref() {
            Some(source) => format!(" (from {source})"),
            None => format!(" (from {})", metadata.name),
        }
    });
    let what = first.kind.to_string();
    if key.is_empty() {
        format!("configuration: {what}{source}")
    } else {
        format!("configuration: {key}: {what}{source}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_whole() {
        let config = Config::with(&[]).unwrap();
        assert_eq!(config.mail.mode, MailMode::Live);
    }

    #[test]
    fn a_wrong_or_unknown_key_is_named_in_one_line() {
        let unknown = Config::with(&[("mail.smtp", "\"x\"")]).unwrap_err().to_string();
        assert!(unknown.contains("smtp") && !unknown.contains('\n'), "{unknown}");
        let wrong = Config::with(&[("mail.senders", "\"many\"")]).unwrap_err().to_string();
        assert!(wrong.contains("mail.senders"), "{wrong}");
        let url = Config::with(&[("server.base_url", "\"example.org/\"")]).unwrap_err().to_string();
        assert!(url.contains("base_url") && url.contains("https://host"), "{url}");
    }

    #[test]
    fn secrets_print_masked() {
        let config = Config::with(&[("mail.smtp_url", "\"smtp://u:hunter2@h\"")]).unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}

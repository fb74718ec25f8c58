//! What does the DNS say about a domain, and would a receiver believe our signature?

use std::{fmt, net::SocketAddr, time::Duration};

use mail_auth::{
    AuthenticatedMessage, DkimResult, DnsError, Error, MessageAuthenticator,
    hickory_resolver::{
        TokioResolver,
        config::{NameServerConfig, ResolverConfig, ResolverOpts},
        net::NetError,
        proto::rr::{Name, RData},
        system_conf::read_system_conf,
    },
};

/// Asks the servers of this machine, or the one it is told.
pub struct Dns(MessageAuthenticator);

impl fmt::Debug for Dns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dns")
    }
}

/// The DNS itself did not answer; that a name has no record is an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the DNS does not answer: {0}")]
pub struct NoAnswer(String);

/// What a receiver would say of one of our signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Believed {
    pub selector: String,
    /// `None`: it is believed.
    pub doubt: Option<Doubt>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    NoRecord,
    /// The record is there, but it is not that of our key.
    OtherKey(String),
    NoAnswer(String),
}

/// Shorter than anybody's patience: two tries of it.
const PATIENCE: Duration = Duration::from_secs(3);

impl Dns {
    /// `None`: the servers of this machine.
    pub fn new(server: Option<SocketAddr>) -> Result<Self, NoAnswer> {
        let (config, mut options) = match server {
            Some(server) => (asking(server), ResolverOpts::default()),
            None => read_system_conf().map_err(|error| NoAnswer(error.to_string()))?,
        };
        options.timeout = PATIENCE;
        options.attempts = 2;
        MessageAuthenticator::new(config, options).map(Self).map_err(|error| NoAnswer(error.to_string()))
    }

    fn resolver(&self) -> &TokioResolver {
        self.0.resolver()
    }

    /// The TXT records of a name, each put together from its parts.
    pub async fn texts(&self, name: &str) -> Result<Vec<String>, NoAnswer> {
        let found = answered(self.resolver().txt_lookup(absolute(name)?).await)?;
        let records = found.iter().flat_map(|lookup| lookup.answers()).filter_map(|record| match &record.data {
            RData::TXT(text) => Some(text.txt_data.concat()),
            _ => None,
        });
        Ok(records.map(|octets| String::from_utf8_lossy(&octets).into_owned()).collect())
    }

    /// Whether mail to this domain has somewhere to go: an MX that is not the null MX, or else an address.
    pub async fn takes_mail(&self, domain: &str) -> Result<bool, NoAnswer> {
        let found = answered(self.resolver().mx_lookup(absolute(domain)?).await)?;
        let exchanges = found.iter().flat_map(|lookup| lookup.answers()).filter_map(|record| match &record.data {
            RData::MX(mx) => Some(mx.exchange.is_root()),
            _ => None,
        });
        let exchanges: Vec<bool> = exchanges.collect();
        if exchanges.is_empty() {
            return Ok(answered(self.resolver().lookup_ip(absolute(domain)?).await)?.is_some());
        }
        Ok(exchanges.iter().any(|is_null| !is_null))
    }

    /// Looks up the key of every signature of a signed message, and verifies it as a receiver does.
    pub async fn believes(&self, signed: &[u8]) -> Vec<Believed> {
        let Some(message) = AuthenticatedMessage::parse(signed) else { return Vec::new() };
        let outputs = self.0.verify_dkim(&message).await;
        let believed = outputs.iter().filter_map(|output| {
            let selector = output.signature()?.s.clone();
            Some(Believed { selector, doubt: doubt(output.result()) })
        });
        believed.collect()
    }
}

fn asking(server: SocketAddr) -> ResolverConfig {
    let mut config = NameServerConfig::udp_and_tcp(server.ip());
    for connection in &mut config.connections {
        connection.port = server.port();
    }
    ResolverConfig::from_name_servers(vec![config])
}

/// With a dot at its end: nothing of this machine's own domain is tried behind it.
fn absolute(name: &str) -> Result<Name, NoAnswer> {
    let mut name = Name::from_str_relaxed(name).map_err(|error| NoAnswer(error.to_string()))?;
    name.set_fqdn(true);
    Ok(name)
}

fn answered<T>(found: Result<T, NetError>) -> Result<Option<T>, NoAnswer> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_no_records_found() || error.is_nx_domain() => Ok(None),
        Err(error) => Err(NoAnswer(error.to_string())),
    }
}

fn doubt(result: &DkimResult) -> Option<Doubt> {
    let (DkimResult::Neutral(error)
    | DkimResult::Fail(error)
    | DkimResult::PermError(error)
    | DkimResult::TempError(error)) = result
    else {
        return (*result != DkimResult::Pass).then(|| Doubt::OtherKey("no verdict".to_owned()));
    };
    Some(match error {
        Error::Dns(DnsError::RecordNotFound(_)) => Doubt::NoRecord,
        Error::Dns(DnsError::Resolver(why)) => Doubt::NoAnswer(why.clone()),
        other => Doubt::OtherKey(other.to_string()),
    })
}

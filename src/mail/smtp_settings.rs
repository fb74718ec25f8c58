//! Which mail server do we hand our mail to, and how do we get in?

use std::net::IpAddr;

use secrecy::SecretString;

/// A mail server, as one URL says it: `smtp://user:pass@mail.example.org:587?tls=required`.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// A host name, or an address without brackets.
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    pub credentials: Option<Credentials>,
    /// The name we greet with, a full host name where there is one.
    pub hello: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Credentials {
    pub user: String,
    pub password: SecretString,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// From the first octet: `smtps://`, port 465.
    Implicit,
    /// By STARTTLS, or not at all.
    Required,
    /// By STARTTLS where it is offered; a bad certificate still stops.
    Opportunistic,
    None,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSmtpUrl {
    #[error("The mail server's URL must start with smtp:// or smtps://, as in smtps://user:password@mail.example.org")]
    Scheme,
    #[error("The mail server's URL names no host, as in smtp://mail.example.org:587")]
    Host,
    #[error("The port in the mail server's URL is not a number between 1 and 65535")]
    Port,
    #[error("The mail server's URL says tls={0}; write tls=required, tls=opportunistic or tls=none")]
    Tls(String),
    #[error("The mail server's URL has the unknown setting {0}; it knows tls and hello")]
    Unknown(String),
    #[error("An smtps:// URL is encrypted from the start: leave tls= out")]
    TlsTwice,
    #[error("The name after hello= must be a host name of letters, digits, dots and hyphens")]
    Hello,
    #[error("The user or password in the mail server's URL holds a broken %-escape; write % itself as %25")]
    Escape,
    #[error("The mail server's URL has a user but no password, or a password but no user")]
    HalfSignIn,
    #[error(
        "The mail server's URL would send the password unencrypted over a network: leave out tls=none, or write tls=required"
    )]
    PasswordInTheClear,
}

impl SmtpSettings {
    /// Reads the URL. Without `tls=`, encryption is required unless the server is on this machine.
    pub fn parse(url: &str) -> Result<Self, BadSmtpUrl> {
        let (scheme, rest) = url.trim().split_once("://").ok_or(BadSmtpUrl::Scheme)?;
        let implicit = match scheme.to_ascii_lowercase().as_str() {
            "smtp" => false,
            "smtps" => true,
            _ => return Err(BadSmtpUrl::Scheme),
        };
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let place = place.trim_end_matches('/');
        let (sign_in, server) =
            place.rsplit_once('@').map_or((None, place), |(sign_in, server)| (Some(sign_in), server));
        let (host, port) = host_and_port(server)?;
        let (tls, hello) = options(query)?;
        let tls = match (implicit, tls) {
            (true, Some(_)) => return Err(BadSmtpUrl::TlsTwice),
            (true, None) => Tls::Implicit,
            (false, Some(tls)) => tls,
            (false, None) if is_loopback(&host) => Tls::None,
            (false, None) => Tls::Required,
        };
        let credentials = sign_in.map(credentials).transpose()?;
        if credentials.is_some() && tls == Tls::None && !is_loopback(&host) {
            return Err(BadSmtpUrl::PasswordInTheClear);
        }
        Ok(Self { port: port.unwrap_or(if implicit { 465 } else { 587 }), host, tls, credentials, hello })
    }
}

fn host_and_port(server: &str) -> Result<(String, Option<u16>), BadSmtpUrl> {
    let (host, port) = match server.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, "")) => (address, None),
        Some((address, rest)) => (address, Some(rest.strip_prefix(':').ok_or(BadSmtpUrl::Port)?)),
        None => server.rsplit_once(':').map_or((server, None), |(host, port)| (host, Some(port))),
    };
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
    if host.is_empty() || !host.chars().all(known) || (host.contains(':') && host.parse::<IpAddr>().is_err()) {
        return Err(BadSmtpUrl::Host);
    }
    let port =
        port.map(|port| port.parse::<u16>().ok().filter(|port| *port > 0).ok_or(BadSmtpUrl::Port)).transpose()?;
    Ok((host.to_ascii_lowercase(), port))
}

fn options(query: &str) -> Result<(Option<Tls>, Option<String>), BadSmtpUrl> {
    let (mut tls, mut hello) = (None, None);
    for option in query.split('&').filter(|option| !option.is_empty()) {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        match (name, value) {
            ("tls", "required") => tls = Some(Tls::Required),
            ("tls", "opportunistic") => tls = Some(Tls::Opportunistic),
            ("tls", "none") => tls = Some(Tls::None),
            ("tls", other) => return Err(BadSmtpUrl::Tls(other.to_owned())),
            ("hello", host) => hello = Some(hello_name(host)?),
            (other, _) => return Err(BadSmtpUrl::Unknown(other.to_owned())),
        }
    }
    Ok((tls, hello))
}

fn hello_name(host: &str) -> Result<String, BadSmtpUrl> {
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    if host.is_empty() || !host.chars().all(known) { Err(BadSmtpUrl::Hello) } else { Ok(host.to_owned()) }
}

fn credentials(sign_in: &str) -> Result<Credentials, BadSmtpUrl> {
    let (user, password) = sign_in.split_once(':').ok_or(BadSmtpUrl::HalfSignIn)?;
    let (user, password) = (unescape(user)?, unescape(password)?);
    if user.is_empty() || password.is_empty() {
        return Err(BadSmtpUrl::HalfSignIn);
    }
    Ok(Credentials { user, password: SecretString::from(password) })
}

/// Undoes percent-escapes (RFC 3986 §2.1).
fn unescape(text: &str) -> Result<String, BadSmtpUrl> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&octet, after)) = rest.split_first() {
        if octet == b'%' {
            let pair = after.get(..2).ok_or(BadSmtpUrl::Escape)?;
            octets.extend(data_encoding::HEXLOWER_PERMISSIVE.decode(pair).map_err(|_| BadSmtpUrl::Escape)?);
            rest = &after[2..];
        } else {
            octets.push(octet);
            rest = after;
        }
    }
    let text = String::from_utf8(octets).map_err(|_| BadSmtpUrl::Escape)?;
    if text.chars().any(char::is_control) { Err(BadSmtpUrl::Escape) } else { Ok(text) }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_url_says_where_and_how() {
        for (url, host, port, tls) in [
            ("smtp://mail.example.org", "mail.example.org", 587, Tls::Required),
            ("smtps://Mail.Example.org/", "mail.example.org", 465, Tls::Implicit),
            ("smtp://mail.example.org:25?tls=opportunistic", "mail.example.org", 25, Tls::Opportunistic),
            ("smtp://10.0.0.2:25?tls=none", "10.0.0.2", 25, Tls::None),
            ("smtp://localhost:1025", "localhost", 1025, Tls::None),
            ("smtp://[::1]:1025?hello=a.example", "::1", 1025, Tls::None),
            ("smtp://127.0.0.1:1025?tls=required", "127.0.0.1", 1025, Tls::Required),
        ] {
            let settings = SmtpSettings::parse(url).unwrap();
            assert_eq!((settings.host.as_str(), settings.port, settings.tls), (host, port, tls), "{url}");
        }
    }

    #[test]
    fn the_password_is_unescaped_and_never_printed() {
        let settings = SmtpSettings::parse("smtps://sam%40example.org:p%3Aa%25ss@mail.example.org").unwrap();
        let credentials = settings.credentials.as_ref().unwrap();
        assert_eq!(credentials.user, "sam@example.org");
        assert_eq!(credentials.password.expose_secret(), "p:a%ss");
        assert!(!format!("{settings:?}").contains("a%ss"));
    }

    #[test]
    fn a_wrong_url_is_refused_with_its_reason() {
        for (url, why) in [
            ("mail.example.org", BadSmtpUrl::Scheme),
            ("http://mail.example.org", BadSmtpUrl::Scheme),
            ("smtp://", BadSmtpUrl::Host),
            ("smtp://mail example.org", BadSmtpUrl::Host),
            ("smtp://mail.example.org:0", BadSmtpUrl::Port),
            ("smtp://mail.example.org:x", BadSmtpUrl::Port),
            ("smtp://mail.example.org?tls=yes", BadSmtpUrl::Tls("yes".into())),
            ("smtps://mail.example.org?tls=none", BadSmtpUrl::TlsTwice),
            ("smtp://mail.example.org?ssl=1", BadSmtpUrl::Unknown("ssl".into())),
            ("smtp://mail.example.org?hello=a%0d", BadSmtpUrl::Hello),
            ("smtp://sam@mail.example.org", BadSmtpUrl::HalfSignIn),
            ("smtp://sam:@mail.example.org", BadSmtpUrl::HalfSignIn),
            ("smtp://sam:50%@mail.example.org", BadSmtpUrl::Escape),
            ("smtp://sam:a%0d%0a@mail.example.org", BadSmtpUrl::Escape),
            ("smtp://sam:pass@mail.example.org?tls=none", BadSmtpUrl::PasswordInTheClear),
        ] {
            assert_eq!(SmtpSettings::parse(url).err(), Some(why), "{url}");
        }
    }
}

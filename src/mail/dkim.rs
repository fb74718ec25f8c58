//! How does a message prove that it is ours? DKIM (RFC 6376, RFC 8463), by mail-auth's parts.

use chrono::{DateTime, Utc};
use mail_auth::{
    common::{
        crypto::{DkimKey, Ed25519Key, RsaKey, Sha256, SigningKey},
        headers::{HeaderWriter, Writable, Writer},
    },
    dkim::{Canonicalization, Signature},
};
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, pem::PemObject};

/// What is signed where it is present (A2). From stands twice: a second From, added on the way, breaks the signature.
const SIGNED: [&str; 17] = [
    "From",
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "Reply-To",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Id",
    "Feedback-ID",
    "Auto-Submitted",
    "References",
    "In-Reply-To",
    "Precedence",
];

/// Signs for one domain, with each of its keys.
pub struct Signer {
    domain: String,
    keys: Vec<(String, DkimKey)>,
}

#[derive(Debug, thiserror::Error)]
pub enum CannotSign {
    #[error("The DKIM key of selector {0} is not a private key in PEM: RSA with 2048 bits or more, or Ed25519")]
    Key(String),
    #[error("The message to be signed has no end of its headers")]
    Shape,
    #[error("The DKIM signature could not be made: {0}")]
    Library(#[from] mail_auth::Error),
}

impl Signer {
    /// For the domain of the From address, or one above it.
    #[must_use]
    pub fn new(domain: impl Into<String>) -> Self {
        Self { domain: domain.into(), keys: Vec::new() }
    }

    /// Adds a key in PEM: PKCS#1 or PKCS#8, RSA or Ed25519.
    pub fn with_key(mut self, selector: &str, pem: &str) -> Result<Self, CannotSign> {
        let bad = || CannotSign::Key(selector.to_owned());
        let der = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| bad())?;
        // OpenSSL writes Ed25519 keys without the public half, which "maybe unchecked" allows.
        let ed25519 = Ed25519Key::from_pkcs8_maybe_unchecked_der(der.secret_der()).map(DkimKey::Ed25519);
        let key = ed25519.or_else(|_| RsaKey::<Sha256>::from_key_der(der).map(DkimKey::Rsa)).map_err(|_| bad())?;
        self.keys.push((selector.to_owned(), key));
        Ok(self)
    }

    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The message with one signature a key before it. `at` is part of what is signed: the same inputs give the
    /// same bytes. RSA takes about a millisecond: call it where blocking is allowed.
    pub fn sign(&self, message: &[u8], at: DateTime<Utc>) -> Result<Vec<u8>, CannotSign> {
        let (head, body) = split(message).ok_or(CannotSign::Shape)?;
        let (names, fields) = signed_fields(head);
        let mut signed = Vec::with_capacity(message.len() + 800 * self.keys.len());
        for (selector, key) in &self.keys {
            let mut signature = Signature {
                v: 1,
                a: key.algorithm(),
                d: self.domain.clone(),
                s: selector.clone(),
                h: names.clone(),
                t: u64::try_from(at.timestamp()).unwrap_or_default(),
                bh: key.hash(Canonicalization::Relaxed.canonical_body(body, 0)).as_ref().to_vec(),
                ..Signature::default()
            };
            signature.b = key.sign(ToSign { fields: &fields, signature: &signature })?;
            signed.extend_from_slice(refolded(&signature.to_header()).as_bytes());
        }
        signed.extend_from_slice(message);
        Ok(signed)
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let selectors: Vec<_> = self.keys.iter().map(|(selector, _)| selector).collect();
        f.debug_struct("Signer").field("domain", &self.domain).field("selectors", &selectors).finish_non_exhaustive()
    }
}

/// A header field: name and value, the value with its line end.
type Field<'a> = (&'a [u8], &'a [u8]);

/// What the signature is over: the fields in the order of `h=`, then the signature's own (RFC 6376 §3.7).
struct ToSign<'a> {
    fields: &'a [Field<'a>],
    signature: &'a Signature,
}

impl Writable for ToSign<'_> {
    fn write(self, writer: &mut impl Writer) {
        Canonicalization::Relaxed.canonicalize_headers(self.fields.iter().copied(), writer);
        self.signature.write(writer, false);
    }
}

/// The same header to a verifier, which sees every fold as a space, but with short lines, and no fold between the
/// signature and its semicolon: there, some verifiers keep the space when they take the signature out (dkimpy does).
fn refolded(header: &str) -> String {
    header.replacen("; c=", ";\r\n\tc=", 1).replace("\r\n\t;\r\n", ";\r\n")
}

/// Headers with their last line end, and the body.
fn split(message: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = message.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some((&message[..end + 2], &message[end + 4..]))
}

/// The names for `h=`, and the fields they stand for; a name without a field of its own signs its absence.
fn signed_fields(head: &[u8]) -> (Vec<String>, Vec<Field<'_>>) {
    let present = fields(head);
    let (mut names, mut signed) = (Vec::new(), Vec::new());
    for (at, name) in SIGNED.iter().enumerate() {
        let is_again = SIGNED[..at].contains(name);
        let field = present.iter().find(|(present, _)| present.eq_ignore_ascii_case(name.as_bytes()));
        if let Some(field) = field {
            names.push((*name).to_owned());
            if !is_again {
                signed.push(*field);
            }
        }
    }
    (names, signed)
}

fn fields(head: &[u8]) -> Vec<Field<'_>> {
    let mut fields = Vec::new();
    let mut rest = head;
    while !rest.is_empty() {
        let end = end_of_field(rest);
        let (field, after) = rest.split_at(end);
        if let Some(colon) = field.iter().position(|octet| *octet == b':') {
            fields.push((&field[..colon], &field[colon + 1..]));
        }
        rest = after;
    }
    fields
}

/// A field goes on while the next line begins with white space.
fn end_of_field(head: &[u8]) -> usize {
    let mut end = 0;
    loop {
        end += head[end..].iter().position(|octet| *octet == b'\n').map_or(head.len() - end, |at| at + 1);
        if !matches!(head.get(end), Some(b' ' | b'\t')) {
            return end;
        }
    }
}

#[cfg(test)]
mod tests;

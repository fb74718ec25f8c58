//! Does a verifier that knows only our DNS record believe the signature?

use std::{borrow::Borrow, hash::Hash, sync::Arc, time::Instant};

use mail_auth::{
    AuthenticatedMessage, DkimResult, MessageAuthenticator, Parameters, ResolverCache, Txt,
    common::{parse::TxtRecordParser, verify::DomainKey},
    hickory_resolver::config::{ResolverConfig, ResolverOpts},
};

use super::*;
use crate::{
    domain::{category::Category, name::Name},
    mail::message::{ListHeaders, Outgoing, Sender, build},
};

/// Our zone: one record under every name, and no way to ask anybody else.
struct Zone(&'static str);

impl ResolverCache<Box<str>, Txt> for Zone {
    fn get<Q>(&self, _: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        Some(Txt::DomainKey(Arc::new(DomainKey::parse(self.0.as_bytes()).unwrap())))
    }

    fn remove<Q>(&self, _: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        None
    }

    fn insert(&self, _: Box<str>, _: Txt, _: Instant) {}
}

async fn verdicts(message: &[u8], record: &'static str) -> Vec<bool> {
    let resolver = MessageAuthenticator::new(ResolverConfig::default(), ResolverOpts::default()).unwrap();
    let message = AuthenticatedMessage::parse(message).unwrap();
    let zone = Zone(record);
    let parameters = Parameters::new(&message).with_txt_cache(&zone);
    resolver.verify_dkim(parameters).await.iter().map(|output| *output.result() == DkimResult::Pass).collect()
}

fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_750_000_000, 0).unwrap()
}

const MESSAGE: &str = concat!(
    "Date: Sun, 15 Jun 2025 15:06:40 +0000\r\n",
    "From: \"N.  Brandt\"\t<hello@nadiabrandt.example>\r\n",
    "To: sam@example.org\r\n",
    "Message-ID: <k7f3@nadiabrandt.example>\r\n",
    "Subject: Week 4,\r\n and more\r\n",
    "List-Unsubscribe: <https://trellis.example/u/x>\r\n",
    "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
    "MIME-Version: 1.0\r\n",
    "Content-Type: multipart/alternative; boundary=\"=_a1\"\r\n",
    "\r\n",
    "--=_a1 \r\n\r\nHello  there \r\n\r\n\r\n",
);

#[tokio::test]
async fn every_kind_of_key_signs_what_a_verifier_believes() {
    for (pem, record) in [(RSA_PKCS1, RSA_RECORD), (RSA_PKCS8, RSA_RECORD), (ED25519, ED25519_RECORD)] {
        let signer = Signer::new("nadiabrandt.example").with_key("t1", pem).unwrap();
        let signed = signer.sign(MESSAGE.as_bytes(), at()).unwrap();
        assert!(signed.ends_with(MESSAGE.as_bytes()));
        assert_eq!(signed, signer.sign(MESSAGE.as_bytes(), at()).unwrap(), "a retry is the same");
        let head = String::from_utf8(signed.clone()).unwrap();
        for tag in ["d=nadiabrandt.example", "s=t1", "c=relaxed/relaxed", "h=From:From:To:", "t=1750000000"] {
            assert!(head.contains(tag), "{tag}: {head:.600}");
        }
        assert!(!head.contains(" l=") && head.split("\r\n").all(|line| line.len() <= 78));
        assert_eq!(verdicts(&signed, record).await, [true]);
    }
}

#[tokio::test]
async fn what_was_changed_or_added_on_the_way_is_noticed() {
    let signer = Signer::new("nadiabrandt.example").with_key("t1", RSA_PKCS1).unwrap();
    let signed = String::from_utf8(signer.sign(MESSAGE.as_bytes(), at()).unwrap()).unwrap();
    for (what, with) in [
        ("Hello", "Hullo"),
        ("Week 4", "Week 5"),
        ("\r\nTo: sam", "\r\nTo: max"),
        ("u/x>", "u/y>"),
        ("One-Click", "Two-Click"),
        ("boundary=", "Boundary_="),
        ("Date: Sun", "From: other@example.net\r\nDate: Sun"),
    ] {
        assert_eq!(verdicts(signed.replacen(what, with, 1).as_bytes(), RSA_RECORD).await, [false], "{what}");
    }
    let relaxed =
        signed.replace("Subject: Week 4,\r\n and", "subject:  Week 4, and").replace("Hello  there", "Hello there");
    assert_eq!(verdicts(relaxed.as_bytes(), RSA_RECORD).await, [true], "spaces may change");
}

#[tokio::test]
async fn two_keys_sign_beside_each_other() {
    let signer = Signer::new("nadiabrandt.example").with_key("t1", RSA_PKCS8).unwrap().with_key("t2", ED25519).unwrap();
    let signed = signer.sign(MESSAGE.as_bytes(), at()).unwrap();
    assert_eq!(verdicts(&signed, RSA_RECORD).await, [true, false]);
    assert_eq!(verdicts(&signed, ED25519_RECORD).await, [false, true]);
}

/// With the message that our own builder makes, folded headers and all.
#[tokio::test]
async fn a_lesson_is_signed_as_it_is_built() {
    let (name, from) = (Name::parse("Zoë Brandt 🌱").unwrap(), "hello@nadiabrandt.example".parse().unwrap());
    let lesson = Outgoing {
        from: Sender { name: &name, address: &from },
        to: &"sam@example.org".parse().unwrap(),
        reply_to: Some(&from),
        date: at(),
        message_id: "<k7f3q2@nadiabrandt.example>",
        references: Some("<a@nadiabrandt.example>"),
        category: Category::Lesson,
        list: Some(ListHeaders {
            unsubscribe_url: "https://trellis.example/u/v1.1.9f2c",
            list_id: "k7f3.lists.nadiabrandt.example",
            feedback_id: "lesson:k7f3:trellis",
        }),
        subject: "Weekly course, part 4: a long subject that will not fit on one line of a header, über",
        text: "Hello\n",
        html: "<p>Hello</p>\n",
        calendar: None,
    };
    let message = build(&lesson).unwrap();
    let signer = Signer::new("nadiabrandt.example").with_key("t1", RSA_PKCS8).unwrap();
    let signed = signer.sign(&message, at()).unwrap();
    assert_eq!(verdicts(&signed, RSA_RECORD).await, [true]);
    let head = String::from_utf8(signed).unwrap().replace("\r\n\t", "");
    for name in ["List-Unsubscribe:List-Unsubscribe-Post", "Feedback-ID", "Auto-Submitted", "In-Reply-To", "Reply-To"] {
        assert!(head.split_once("bh=").unwrap().0.contains(name), "{name}");
    }
}

#[test]
fn a_key_that_is_none_or_too_small_is_refused() {
    for pem in ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", SMALL] {
        assert!(matches!(Signer::new("x.example").with_key("t1", pem), Err(CannotSign::Key(_))));
    }
    assert!(matches!(Signer::new("x.example").sign(b"From: x\r\n", at()), Err(CannotSign::Shape)));
}

// Keys for these tests only.
const RSA_PKCS1: &str = "-----BEGIN RSA PRIVATE KEY-----
MIIEowIBAAKCAQEAq5mfOmD+zqY1oxnBx60+3Qic9Jq8yZZF0qCXdUGqTFZw5c8v
fixaG/CQ67w4+s3EXhFQcGuBzG4kyBdpVnqK5dd6oOWILQYrNWSaG9S7/Wjlgx+W
kibWG8ZfTaUx1dGJCB63pmaCdTb3D1FR6wX8/qeJx9JQRKDpUi/mHgMEsm8VtK4E
vftyfMbEGaLIKS5aG8NRRJ6joVczeYN6a6MZ6IlrTZdbMPh8IUXm0vGom9G32IIR
a2fpu3A0Xmeb/Z0cM5IdRvcHTGWLli04hVmHjXPiYf8mnaLow1GCFzfklwnfTi14
zUJN4L385ll9Elz7FCfEAtcQox/UqX4TTHoJsQIDAQABAoIBAALNUc3dO+LHrE1m
f45DkhZ/4xOnbgstNgAYC4EWOmjyIPhh+Y+OlrPNzokkCdGUUSYeXNSbZfEMe/NF
n7ySMa/ciVKCaGtE74SLP9qtV+Pt2mvZkFbcCg6zeh18UX9KdZ45U1M710gTj9V+
oEzPuhP/Au0WhRMFPQ6sE46VnS0FRDB4kLjUknK+XjcFSiJJ8MP+Ub/tfLKktAD3
0MC7os3DeHlHdB+kGi/Xq4c5CKG1cyqhKIGr/mdEVCeNI5Fvd3mZN8BWmmnONsfV
OpXIIG/2palQui6TwfqIbgf0eChMUMISJqau1kqZTYMy1lBIlBRMsLvVNqlqpkjp
m4wqXzUCgYEA4ra/kC4xYCTBSBrZ4oqxOqWRMGKQ0uNrWkD5cq6+ZttPiVMwFdZE
9gyy67zKIjeiKXi3pDK3PGCKsNSYLOlQ/HUyxYlZTswfKdx9XXC55cNatZpmweOn
FrOtosg+3kCx0JComUptDKDLTktbqBdi3uKURRxOfqS1T+Fnzbgj6YcCgYEAwcRN
yi0gQtR+gXBCc8heYxvIy9UUVGsoWmkB6YiDe1H80yNT1PdnqeiGAibvr0qR1lOM
BqL0h4ex4MtsVXtknUAad1JKzgkhOxAckR/vlOsXLhZXr1vZCOjkJ/B/Z9Lu2wKs
7G88o25RLoCpeDyMmNtOjt8YmW4F+xhsJPaJ4QcCgYEAsjiVKMOXXwwlwQgSpmr+
3aqQEyg4zv+mQaH4NnY2CWd4A+0YTOJO/dmHwZd8kx+G4/EY9ARGVTlTbaUCJ7QW
TQ/YpL7PLQl7qg3Bo3XdPUiwAzjodJ0AmfEPm3qtKUxUPC+ryi1ewmGY0Oiemeog
eDRH+HhDIH1cZvo7/tU1rfsCgYB0deZDZAgF4u3+Iljuejmw29w+Ft3XN2jTnlWV
5YURM9//jzYtxF28E5On63sYInuxFBoPSxYp93cEI4ADiNyaXxMJMJ7hYz9j3nUt
DMLVAM+31ZnyPgQehMvM7ZHF91O0stD4cotBt2Z3ysEREWN35Cg9Wv3QCf7yQmWN
edi5NQKBgFtZf4Kn2ikQ+DmDkM+Rf8DQhwEgiLiuIsxoqFYMYxTdaghoicZXgP8c
NaO0FkHRdMXym5Hw7RQlcEYHkbOKdz3+b/RBzdE2LsgFmnCgqgdzQJeFvagU5939
F22QgvFQ+JTJqmkpLD8P/JsB//D2zAxNouft7oNdBUUiAEF+odxJ
-----END RSA PRIVATE KEY-----";
const RSA_PKCS8: &str = "-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCrmZ86YP7OpjWj
GcHHrT7dCJz0mrzJlkXSoJd1QapMVnDlzy9+LFob8JDrvDj6zcReEVBwa4HMbiTI
F2lWeorl13qg5YgtBis1ZJob1Lv9aOWDH5aSJtYbxl9NpTHV0YkIHremZoJ1NvcP
UVHrBfz+p4nH0lBEoOlSL+YeAwSybxW0rgS9+3J8xsQZosgpLlobw1FEnqOhVzN5
g3proxnoiWtNl1sw+HwhRebS8aib0bfYghFrZ+m7cDReZ5v9nRwzkh1G9wdMZYuW
LTiFWYeNc+Jh/yadoujDUYIXN+SXCd9OLXjNQk3gvfzmWX0SXPsUJ8QC1xCjH9Sp
fhNMegmxAgMBAAECggEAAs1Rzd074sesTWZ/jkOSFn/jE6duCy02ABgLgRY6aPIg
+GH5j46Ws83OiSQJ0ZRRJh5c1Jtl8Qx780WfvJIxr9yJUoJoa0TvhIs/2q1X4+3a
a9mQVtwKDrN6HXxRf0p1njlTUzvXSBOP1X6gTM+6E/8C7RaFEwU9DqwTjpWdLQVE
MHiQuNSScr5eNwVKIknww/5Rv+18sqS0APfQwLuizcN4eUd0H6QaL9erhzkIobVz
KqEogav+Z0RUJ40jkW93eZk3wFaaac42x9U6lcggb/alqVC6LpPB+ohuB/R4KExQ
whImpq7WSplNgzLWUEiUFEywu9U2qWqmSOmbjCpfNQKBgQDitr+QLjFgJMFIGtni
irE6pZEwYpDS42taQPlyrr5m20+JUzAV1kT2DLLrvMoiN6IpeLekMrc8YIqw1Jgs
6VD8dTLFiVlOzB8p3H1dcLnlw1q1mmbB46cWs62iyD7eQLHQkKiZSm0MoMtOS1uo
F2Le4pRFHE5+pLVP4WfNuCPphwKBgQDBxE3KLSBC1H6BcEJzyF5jG8jL1RRUayha
aQHpiIN7UfzTI1PU92ep6IYCJu+vSpHWU4wGovSHh7Hgy2xVe2SdQBp3UkrOCSE7
EByRH++U6xcuFlevW9kI6OQn8H9n0u7bAqzsbzyjblEugKl4PIyY206O3xiZbgX7
GGwk9onhBwKBgQCyOJUow5dfDCXBCBKmav7dqpATKDjO/6ZBofg2djYJZ3gD7RhM
4k792YfBl3yTH4bj8Rj0BEZVOVNtpQIntBZND9ikvs8tCXuqDcGjdd09SLADOOh0
nQCZ8Q+beq0pTFQ8L6vKLV7CYZjQ6J6Z6iB4NEf4eEMgfVxm+jv+1TWt+wKBgHR1
5kNkCAXi7f4iWO56ObDb3D4W3dc3aNOeVZXlhREz3/+PNi3EXbwTk6frexgie7EU
Gg9LFin3dwQjgAOI3JpfEwkwnuFjP2PedS0MwtUAz7fVmfI+BB6Ey8ztkcX3U7Sy
0Phyi0G3ZnfKwRERY3fkKD1a/dAJ/vJCZY152Lk1AoGAW1l/gqfaKRD4OYOQz5F/
wNCHASCIuK4izGioVgxjFN1qCGiJxleA/xw1o7QWQdF0xfKbkfDtFCVwRgeRs4p3
Pf5v9EHN0TYuyAWacKCqB3NAl4W9qBTn3f0XbZCC8VD4lMmqaSksPw/8mwH/8PbM
DE2i5+3ug10FRSIAQX6h3Ek=
-----END PRIVATE KEY-----";
const RSA_RECORD: &str = "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAq5mfOmD+zqY1oxnBx60+3Qic9Jq8yZZF0qCXdUGqTFZw5c8vfixaG/CQ67w4+s3EXhFQcGuBzG4kyBdpVnqK5dd6oOWILQYrNWSaG9S7/Wjlgx+WkibWG8ZfTaUx1dGJCB63pmaCdTb3D1FR6wX8/qeJx9JQRKDpUi/mHgMEsm8VtK4EvftyfMbEGaLIKS5aG8NRRJ6joVczeYN6a6MZ6IlrTZdbMPh8IUXm0vGom9G32IIRa2fpu3A0Xmeb/Z0cM5IdRvcHTGWLli04hVmHjXPiYf8mnaLow1GCFzfklwnfTi14zUJN4L385ll9Elz7FCfEAtcQox/UqX4TTHoJsQIDAQAB";
const ED25519: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIO4iF1UtB8WXdnBe5Qfoth7AWUo7R8lTs6+IpG0Lza4r
-----END PRIVATE KEY-----";
const ED25519_RECORD: &str = "v=DKIM1; k=ed25519; p=MQ5qteGwBdf4FERlMTsiReeUE96j+T/c0wyRLDuTCEk=";
const SMALL: &str = "-----BEGIN RSA PRIVATE KEY-----
MIICXgIBAAKBgQC1FFszBE6k+Cr0yAHHhq9fGQdl5+5uzev0VwlIdGHpI9CC1ALy
Em6hZCYBxWcCUnb0zdcLJ2X6xJ6qgJfgfSIshF/skQ5uWLW7RgzfnF0ZtiGNU5wg
l5FJ7cWdJn7Qf72PM5xmfERPyPDu0cMGjCRlYm2EmUm1e456nQR8U9Q7hwIDAQAB
AoGBAIzVXzTnha8CoI4uvEuNcfn5gmp8n1GocHph8wNaGQh1ZWdLM1tIgKifNnws
JriEoKY3LagsJUGLCIg9aWIckKVU26bYw74tYPq+gymvr4BJnj3+g3Twv4vIgjem
Xhvbc8S00z1hIseLylsgmM99zRVyExt4q64oSfHsZpNXRG/5AkEA6ivjg3DSbokQ
dT3APqQ8kx+NUQUvyLau/+u0EG204AHwQu5KfPAG6SphdGnClO5n1Gn9erSM/CXG
UMmf2tyqhQJBAMX1hGhnXeG1+cvkffrjnsRm6xkJqqDLpUe2j8TPQdtuiQjCEU7E
zKu2lhGdgqIFogeTIJof3ALAPV/Hpa7qGZsCQQCzU+Dra5763yQnZJ6wWf25fVQv
U5WAU8Y4XjyKyDjXwyRHXUzV2MqyDK6NA+DrRJdm57QiH9pHznXMsFsmtA4xAkB/
iZl/5jC/DY3dRd3AeUu9v4zx+Z9brzhSBpWDt//3DrTs1pNuCy7N5nmy6abTGgv1
E14qziHiB9bC0Y62LY7HAkEAp8ftf1ROn4fIAxY0qMDXHEVFUsJKt0BsPQVBQ5lg
zC9OBQe26m48uxQlLmkvYKEcePbjqgSshdfssDq1NdZBtw==
-----END RSA PRIVATE KEY-----";

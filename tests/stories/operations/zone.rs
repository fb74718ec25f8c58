//! What does the DNS say? A small zone of our own, on loopback.

use std::{collections::BTreeMap, net::SocketAddr};

use tokio::net::UdpSocket;

/// Text and mail exchange records by name, in lower case and without the last dot.
#[derive(Debug, Clone, Default)]
pub struct Zone {
    texts: BTreeMap<String, Vec<String>>,
    exchanges: BTreeMap<String, String>,
}

impl Zone {
    #[must_use]
    pub fn text(mut self, name: &str, text: &str) -> Self {
        self.texts.entry(name.to_owned()).or_default().push(text.to_owned());
        self
    }

    #[must_use]
    pub fn mail(mut self, name: &str, exchange: &str) -> Self {
        self.exchanges.insert(name.to_owned(), exchange.to_owned());
        self
    }

    /// Answers until the test ends.
    pub async fn serve(self) -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        tokio::spawn(async move {
            let mut question = [0; 1_500];
            while let Ok((length, from)) = socket.recv_from(&mut question).await {
                let _sent = socket.send_to(&self.answer(&question[..length]), from).await;
            }
        });
        address
    }

    /// RFC 1035 §4.1: the header, the question again, and the records; the name as a pointer to the question.
    fn answer(&self, question: &[u8]) -> Vec<u8> {
        let (name, end) = name(question);
        let kind = u16::from_be_bytes([question[end], question[end + 1]]);
        let records: Vec<Vec<u8>> = match kind {
            16 => self.texts.get(&name).into_iter().flatten().map(|text| character_strings(text)).collect(),
            15 => self
                .exchanges
                .get(&name)
                .map(|exchange| [&[0, 10][..], &labels(exchange)].concat())
                .into_iter()
                .collect(),
            _ => Vec::new(),
        };
        let is_known = self.texts.contains_key(&name) || self.exchanges.contains_key(&name);
        let code = if is_known { 0 } else { 3 };
        let mut answer = question[..2].to_vec();
        answer.extend([0x85, 0x80 | code, 0, 1]);
        answer.extend(u16::try_from(records.len()).unwrap().to_be_bytes());
        answer.extend([0; 4]);
        answer.extend(&question[12..end + 4]);
        for record in records {
            answer.extend([0xC0, 12]);
            answer.extend(kind.to_be_bytes());
            answer.extend([0, 1, 0, 0, 0, 60]);
            answer.extend(u16::try_from(record.len()).unwrap().to_be_bytes());
            answer.extend(record);
        }
        answer
    }
}

fn name(question: &[u8]) -> (String, usize) {
    let (mut at, mut labels) = (12, Vec::new());
    while question[at] != 0 {
        let end = at + 1 + usize::from(question[at]);
        labels.push(String::from_utf8_lossy(&question[at + 1..end]).to_lowercase());
        at = end;
    }
    (labels.join("."), at + 1)
}

fn labels(name: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    for label in name.split('.').filter(|label| !label.is_empty()) {
        octets.push(u8::try_from(label.len()).unwrap());
        octets.extend(label.as_bytes());
    }
    octets.push(0);
    octets
}

/// At most 255 octets each: a long record comes in parts.
fn character_strings(text: &str) -> Vec<u8> {
    let parts = text.as_bytes().chunks(255);
    parts.flat_map(|part| [&[u8::try_from(part.len()).unwrap()][..], part].concat()).collect()
}

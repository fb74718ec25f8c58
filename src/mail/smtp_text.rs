//! How does a message travel after DATA, so that nothing in it can end it early?

/// The message with CRLF line ends, its leading dots doubled, and the final dot: one buffer for one write
/// (RFC 5321 §4.5.2). A bare CR or LF becomes CRLF *before* the dots are looked at: a server that takes one
/// for a line end would otherwise read a dot behind it as the end of the message, and the rest as commands
/// (RUSTSEC-2026-0561).
#[must_use]
pub(super) fn frame(message: &[u8]) -> Vec<u8> {
    let mut framed = Vec::with_capacity(message.len() + message.len() / 32 + 8);
    let (mut rest, mut at_line_start) = (message, true);
    while let Some(first) = rest.first() {
        if at_line_start && *first == b'.' {
            framed.push(b'.');
        }
        let end = memchr::memchr2(b'\r', b'\n', rest);
        let (line, after) = rest.split_at(end.unwrap_or(rest.len()));
        framed.extend_from_slice(line);
        at_line_start = end.is_some();
        if at_line_start {
            framed.extend_from_slice(b"\r\n");
        }
        rest = after.strip_prefix(b"\r\n").unwrap_or(after.get(1..).unwrap_or_default());
    }
    if !at_line_start {
        framed.extend_from_slice(b"\r\n");
    }
    framed.extend_from_slice(b".\r\n");
    framed
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As a lenient server reads it: any of CRLF, CR and LF ends a line, a dot alone ends the message.
    fn read_leniently(framed: &[u8]) -> (Vec<Vec<u8>>, Vec<u8>) {
        let mut lines = Vec::new();
        let mut rest = framed;
        loop {
            let end = rest.iter().position(|o| matches!(o, b'\r' | b'\n')).expect("the final dot ends a line");
            let next = end + if rest[end..].starts_with(b"\r\n") { 2 } else { 1 };
            let line = &rest[..end];
            rest = &rest[next..];
            if line == b"." {
                return (lines, rest.to_vec());
            }
            lines.push(line.strip_prefix(b".").unwrap_or(line).to_vec());
        }
    }

    #[test]
    fn dots_are_doubled_and_bare_line_ends_mended() {
        for (message, framed) in [
            ("", ".\r\n"),
            ("a", "a\r\n.\r\n"),
            (".", "..\r\n.\r\n"),
            ("a\r\n.\r\nb\r\n", "a\r\n..\r\nb\r\n.\r\n"),
            ("a\r.\rMAIL FROM:<x@y>\r", "a\r\n..\r\nMAIL FROM:<x@y>\r\n.\r\n"),
            ("a\n.\nb", "a\r\n..\r\nb\r\n.\r\n"),
            ("a\r\r\n.b", "a\r\n\r\n..b\r\n.\r\n"),
            ("a.b\r\n..c\r\n", "a.b\r\n...c\r\n.\r\n"),
        ] {
            assert_eq!(String::from_utf8(frame(message.as_bytes())).unwrap(), framed, "{message:?}");
        }
    }

    proptest! {
        /// Whatever octets a message has, a strict server (CRLF only) and a lenient one read the same one message.
        #[test]
        fn every_octet_is_safe(message in proptest::collection::vec(prop_oneof![3 => any::<u8>(), 1 => proptest::sample::select(&b".\r\n\0"[..])], 0..200)) {
            let framed = frame(&message);
            let (lines, rest) = read_leniently(&framed);
            prop_assert!(rest.is_empty());
            let strict: Vec<&[u8]> = framed.strip_suffix(b".\r\n").unwrap_or(&framed).split(|octet| *octet == b'\n').collect();
            prop_assert_eq!(strict.len(), lines.len() + 1);
            prop_assert!(framed.ends_with(b".\r\n") && (framed.len() == 3 || framed.ends_with(b"\r\n.\r\n")));
            // No bare CR and no bare LF is left for anybody to read as an end of line.
            for (at, octet) in framed.iter().enumerate() {
                match octet {
                    b'\r' => prop_assert_eq!(framed.get(at + 1), Some(&b'\n')),
                    b'\n' => prop_assert!(at > 0 && framed[at - 1] == b'\r'),
                    _ => {}
                }
            }
            // Nothing is lost and nothing is added but the ends of lines.
            let kept = |octets: &[u8]| -> Vec<u8> { octets.iter().copied().filter(|o| !matches!(o, b'\r' | b'\n')).collect() };
            prop_assert_eq!(kept(&message), kept(&lines.concat()));
        }

        #[test]
        fn nothing_in_a_message_ends_it_and_every_line_arrives(message in "[.\r\na]{0,40}") {
            let (lines, rest) = read_leniently(&frame(message.as_bytes()));
            prop_assert!(rest.is_empty());
            let mended = message.replace("\r\n", "\n").replace('\r', "\n");
            let sent: Vec<_> = mended.strip_suffix('\n').unwrap_or(&mended).split('\n').map(|l| l.as_bytes().to_vec()).collect();
            let sent = if mended.is_empty() { Vec::new() } else { sent };
            prop_assert_eq!(lines, sent);
        }
    }
}

//! A mail server hands one mail over on standard input, and keeps it unless we say that it is ours.

use std::{
    io::{Read, Write},
    process::ExitCode,
};

use anyhow::Context;

use crate::{
    actions::take_in::{Door, take_in},
    app::App,
    mail::receive::OCTETS,
};

/// Try again later (`EX_TEMPFAIL` of sysexits.h): mail servers keep the mail in their queue.
const TRY_AGAIN: u8 = 75;

/// What went wrong was not the mail's fault, whatever it was: it is never bounced, and never lost.
pub(super) fn exit_code(outcome: &anyhow::Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(TRY_AGAIN),
    }
}

pub(super) async fn receive(app: &App, recipient: Option<&str>) -> anyhow::Result<()> {
    let bytes = read(recipient, std::io::stdin().lock()).context("the mail on standard input cannot be read")?;
    let outcome = take_in(app, &bytes, Door::Handed).await?;
    tracing::debug!(?outcome, "taken in");
    Ok(())
}

/// The whole mail, or as much as shows that it is too large. The envelope's recipient, where the mail server
/// names it, goes on top, as mail servers write it themselves.
fn read(recipient: Option<&str>, mut input: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(recipient) = recipient.filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic())) {
        write!(bytes, "X-Original-To: {recipient}\r\n")?;
    }
    input.by_ref().take(OCTETS as u64 + 1).read_to_end(&mut bytes)?;
    // A mail server that is not read to the end sees a broken pipe, and bounces.
    std::io::copy(&mut input, &mut std::io::sink())?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_to_the_end_and_keeps_no_more_than_it_needs() {
        assert_eq!(read(Some("b+x@y"), &b"a: b\r\n"[..]).unwrap(), b"X-Original-To: b+x@y\r\na: b\r\n");
        assert_eq!(read(Some("x\r\nBcc: y"), &b"a: b"[..]).unwrap(), b"a: b", "no header of somebody's making");
        let mut rest = std::io::Cursor::new(vec![0; 3 * OCTETS]);
        assert_eq!(read(None, &mut rest).unwrap().len(), OCTETS + 1);
        assert_eq!(rest.position(), 3 * OCTETS as u64);
    }
}

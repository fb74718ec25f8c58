//! Which mail is meant by a Message-ID?
//!
//! It is the row's id, veiled with our key: the same at every try, it tells nothing, nobody can guess one, and whoever
//! brings it names the row without an index, which would take a place of its own for every mail that leaves.

use data_encoding::BASE32_NOPAD;
use uuid::Uuid;

use crate::{
    app::App,
    domain::ids::DeliveryId,
    store::{
        self,
        ledger::{self, Delivery},
    },
};

/// Our key is derived for this.
const PURPOSE: &str = "message-id";

/// With its angle brackets (RFC 5322, section 3.6.4).
pub(super) fn message_id(app: &App, id: DeliveryId) -> String {
    let veiled = app.links.keys().veil(PURPOSE, id.0.into_bytes());
    format!("<{}@{}>", BASE32_NOPAD.encode(&veiled).to_lowercase(), app.links.host())
}

/// The mail that has it; `None`: no mail of ours has, or had.
pub(super) async fn with_message_id(
    app: &App,
    db: &impl store::Connection,
    message_id: &str,
) -> store::Result<Option<Delivery>> {
    let Some(id) = unveiled(app, message_id) else {
        return ledger::with_hashed_message_id(db, message_id).await;
    };
    // Under another host's name it is not the one that left from here.
    let named = ledger::holding(db, id).await?;
    Ok(named.filter(|row| row.message_id.as_deref() == Some(message_id)))
}

fn unveiled(app: &App, message_id: &str) -> Option<DeliveryId> {
    let (local, _) = message_id.strip_prefix('<')?.split_once('@')?;
    let veiled = BASE32_NOPAD.decode(local.to_uppercase().as_bytes()).ok()?;
    Some(DeliveryId(Uuid::from_bytes(app.links.keys().unveil(PURPOSE, veiled.try_into().ok()?))))
}

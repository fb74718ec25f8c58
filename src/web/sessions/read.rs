//! To which date and time shall a session move, and can it?

use crate::{
    actions::change_schedule::Change,
    domain::session::{SessionState, Slot},
    store::sessions::SessionRow,
    web::{
        cohort_new::read::{date, minutes, time},
        fields::Fields,
        form::{Checked, Entered},
        site::Site,
    },
};

/// The new date, time and length.
pub(super) fn read(fields: &Fields) -> Result<Change, Entered> {
    let mut checked = Checked::new(fields);
    let date = date(&mut checked, "date");
    let time = time(&mut checked, "time");
    let minutes = minutes(&mut checked);
    checked.finish(|| Some(Change::Move { date: date?, time: time?, minutes: minutes? }))
}

/// What `change_schedule` would refuse, said before the preview.
pub(super) fn refusal(site: &Site, session: &SessionRow, change: &Change) -> Option<(&'static str, &'static str)> {
    let now = site.clock.now().program;
    let Change::Move { date, time, minutes } = change else { return None };
    let slot = Slot { date: *date, time: *time, zone: session.zone, minutes: *minutes };
    if slot.starts_at() <= now {
        return Some(("date", "This is in the past. Choose a time that is still to come"));
    }
    if session.state == SessionState::Canceled {
        return Some(("date", "This session is canceled. Restore it first, then move it"));
    }
    let same = (slot.starts_at(), slot.ends_at()) == (session.starts_at, session.ends_at);
    same.then_some(("date", "This is when the session is already. Choose another date or time"))
}

//! What time is it in the rehearsal, and who turns its clock?

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc};
use poem::{
    IntoResponse, Response, handler,
    web::{Data, Json},
};
use serde::Serialize;

use crate::{
    actions::rehearse::{self, Coming, Turn},
    app::App,
    clock::FastTime,
    domain::{civil, zone::Zone},
    store,
    web::{
        chrome::{Flash, Tone},
        error::PageError,
        fields::Fields,
        guard::see_other,
        site::Site,
        table::{Access, Table},
    },
};

pub(crate) fn add(table: Table) -> Table {
    table.get("/mailbox/state.json", Access::Anyone, state).post("/mailbox/clock", Access::Anyone, turn)
}

/// For a coach's chrome: what stands above every page while the house is rehearsed in.
#[must_use]
pub fn banner(app: &App) -> Option<Flash> {
    app.mailbox.as_ref()?;
    Some(Flash::new(
        Tone::Info,
        "Rehearsal.",
        "Time runs fast, and no mail leaves this machine: it is all in /mailbox.",
    ))
}

/// The clock as the page shows it, once a second.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ClockBar {
    at: String,
    /// Whose clock that is.
    zone: String,
    state: String,
    next: String,
    is_paused: bool,
    /// The number of the newest message.
    newest: u32,
    speeds: Vec<Speed>,
    /// The earliest date to jump to.
    today: NaiveDate,
}

#[derive(Debug, Clone, Serialize)]
struct Speed {
    value: u32,
    text: &'static str,
    is_chosen: bool,
}

/// Program seconds a real second.
const SPEEDS: [(u32, &str); 4] = [
    (2_016, "a week in 5 minutes"),
    (10_080, "a week in a minute"),
    (30_240, "a week in 20 seconds"),
    (120_960, "a week in 5 seconds"),
];

impl ClockBar {
    pub(crate) async fn read(app: &App) -> store::Result<Self> {
        let now = app.clock.now();
        let is_settled = rehearse::is_settled(app, now).await?;
        let now = now.program;
        let (zone, coming) = (rehearse::zone(app).await?, rehearse::coming(app).await?);
        let (local, time) = (zone.local(now), app.clock.rehearsal());
        Ok(Self {
            at: format!("{}, {}", civil::date(local.date()), civil::time_of_day(local.time())),
            zone: format!("{} time, {}", zone.city(), zone.offset_at(now)),
            state: match time {
                Some(_) if !is_settled => "Waiting until all mail has left".to_owned(),
                Some(time) => state_in_words(time, coming.first()),
                None => String::new(),
            },
            next: coming.first().map_or_else(|| "Nothing more is planned.".to_owned(), next_in_words),
            is_paused: time.is_some_and(|time| time.is_paused),
            newest: app.mailbox.as_ref().map_or(0, |mailbox| mailbox.newest()),
            speeds: SPEEDS
                .iter()
                .map(|(value, text)| Speed {
                    value: *value,
                    text,
                    is_chosen: time.is_some_and(|time| time.speed == *value),
                })
                .collect(),
            today: local.date(),
        })
    }

    pub(crate) fn sample() -> Self {
        let speeds = SPEEDS.iter().map(|(value, text)| Speed { value: *value, text, is_chosen: *value == 30_240 });
        Self {
            at: "Monday 7 December 2026, 07:00".into(),
            zone: "Berlin time, UTC+01:00".into(),
            state: "Running: a week in 20 seconds".into(),
            next: "Next: Wed 9 Dec, 19:00, the reminder a day before the session, 12 people".into(),
            is_paused: false,
            newest: 42,
            speeds: speeds.collect(),
            today: NaiveDate::from_ymd_opt(2026, 12, 7).unwrap_or_default(),
        }
    }
}

fn state_in_words(time: FastTime, next: Option<&Coming>) -> String {
    let speed = SPEEDS.iter().find(|(value, _)| *value == time.speed).map_or("fast", |(_, text)| text);
    match (time.is_paused, time.goal, next) {
        (_, Some(_), _) => "On its way".to_owned(),
        (true, None, None) => "Over".to_owned(),
        (true, None, Some(_)) => "Paused".to_owned(),
        (false, None, _) => format!("Running: {speed}"),
    }
}

fn next_in_words(coming: &Coming) -> String {
    let at = coming.zone.local(coming.at);
    format!("Next: {}, {}, {}", civil::short_date(at.date()), civil::time_of_day(at.time()), coming.what)
}

#[handler]
async fn state(Data(site): Data<&Site>) -> Result<Response, PageError> {
    let bar = ClockBar::read(&site.app).await.map_err(anyhow::Error::from)?;
    Ok(Json(bar).into_response())
}

#[handler]
async fn turn(Data(site): Data<&Site>, fields: Fields) -> Result<Response, PageError> {
    let zone = rehearse::zone(&site.app).await.map_err(anyhow::Error::from)?;
    let turn = asked(&fields, zone, site.clock.now().program)?;
    rehearse::turn(&site.app, turn).await.map_err(anyhow::Error::from)?;
    let back = fields.text("back");
    Ok(see_other(if is_ours(back) { back } else { "/mailbox" }))
}

/// Only within the mailbox: never an address from elsewhere.
fn is_ours(path: &str) -> bool {
    let rest = path.strip_prefix("/mailbox");
    rest.is_some_and(|rest| rest.chars().all(|c| c.is_ascii_alphanumeric() || "/?&=-_.%".contains(c)))
}

fn asked(fields: &Fields, zone: Zone, now: DateTime<Utc>) -> Result<Turn, PageError> {
    let today = zone.local(now).date();
    let start_of = |date: NaiveDate| Turn::To(zone.resolve(date.and_time(NaiveTime::MIN)));
    let wrong = |what: &'static str| PageError::BadRequest(what.into());
    match fields.text("turn") {
        "run" => Ok(Turn::Run),
        "pause" => Ok(Turn::Pause),
        "step" => Ok(Turn::Step),
        "day" => Ok(Turn::To(now + TimeDelta::days(1))),
        "week" => Ok(start_of(today + TimeDelta::days(7 - i64::from(today.weekday().num_days_from_monday())))),
        "date" => {
            let date: NaiveDate = fields.text("date").parse().map_err(|_| wrong("Choose a date to jump to."))?;
            let is_near = date > today && date < today + TimeDelta::days(3_660);
            if is_near {
                Ok(start_of(date))
            } else {
                Err(wrong("Choose a date to come: time never runs back, not even here."))
            }
        }
        "speed" => {
            let known = SPEEDS.iter().find(|(value, _)| value.to_string() == fields.text("speed"));
            known.map(|(value, _)| Turn::Speed(*value)).ok_or_else(|| wrong("Choose one of the speeds in the list."))
        }
        _ => Err(wrong("Choose what the clock should do.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Turn, PageError> {
        let now = "2026-12-09T11:00:00Z".parse().unwrap();
        asked(&Fields::parse(text.as_bytes()).unwrap(), Zone::parse("Europe/Berlin").unwrap(), now)
    }

    #[test]
    fn reads_what_the_clock_should_do() {
        let to = |text: &str| Turn::To(text.parse().unwrap());
        assert_eq!(read("turn=step").unwrap(), Turn::Step);
        assert_eq!(read("turn=day").unwrap(), to("2026-12-10T11:00:00Z"));
        assert_eq!(read("turn=week").unwrap(), to("2026-12-13T23:00:00Z"));
        assert_eq!(read("turn=date&date=2027-01-01").unwrap(), to("2026-12-31T23:00:00Z"));
        assert_eq!(read("turn=speed&speed=10080").unwrap(), Turn::Speed(10_080));
        for wrong in [
            "",
            "turn=back",
            "turn=date&date=2026-12-01",
            "turn=date&date=9999-12-31",
            "turn=date",
            "turn=speed&speed=7",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn leads_back_to_the_mailbox_only() {
        assert!(is_ours("/mailbox") && is_ours("/mailbox/12?view=text&person=ana%40x.example"));
        assert!(
            !is_ours("//evil.example")
                && !is_ours("/mailbox@evil")
                && !is_ours("https://x")
                && !is_ours("/mailbox\r\nX: y")
        );
    }
}

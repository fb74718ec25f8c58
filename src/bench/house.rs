//! What is there before anything is measured? A practice, the shipped program, cohorts and people.

use std::{fs, sync::Arc};

use anyhow::Context;
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeZone, Utc};
use poem::{
    Server,
    listener::{Acceptor, Listener, TcpAcceptor, TcpListener},
};

use super::Setup;
use crate::{
    actions::{
        open_cohort::{NewCohort, create_cohort, open_cohort},
        seed::{Seeded, seed},
    },
    app::App,
    clock::Clock,
    config::Config,
    demo::household,
    domain::{
        cohort::LateJoiners,
        discretion::Discretion,
        ids::{CohortId, ProgramId},
        name::Name,
        schedule::{LessonClock, LessonTiming},
        zone::Zone,
    },
    random::Random,
    store::{Connection, database::Database, practices::Practice},
    web::routes,
};

/// Of no other house: what is measured is the same every time.
const KEY: &str = "b1946ac92492d2347c6235b4d2611184e3b0c44298fc1c149afbf4c8996fb924";

/// Everything begins on this Thursday.
pub(super) fn begins() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2027, 3, 4, 9, 0, 0).single().expect("an instant there is")
}

pub(super) struct House {
    pub(super) app: Arc<App>,
    pub(super) practice: Practice,
    pub(super) program: ProgramId,
    pub(super) base: String,
    pub(super) address: String,
    pub(super) settings: Vec<(&'static str, String)>,
    acceptor: Option<TcpAcceptor>,
}

/// One cohort more.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group {
    pub(super) number: usize,
    pub(super) zone: Zone,
    pub(super) capacity: u16,
    pub(super) clock: LessonClock,
    /// The first day, on whose weekday everything is; `None`: the next Monday.
    pub(super) starts_on: Option<NaiveDate>,
}

impl House {
    /// An empty database, a coach, a program; `relay` is the mail server, as `host:port`.
    pub(super) async fn open(setup: &Setup, clock: Clock, relay: &str) -> anyhow::Result<Self> {
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await?;
        let address = acceptor.local_addr()[0].as_socket_addr().copied().context("an address")?;
        let base = format!("http://localhost:{}", address.port());
        let quoted = |text: &str| format!("{text:?}");
        let settings = vec![
            ("server.base_url", quoted(&base)),
            ("server.listen", quoted(&address.to_string())),
            ("database.url", quoted(&fresh_database(setup).await?)),
            ("database.connections", "8".to_owned()),
            ("mail.smtp_url", quoted(&format!("smtp://{relay}"))),
            ("mail.bounce_domain", quoted("bounce.group.example")),
            ("secrets.key", quoted(KEY)),
            // Everybody comes through this machine, each from an address of their own.
            ("server.trusted_proxies", "[\"127.0.0.1\"]".to_owned()),
        ];
        let values: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let app = App::open(Config::with(&values)?, clock, Random::seeded(7)).await?;
        let sign_in = household::SignIn { email: "nadia@brandt.example".into(), password: "a bench signs in".into() };
        let practice = household::practice(&app, &sign_in).await?;
        let program = household::program(&app, &practice).await?;
        Ok(Self { app, practice, program, base, address: address.to_string(), settings, acceptor: Some(acceptor) })
    }

    /// Serves the pages from now on.
    pub(super) fn serve(&mut self) -> anyhow::Result<()> {
        let acceptor = self.acceptor.take().context("it serves already")?;
        tokio::spawn(Server::new_with_acceptor(acceptor).run(routes::site(self.app.clone())?));
        Ok(())
    }

    /// Lets go of the address, so that another process can serve at it.
    pub(super) fn leave(self) -> Vec<(&'static str, String)> {
        self.settings
    }

    pub(super) async fn cohort(&self, group: Group) -> anyhow::Result<CohortId> {
        let today = self.app.clock.now().program.date_naive();
        let monday = today + Days::new(u64::from(7 - today.weekday().num_days_from_monday()));
        let starts_on = group.starts_on.unwrap_or(monday);
        let weekday = starts_on.weekday();
        let new = NewCohort {
            program: self.program,
            name: Name::parse(&format!("Group {}", group.number))?,
            zone: group.zone,
            starts_on,
            weekday,
            time: NaiveTime::from_hms_opt(19, 0, 0).context("a time of day")?,
            minutes: 75,
            breaks: Vec::new(),
            capacity: group.capacity,
            rule: LessonTiming::parse(&format!("0 7 * * {}", weekday.to_string().to_uppercase()))?,
            lesson_clock: group.clock,
            discretion: Discretion::Discreet,
            holiday_country: None,
            late_joiners: LateJoiners::Digest,
            room_url: "https://meet.example/bench".to_owned(),
            crisis_line: "Samaritans, 116 123".to_owned(),
        };
        let id = create_cohort(&self.app, &self.practice, &new, "bench").await?;
        open_cohort(&self.app, &self.practice, id, "bench").await?;
        Ok(id)
    }

    /// People who take part already, and get what the cohort gets.
    pub(super) async fn people(&self, cohort: CohortId, number: usize, people: usize) -> anyhow::Result<()> {
        let tracks = vec!["broke".to_owned(), "hurt".to_owned()];
        let practice = self.practice.id;
        seed(&self.app, &Seeded { practice, cohort, program: self.program, number, people, tracks }).await?;
        Ok(())
    }
}

pub(super) fn berlin() -> anyhow::Result<Zone> {
    Ok(Zone::parse("Europe/Berlin")?)
}

/// An SQLite file, or a database on the server: empty, whatever was there.
async fn fresh_database(setup: &Setup) -> anyhow::Result<String> {
    let Some(server) = &setup.server else {
        let folder = setup.folder();
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            Ok(()) | Err(_) => fs::create_dir_all(folder)?,
        }
        return Ok(format!("sqlite://{}", folder.join("bench.sqlite").display()));
    };
    let admin = Database::open(server, 2).await?;
    for statement in ["DROP DATABASE IF EXISTS trellis_bench WITH (FORCE)", "CREATE DATABASE trellis_bench"] {
        admin.reader().execute_unprepared(statement).await?;
    }
    admin.close().await?;
    let (before, query) = server.split_once('?').unwrap_or((server, ""));
    let root = before.rsplit_once('/').map_or(before, |(root, _)| root);
    Ok(format!("{root}/trellis_bench?{query}"))
}

//! Where do the stories happen? A database of their own, a mail server on loopback, a clock that is moved.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use crate::post::{Mail, header, read};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc, Weekday};
use poem::{
    Server,
    listener::{Acceptor, Listener, TcpListener},
};
use tokio::sync::mpsc::UnboundedReceiver;
use trellis::{
    actions::{
        add_coach::{NewCoach, add_coach},
        change_schedule::{Target, change_schedule, look},
        complete_people::complete_people,
        import_program::import_program,
        open_cohort::{NewCohort, create_cohort, open_cohort},
        passwords::hash_password,
        release_due::release_due,
        resume::next_end,
        send_deliveries::{Hands, Round, send_deliveries, sweep},
    },
    app::App,
    clock::Clock,
    config::Config,
    demo::smtp_server::{self, Received, Script},
    domain::{
        cohort::LateJoiners,
        discretion::Discretion,
        email_address::EmailAddress,
        ids::{CohortId, PracticeId, ProgramId},
        name::Name,
        plan::Change,
        program::folder::read_folder,
        schedule::{LessonClock, LessonTiming},
        zone::Zone,
    },
    random::Random,
    store::{
        attendances::{self, Mark},
        cohorts, ledger,
        participants::{self, Participant},
        practices::{self, Practice},
        programs::{self, ProgramRow},
        timetable,
    },
    web::routes,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

pub struct World {
    pub backend: Backend,
    pub app: Arc<App>,
    pub base: String,
    pub mails: Mutex<Vec<Mail>>,
    inbox: tokio::sync::Mutex<UnboundedReceiver<Received>>,
    _folder: tempfile::TempDir,
}

pub const PASSWORD: &str = "correct horse battery staple";
/// The day every story begins on, unless it says otherwise: a Monday.
pub const START: &str = "2026-10-05 09:00";

pub fn utc(text: &str) -> DateTime<Utc> {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap().and_utc()
}

pub fn zone(name: &str) -> Zone {
    Zone::parse(name).unwrap()
}

pub fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

impl World {
    pub async fn new(backend: Backend) -> Self {
        Self::with(backend, Script::well(), &[]).await
    }

    pub async fn with(backend: Backend, script: Script, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (smtp, inbox) = smtp_server::start("127.0.0.1:0".parse().unwrap(), script).await.unwrap();
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.unwrap();
        let address = acceptor.local_addr()[0].as_socket_addr().copied().unwrap();
        let base = format!("http://localhost:{}", address.port());
        let database = match backend {
            Backend::Sqlite => format!("sqlite://{}", folder.path().join("trellis.sqlite").display()),
            Backend::Postgres => crate::databases::fresh_postgres().await,
        };
        let quoted = |text: &str| format!("{text:?}");
        let (url, database, relay) = (quoted(&base), quoted(&database), format!("\"smtp://{smtp}\""));
        let key = quoted("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
        let mut values = vec![
            ("server.base_url", url.as_str()),
            ("database.url", database.as_str()),
            ("mail.smtp_url", relay.as_str()),
            ("mail.bounce_domain", "\"bounce.group.example\""),
            ("secrets.key", key.as_str()),
        ];
        // Where the mail server listens is known here only.
        let given: Vec<(&str, String)> =
            settings.iter().map(|(key, value)| (*key, value.replace("{smtp}", &smtp.to_string()))).collect();
        values.extend(given.iter().map(|(key, value)| (*key, value.as_str())));
        let config = Config::with(&values).unwrap();
        let app = App::open(config, Clock::fixed(utc(START)), Random::seeded(7)).await.unwrap();
        let site = routes::site(app.clone()).unwrap();
        tokio::spawn(Server::new_with_acceptor(acceptor).run(site));
        Self { backend, app, base, mails: Mutex::default(), inbox: inbox.into(), _folder: folder }
    }

    /// A coach who may open cohorts: mail arrives, an address is there.
    pub async fn practice(&self) -> Practice {
        let hash = hash_password(&self.app, PASSWORD).await.unwrap();
        let email = EmailAddress::parse("nadia@group.example").unwrap();
        let new = NewCoach {
            email,
            name: name("Nadia Brandt"),
            zone: zone("Europe/Dublin"),
            practice: name("Nadia Brandt Coaching"),
        };
        add_coach(&self.app, &new, &hash).await.unwrap();
        let mut practice = practices::on_this_installation(self.app.db.reader()).await.unwrap().remove(0);
        practice.mail_tested_at = Some(utc(START));
        "14 Camden Row, Dublin 8".clone_into(&mut practice.postal_address);
        practice.sender_email = EmailAddress::parse("hello@group.example").unwrap();
        practice.reply_email = EmailAddress::parse("nadia@group.example").unwrap();
        let app = &self.app;
        save_practice(app, &practice).await.unwrap();
        practice
    }

    pub async fn shipped_program(&self, practice: &Practice) -> ProgramId {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/config/programs/rebuilding-trust");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| {
            let path = entry.unwrap().path();
            (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(path).unwrap())
        });
        let (program, lessons) = read_folder(files).unwrap();
        import_program(&self.app, practice.id, &program, &lessons).await.unwrap()
    }

    /// Six Mondays at 19:00 in Berlin from 12 October 2026, over the end of summer time; lessons Mondays at 07:00.
    pub async fn cohort(&self, practice: &Practice, change: impl FnOnce(&mut NewCohort)) -> CohortId {
        let id = self.draft(practice, change).await;
        open_cohort(&self.app, practice, id, "Nadia").await.unwrap();
        id
    }

    /// The same, not open yet.
    pub async fn draft(&self, practice: &Practice, change: impl FnOnce(&mut NewCohort)) -> CohortId {
        let program = self.shipped_program(practice).await;
        let mut new = NewCohort {
            program,
            name: name("Monday evenings"),
            zone: zone("Europe/Berlin"),
            starts_on: NaiveDate::from_ymd_opt(2026, 10, 12).unwrap(),
            weekday: Weekday::Mon,
            time: NaiveTime::from_hms_opt(19, 0, 0).unwrap(),
            minutes: 75,
            breaks: vec![],
            capacity: 12,
            rule: LessonTiming::default(),
            lesson_clock: LessonClock::Cohort,
            discretion: Discretion::Discreet,
            holiday_country: None,
            late_joiners: LateJoiners::Digest,
            room_url: "https://meet.example/room".to_owned(),
            crisis_line: "Samaritans, 116 123 (day and night)".to_owned(),
        };
        change(&mut new);
        create_cohort(&self.app, practice, &new, "Nadia").await.unwrap()
    }

    /// The coach looks at the plan and applies it; returns when people will be told.
    pub async fn change(&self, of: (PracticeId, CohortId), change: &Change) -> DateTime<Utc> {
        let target = Target { practice: of.0, cohort: of.1, actor: "Nadia Brandt".to_owned() };
        let (_, plan) = look(&self.app, &target, change).await.unwrap();
        change_schedule(&self.app, &target, change, &plan.fingerprint).await.unwrap()
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.app.clock.now().program
    }

    /// What the worker does, until nothing is left to do now.
    pub async fn run(&self) {
        let mut sender = self.app.mailer.sender();
        loop {
            let released = Box::pin(release_due(&self.app)).await.unwrap();
            Box::pin(sweep(&self.app)).await.unwrap();
            Box::pin(complete_people(&self.app)).await.unwrap();
            let round = Box::pin(send_deliveries(&self.app, &Hands::default(), &mut sender)).await.unwrap();
            self.collect().await;
            if released == 0 && round != Round::Worked {
                break;
            }
        }
        sender.close().await;
    }

    async fn collect(&self) {
        // The server hands a message over before it answers for it.
        let mut inbox = self.inbox.lock().await;
        while let Ok(received) = inbox.try_recv() {
            let mail = read(self.now(), &received);
            self.mails.lock().unwrap().push(mail);
        }
    }

    /// Moves the clock, and stops at every instant at which something is due.
    pub async fn to(&self, target: DateTime<Utc>) {
        self.run().await;
        while let Some(next) = self.next_instant().await.filter(|next| *next <= target) {
            self.app.clock.set(next.max(self.now()));
            self.run().await;
        }
        self.app.clock.set(target);
        self.run().await;
    }

    pub async fn pass(&self, time: TimeDelta) {
        self.to(self.now() + time).await;
    }

    pub async fn next_instant(&self) -> Option<DateTime<Utc>> {
        let db = self.app.db.reader();
        let instants = [
            timetable::next_due(db).await.unwrap(),
            cohorts::next_telling(db).await.unwrap(),
            ledger::next_instant(db, self.now()).await.unwrap(),
            next_end(&self.app).await.unwrap(),
        ];
        instants.into_iter().flatten().min()
    }

    pub fn mails_to(&self, address: &str) -> Vec<Mail> {
        self.mails.lock().unwrap().iter().filter(|mail| mail.to == address).cloned().collect()
    }

    pub fn last_to(&self, address: &str) -> Mail {
        self.mails_to(address).pop().unwrap_or_else(|| panic!("no mail to {address}"))
    }

    pub fn forget_mails(&self) {
        self.mails.lock().unwrap().clear();
    }

    /// Nothing that is due may be left unsent.
    pub async fn end(&self) {
        self.run().await;
        let open = ledger::count_open(self.app.db.reader(), self.now()).await.unwrap();
        assert_eq!(open, 0, "due mail is left in the ledger");
        let due = timetable::due(self.app.db.reader(), self.now(), 10).await.unwrap();
        assert!(due.is_empty(), "due rows are left in the timetable");
        let twice: Vec<String> =
            self.mails.lock().unwrap().iter().map(|mail| header(&mail.raw, "Message-ID")).collect();
        assert_eq!(twice.iter().collect::<BTreeSet<_>>().len(), twice.len(), "a message was sent twice");
    }
}

pub async fn save_practice(app: &App, practice: &Practice) -> Result<(), trellis::store::Error> {
    trellis::transact!(app.db, |tx| practices::save(tx, practice.clone()).await)
}

/// A person as a story needs them.
pub async fn save_person(app: &App, person: &Participant) -> Result<(), trellis::store::Error> {
    trellis::transact!(app.db, |tx| participants::save(tx, person.clone()).await)
}

/// A program with another setting, its form left out.
pub async fn save_program(app: &App, program: &ProgramRow) -> Result<(), trellis::store::Error> {
    trellis::transact!(app.db, |tx| programs::save(tx, program.clone()).await)
}

/// Who came, as a coach noted it.
pub async fn save_mark(app: &App, mark: &Mark) -> Result<(), trellis::store::Error> {
    trellis::transact!(app.db, |tx| attendances::set(tx, vec![mark.clone()]).await)
}

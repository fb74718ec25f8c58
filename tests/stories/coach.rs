//! Do the coach's pages keep what they promise? Through the front door, on a database of their own.

use std::{fmt::Write as _, sync::Arc};

use chrono::{DateTime, NaiveTime, Utc, Weekday};
use poem::{Response, http::StatusCode, test::TestClient};

use crate::world::Backend;
use trellis::{
    actions::{
        add_person::{NewPerson, WhenFull, add_person},
        import_program::import_program,
        open_cohort::{NewCohort, create_cohort, open_cohort},
        passwords::hash_password,
        sign_in::sign_in_coach,
    },
    app::App,
    clock::Clock,
    config::{Config, DEFAULT},
    domain::{
        cohort::LateJoiners,
        delivery::{Occasion, State},
        discretion::Discretion,
        email_address::EmailAddress,
        ids::{CoachId, CohortId, ParticipantId, PracticeId, ProgramId},
        lesson::Lesson,
        name::Name,
        people::Role,
        program::{Document, Program, WeekOutline},
        schedule::{LessonClock, LessonTiming},
        zone::Zone,
    },
    random::Random,
    store::{
        self, coaches,
        coaches::Coach,
        ledger::{self, Delivery, Filter},
        participants, practices,
        practices::Practice,
    },
    web::routes,
};

const PASSWORD: &str = "a quiet garden wall";

/// Every one of these on both databases.
macro_rules! told {
    (async fn $name:ident($world:ident: &Study) $body:block) => {
        mod $name {
            #[allow(clippy::wildcard_imports, reason = "the story is told in the words of its file")]
            use super::*;

            async fn tell($world: &Study) $body

            #[tokio::test]
            async fn on_sqlite() {
                tell(&Study::new($crate::world::Backend::Sqlite).await).await;
            }

            #[tokio::test]
            async fn on_postgres() {
                tell(&Study::new($crate::world::Backend::Postgres).await).await;
            }
        }
    };
}

mod cohorts;
mod people;
mod programs;
mod streams;

struct Study {
    app: Arc<App>,
    client: TestClient<Box<dyn poem::endpoint::DynEndpoint<Output = Response>>>,
    practice: Practice,
    program: ProgramId,
    cookie: String,
    _folder: Option<tempfile::TempDir>,
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

fn a_program() -> Program {
    let week = |number| WeekOutline {
        number,
        title: format!("Theme {number}"),
        description: String::new(),
        session_title: format!("Evening {number}"),
    };
    Program {
        title: "Mending".to_owned(),
        lead: "Three weeks.".to_owned(),
        description: "Three weeks.".to_owned(),
        weeks: 3,
        forbidden_words: vec!["affair".to_owned()],
        session_minutes: 60,
        capacity: 2,
        welcome: "Welcome, {{ name }}.".to_owned(),
        consent: Document { version: 1, text: "We store your name.".to_owned() },
        agreement: Document { version: 1, text: "We are kind.".to_owned() },
        outline: (1..=3).map(week).collect(),
        ..Program::default()
    }
}

fn a_lesson(week: u16) -> Lesson {
    Lesson {
        week,
        track: None,
        title: format!("Theme {week}"),
        subject: format!("Week {week}"),
        discreet_subject: format!("Part {week}"),
        preview: "A short read, and one page to write before we meet.".to_owned(),
        check_in: vec!["How was the week?".to_owned()],
        body: "Dear {{ name }},\n\nthis week is quiet. If it is too much: {{ crisis_line }}.".to_owned(),
    }
}

impl Study {
    async fn new(backend: Backend) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display();
        let database = match backend {
            Backend::Sqlite => format!("sqlite://{path}/t.sqlite"),
            Backend::Postgres => crate::databases::fresh_postgres().await,
        };
        let settings = DEFAULT
            .replace("sqlite://trellis.sqlite", &database)
            .replace("key_file = \"trellis.key\"", &format!("key_file = \"{path}/key\""));
        let config: Config = toml::from_str(&settings).unwrap();
        let at: DateTime<Utc> = "2027-02-10T09:41:00Z".parse().unwrap();
        let app = App::open(config, Clock::fixed(at), Random::seeded(7)).await.unwrap();
        let practice = new_practice(&app, "nadia").await;
        let lessons: Vec<Lesson> = (1..=3).map(a_lesson).collect();
        let program = import_program(&app, practice.id, &a_program(), &lessons).await.unwrap();
        let signed_in = sign_in_coach(&app, "nadia@example.org", PASSWORD, "test").await.unwrap();
        let site: Box<dyn poem::endpoint::DynEndpoint<Output = Response>> =
            Box::new(poem::endpoint::ToDynEndpoint(routes::site(app.clone()).unwrap()));
        let cookie = format!("trellis_coach={}", signed_in.token);
        Self { app, client: TestClient::new(site), practice, program, cookie, _folder: Some(folder) }
    }

    /// The same house, asked by another browser.
    fn signed_in_with(&self, token: &str) -> Self {
        let app = self.app.clone();
        let site: Box<dyn poem::endpoint::DynEndpoint<Output = Response>> =
            Box::new(poem::endpoint::ToDynEndpoint(routes::site(app.clone()).unwrap()));
        let cookie = format!("trellis_coach={token}");
        Self {
            app,
            client: TestClient::new(site),
            practice: self.practice.clone(),
            program: self.program,
            cookie,
            _folder: None,
        }
    }

    async fn get(&self, path: &str) -> (StatusCode, String) {
        let answer = self.client.get(path).header("cookie", &self.cookie).send().await;
        let status = answer.0.status();
        (status, answer.0.into_body().into_string().await.unwrap())
    }

    /// The page of a GET that must be there.
    async fn page(&self, path: &str) -> String {
        let (status, html) = self.get(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {html}");
        html
    }

    /// Posts a form with a token of its own; returns status, where it leads, and what it says.
    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> (StatusCode, String, String) {
        let token = trellis::web::csrf::FormToken::new(self.app.random.bytes());
        self.post_with(path, fields, token.as_str()).await
    }

    async fn post_with(&self, path: &str, fields: &[(&str, &str)], token: &str) -> (StatusCode, String, String) {
        let mut body = format!("form_token={token}");
        for (name, value) in fields {
            write!(body, "&{name}={}", encoded(value)).unwrap();
        }
        let answer = self
            .client
            .post(path)
            .header("cookie", &self.cookie)
            .header("sec-fetch-site", "same-origin")
            .content_type("application/x-www-form-urlencoded")
            .body(body)
            .send()
            .await;
        let status = answer.0.status();
        let to = answer.0.header("location").unwrap_or_default().to_owned();
        (status, to, answer.0.into_body().into_string().await.unwrap())
    }

    async fn open_cohort(&self) -> CohortId {
        let id = create_cohort(&self.app, &self.practice, &new_cohort(self.program), "Nadia").await.unwrap();
        open_cohort(&self.app, &self.practice, id, "Nadia").await.unwrap();
        id
    }

    async fn add(&self, cohort: CohortId, who: &str) -> ParticipantId {
        let person = NewPerson {
            email: address(&format!("{who}@example.net")),
            name: name(who),
            zone: Zone::parse("Asia/Kathmandu").unwrap(),
            track: String::new(),
        };
        add_person(&self.app, (self.practice.id, cohort), &person, WhenFull::Refuse, "Nadia").await.unwrap();
        let db = self.app.db.reader();
        participants::with_email(db, self.practice.id, &person.email).await.unwrap().unwrap().id
    }

    async fn mails(&self, occasion: Occasion) -> Vec<Delivery> {
        let filter = Filter { occasion: Some(occasion), page_size: 100, ..Default::default() };
        ledger::of_practice(self.app.db.reader(), self.practice.id, &filter).await.unwrap().0
    }
}

fn new_cohort(program: ProgramId) -> NewCohort {
    NewCohort {
        program,
        name: name("Thursday evenings"),
        zone: Zone::parse("Europe/Berlin").unwrap(),
        starts_on: "2027-03-15".parse().unwrap(),
        weekday: Weekday::Thu,
        time: NaiveTime::from_hms_opt(19, 0, 0).unwrap(),
        minutes: 60,
        breaks: vec![],
        capacity: 2,
        rule: LessonTiming::default(),
        lesson_clock: LessonClock::Cohort,
        discretion: Discretion::Discreet,
        holiday_country: None,
        late_joiners: LateJoiners::Digest,
        room_url: "https://room.example/a".to_owned(),
        crisis_line: "116 123".to_owned(),
    }
}

async fn new_practice(app: &App, who: &str) -> Practice {
    let now = app.clock.now();
    let id: PracticeId = app.random.id(now.real);
    let email = address(&format!("{who}@example.org"));
    let zone = Zone::parse("Europe/Dublin").unwrap();
    let practice = Practice {
        id,
        practice_id: id,
        name: name("Nadia Brandt"),
        neutral_name: name("N. Brandt"),
        first_name: name("Nadia"),
        zone,
        sender_email: email.clone(),
        list_email: None,
        reply_email: email.clone(),
        postal_address: "14 Camden Row, Dublin 8".to_owned(),
        crisis_line: "116 123".to_owned(),
        brand_color: String::new(),
        mail_tested_at: Some(now.real),
        created_at: now.real,
    };
    let coach: CoachId = app.random.id(now.real);
    let coach = Coach {
        id: coach,
        practice_id: id,
        email_key: email.key(),
        email,
        name: name("Nadia"),
        zone,
        password_hash: hash_password(app, PASSWORD).await.unwrap(),
        feed_hash: app.links.feed_hash(&app.links.feed_token(coach.0, 0)),
        role: Role::Owner,
        epoch: 0,
        feed_rotation: 0,
        created_at: now.real,
        rights: String::new(),
    };
    let written = write_practice(app, &practice, &coach).await;
    written.unwrap();
    practice
}

async fn write_practice(app: &App, practice: &Practice, coach: &Coach) -> store::Result<()> {
    trellis::transact!(app.db, |tx| {
        practices::create(tx, practice.clone()).await?;
        coaches::create(tx, coach.clone()).await
    })
}

async fn settle(app: &App, row: &Delivery, state: State) {
    let now = app.clock.now().program;
    let settled: store::Result<()> =
        async { trellis::transact!(app.db, |tx| ledger::settle(tx, row.id, state, "as in the test", now).await) }.await;
    settled.unwrap();
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        write!(encoded, "%{byte:02x}").unwrap();
        encoded
    })
}

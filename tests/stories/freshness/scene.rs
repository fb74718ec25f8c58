//! Where do the stories about freshness happen? A coach, a cohort, a person whose calendar asks; and what must be
//! answered is what a site answers that has kept nothing.

use chrono::TimeDelta;
use poem::test::TestClient;
use trellis::{
    actions::change_person::{Settings, choose_calendar, save_settings},
    domain::{
        discretion::Discretion,
        enrollment::CalendarChoice,
        ids::{CohortId, EnrollmentId, ParticipantId},
        plan::Change,
    },
    store::{cohorts, enrollments, practices::Practice, programs, sessions},
    web::routes,
};

use crate::{
    people::{Person, enroll},
    world::{World, name, save_program, zone},
};

const ANA: Person =
    Person { name: "Ana", email: "ana@example.org", zone: "Europe/Lisbon", track: "broke", calendar: "feed" };

/// All of an answer but what is each answer's own.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) text: String,
}

impl Given {
    pub(super) fn has(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(is, _)| is == name).map(|(_, value)| value.as_str())
    }
}

/// `date`, `content-length` and the like are written by the server, not by the site.
fn own(headers: &poem::http::HeaderMap) -> Vec<(String, String)> {
    let ours = headers.iter().filter(|(name, _)| {
        !["x-request-id", "date", "content-length", "transfer-encoding", "connection"].contains(&name.as_str())
    });
    let mut all: Vec<_> = ours.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    all.sort();
    all
}

/// A coach, a cohort, a person whose calendar asks.
pub(super) struct Scene<'a> {
    pub(super) world: &'a World,
    pub(super) practice: Practice,
    pub(super) cohort: CohortId,
    pub(super) place: EnrollmentId,
    pub(super) person: ParticipantId,
    pub(super) page: String,
    pub(super) client: reqwest::Client,
}

impl<'a> Scene<'a> {
    pub(super) async fn new(world: &'a World) -> Self {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        let place = enroll(world, cohort, &ANA).await;
        world.pass(TimeDelta::minutes(5)).await;
        let db = world.app.db.reader();
        let person = enrollments::find(db, practice.id, place).await.unwrap().unwrap().participant_id;
        let program = cohorts::anywhere(db, cohort).await.unwrap().unwrap().program_id;
        let code = programs::find(db, practice.id, program).await.unwrap().unwrap().code;
        let page = format!("/g/{code}");
        Self { world, practice, cohort, place, person, page, client: reqwest::Client::new() }
    }

    pub(super) fn feed(&self, rotation: i32) -> String {
        let address = self.world.app.links.feed(self.person.0, rotation);
        address.strip_prefix(self.world.app.links.base()).unwrap().to_owned()
    }

    pub(super) fn paths(&self) -> [String; 4] {
        let page = &self.page;
        [page.clone(), format!("{page}?tz=Asia/Tokyo"), format!("{page}?tz=x&cohort={}", self.cohort), self.feed(0)]
    }

    /// From the site that serves.
    pub(super) async fn ask(&self, path: &str) -> Given {
        let answer = self.client.get(format!("{}{path}", self.world.base)).send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), own(answer.headers()));
        Given { status, headers, text: without_id(&answer.text().await.unwrap()) }
    }

    /// 304 for what was answered with this tag?
    pub(super) async fn knows(&self, path: &str, etag: &str) -> u16 {
        let ask = self.client.get(format!("{}{path}", self.world.base)).header("if-none-match", etag);
        ask.send().await.unwrap().status().as_u16()
    }

    /// From a site that has kept nothing yet.
    pub(super) async fn anew(&self, path: &str) -> Given {
        let client = TestClient::new(routes::site(self.world.app.clone()).unwrap());
        let answer = client.get(path).send().await.0;
        let (status, headers) = (answer.status().as_u16(), own(answer.headers()));
        Given { status, headers, text: without_id(&answer.into_body().into_string().await.unwrap()) }
    }

    /// Everything is as it would be if it were made now, also the second time; returns it.
    pub(super) async fn is_true(&self, after: &str) -> Vec<Given> {
        let mut all = Vec::new();
        for path in self.paths() {
            let first = self.ask(&path).await;
            assert_eq!(first, self.ask(&path).await, "{path} after {after}, twice");
            assert_eq!(first, self.anew(&path).await, "{path} after {after}, anew");
            if let Some(etag) = first.has("etag") {
                assert_eq!(self.knows(&path, etag).await, 304, "after {after}");
                assert_eq!(self.knows(&path, etag).await, 304, "after {after}, twice");
            }
            all.push(first);
        }
        all
    }

    /// True after it, and another page or another calendar than before.
    pub(super) async fn changed(&self, before: &[Given], what: &str) -> Vec<Given> {
        let old = before.iter().find_map(|given| given.has("etag"));
        if let Some(old) = old
            && before.last() != Some(&self.anew(&self.feed(0)).await)
        {
            assert_ne!(self.knows(&self.feed(0), old).await, 304, "the very next after {what}");
        }
        let after = self.is_true(what).await;
        assert_ne!(before, after, "{what} shows");
        after
    }

    pub(super) async fn sessions(&self) -> Vec<trellis::store::sessions::SessionRow> {
        sessions::of_cohort(self.world.app.db.reader(), self.cohort).await.unwrap()
    }

    pub(super) async fn apply(&self, change: &Change) {
        self.world.change((self.practice.id, self.cohort), change).await;
    }

    pub(super) async fn rename(&self, title: &str) {
        let db = self.world.app.db.reader();
        let cohort = cohorts::anywhere(db, self.cohort).await.unwrap().unwrap();
        let mut program = programs::find(db, self.practice.id, cohort.program_id).await.unwrap().unwrap();
        title.clone_into(&mut program.content.0.title);
        save_program(&self.world.app, &program).await.unwrap();
    }

    pub(super) async fn be(&self, level: Discretion) {
        let settings = Settings { name: name("Ana"), zone: zone("Europe/Lisbon"), discretion: Some(level) };
        save_settings(&self.world.app, self.practice.id, self.person, &settings).await.unwrap();
    }

    pub(super) async fn choose(&self, choice: CalendarChoice) {
        choose_calendar(&self.world.app, self.practice.id, self.place, choice).await.unwrap();
    }
}

/// An error page says its request's id.
fn without_id(text: &str) -> String {
    let mut text = text.to_owned();
    while let Some(at) = text.find("mention <span class=\"mono\">") {
        text.truncate(at);
    }
    text
}

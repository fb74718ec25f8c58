//! How is a button pressed many times at once, and what does a world look like afterwards?

use std::collections::BTreeMap;

use trellis::{
    domain::people::Who,
    store::{
        audits, check_ins, coaches, cohorts, enrollments, ledger, logins, participants, practices, programs, sessions,
    },
};

use crate::{
    forms::fields_of,
    visitor::{Answer, Visitor, form_token},
    world::{PASSWORD, World},
};

/// Somebody impatient: opens a page and presses its button this often, all at once.
pub struct Hand<'a> {
    world: &'a World,
    pub visitor: Visitor,
    times: usize,
    /// What each form left behind.
    pub left: Vec<(&'static str, String)>,
}

impl<'a> Hand<'a> {
    pub fn new(world: &'a World, visitor: Visitor, times: usize) -> Self {
        Self { world, visitor, times, left: Vec::new() }
    }

    /// Every answer is the same; returns one of them.
    pub async fn press(&mut self, what: &'static str, of: (&str, &str), fields: &[(&str, &str)]) -> Answer {
        let (page, action) = of;
        let shown = self.visitor.get(page).await;
        let token = form_token(&shown.body).unwrap_or_else(|| panic!("{what}: no form on {page}: {}", shown.body));
        self.send(what, action, &[fields, &[("form_token", &token)]].concat()).await
    }

    /// The button of a form that is there already, with all that stands in it.
    pub async fn press_shown(&mut self, what: &'static str, of: (&str, &str), more: &[(&str, &str)]) -> Answer {
        let shown = fields_of(of.0, of.1);
        let fields: Vec<_> = shown.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.send(what, of.1, &[&fields[..], more].concat()).await
    }

    async fn send(&mut self, what: &'static str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let presses = (0..self.times).map(|_| self.visitor.post(action, fields));
        let mut answers = futures_util::future::join_all(presses).await;
        let said = |answer: &Answer| {
            let cookie = answer.headers.get("set-cookie").cloned();
            (answer.status, answer.location.clone(), cookie, answer.body.clone())
        };
        for answer in &answers {
            assert!(answer.status < 500, "{what}: {}", answer.body);
            assert_eq!(said(answer), said(&answers[0]), "{what}: one answer");
        }
        // And once more, later; whoever was signed out by it is somebody else by then.
        let is_out = |answer: &Answer| {
            answer.headers.get("set-cookie").is_some_and(|c| c.to_str().unwrap().contains("Max-Age=0"))
        };
        if !is_out(&answers[0]) {
            let late = self.visitor.post(action, fields).await;
            assert_eq!((late.status, &late.location), (answers[0].status, &answers[0].location), "{what}: said again");
        }
        let first = answers.remove(0);
        assert!(first.status < 500 && first.status != 404, "{what}: {} {}", first.status, first.body);
        self.left.push((what, format!("{} {:?}", first.status, footprint(self.world).await)));
        first
    }

    pub async fn sign_in(&mut self, email: &str) {
        self.visitor = Visitor::of(self.world);
        self.visitor.submit("/link", "/link", &[("email", email)]).await;
        self.world.run().await;
        let link = self.world.last_to(email).link("/p/open/");
        assert_eq!(self.visitor.submit(&link, &link, &[]).await.status, 303);
    }
}

pub async fn signed_in_coach(world: &World) -> Visitor {
    let visitor = Visitor::of(world);
    let fields = [("email", "nadia@group.example"), ("password", PASSWORD)];
    assert_eq!(visitor.submit("/coach/sign-in", "/coach/sign-in", &fields).await.status, 303);
    visitor
}

/// The enrollment form as somebody fills it in.
pub async fn filled_in(visitor: &Visitor, path: &str, email: &str) -> Vec<(&'static str, String)> {
    let page = visitor.get(path).await.body;
    let wordings = page.split("name=\"wordings\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let fields = [
        ("name", "Ana"),
        ("email", email),
        ("tz", "Europe/Lisbon"),
        ("track", "broke"),
        ("calendar", "feed"),
        ("discretion", "discreet"),
        ("note", ""),
        ("agree", "yes"),
        ("stored", "yes"),
        ("wordings", wordings.unwrap()),
    ];
    fields.map(|(name, value)| (name, value.to_owned())).into()
}

/// How much there is of everything, so that nothing done twice goes unseen.
pub async fn footprint(world: &World) -> BTreeMap<String, usize> {
    let db = world.app.db.reader();
    let practice = practices::on_this_installation(db).await.unwrap().remove(0);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut count = |what: String, more: usize| *counts.entry(what).or_default() += more;
    for delivery in ledger::everything(db).await.unwrap() {
        count(format!("mail {:?}", delivery.occasion), 1);
    }
    for audit in audits::of_practice(db, practice.id, 1_000).await.unwrap() {
        count(format!("audit {}", audit.act), 1);
    }
    for program in programs::of_practice(db, practice.id).await.unwrap() {
        count("lessons".into(), programs::lessons_of(db, program.id).await.unwrap().len());
    }
    count("coach logins".into(), 0);
    for coach in coaches::of_practice(db, practice.id).await.unwrap() {
        count("coach logins".into(), logins::of_person(db, Who::Coach, coach.id.0).await.unwrap().len());
        count("coach feeds".into(), usize::try_from(coach.feed_rotation).unwrap());
    }
    for cohort in cohorts::of_practice(db, practice.id).await.unwrap() {
        count("cohorts".into(), 1);
        count("seats".into(), usize::try_from(cohort.seats_taken).unwrap());
        for session in sessions::of_cohort(db, cohort.id).await.unwrap() {
            count("versions of sessions".into(), usize::try_from(session.version).unwrap());
        }
        for enrollment in enrollments::of_cohort(db, cohort.id).await.unwrap() {
            count(format!("{}", enrollment.standing), 1);
            count("history".into(), enrollments::history_of(db, enrollment.id).await.unwrap().len());
            count("check-ins".into(), check_ins::of_enrollment(db, enrollment.id).await.unwrap().len());
            let person = participants::holding(db, enrollment.participant_id).await.unwrap().unwrap();
            count("feeds".into(), usize::try_from(person.feed_rotation).unwrap());
            count("logins".into(), logins::of_person(db, Who::Participant, person.id.0).await.unwrap().len());
        }
    }
    counts
}

//! Does anybody hear what is not so any more? A mail that had to wait, while what it says changed.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use trellis::{
    demo::smtp_server::{Action, Script, Step},
    domain::{
        delivery::{Occasion, State},
        ids::{CohortId, PracticeId, SessionId},
        plan::Change,
    },
    store::{
        ledger::{self, Delivery},
        practices::Practice,
        programs, sessions,
    },
};

use crate::{
    people::{Person, enroll},
    post::{Mail, header, read},
    world::{Backend, World, save_practice, save_program, utc},
};

const ANA: Person =
    Person { name: "Ana", email: "ana@example.org", zone: "Europe/Lisbon", track: "broke", calendar: "invites" };

const BACKENDS: [Backend; 2] = [Backend::Sqlite, Backend::Postgres];

/// The second session, a week after the first: 19 October, 19:00 in Berlin.
const SECOND: &str = "20261019T170000Z";
const MOVED: &str = "20261020T180000Z";

/// A mail server that does this to some of the mails, for as long as it is ill.
struct Ill {
    world: World,
    is_ill: Arc<AtomicBool>,
    of: (PracticeId, CohortId),
    practice: Practice,
}

impl Ill {
    /// Ana is enrolled, and what her mail server was ill for waits.
    async fn new(backend: Backend, of_mails: fn(&Mail) -> bool, does: Action) -> Self {
        let is_ill = Arc::new(AtomicBool::new(true));
        let ill = is_ill.clone();
        let script = Script::new(move |step| match step {
            Step::Message(received)
                if ill.load(Ordering::SeqCst) && of_mails(&read(utc("2026-01-01 00:00"), received)) =>
            {
                does.clone()
            }
            _ => Action::Go,
        });
        let world = World::with(backend, script, &[]).await;
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(&world, cohort, &ANA).await;
        world.pass(TimeDelta::seconds(30)).await;
        Self { world, is_ill, of: (practice.id, cohort), practice }
    }

    fn is_well(&self) {
        self.is_ill.store(false, Ordering::SeqCst);
    }

    async fn change(&self, ordinal: i32, change: impl FnOnce(SessionId) -> Change) {
        let sessions = sessions::of_cohort(self.world.app.db.reader(), self.of.1).await.unwrap();
        let session = sessions.into_iter().find(|session| session.ordinal == ordinal).unwrap();
        self.world.change(self.of, &change(session.id)).await;
    }

    async fn pass(&self, minutes: i64) {
        // A try that failed is due again on the real clock, which no instant of the program's stops at.
        for _ in 0..minutes {
            self.world.pass(TimeDelta::minutes(1)).await;
        }
    }

    /// METHOD, SEQUENCE and DTSTART of what the calendar was told of a session at one of these times.
    fn told(&self, times: &[&str]) -> Vec<(String, String, String)> {
        let mails = self.world.mails_to(ANA.email);
        let calendar = mails.iter().filter(|mail| times.contains(&mail.property("DTSTART").as_str()));
        calendar.map(|mail| (mail.property("METHOD"), mail.property("SEQUENCE"), mail.property("DTSTART"))).collect()
    }

    async fn rows(&self, occasion: Occasion) -> Vec<Delivery> {
        let rows = ledger::everything(self.world.app.db.reader()).await.unwrap();
        rows.into_iter().filter(|row| row.occasion == occasion).collect()
    }
}

fn later() -> Action {
    Action::Say("451 4.3.0 Later".to_owned())
}

fn is_second(mail: &Mail) -> bool {
    mail.property("DTSTART") == SECOND
}

fn to(day: u32, hour: u32) -> impl Fn(SessionId) -> Change {
    move |session| Change::MoveSession {
        session,
        date: NaiveDate::from_ymd_opt(2026, 10, day).unwrap(),
        time: NaiveTime::from_hms_opt(hour, 0, 0).unwrap(),
        minutes: 75,
    }
}

fn word(method: &str, sequence: &str, starts: &str) -> (String, String, String) {
    (method.to_owned(), sequence.to_owned(), starts.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invite_that_waited_while_its_session_moved_asks_for_the_new_time_alone() {
    for backend in BACKENDS {
        let ill = Ill::new(backend, is_second, later()).await;
        assert!(ill.told(&[SECOND, MOVED]).is_empty());
        ill.change(2, to(20, 20)).await;
        ill.is_well();
        ill.pass(8).await;
        assert!(ill.told(&[SECOND]).is_empty(), "until people are told, the old time is not asked for either");
        ill.pass(30).await;
        assert_eq!(ill.told(&[SECOND, MOVED]), [word("REQUEST", "1", MOVED)]);
        let voided: Vec<State> = ill.rows(Occasion::Invite).await.iter().map(|row| row.state).collect();
        assert_eq!(voided.iter().filter(|state| **state == State::Canceled).count(), 1, "{voided:?}");
        assert!(ill.rows(Occasion::Invite).await.iter().all(|row| row.frozen.is_none()), "no longer than needed");
        ill.world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invite_that_waited_while_its_session_was_canceled_is_never_sent_nor_canceled() {
    for backend in BACKENDS {
        let ill = Ill::new(backend, is_second, later()).await;
        ill.change(2, |session| Change::CancelSession { session }).await;
        ill.is_well();
        ill.pass(40).await;
        assert!(ill.told(&[SECOND]).is_empty(), "C30: no CANCEL without a REQUEST");
        assert_eq!(ill.rows(Occasion::ScheduleChanged).await.len(), 1, "the person hears of it all the same");
        ill.world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invite_that_waited_while_a_change_was_taken_back_is_sent_as_it_was() {
    for backend in BACKENDS {
        let ill = Ill::new(backend, is_second, later()).await;
        let frozen = ill.rows(Occasion::Invite).await.into_iter().find_map(|row| row.frozen).unwrap();
        ill.change(2, to(20, 20)).await;
        ill.is_well();
        ill.pass(3).await;
        ill.change(2, to(19, 19)).await;
        ill.pass(30).await;
        assert_eq!(ill.told(&[SECOND, MOVED]), [word("REQUEST", "0", SECOND)]);
        let mails = ill.world.mails_to(ANA.email);
        let arrived = mails.iter().find(|mail| is_second(mail)).unwrap();
        assert_eq!(arrived.raw, frozen, "what did not change is the same to the byte");
        ill.world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invite_that_may_have_arrived_comes_again_to_the_byte_and_is_then_corrected() {
    for backend in BACKENDS {
        let ill = Ill::new(backend, is_second, Action::TakeAndDrop).await;
        assert_eq!(ill.told(&[SECOND]), [word("REQUEST", "0", SECOND)]);
        ill.is_well();
        ill.change(2, to(20, 20)).await;
        ill.pass(40).await;
        assert_eq!(
            ill.told(&[SECOND, MOVED]),
            [word("REQUEST", "0", SECOND), word("REQUEST", "0", SECOND), word("REQUEST", "1", MOVED)]
        );
        let mails = ill.world.mails_to(ANA.email);
        let second: Vec<&Mail> = mails.iter().filter(|mail| is_second(mail)).collect();
        assert_eq!(second[0].raw, second[1].raw, "to the byte");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invite_that_waited_while_its_title_changed_is_another_word() {
    for backend in BACKENDS {
        let ill = Ill::new(backend, is_second, later()).await;
        let first = ill.rows(Occasion::Invite).await.into_iter().find(|row| row.frozen.is_some()).unwrap();
        let stamp = read_back(first.frozen.as_deref().unwrap()).property("DTSTAMP");
        let mut program = programs::of_practice(ill.world.app.db.reader(), ill.practice.id).await.unwrap().remove(0);
        "Evening call".clone_into(&mut program.content.0.calendar_title);
        save_program(&ill.world.app, &program).await.unwrap();
        ill.is_well();
        ill.pass(5).await;
        assert_eq!(ill.told(&[SECOND]), [word("REQUEST", "1", SECOND)], "C14: another content, another SEQUENCE");
        let mails = ill.world.mails_to(ANA.email);
        let invite = mails.iter().find(|mail| is_second(mail)).unwrap();
        assert_eq!(invite.property("SUMMARY"), "Evening call");
        assert!(invite.property("DTSTAMP") > stamp, "C14: and a later DTSTAMP");
        assert_ne!(header(&invite.raw, "Message-ID"), first.message_id.unwrap(), "H3");
        assert!(header(&invite.raw, "References").is_empty(), "what was voided starts no thread");
        ill.world.end().await;
    }
}

fn read_back(raw: &[u8]) -> Mail {
    let received = trellis::demo::smtp_server::Received { from: String::new(), to: vec![], bytes: raw.to_vec() };
    read(utc("2026-01-01 00:00"), &received)
}

fn is_news(mail: &Mail) -> bool {
    mail.subject == "The schedule has changed"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn news_of_the_schedule_that_waited_is_told_with_the_next() {
    for backend in BACKENDS {
        let ill = Ill::new(backend, is_news, later()).await;
        ill.change(2, to(20, 20)).await;
        ill.pass(12).await;
        assert_eq!(ill.rows(Occasion::ScheduleChanged).await[0].state, State::Deferred);
        ill.change(2, to(21, 18)).await;
        ill.is_well();
        ill.pass(8).await;
        assert!(!ill.world.mails_to(ANA.email).iter().any(is_news), "what is about to change again is not told");
        ill.pass(40).await;
        let mails = ill.world.mails_to(ANA.email);
        let news: Vec<&Mail> = mails.iter().filter(|mail| is_news(mail)).collect();
        assert_eq!(news.len(), 1, "once");
        let text = &news[0].text;
        assert!(text.contains("21 Oct") && text.contains("19 Oct"), "from what Ana knew to what is so: {text}");
        assert!(!text.contains("20 Oct"), "and nothing between: {text}");
        ill.world.end().await;
    }
}

fn is_welcome(mail: &Mail) -> bool {
    mail.subject == "Your place is confirmed"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_letter_that_waited_says_what_is_so_when_it_leaves() {
    for backend in BACKENDS {
        let ill = Ill::new(backend, is_welcome, later()).await;
        let mut practice = ill.practice.clone();
        "2 Harbour Street, Galway".clone_into(&mut practice.postal_address);
        save_practice(&ill.world.app, &practice).await.unwrap();
        ill.is_well();
        ill.pass(5).await;
        let mails = ill.world.mails_to(ANA.email);
        let welcome: Vec<&Mail> = mails.iter().filter(|mail| is_welcome(mail)).collect();
        assert_eq!(welcome.len(), 1);
        assert!(welcome[0].text.contains("2 Harbour Street") && !welcome[0].text.contains("Camden"));
        ill.world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_in_doubt_is_not_written_anew() {
    for backend in BACKENDS {
        let ill = Ill::new(backend, is_welcome, Action::TakeAndDrop).await;
        let mut practice = ill.practice.clone();
        "2 Harbour Street, Galway".clone_into(&mut practice.postal_address);
        save_practice(&ill.world.app, &practice).await.unwrap();
        ill.is_well();
        ill.pass(5).await;
        let mails = ill.world.mails_to(ANA.email);
        let welcome: Vec<&Mail> = mails.iter().filter(|mail| is_welcome(mail)).collect();
        assert_eq!(welcome.len(), 2);
        assert_eq!(welcome[0].raw, welcome[1].raw, "R2: to the byte");
    }
}

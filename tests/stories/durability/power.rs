//! R12: is what was answered, and what is on the wire, on the disk before? It must be there when the power fails.

use std::{
    collections::HashSet,
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use secrecy::ExposeSecret;
use tokio::time::sleep;
use trellis::{
    demo::smtp_server::{self, Script},
    domain::ids::CohortId,
    random::Random,
    store::{enrollments, participants},
    web::csrf::FormToken,
};

use crate::{
    operations::process::{Served, Settings},
    scale, sending,
    twice::presses::filled_in,
    visitor::Visitor,
    world::{Backend, World},
};

/// What a process asks of the system, as the system sees it.
struct Watching(Child);

impl Watching {
    /// `None` where nobody may look.
    async fn at(process: u32, file: &Path) -> Option<Self> {
        let calls = "trace=pwrite64,fsync,fdatasync,write,writev,sendto,sendmsg";
        let arguments = ["-f", "-y", "-s", "200", "-e", calls, "-p", &process.to_string(), "-o"];
        let strace = Command::new("strace").args(arguments).arg(file).stderr(Stdio::null()).spawn();
        let mut watching = Self(strace.ok()?);
        let began = Instant::now();
        while !is_watched(process) {
            if watching.0.try_wait().unwrap().is_some() {
                return None;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "strace does not begin");
            sleep(Duration::from_millis(10)).await;
        }
        Some(watching)
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        // Asked to end, it lets go of the process; killed, it might take it along.
        let _asked = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ended = self.0.wait();
    }
}

/// Each thread of it.
fn is_watched(process: u32) -> bool {
    let threads = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let status = |thread: fs::DirEntry| fs::read_to_string(thread.path().join("status")).unwrap_or_default();
    threads.flatten().map(status).all(|status| !status.contains("TracerPid:\t0\n"))
}

/// What was said to a visitor who changed something, and to the mail server: each after something was written to the
/// log of the database, and flushed to the disk.
fn said_after_it_was_flushed(calls: &str) -> (usize, usize) {
    let (mut answers, mut mails) = (0, 0);
    let (mut is_written, mut is_flushed, mut flushing) = (false, false, HashSet::new());
    for line in calls.lines() {
        let thread = line.split(' ').next().unwrap();
        let (is_log, is_flush) = (line.contains("-wal>"), line.contains("fdatasync(") || line.contains("fsync("));
        is_written |= is_log && line.contains("pwrite64(");
        if is_log && is_flush && line.contains("unfinished") {
            flushing.insert(thread);
        } else if (is_log && is_flush) || (line.contains("sync resumed>") && flushing.remove(thread)) {
            is_flushed |= is_written;
        }
        let (answer, mail) = (line.contains("\"HTTP/1.1 303"), line.contains("MAIL FROM:"));
        if answer || mail {
            assert!(is_flushed, "said before it was on the disk: {line}");
            (answers, mails) = (answers + usize::from(answer), mails + usize::from(mail));
        }
        if answer || mail || line.contains("\"HTTP/1.1 200") {
            (is_written, is_flushed) = (false, false);
        }
    }
    (answers, mails)
}

/// SQLite only: when PostgreSQL flushes is its own affair.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_answered_or_sent_before_it_is_on_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let (smtp, mut inbox) = smtp_server::start("127.0.0.1:0".parse().unwrap(), Script::well()).await.unwrap();
    let database = sending::database(Backend::Sqlite, folder.path()).await;
    let one = [("TRELLIS__MAIL__SENDERS", "1"), ("TRELLIS__MAIL__MOST_SENDERS", "1")];
    let app = sending::beside(&database).await;
    let nadia = sending::coach(&app, "nadia@group.example").await;
    let served = Served::start(folder.path(), &sending::settings(&database, &smtp.to_string(), &one)).await;
    let calls = folder.path().join("calls");
    let Some(watching) = Watching::at(served.number(), &calls).await else {
        scale::shown("R12", "NOT TOLD: strace is missing, or may not look at another process");
        return;
    };
    let (forms, mails) = (scale::of(5, 50), scale::of(20, 500));
    let visitor = Visitor::at(&served.base);
    for person in 0..forms {
        let email = format!("nobody-{person}@example.org");
        assert_eq!(visitor.submit("/link", "/link", &[("email", &email)]).await.status, 303);
    }
    sending::queue(&app, &nadia, mails).await;
    for _ in 0..mails {
        inbox.recv().await.unwrap();
    }
    drop(watching);
    let seen = said_after_it_was_flushed(&fs::read_to_string(&calls).unwrap());
    assert_eq!(seen, (forms, mails));
    scale::shown("R12, as the system sees it", format!("{forms} answers and {mails} mails, each after a flush"));
}

#[test]
fn what_was_not_flushed_is_found() {
    let line = |call: &str| format!("7 {call}\n");
    let (write, answer) =
        (line("pwrite64(9</t/a.sqlite-wal>, \"x\", 1, 0) = 1"), line("writev(4<s>, [\"HTTP/1.1 303 See\"])"));
    let flush =
        "7 fdatasync(9</t/a.sqlite-wal> <unfinished ...>\n8 write(1<s>, \"x\") = 1\n7 <... fdatasync resumed>) = 0\n";
    assert_eq!(said_after_it_was_flushed(&format!("{write}{flush}{answer}")), (1, 0));
    for early in [
        answer.clone(),
        format!("{write}{answer}"),
        format!("{flush}{write}{answer}"),
        format!("{write}{flush}{answer}{answer}"),
    ] {
        assert!(std::panic::catch_unwind(|| said_after_it_was_flushed(&early)).is_err(), "{early}");
    }
}

/// Killed in the midst of many forms: whoever was answered is there afterwards.
async fn killed_while_people_ask(backend: Backend) {
    let world = World::new(backend).await;
    let practice = world.practice().await;
    // By the clock of the machine, too, it is still to come.
    let starts_on = chrono::NaiveDate::from_ymd_opt(2035, 10, 1).unwrap();
    let cohort = world.cohort(&practice, |new| (new.capacity, new.starts_on) = (500, starts_on)).await;
    let settings: Settings = vec![
        ("TRELLIS_DATABASE_URL", world.app.config.database.url.expose_secret().to_owned()),
        ("TRELLIS__SECRETS__KEY", world.app.config.secrets.key.expose_secret().to_owned()),
        ("TRELLIS__MAIL__MODE", "hold".to_owned()),
        ("TRELLIS__LIMITS__ENROLLMENTS_PER_CLIENT", "1000000".to_owned()),
    ];
    let (kills, folder, chance) = (scale::of(4, 40), tempfile::tempdir().unwrap(), Random::seeded(12));
    let (mut answered, mut asked) = (0, 0);
    for round in 0..kills {
        let served = Served::start(folder.path(), &settings).await;
        let (base, form) = (served.base.clone(), format!("/enroll/{cohort}"));
        let fields = filled_in(&Visitor::at(&base), &form, "").await;
        let people: Vec<String> = (0..20).map(|person| format!("p{person}-{round}@example.org")).collect();
        let done = AtomicUsize::new(0);
        let (base, form, fields, done) = (&base, &form, &fields, &done);
        let asking = people.iter().map(|email| {
            let who = (email.as_str(), FormToken::new(world.app.random.bytes()));
            async move {
                let is_answered = ask(base, form, fields, who).await;
                done.fetch_add(usize::from(is_answered), Ordering::Relaxed);
                is_answered
            }
        });
        let kill = async {
            let began = Instant::now();
            // In the midst of it: somebody was answered, others were not yet.
            while done.load(Ordering::Relaxed) == 0 && began.elapsed() < Duration::from_secs(20) {
                sleep(Duration::from_millis(1)).await;
            }
            sleep(Duration::from_millis(40).mul_f64(chance.fraction())).await;
            // SIGKILL.
            drop(served);
        };
        let (answers, ()) = tokio::join!(join_all(asking), kill);
        for (email, is_answered) in people.iter().zip(answers) {
            asked += 1;
            if is_answered {
                assert!(is_there(&world, cohort, email).await, "{email} was told that it went well");
                answered += 1;
            }
        }
    }
    assert!(answered > 0 && answered < asked, "some kill came too soon or too late: {answered} of {asked}");
    scale::shown("R12, killed", format!("{backend:?}, {kills} kills: {answered} of {asked} answered, 0 of those lost"));
}

/// `true`: it was answered that it went well.
async fn ask(base: &str, form: &str, fields: &[(&'static str, String)], who: (&str, FormToken)) -> bool {
    let token = who.1.as_str().to_owned();
    let own = [("email", who.0.to_owned()), ("form_token", token)];
    let others = fields.iter().filter(|(name, _)| *name != "email").cloned();
    let fields: Vec<(&str, String)> = others.chain(own).collect();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let asked = client.post(format!("{base}{form}")).header("origin", base).form(&fields).send().await;
    let status = asked.map(|answer| answer.status().as_u16());
    assert!(matches!(status, Ok(303) | Err(_)), "{} was answered with {status:?}", who.0);
    status.is_ok()
}

async fn is_there(world: &World, cohort: CohortId, email: &str) -> bool {
    let (db, email) = (world.app.db.reader(), email.parse().unwrap());
    let cohort = trellis::store::cohorts::anywhere(db, cohort).await.unwrap().unwrap();
    let Some(person) = participants::with_email(db, cohort.practice_id, &email).await.unwrap() else { return false };
    enrollments::of_person_in(db, cohort.id, person.id).await.unwrap().is_some()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_was_answered_is_there_after_a_kill_on_sqlite() {
    killed_while_people_ask(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_was_answered_is_there_after_a_kill_on_postgres() {
    killed_while_people_ask(Backend::Postgres).await;
}

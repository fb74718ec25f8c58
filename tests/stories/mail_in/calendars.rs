//! Answers of calendars: to which session, which one counts, and who reads them.

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use trellis::{
    domain::{
        ids::{EnrollmentId, SessionId},
        plan::Change,
    },
    store::{calendar_answers, invites, ledger},
};

use super::{ANA, About, BEN, TOKEN, change, coach, everything, hand, inbound, page, person, post, with_ana};
use crate::{
    mailed,
    post::Mail,
    visitor::Visitor,
    world::{World, utc},
};

/// The invites as they arrived, in the order of the sessions.
fn invitations(world: &World) -> Vec<Mail> {
    world.mails_to(ANA.email).into_iter().filter(|mail| mail.property("METHOD") == "REQUEST").collect()
}

/// What each session's invite is answered with.
async fn answers(world: &World, enrollment: EnrollmentId) -> Vec<String> {
    let db = world.app.db.reader();
    let cohort = trellis::store::enrollments::holding(db, enrollment).await.unwrap().unwrap().cohort_id;
    let known = invites::of_enrollment(db, enrollment).await.unwrap();
    let meetings = trellis::store::sessions::of_cohort(db, cohort).await.unwrap();
    let of = |meeting: &trellis::store::sessions::SessionRow| {
        known.iter().rev().find(|invite| invite.session_id == meeting.id).unwrap().rsvp.clone()
    };
    meetings.iter().map(of).collect()
}

/// Every answer that came, and whether it counts.
async fn weights(world: &World, enrollment: EnrollmentId) -> Vec<(String, String)> {
    let db = world.app.db.reader();
    let ids: Vec<_> =
        invites::of_enrollment(db, enrollment).await.unwrap().into_iter().map(|invite| invite.id).collect();
    let mut rows = calendar_answers::of_invites(db, &ids).await.unwrap();
    rows.sort_by_key(|row| (row.made_at, row.stamped_at));
    rows.into_iter().map(|row| (row.act.to_string(), row.weight.to_string())).collect()
}

fn to(day: u32, hour: u32) -> impl FnOnce(SessionId) -> Change {
    let date = NaiveDate::from_ymd_opt(2026, 10, day).unwrap();
    move |session| Change::MoveSession {
        session,
        date,
        time: NaiveTime::from_hms_opt(hour, 0, 0).unwrap(),
        minutes: 75,
    }
}

mailed! {
    async fn r1_r3_r4_r5_each_calendar_answers_for_its_own_session(world: &World) {
        let (cohort, enrollment) = with_ana(world).await;
        let invited = invitations(world);
        for (invite, shape) in invited.iter().zip([
            "reply_exchange_declined_without_organizer",
            "reply_gmail_accepted",
            "reply_apple_alias",
            "reply_thunderbird_tentative",
            "reply_without_sequence",
            "reply_delegated",
        ]) {
            assert_eq!(hand(world, inbound(shape, &About::mail(invite))).await, "answer", "{shape}");
        }
        assert_eq!(answers(world, enrollment).await, ["declined", "accepted", "accepted", "tentative", "declined", ""], "R8: nobody is delegated to");
        assert_eq!(crate::people::standing(world, cohort, ANA.email).await, "enrolled", "R5: not to come is not to leave");
        let ana = person(world, ANA.email).await;
        assert_eq!(ana.email.expose(), ANA.email, "R4: an alias that answered is written to by nobody");

        world.to(utc("2026-10-12 08:00")).await;
        let coach = coach(world).await;
        let week = page(&coach, "/coach").await;
        assert!(week.contains("1 cannot make it (Ana)"), "{week}");
        let hers = page(&coach, &format!("/coach/people/{}", ana.id)).await;
        for words in ["Can’t come", "Comes", "Perhaps", "I may be ten minutes late, is that all right?", "My son is ill, I am so sorry."] {
            assert!(hers.contains(words), "R9: the coach reads {words}");
        }
    }
}

mailed! {
    async fn r2_a_guessed_uid_answers_nothing(world: &World) {
        with_ana(world).await;
        let known = About::mail(&invitations(world)[0]);
        let before = everything(world).await;
        let mut uid = known.uid.clone();
        uid.replace_range(..1, if uid.starts_with('a') { "b" } else { "a" });
        for uid in [uid, String::new(), "1@localhost".to_owned(), known.uid.to_uppercase()] {
            let about = About { uid, ..known.clone() };
            for shape in ["reply_gmail_accepted", "counter", "refresh"] {
                assert_eq!(hand(world, inbound(shape, &about)).await, "nothing", "{shape}");
            }
        }
        assert_eq!(hand(world, inbound("request_of_somebody_else", &known)).await, "nothing", "nobody invites us");
        assert_eq!(everything(world).await, before);
    }
}

mailed! {
    async fn r6_an_answer_to_an_older_time_is_kept_and_does_not_count(world: &World) {
        let (cohort, enrollment) = with_ana(world).await;
        let first = About::mail(&invitations(world)[1]);
        hand(world, inbound("reply_dmarc_failed", &first)).await;
        assert_eq!(answers(world, enrollment).await[1], "declined", "R10: the UID is the proof, whoever sent it");

        change(world, cohort, 2, to(20, 20)).await;
        world.pass(TimeDelta::minutes(15)).await;
        assert_eq!(answers(world, enrollment).await[1], "", "C15: another time is another question");
        let moved = About::mail(&invitations(world).into_iter().rfind(|mail| mail.property("UID") == first.uid).unwrap());
        assert!(moved.sequence > first.sequence);
        let late = first.clone().at(world.now() + TimeDelta::minutes(3));
        hand(world, inbound("reply_gmail_accepted", &late)).await;
        assert_eq!(answers(world, enrollment).await[1], "", "the old time was accepted, not this one");

        let noon = world.now();
        let at = |minute| moved.clone().at(noon + TimeDelta::minutes(minute));
        world.pass(TimeDelta::minutes(30)).await;
        hand(world, inbound("reply_gmail_accepted", &at(10))).await;
        assert_eq!(answers(world, enrollment).await[1], "accepted");
        hand(world, inbound("reply_exchange_declined_without_organizer", &at(20))).await;
        assert_eq!(answers(world, enrollment).await[1], "declined", "the later one counts");
        hand(world, inbound("reply_thunderbird_tentative", &at(15))).await;
        hand(world, inbound("reply_gmail_accepted", &at(20))).await;
        assert_eq!(answers(world, enrollment).await[1], "declined", "mails that changed places, and a second one of the same instant");
        let many = weights(world, enrollment).await.len();
        hand(world, inbound("reply_exchange_declined_without_organizer", &at(20))).await;
        assert_eq!(weights(world, enrollment).await.len(), many, "the same mail twice is once");
        let weights = weights(world, enrollment).await;
        assert_eq!(weights.iter().filter(|(_, weight)| weight == "counts").count(), 1, "{weights:?}");
        assert!(weights.contains(&("accepted".to_owned(), "older".to_owned())), "{weights:?}");
        let coach = coach(world).await;
        let hers = page(&coach, &format!("/coach/people/{}", person(world, ANA.email).await.id)).await;
        assert!(hers.contains("Answered an older time"));
    }
}

mailed! {
    async fn an_answer_on_the_page_and_one_by_calendar_are_one_story(world: &World) {
        let (_, enrollment) = with_ana(world).await;
        let about = About::mail(&invitations(world)[0]);
        let early = about.clone().at(world.now() - TimeDelta::minutes(2));
        let of = (person(world, ANA.email).await.practice_id, enrollment);
        let session = invites::of_enrollment(world.app.db.reader(), enrollment).await.unwrap().into_iter().find(|invite| invite.uid == about.uid).unwrap().session_id;
        trellis::actions::answer_session::answer_session(&world.app, of, session, trellis::actions::answer_session::Answer::CannotCome).await.unwrap();
        hand(world, inbound("reply_gmail_accepted", &early)).await;
        assert_eq!(answers(world, enrollment).await[0], "declined", "it was pressed before the page was");
        world.pass(TimeDelta::minutes(10)).await;
        hand(world, inbound("reply_gmail_accepted", &about.at(world.now()))).await;
        assert_eq!(answers(world, enrollment).await[0], "accepted", "and now after");
    }
}

mailed! {
    async fn r7_one_of_a_series_that_was_never_sent_is_ignored(world: &World) {
        let (_, enrollment) = with_ana(world).await;
        let before = everything(world).await;
        hand(world, inbound("reply_one_of_a_series", &About::mail(&invitations(world)[0]))).await;
        assert_eq!((answers(world, enrollment).await[0].as_str(), everything(world).await), ("", before));
    }
}

mailed! {
    async fn r7_several_events_in_one_mail_are_each_answered(world: &World) {
        let (_, enrollment) = with_ana(world).await;
        let invited = invitations(world);
        let mail = String::from_utf8(inbound("reply_without_sequence", &About::mail(&invited[0]))).unwrap();
        let second = About::mail(&invited[1]).uid;
        let stamp = About::mail(&invited[1]).stamp.format("%Y%m%dT%H%M%SZ");
        let event = format!("BEGIN:VEVENT\r\nUID:{second}\r\nDTSTAMP:{stamp}\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:x@example.net\r\nEND:VEVENT\r\nEND:VCALENDAR");
        let mail = mail.replace("END:VCALENDAR", &event);
        assert_eq!(hand(world, mail.into_bytes()).await, "answer");
        assert_eq!(answers(world, enrollment).await[..3], ["declined", "accepted", ""]);
    }
}

mailed! {
    async fn r8_another_time_is_a_wish_that_the_coach_reads(world: &World) {
        let (cohort, enrollment) = with_ana(world).await;
        let before = trellis::store::sessions::of_cohort(world.app.db.reader(), cohort).await.unwrap();
        hand(world, inbound("counter", &About::mail(&invitations(world)[0]))).await;
        assert_eq!(trellis::store::sessions::of_cohort(world.app.db.reader(), cohort).await.unwrap(), before);
        assert_eq!(answers(world, enrollment).await[0], "", "a wish is no answer");
        let coach = coach(world).await;
        assert!(page(&coach, "/coach").await.contains("Ana asks for another time"));
        let hers = page(&coach, &format!("/coach/people/{}", person(world, ANA.email).await.id)).await;
        assert!(hers.contains("Tuesday 13 October 2026, 19:00–20:15 (Berlin time, UTC+02:00)"), "{hers}");
        assert!(hers.contains("Tuesday would be easier"));
    }
}

mailed! {
    async fn r8_a_calendar_that_lost_its_entry_gets_it_again_once_a_day(world: &World) {
        with_ana(world).await;
        let invite = invitations(world).remove(0);
        let about = About::mail(&invite);
        world.forget_mails();
        hand(world, inbound("refresh_by_a_machine", &about)).await;
        world.run().await;
        assert!(invitations(world).is_empty(), "B10: no machine is answered");
        for minute in 0..3 {
            hand(world, inbound("refresh", &about.clone().at(world.now() + TimeDelta::minutes(minute)))).await;
            world.run().await;
        }
        let again = invitations(world);
        assert_eq!(again.len(), 1, "once a day");
        assert_eq!(again[0].to, ANA.email);
        for name in ["UID", "SEQUENCE", "DTSTAMP", "DTSTART"] {
            assert_eq!(again[0].property(name), invite.property(name), "the invite as it is: {name}");
        }
        world.pass(TimeDelta::days(1)).await;
        hand(world, inbound("refresh", &about.at(world.now()))).await;
        world.run().await;
        assert_eq!(invitations(world).len(), 2, "and the next day again");
        let rows = ledger::everything(world.app.db.reader()).await.unwrap();
        assert!(rows.iter().all(|row| row.state.is_final()));
    }
}

mailed! {
    async fn r9_what_a_person_wrote_is_for_the_coach_alone(world: &World) {
        let (cohort, _) = with_ana(world).await;
        crate::people::enroll(world, cohort, &BEN).await;
        hand(world, inbound("reply_exchange_declined_without_organizer", &About::mail(&invitations(world)[0]))).await;
        world.forget_mails();
        world.to(utc("2026-10-12 19:00")).await;
        for mail in world.mails.lock().unwrap().iter().filter(|mail| mail.to != "nadia@group.example") {
            assert!(!String::from_utf8_lossy(&mail.raw).contains("My son is ill"), "to {}", mail.to);
        }
        let ben = Visitor::of(world);
        ben.submit("/link", "/link", &[("email", BEN.email)]).await;
        world.run().await;
        let link = world.last_to(BEN.email).link("/p/open/");
        ben.submit(&link, &link, &[]).await;
        let his = page(&ben, "/p").await;
        assert!(!his.contains("My son is ill") && !his.contains("cannot make it"));
    }
}

mailed! {
    async fn r10_too_much_is_nothing(world: &World) {
        let (_, enrollment) = with_ana(world).await;
        let about = About::mail(&invitations(world)[0]);
        let before = everything(world).await;
        let mail = String::from_utf8(inbound("reply_without_sequence", &about)).unwrap();
        let many = mail.replace("UID:", &format!("{}UID:", "X-A:b\r\n".repeat(250)));
        let mut large = mail.clone().into_bytes();
        large.resize(1024 * 1024 + 1, b' ');
        assert_eq!(post(world, large, Some(TOKEN)).await.status(), 413);
        let parts = format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{}--b\r\n{mail}", "--b\r\n\r\nx\r\n".repeat(60));
        let deep = format!("{}{mail}", "Content-Type: message/rfc822\r\n\r\n".repeat(9));
        for bytes in [many.into_bytes(), parts.into_bytes(), deep.into_bytes(), vec![b'-'; 1024 * 1024]] {
            assert_eq!(hand(world, bytes).await, "nothing");
        }
        assert_eq!((answers(world, enrollment).await[0].as_str(), everything(world).await), ("", before));
        let shallow = format!("{}{mail}", "Content-Type: message/rfc822\r\n\r\n".repeat(3));
        assert_eq!(hand(world, shallow.into_bytes()).await, "answer", "R1: at any depth that is one");
    }
}

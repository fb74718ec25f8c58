//! Bounces and complaints: whose, how often, and how they end.

use chrono::TimeDelta;
use sea_orm::{ConnectionTrait, Statement};
use trellis::{
    actions::{
        add_person::{NewPerson, WhenFull, add_person},
        change_person::correct_address,
    },
    domain::plan::Change,
    store::{ledger, practices, stops},
    transact,
};

use super::{ANA, About, BEN, change, coach, delivery, everything, hand, inbound, page, person, with_ana};
use crate::{
    mailed,
    people::{ask, enroll},
    visitor::Visitor,
    world::{World, name, utc, zone},
};

mailed! {
    async fn b7_a_dead_address_stops_all_mail_until_its_owner_reads_one(world: &World) {
        let (cohort, _) = with_ana(world).await;
        enroll(world, cohort, &BEN).await;
        let about = About::mail(&world.last_to(ANA.email));
        let report = inbound("dsn_exchange_online_not_found", &about);
        assert_eq!(hand(world, report.clone()).await, "bounce");
        let (state, reason) = delivery(world, &about.message_id).await;
        assert_eq!(state, "bounced");
        assert!(reason.contains("5.1.10") && !reason.contains('@'), "nobody's address is kept: {reason}");
        let once = everything(world).await;
        assert_eq!(hand(world, report).await, "bounce");
        assert_eq!(everything(world).await, once, "the same mail twice is once");

        let coach = coach(world).await;
        assert!(page(&coach, &format!("/coach/cohorts/{cohort}")).await.contains("Address bounces"));
        assert!(page(&coach, "/coach").await.contains("A mail to Ana came back"));
        world.forget_mails();
        world.to(utc("2026-10-12 20:00")).await;
        assert!(world.mails_to(ANA.email).is_empty(), "nothing of any kind is sent there");
        assert!(!world.mails_to(BEN.email).is_empty(), "others are not concerned");

        let ana = Visitor::of(world);
        ana.submit("/link", "/link", &[("email", ANA.email)]).await;
        world.run().await;
        let link = world.last_to(ANA.email).link("/p/open/");
        assert!(person(world, ANA.email).await.mail_problem.is_some(), "asking is not reading");
        let opened = ana.submit(&link, &link, &[]).await;
        assert_eq!(opened.status, 303, "{}", opened.body);
        assert_eq!(person(world, ANA.email).await.mail_problem, None, "B11: lifted by its owner");
        world.forget_mails();
        world.to(utc("2026-10-19 20:00")).await;
        assert!(!world.mails_to(ANA.email).is_empty(), "mail goes on");
    }
}

mailed! {
    async fn b7_every_shape_of_report_finds_its_mail(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        for (number, (shape, state)) in [
            ("dsn_postfix_unknown_user", "bounced"),
            ("dsn_gmail_unknown_user", "bounced"),
            ("dsn_exchange_online_not_found", "bounced"),
            ("dsn_redacted", "bounced"),
            ("dsn_postfix_full", "bounced"),
            ("dsn_postfix_expired", "failed"),
            ("bounce_qmail", "bounced"),
            ("bounce_exim", "bounced"),
        ].into_iter().enumerate() {
            let email: &'static str = Box::leak(format!("p{number}@example.org").into_boxed_str());
            ask(world, cohort, &crate::people::Person { email, ..ANA }).await;
            world.run().await;
            let about = About::mail(&world.last_to(email));
            assert_eq!(hand(world, inbound(shape, &about)).await, "bounce", "{shape}");
            assert_eq!(delivery(world, &about.message_id).await.0, state, "{shape}");
            let is_hard = !shape.contains("full") && !shape.contains("expired") && shape != "bounce_exim";
            assert_eq!(person(world, email).await.mail_problem.is_some(), is_hard, "{shape}");
        }
    }
}

mailed! {
    async fn a_mail_is_known_by_its_message_id_alone(world: &World) {
        with_ana(world).await;
        let ours = About { token: String::new(), ..About::mail(&world.last_to(ANA.email)) };
        let (local, host) = ours.message_id.split_once('@').unwrap();
        assert_eq!(local.len(), 27, "{local}");
        // Somebody else's name, and a name of ours under another host.
        let other = local.replacen(&local[5..6], if &local[5..6] == "a" { "b" } else { "a" }, 1);
        let forged = [format!("{other}@{host}"), format!("{local}@elsewhere.example>"), format!("{local}>")];
        let before = everything(world).await;
        for message_id in forged {
            let about = About { message_id, ..ours.clone() };
            assert_eq!(hand(world, inbound("dsn_postfix_unknown_user", &about)).await, "nothing", "{about:?}");
        }
        assert_eq!(everything(world).await, before);
        assert_eq!(hand(world, inbound("dsn_postfix_unknown_user", &ours)).await, "bounce");
        assert_eq!(delivery(world, &ours.message_id).await.0, "bounced");
    }
}

async fn rename(world: &World, from: &str, to: &str) -> trellis::store::Result<()> {
    transact!(world.app.db, |tx| {
        let renamed = "UPDATE deliveries SET message_id = $1 WHERE message_id = $2";
        let statement = Statement::from_sql_and_values(tx.get_database_backend(), renamed, [to.into(), from.into()]);
        assert_eq!(tx.execute_raw(statement).await?.rows_affected(), 1);
        Ok(())
    })
}

mailed! {
    async fn a_mail_that_left_before_names_were_veiled_is_known_by_its_hash(world: &World) {
        with_ana(world).await;
        let ours = About { token: String::new(), ..About::mail(&world.last_to(ANA.email)) };
        let hashed = format!("<{}@localhost>", "k7".repeat(16));
        rename(world, &ours.message_id, &hashed).await.unwrap();
        assert_eq!(hand(world, inbound("dsn_postfix_unknown_user", &ours)).await, "nothing", "it has another name");
        let about = About { message_id: hashed, ..ours };
        assert_eq!(hand(world, inbound("dsn_postfix_unknown_user", &about)).await, "bounce");
        assert_eq!(delivery(world, &about.message_id).await.0, "bounced");
    }
}

mailed! {
    async fn b8_a_late_mail_and_one_that_arrived_are_no_failures(world: &World) {
        with_ana(world).await;
        let about = About::mail(&world.last_to(ANA.email));
        let before = everything(world).await;
        for shape in ["dsn_postfix_delayed", "dsn_postfix_relayed"] {
            assert_eq!(hand(world, inbound(shape, &about)).await, "bounce", "it is ours, and put away");
        }
        assert_eq!(everything(world).await, before);
    }
}

mailed! {
    async fn b9_a_forged_bounce_changes_nothing(world: &World) {
        let (cohort, _) = with_ana(world).await;
        let ours = About::mail(&world.last_to(ANA.email));
        let before = everything(world).await;
        let mut last = ours.token.clone();
        last.replace_range(41.., if last.ends_with('a') { "b" } else { "a" });
        let mut first = ours.token.clone();
        first.replace_range(..1, if first.starts_with('a') { "b" } else { "a" });
        // The address is right in each of them; only the secrets are not.
        for token in [first, last, "a".repeat(42), String::new()] {
            let about = About { token, message_id: "<guessed@localhost>".to_owned(), ..ours.clone() };
            for shape in ["dsn_postfix_unknown_user", "dsn_gmail_unknown_user", "dsn_exchange_online_not_found", "dsn_redacted", "bounce_qmail", "bounce_exim", "arf_yahoo", "arf_redacted"] {
                assert_eq!(hand(world, inbound(shape, &about)).await, "nothing", "{shape}");
            }
        }
        assert_eq!(everything(world).await, before);
        let roster = page(&coach(world).await, &format!("/coach/cohorts/{cohort}")).await;
        assert!(!roster.contains("Address bounces"));
    }
}

mailed! {
    async fn b10_r11_who_is_away_changes_nothing_and_is_not_answered(world: &World) {
        with_ana(world).await;
        let about = About::mail(&world.last_to(ANA.email));
        let (before, sent) = (everything(world).await, world.mails.lock().unwrap().len());
        for shape in ["auto_reply_outlook_away", "auto_reply_vacation", "spam"] {
            assert_eq!(hand(world, inbound(shape, &about)).await, "nothing", "{shape}");
        }
        world.run().await;
        assert_eq!(everything(world).await, before);
        assert_eq!(world.mails.lock().unwrap().len(), sent, "nobody is answered");
    }
}

mailed! {
    async fn a_full_mailbox_stops_weekly_mail_after_a_week_and_not_the_dates(world: &World) {
        let (cohort, _) = with_ana(world).await;
        let full = async |world: &World| {
            let about = About::mail(&world.last_to(ANA.email));
            assert_eq!(hand(world, inbound("dsn_postfix_full", &about)).await, "bounce");
            assert_eq!(hand(world, inbound("dsn_postfix_full", &about)).await, "bounce", "counted once");
        };
        full(world).await;
        world.to(utc("2026-10-12 06:00")).await;
        full(world).await;
        assert_eq!(person(world, ANA.email).await.mail_problem, None, "two are not three");
        world.to(utc("2026-10-12 20:00")).await;
        full(world).await;
        assert!(person(world, ANA.email).await.mail_problem.unwrap().contains("full"), "three, over seven days");

        world.forget_mails();
        world.to(utc("2026-10-19 12:00")).await;
        assert!(world.mails_to(ANA.email).is_empty(), "no lesson, no reminder");
        change(world, cohort, 6, |session| Change::CancelSession { session }).await;
        world.pass(TimeDelta::minutes(15)).await;
        let subjects: Vec<_> = world.mails_to(ANA.email).into_iter().map(|mail| mail.subject).collect();
        assert!(!subjects.is_empty(), "what a person needs to know is sent all the same");
    }
}

mailed! {
    async fn what_is_our_fault_is_held_against_nobody(world: &World) {
        with_ana(world).await;
        let about = About::mail(&world.last_to(ANA.email));
        assert_eq!(hand(world, inbound("dsn_gmail_unauthenticated", &about)).await, "bounce");
        assert_eq!(delivery(world, &about.message_id).await.0, "failed");
        assert_eq!(person(world, ANA.email).await.mail_problem, None);
        assert!(page(&coach(world).await, "/coach").await.contains("A mail to Ana could not be sent"));
        world.forget_mails();
        world.to(utc("2026-10-12 12:00")).await;
        assert!(!world.mails_to(ANA.email).is_empty(), "mail goes on");
    }
}

mailed! {
    async fn a_complaint_stops_weekly_mail_at_once_and_only_for_who_complained(world: &World) {
        let (cohort, enrollment) = with_ana(world).await;
        enroll(world, cohort, &BEN).await;
        world.to(utc("2026-10-12 12:00")).await;
        let lesson = world.mails_to(ANA.email).into_iter().find(|mail| mail.subject == "Weekly course, part 1").unwrap();
        let about = About::mail(&lesson);
        assert_eq!(hand(world, inbound("arf_not_spam", &about)).await, "nothing");
        assert_eq!(hand(world, inbound("arf_yahoo", &about)).await, "complaint");
        assert_eq!(hand(world, inbound("arf_redacted", &about)).await, "complaint", "twice is once");
        assert_eq!(delivery(world, &about.message_id).await.0, "complained");
        let ana = person(world, ANA.email).await;
        let program = trellis::store::cohorts::anywhere(world.app.db.reader(), cohort).await.unwrap().unwrap().program_id;
        assert_eq!(stops::of_person(world.app.db.reader(), ana.id, program).await.unwrap().len(), 3);

        world.forget_mails();
        world.to(utc("2026-10-19 12:00")).await;
        assert!(world.mails_to(ANA.email).is_empty());
        assert!(!world.mails_to(BEN.email).is_empty(), "others read on");
        assert_eq!(crate::people::standing(world, cohort, ANA.email).await, "enrolled", "a complaint is not leaving");
        trellis::actions::leave::leave(&world.app, enrollment, &trellis::actions::leave::By::Participant).await.unwrap();
        world.run().await;
        assert!(!world.mails_to(ANA.email).is_empty(), "what a person must hear still comes");
    }
}

mailed! {
    async fn a_late_bounce_is_about_the_address_it_went_to(world: &World) {
        let (_, enrollment) = with_ana(world).await;
        let about = About::mail(&world.last_to(ANA.email));
        let ana = person(world, ANA.email).await;
        correct_address(&world.app, ana.practice_id, ana.id, &"ana@example.net".parse().unwrap()).await.unwrap();
        assert_eq!(hand(world, inbound("dsn_postfix_unknown_user", &about)).await, "bounce");
        assert_eq!(delivery(world, &about.message_id).await.0, "bounced");
        assert_eq!(person(world, "ana@example.net").await.mail_problem, None, "{enrollment}: the new one is not to blame");
        correct_address(&world.app, ana.practice_id, ana.id, &"ana@example.org".parse().unwrap()).await.unwrap();
        assert!(person(world, ANA.email).await.mail_problem.is_some(), "the old one still is");
        world.run().await;
    }
}

mailed! {
    async fn b11_b12_a_dead_address_stays_dead_after_its_account_is_gone(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        ask(world, cohort, &ANA).await;
        world.run().await;
        hand(world, inbound("dsn_postfix_unknown_user", &About::mail(&world.last_to(ANA.email)))).await;
        world.pass(TimeDelta::days(9)).await;
        trellis::actions::send_deliveries::forget(&world.app).await.unwrap();
        world.forget_mails();

        let practice = practices::on_this_installation(world.app.db.reader()).await.unwrap().remove(0);
        let new = NewPerson { email: "Ana@example.org".parse().unwrap(), name: name("Ana"), zone: zone("Europe/Lisbon"), track: "broke".to_owned() };
        let _ = add_person(&world.app, (practice.id, cohort), &new, WhenFull::Refuse, "Nadia").await;
        // Invites leave some seconds apart.
        world.pass(TimeDelta::minutes(5)).await;
        let queued: Vec<_> = ledger::everything(world.app.db.reader()).await.unwrap().into_iter()
            .filter(|row| row.participant_id.is_some()).map(|row| (row.occasion.to_string(), row.state.to_string())).collect();
        assert!(world.mails_to("Ana@example.org").iter().all(|mail| mail.text.contains("/confirm/")), "only what lifts it: {queued:?}");
        assert!(queued.iter().all(|(occasion, state)| occasion == "confirm_address" || state == "skipped"), "{queued:?}");
        assert!(queued.len() > 1, "{queued:?}");
    }
}

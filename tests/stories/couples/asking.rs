//! Who may be named on the form, and who is written to?

use super::*;

story! {
    async fn the_form_takes_no_half_partner_and_not_oneself(world: &World) {
        let cohort = cohort(world, 12).await;
        let visitor = Visitor::of(world);
        let path = format!("/enroll/{cohort}");
        for (name, email, field, words) in [
            ("Ben", "", "partner_email", "Enter an email address"),
            ("", BEN, "partner_name", "Enter a name"),
            ("Ben", "ANA@example.org", "partner_email", "This is your own address"),
            ("Ben\r\nBcc: x", BEN, "partner_name", "line break"),
        ] {
            let answer = send(&visitor, &path, &[("partner_name", name), ("partner_email", email)]).await;
            assert_eq!(answer.status, 422, "{name} {email}");
            assert!(answer.body.contains(&format!("href=\"#{field}\"")) && answer.body.contains(words), "{name} {email}: {}", answer.body);
            assert!(answer.body.contains("<details class=\"fold\" open"), "what is wrong can be seen");
        }
        assert_eq!(standing(world, cohort, ANA).await, "unknown");

        // A program that is not for couples asks nothing of it, and takes nothing.
        let practice = practices::on_this_installation(world.app.db.reader()).await.unwrap().remove(0);
        let mut program = trellis::store::programs::of_practice(world.app.db.reader(), practice.id).await.unwrap().remove(0);
        program.content.0.couples = false;
        let saved: trellis::store::Result<()> = async { trellis::transact!(world.app.db, |tx| trellis::store::programs::save(tx, program.clone()).await) }.await;
        saved.unwrap();
        assert!(!visitor.get(&path).await.body.contains("partner_email"));
        ana_asks_plainly(world, cohort).await;
        assert!(world.mails_to(BEN).is_empty());
    }
}

async fn ana_asks_plainly(world: &World, cohort: CohortId) {
    let visitor = Visitor::of(world);
    let fields = [("partner_name", "Ben"), ("partner_email", BEN)];
    send(&visitor, &format!("/enroll/{cohort}"), &fields).await;
    world.run().await;
    let link = world.last_to(ANA).link("/confirm/");
    visitor.submit(&link, &link, &[]).await;
    world.run().await;
}

story! {
    async fn who_thinks_again_confirms_alone_and_nobody_is_written_to(world: &World) {
        let cohort = cohort(world, 12).await;
        let ana = ask(world, cohort, ANA, BEN).await;
        let link = world.last_to(ANA).link("/confirm/");
        assert_eq!(ana.submit(&link, &link, &[("alone", "yes")]).await.status, 303);
        world.pass(NEVER).await;
        assert!(world.mails_to(BEN).is_empty());
        assert_eq!((standing(world, cohort, ANA).await, seats(world, cohort).await), ("enrolled".to_owned(), 1));
        assert!(!world.mails_to(ANA).iter().any(|mail| mail.text.contains("/together/")));
    }
}

//! And are the later steps of a life in a group taken once, however often their button is pressed?

use trellis::{
    domain::ids::CohortId,
    store::{cohorts, sessions},
};

use super::{
    ANA,
    presses::{Hand, filled_in, signed_in_coach},
    twins,
};
use crate::{
    couples::BEN_ALONE,
    people::{ask, enroll, standing},
    places::{ask_with_note, place},
    visitor::Visitor,
    world::{World, utc},
};

async fn second_cohort(world: &World) -> (CohortId, CohortId) {
    let practice = world.practice().await;
    let first = world.cohort(&practice, |_| {}).await;
    let second = world
        .cohort(&practice, |new| {
            new.name = crate::world::name("Tuesday evenings");
            new.starts_on = "2026-10-19".parse().unwrap();
        })
        .await;
    (first, second)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pausing_going_on_moving_and_answering_for_two_are_done_once() {
    twins(async |world, times| {
        let (first, second) = second_cohort(world).await;
        enroll(world, first, &ANA).await;
        let mut hand = Hand::new(world, Visitor::of(world), times);
        hand.sign_in(ANA.email).await;
        hand.press("a pause", ("/p/pause", "/p/pause"), &[("resume_on", ""), ("resume_as", "rejoin")]).await;
        assert_eq!(standing(world, first, ANA.email).await, "paused");
        hand.press("going on", ("/p/pause", "/p/resume"), &[("how", "rejoin")]).await;
        assert_eq!(standing(world, first, ANA.email).await, "enrolled");
        let dates = format!("/p/dates/{second}");
        hand.press("other dates", (&dates, &dates), &[]).await;
        assert_eq!(standing(world, second, ANA.email).await, "enrolled");

        // Somebody brings a partner, who says no, thinks again, and comes.
        let cy = Visitor::of(world);
        let form = format!("/enroll/{first}");
        let fields = filled_in(&cy, &form, "cy@example.org").await;
        let mut fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        fields.extend([("partner_name", "Ben"), ("partner_email", BEN_ALONE.email)]);
        hand.visitor = cy;
        hand.press("a form for two", (&form, &form), &fields).await;
        world.run().await;
        let link = world.last_to("cy@example.org").link("/confirm/");
        hand.press("a confirmation for two", (&link, &link), &[]).await;
        world.run().await;
        let asked = world.last_to(BEN_ALONE.email).link("/partner/");
        hand.visitor = Visitor::of(world);
        hand.press("a no", (&asked, &format!("{asked}/decline")), &[]).await;
        let join = format!("{asked}/join");
        let own = filled_in(&hand.visitor, &join, "").await;
        let own: Vec<_> = own.iter().filter(|(name, _)| *name != "email").map(|(n, v)| (*n, v.as_str())).collect();
        hand.press("a yes", (&join, &join), &own).await;
        assert_eq!(standing(world, first, BEN_ALONE.email).await, "enrolled");
        hand.left
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_coach_does_with_a_running_group_is_done_once() {
    twins(async |world, times| {
        let (first, second) = second_cohort(world).await;
        enroll(world, first, &ANA).await;
        let mut hand = Hand::new(world, signed_in_coach(world).await, times);
        let settings = format!("/coach/cohorts/{second}/settings");
        let enrollment = format!("/coach/cohorts/{second}/enrollment");
        let by_hand = [("admission", "approval"), ("accept_hours", "48")];
        hand.press("reading each application", (&settings, &enrollment), &by_hand).await;
        for (person, note) in [(&BEN_ALONE, "We have tried alone.")] {
            ask_with_note(world, second, person, note).await;
        }
        world.run().await;
        let (ben, link) = (Visitor::of(world), world.last_to(BEN_ALONE.email).link("/confirm/"));
        ben.submit(&link, &link, &[]).await;
        let page = format!("/coach/cohorts/{second}/applications/{}", place(world, second, BEN_ALONE.email).await.id);
        hand.press("accepting", (&page, &format!("{page}/accept")), &[]).await;
        assert_eq!(standing(world, second, BEN_ALONE.email).await, "accepted");

        let lessons = format!("/coach/cohorts/{first}/lessons");
        let copies = cohorts::lessons_of(world.app.db.reader(), first).await.unwrap();
        let third = copies.iter().find(|copy| copy.position == 3 && copy.track == "broke").unwrap();
        let (moved, out) = (format!("{lessons}/{}/move", third.id), format!("{lessons}/{}/out", third.id));
        hand.press("a lesson later", (&lessons, &moved), &[("seen", "3"), ("do", "later")]).await;
        hand.press("a lesson out", (&lessons, &out), &[]).await;
        hand.press("a lesson back", (&lessons, &format!("{lessons}/{}/back", third.id)), &[]).await;
        let retimed =
            [("lesson_by", "own"), ("lesson_rule", "0 8 * * TUE"), ("lesson_clock", "cohort"), ("late", "skip")];
        hand.press("another rule", (&lessons, &lessons), &[&retimed[..], &[("do", "apply")]].concat()).await;

        world.to(utc("2026-10-12 18:30")).await;
        ask(world, first, &BEN_ALONE).await;
        hand.visitor = signed_in_coach(world).await;
        let meeting = sessions::of_cohort(world.app.db.reader(), first).await.unwrap().remove(0).id;
        let attendance = format!("/coach/sessions/{meeting}/attendance");
        let mark = format!("mark-{}", place(world, first, ANA.email).await.id);
        hand.press("attendance", (&attendance, &attendance), &[(&mark, "came")]).await;
        hand.left
    })
    .await;
}

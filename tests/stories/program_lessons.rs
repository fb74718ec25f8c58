//! A program grows while its cohorts run: who gets the new lesson, and when?

use trellis::store::cohorts;

use crate::{
    lesson_plan::coach,
    people::{Person, enroll},
    story,
    world::{World, utc, zone},
};

const ANA: Person =
    Person { name: "Ana", email: "ana@example.org", zone: "Europe/Berlin", track: "broke", calendar: "neither" };

fn form<'a>(week: &'a str, subject: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("week", week),
        ("track", ""),
        ("title", "An evening to rest"),
        ("subject", "An extra evening"),
        ("discreet_subject", subject),
        ("preview", "A short read, and one page to write before we meet again."),
        ("body", "Dear {{ name }},\n\nthis one is short. If it is too much: {{ crisis_line }}."),
        ("check_in", ""),
    ];
    fields.extend(more);
    fields
}

story! {
    async fn a_new_lesson_of_the_program_joins_the_cohorts_that_were_ticked(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(world, cohort, &ANA).await;
        let db = world.app.db.reader();
        let program = cohorts::anywhere(db, cohort).await.unwrap().unwrap().program_id;
        world.to(utc("2026-10-20 09:00")).await;
        let coach = coach(world).await;
        let id = cohort.to_string();
        let page = |week: &str| format!("/coach/programs/{program}/lessons/new?week={week}&track=");
        let action = format!("/coach/programs/{program}/lessons/new");
        let shown = coach.get(&page("3")).await.body;
        assert!(shown.contains("Add it to these cohorts too") && shown.contains("Its week is still to come there"), "{shown}");
        assert!(coach.get(&page("1")).await.body.contains("Its week is past there"));

        // Week 3 is ahead: beside the lesson of her track, and so on the day after it.
        let fields = form("3", "Weekly course, three", &[("also", &id), ("late", "skip")]);
        assert_eq!(coach.submit(&page("3"), &action, &fields).await.status, 303);
        // Week 1 is out: with the next one.
        let fields = form("1", "Weekly course, one", &[("also", &id), ("late", "with_next")]);
        assert_eq!(coach.submit(&page("1"), &action, &fields).await.status, 303);
        // Week 2 is out, and nobody was asked: no cohort gets it.
        assert_eq!(coach.submit(&page("2"), &action, &form("2", "Weekly course, two", &[])).await.status, 303);
        world.run().await;
        world.to(utc("2026-11-01 09:00")).await;
        let got: Vec<_> = world
            .mails_to(ANA.email)
            .into_iter()
            .filter(|mail| mail.subject.starts_with("Weekly course") && mail.at > utc("2026-10-20 09:00"))
            .map(|mail| {
                let at = zone("Europe/Berlin").local(mail.at).format("%a %-d %b %H:%M");
                (mail.subject, at.to_string(), mail.text.contains("Also new on your page"))
            })
            .collect();
        assert_eq!(got.len(), 2, "{got:?}");
        assert_eq!([got[0].1.as_str(), got[1].1.as_str()], ["Mon 26 Oct 07:00", "Tue 27 Oct 07:00"]);
        let mut subjects: Vec<_> = got.iter().map(|row| row.0.as_str()).collect();
        subjects.sort_unstable();
        assert_eq!(subjects, ["Weekly course, part 3", "Weekly course, three"]);
        assert_eq!(got.iter().filter(|row| row.2).count(), 1, "the late one is named once: {got:?}");
    }
}

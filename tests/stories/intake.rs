//! Is somebody asked with care, and does nobody read the answers who may not?

use trellis::{
    actions::{
        add_coach::{NewCoach, add_assistant},
        passwords::hash_password,
    },
    domain::{ids::CohortId, people::Role},
    store::{audits, check_ins, coaches, enrollments, intakes, participants, practices, programs},
};

use crate::{
    front_door::{NOT_SENT, send},
    people::standing,
    story,
    visitor::{Visitor, form_token},
    world::{PASSWORD, World, name, utc, zone},
};

const ANA: &str = "ana@example.org";

async fn cohort(world: &World) -> CohortId {
    let practice = world.practice().await;
    world.cohort(&practice, |_| {}).await
}

/// Sends the form with these answers, and confirms: the visitor is signed in afterwards.
async fn come_in(world: &World, cohort: CohortId, answers: &[(&str, &str)]) -> Visitor {
    let visitor = Visitor::of(world);
    let sent = send(&visitor, &format!("/enroll/{cohort}"), answers).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    world.run().await;
    let link = world.last_to(ANA).link("/confirm/");
    assert_eq!(visitor.submit(&link, &link, &[]).await.status, 303);
    world.run().await;
    visitor
}

async fn nadia(world: &World) -> Visitor {
    let visitor = Visitor::of(world);
    let fields = [("email", "nadia@group.example"), ("password", PASSWORD)];
    assert_eq!(visitor.submit("/coach/sign-in", "/coach/sign-in", &fields).await.status, 303);
    visitor
}

async fn jo(world: &World) -> Visitor {
    let hash = hash_password(&world.app, PASSWORD).await.unwrap();
    let new = NewCoach {
        email: "jo@group.example".parse().unwrap(),
        name: name("Jo"),
        zone: zone("Europe/Dublin"),
        practice: name("Nadia Brandt Coaching"),
    };
    add_assistant(&world.app, &new, &hash).await.unwrap();
    let visitor = Visitor::of(world);
    let fields = [("email", "jo@group.example"), ("password", PASSWORD)];
    assert_eq!(visitor.submit("/coach/sign-in", "/coach/sign-in", &fields).await.status, 303);
    visitor
}

async fn person_page(world: &World) -> String {
    let practice = practices::on_this_installation(world.app.db.reader()).await.unwrap().remove(0);
    let person = participants::with_email(world.app.db.reader(), practice.id, &ANA.parse().unwrap()).await.unwrap();
    format!("/coach/people/{}", person.unwrap().id)
}

async fn readings(world: &World) -> Vec<String> {
    let practice = practices::on_this_installation(world.app.db.reader()).await.unwrap().remove(0);
    let all = audits::of_practice(world.app.db.reader(), practice.id, 1_000).await.unwrap();
    all.into_iter().filter(|audit| audit.act == "answers read").map(|audit| audit.actor).collect()
}

story! {
    async fn what_was_answered_is_kept_with_its_question_and_can_be_corrected_until_it_begins(world: &World) {
        let cohort = cohort(world).await;
        let answers = [("intake_hope", "Some peace.\nThat is all."), ("intake_days", "2")];
        let visitor = come_in(world, cohort, &answers).await;
        let mine = visitor.get("/p").await;
        assert!(mine.body.contains("/p/answers"), "{}", mine.body);
        let shown = visitor.get("/p/answers").await;
        assert_eq!(shown.status, 200, "{}", shown.body);
        assert!(shown.body.contains("Some peace.\nThat is all."), "{}", shown.body);
        assert!(!shown.body.split("</title>").next().unwrap().to_lowercase().contains("trust"), "S9");

        // The coach rewords one question and drops another: what was answered stays readable as it was asked.
        let practice = practices::on_this_installation(world.app.db.reader()).await.unwrap().remove(0);
        let mut program = programs::of_practice(world.app.db.reader(), practice.id).await.unwrap().remove(0);
        program.content.0.intake.retain(|question| question.key != "days");
        program.content.0.intake[0].question = "What do you hope for now?".into();
        save_program(world, &program).await;
        let shown = visitor.get("/p/answers").await.body;
        assert!(shown.contains("What do you hope for now?") && shown.contains("How are your days"), "{shown}");

        let wrong = visitor.submit("/p/answers", "/p/answers", &[("intake_hope", "Peace"), ("intake_days", "9")]).await;
        assert_eq!(wrong.status, 422);
        assert!(wrong.body.contains("Choose one of the answers shown") && wrong.body.contains(">\nPeace<"), "{}", wrong.body);
        let saved = visitor.submit("/p/answers", "/p/answers", &[("intake_hope", "Peace, and sleep."), ("intake_days", "")]).await;
        assert_eq!(saved.status, 303, "{}", saved.body);
        let data = visitor.get("/p/data").await.body;
        assert!(data.contains("Peace, and sleep.") && data.contains("What do you hope for now?"), "{data}");
        assert!(!data.contains("That is all"), "corrected is corrected");

        world.to(utc("2026-10-12 17:01")).await;
        let late = Visitor::of(world);
        late.submit("/link", "/link", &[("email", ANA)]).await;
        world.run().await;
        let link = world.last_to(ANA).link("/p/open/");
        late.submit(&link, &link, &[("email", ANA)]).await;
        let closed = late.get("/p/answers").await.body;
        assert!(closed.contains("The first session has started") && closed.contains("Peace, and sleep."), "{closed}");
        let token = form_token(&late.get("/p").await.body).unwrap();
        let refused = late.post("/p/answers", &[("form_token", &token), ("intake_hope", "Too late")]).await;
        assert_eq!(refused.status, 422);
        assert!(!late.get("/p/data").await.body.contains("Too late"));
    }
}

async fn save_program(world: &World, program: &programs::ProgramRow) {
    let saved: trellis::store::Result<()> =
        async { trellis::transact!(world.app.db, |tx| programs::save(tx, program.clone()).await) }.await;
    saved.unwrap();
}

story! {
    async fn a_required_question_is_asked_for_and_typing_is_kept(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        let mut program = programs::of_practice(world.app.db.reader(), practice.id).await.unwrap().remove(0);
        program.content.0.intake[0].required = true;
        save_program(world, &program).await;
        let visitor = Visitor::of(world);
        let path = format!("/enroll/{cohort}");
        let refused = send(&visitor, &path, &[("intake_days", "4")]).await;
        assert_eq!(refused.status, 422);
        assert!(refused.body.contains("href=\"#intake_hope\"") && refused.body.contains("Write a few words"), "{}", refused.body);
        assert!(refused.body.contains("value=\"4\" checked"), "what was chosen is kept: {}", refused.body);
        let forged = send(&visitor, &path, &[("intake_hope", "x"), ("intake_days", "11")]).await;
        assert_eq!(forged.status, 422);
        assert_eq!(standing(world, cohort, ANA).await, "unknown", "nothing is saved by halves");
    }
}

story! {
    async fn a_form_that_anybody_could_send_overwrites_no_answers(world: &World) {
        let cohort = cohort(world).await;
        let visitor = come_in(world, cohort, &[("intake_hope", "Mine.")]).await;
        visitor.submit("/p/leave", "/p/leave", &[]).await;
        let stranger = Visitor::of(world);
        send(&stranger, &format!("/enroll/{cohort}"), &[("intake_hope", "Not mine.")]).await;
        world.run().await;
        let practice = practices::on_this_installation(world.app.db.reader()).await.unwrap().remove(0);
        let db = world.app.db.reader();
        let person = participants::with_email(db, practice.id, &ANA.parse().unwrap()).await.unwrap().unwrap();
        let place = enrollments::of_person_in(db, cohort, person.id).await.unwrap().unwrap();
        let intake = intakes::of_enrollment(db, place.id).await.unwrap().unwrap();
        assert!(intake.answers.contains("Mine.") && !intake.answers.contains("Not mine."), "{}", intake.answers);
    }
}

story! {
    async fn answers_typed_for_an_address_that_was_never_confirmed_are_deleted(world: &World) {
        let cohort = cohort(world).await;
        send(&Visitor::of(world), &format!("/enroll/{cohort}"), &[("intake_hope", "Typed by anybody")]).await;
        world.pass(chrono::TimeDelta::hours(2)).await;
        let db = world.app.db.reader();
        let place = enrollments::of_cohort(db, cohort).await.unwrap().remove(0);
        assert!(intakes::of_enrollment(db, place.id).await.unwrap().is_some());
        world.pass(chrono::TimeDelta::days(8)).await;
        trellis::actions::send_deliveries::forget(&world.app).await.unwrap();
        assert!(intakes::of_enrollment(db, place.id).await.unwrap().is_none());
        assert_eq!(standing(world, cohort, ANA).await, "unknown");
    }
}

story! {
    async fn an_assistant_without_the_right_sees_no_answers_and_every_reading_is_written_down(world: &World) {
        let cohort = cohort(world).await;
        come_in(world, cohort, &[("intake_hope", "A secret hope"), ("note", "A secret note")]).await;
        let db = world.app.db.reader();
        let place = enrollments::of_cohort(db, cohort).await.unwrap().remove(0);
        let lesson = trellis::store::cohorts::lessons_of(db, cohort).await.unwrap().remove(0).lesson_id;
        trellis::actions::save_check_in::save_check_in(&world.app, (place.practice_id, place.id), lesson, &["A secret week".to_owned()]).await.unwrap();
        assert_eq!(check_ins::of_enrollment(db, place.id).await.unwrap().len(), 1);
        let (owner, assistant) = (nadia(world).await, jo(world).await);
        let person = person_page(world).await;
        let answers = format!("{person}/answers");
        let secrets = ["A secret hope", "A secret note", "A secret week"];
        let sees = async |visitor: &Visitor, path: &str| {
            let page = visitor.get(path).await;
            assert!(page.status == 200 || page.status == 404, "{path}: {}", page.status);
            secrets.iter().filter(|secret| page.body.contains(**secret)).count()
        };
        for path in [person.as_str(), answers.as_str(), &format!("/coach/cohorts/{cohort}"), "/coach", "/coach/outbox"] {
            assert_eq!(sees(&assistant, path).await, 0, "{path}");
        }
        let missing = assistant.get(&answers).await;
        let foreign = assistant.get("/coach/people/01890000-0000-7000-8000-000000000000/answers").await;
        assert_eq!((missing.status, foreign.status), (404, 404));
        assert!(!assistant.get(&person).await.body.contains("Read the answers"));
        assert_eq!(readings(world).await, Vec::<String>::new(), "nothing was read");

        assert_eq!(sees(&owner, &person).await, 1, "the note, and no answers, on the page itself");
        assert_eq!(readings(world).await, Vec::<String>::new());
        assert_eq!(sees(&owner, &answers).await, 2);
        assert_eq!(readings(world).await, ["Nadia Brandt"]);

        // Only the owner gives the right, and only to an assistant of the house.
        let team = "/coach/settings/team";
        let id = coaches::of_practice(db, place.practice_id).await.unwrap().into_iter().find(|coach| coach.role == Role::Assistant).unwrap().id;
        let path = format!("{team}/{id}");
        let token = form_token(&assistant.get(&person).await.body).unwrap();
        let own = assistant.post(&path, &[("form_token", &token), ("answers", "yes")]).await;
        assert_eq!(own.status, 409, "nobody gives it to themselves");
        assert_eq!(sees(&assistant, &answers).await, 0);
        assert_eq!(owner.submit(team, &path, &[("answers", "yes")]).await.status, 303);
        assert_eq!(sees(&assistant, &answers).await, 2);
        assert_eq!(readings(world).await.len(), 2);
        assert_eq!(owner.submit(team, &path, &[]).await.status, 303);
        assert_eq!(sees(&assistant, &answers).await, 0, "and takes it back");
    }
}

story! {
    async fn a_new_wording_is_asked_for_again_and_not_now_is_an_answer(world: &World) {
        let cohort = cohort(world).await;
        let visitor = come_in(world, cohort, &[]).await;
        assert!(!visitor.get("/p").await.body.contains("/p/agree"), "what was just agreed to is not asked again");
        let owner = nadia(world).await;
        let practice = practices::on_this_installation(world.app.db.reader()).await.unwrap().remove(0);
        let program = programs::of_practice(world.app.db.reader(), practice.id).await.unwrap().remove(0);
        let edit = format!("/coach/programs/{}/edit", program.id);

        // Saving without a change is no new version; the browser drops the last line end.
        resubmit(&owner, &edit, &[]).await;
        let same = programs::of_practice(world.app.db.reader(), practice.id).await.unwrap().remove(0).content.0;
        assert_eq!((same.agreement.version, same.consent.version), (1, 2));
        assert_eq!(same.intake, program.content.0.intake, "questions survive the form");
        assert!(same.couples);
        resubmit(&owner, &edit, &[("agreement", "What is said here stays here. And nobody is filmed.")]).await;
        let raised = programs::of_practice(world.app.db.reader(), practice.id).await.unwrap().remove(0).content.0;
        assert_eq!(raised.agreement.version, 2, "a change raises the version by itself");
        assert!(owner.get(&format!("/coach/cohorts/{cohort}")).await.body.contains("New wording open"));
        assert!(owner.get(&person_page(world).await).await.body.contains("Has not agreed to the present wording"));

        // Once after signing in; their page and sessions stay theirs.
        let again = Visitor::of(world);
        again.submit("/link", "/link", &[("email", ANA)]).await;
        world.run().await;
        let link = world.last_to(ANA).link("/p/open/");
        let signed = again.submit(&link, &link, &[("email", ANA)]).await;
        assert_eq!(signed.location.as_deref(), Some("/p/agree"));
        let asked = again.get("/p/agree").await;
        assert!(asked.body.contains("And nobody is filmed") && asked.body.contains("Not now") && asked.body.contains("/p/leave"), "{}", asked.body);
        assert!(!asked.body.contains("name=\"storage\""), "only what changed");
        let mine = again.get("/p").await;
        assert_eq!(mine.status, 200);
        assert!(mine.body.contains("/p/agree") && mine.body.contains("Join session"), "it keeps asking, and takes nothing away");
        let empty = again.submit("/p/agree", "/p/agree", &[]).await;
        assert!(empty.status == 422, "{}", empty.status);

        // Reworded while they read: they read again.
        let shown = again.get("/p/agree").await.body;
        resubmit(&owner, &edit, &[("agreement", "What is said here stays here. And nobody is filmed, ever.")]).await;
        let (token, wordings) = (form_token(&shown).unwrap(), hidden(&shown, "wordings"));
        let stale = again.post("/p/agree", &[("form_token", &token), ("wordings", &wordings), ("agreement", "yes")]).await;
        assert_eq!(stale.status, 422);
        assert!(stale.body.contains("please read it again"), "{}", stale.body);

        let wordings = hidden(&again.get("/p/agree").await.body, "wordings");
        let agreed = again.submit("/p/agree", "/p/agree", &[("agreement", "yes"), ("wordings", &wordings)]).await;
        assert_eq!(agreed.status, 303, "{}", agreed.body);
        assert!(!again.get("/p").await.body.contains("/p/agree"));
        assert!(!owner.get(&format!("/coach/cohorts/{cohort}")).await.body.contains("New wording open"));
        let place = enrollments::of_cohort(world.app.db.reader(), cohort).await.unwrap().remove(0);
        let kept = enrollments::consents_of(world.app.db.reader(), place.id).await.unwrap();
        let kept: Vec<_> = kept.iter().filter(|consent| consent.kind == "agreement").map(|consent| (consent.version, consent.wording.ends_with("ever."))).collect();
        assert_eq!(kept, [(1, false), (3, true)], "with the text as it was agreed to");
    }
}

fn hidden(html: &str, field: &str) -> String {
    html.split(&format!("name=\"{field}\" value=\"")).nth(1).unwrap().split('"').next().unwrap().to_owned()
}

/// Posts a coach's form with all that stands in it, as a browser would, and some fields changed.
pub async fn resubmit(visitor: &Visitor, path: &str, changed: &[(&str, &str)]) {
    let page = visitor.get(path).await;
    let mut fields = crate::forms::fields_of(&page.body, path);
    fields.retain(|(name, _)| !changed.iter().any(|(other, _)| other == name));
    fields.extend(
        changed
            .iter()
            .filter(|(_, value)| *value != NOT_SENT)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    );
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let answer = visitor.post(path, &fields).await;
    assert_eq!(answer.status, 303, "{path}: {}", answer.body);
}

story! {
    async fn questions_are_written_on_the_web_without_a_line_of_script(world: &World) {
        let practice = world.practice().await;
        world.shipped_program(&practice).await;
        let owner = nadia(world).await;
        let program = programs::of_practice(world.app.db.reader(), practice.id).await.unwrap().remove(0);
        let edit = format!("/coach/programs/{}/edit", program.id);
        let new = [
            ("intake_3_question", "Which evenings suit you?"),
            ("intake_3_kind", "choice"),
            ("intake_3_options", "Early\nLate"),
            ("intake_3_required", "yes"),
            ("intake_2_place", "1"),
            ("intake_1_remove", "yes"),
        ];
        resubmit(&owner, &edit, &new).await;
        let asked = programs::of_practice(world.app.db.reader(), practice.id).await.unwrap().remove(0).content.0.intake;
        let keys: Vec<_> = asked.iter().map(|question| (question.key.as_str(), question.required)).collect();
        assert_eq!(keys, [("word", false), ("hope", false), ("which-evenings-suit-you", true)]);
        assert_eq!(asked[2].options, ["Early", "Late"]);

        let page = owner.get(&edit).await;
        let mut fields = crate::forms::fields_of(&page.body, &edit);
        fields.retain(|(name, _)| name != "intake_2_options");
        fields.push(("intake_2_options".into(), "Early".into()));
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let refused = owner.post(&edit, &fields).await;
        assert_eq!(refused.status, 422);
        assert!(refused.body.contains("href=\"#intake_2_options\"") && refused.body.contains("at least two different options"), "{}", refused.body);
    }
}

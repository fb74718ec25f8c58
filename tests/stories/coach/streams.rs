//! Does a coach choose which address each stream of mail comes from?

use poem::http::StatusCode;
use trellis::{
    actions::compose::{compose, facts::facts},
    domain::delivery::Occasion,
    store::practices,
};

use super::Study;
use crate::post::header;

const GIVEN: [(&str, &str); 8] = [
    ("name", "Nadia"),
    ("neutral_name", "N."),
    ("first_name", "Nadia"),
    ("zone", "Europe/Dublin"),
    ("sender_email", "groups@example.org"),
    ("reply_email", "nadia@example.org"),
    ("postal_address", "14 Camden Row, Dublin 8"),
    ("crisis_line", ""),
];

async fn save(world: &Study, list: &str) -> (StatusCode, String) {
    let (status, _, html) = world.post("/coach/settings", &[&GIVEN[..], &[("list_email", list)]].concat()).await;
    (status, html)
}

told! {
    async fn a_coach_names_a_second_address_and_tests_both(world: &Study) {
        assert!(world.page("/coach/settings").await.contains("Lessons and reminders come from"));
        let (status, html) = save(world, "x").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(html.contains("@ sign") && html.contains("14 Camden Row"), "what was typed is kept");
        assert_eq!(save(world, "lessons@news.example.org").await.0, StatusCode::SEE_OTHER);
        assert!(world.page("/coach/settings").await.contains("lessons@news.example.org"));
        world.post("/coach/settings/test", &[]).await;
        let mut from = Vec::new();
        for mail in world.mails(Occasion::TestMail).await {
            let facts = facts(&world.app, &mail, world.app.clock.now()).await.unwrap();
            let composed = compose(&world.app, &mail, &facts, world.app.clock.now()).await.unwrap();
            from.push(header(&composed.frozen.message, "From").rsplit('<').next().unwrap().to_owned());
        }
        from.sort_unstable();
        assert_eq!(from, ["groups@example.org>", "lessons@news.example.org>"]);
        assert_eq!(save(world, "Groups@example.org").await.0, StatusCode::SEE_OTHER);
        let saved = practices::on_this_installation(world.app.db.reader()).await.unwrap().remove(0);
        assert_eq!(saved.list_email, None, "the same address is no second one");
    }
}

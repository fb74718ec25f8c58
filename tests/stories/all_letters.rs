//! Can every letter be looked at as everybody may get it, and does none say a word too many?

use trellis::{
    domain::discretion::{Discretion, ForbiddenWords},
    mail::letters,
};

use crate::{places::coach, story, visitor::Visitor, world::World};

const ALL: &str = "/coach/settings/letters";

/// A place in a template that nothing was put into: of ours, or of a coach's text.
fn has_hole(text: &str) -> bool {
    ["{{", "}}", "{%", "%}"].iter().any(|mark| text.contains(mark))
        || text.chars().any(|c| ('\u{F0000}'..).contains(&c))
}

story! {
    async fn every_letter_is_shown_at_every_level_in_both_directions(world: &World) {
        let practice = world.practice().await;
        let nadia = coach(world).await;
        let list = nadia.get(ALL).await;
        assert_eq!(list.status, 200);
        let forbidden = ForbiddenWords::new(["Rebuilding Trust", "affair", "betray"]);
        let mut shown = 0;
        for kind in letters::kinds() {
            let page = format!("{ALL}/{}", kind.folder);
            assert!(list.body.contains(&format!("href=\"{page}\"")), "{page} is in the list");
            for place in kind.places() {
                let asked = format!("?level={}&sample={}&direction={}", place.level, place.number, place.direction.as_str());
                let (around, mail) = (nadia.get(&format!("{page}{asked}")).await, nadia.get(&format!("{page}/mail{asked}")).await);
                assert_eq!((around.status, mail.status), (200, 200), "{page}{asked}");
                assert!(around.body.contains(&format!("{page}/mail{}", asked.replace('&', "&amp;"))), "{page}{asked}");
                assert!(mail.body.contains(&format!("dir=\"{}\"", place.direction.as_str())), "{page}{asked}");
                assert!(!has_hole(&around.body) && !has_hole(&mail.body), "{page}{asked}");
                let private = [practice.sender_email.expose(), world.base.as_str(), "nadia@group.example"];
                assert!(private.iter().all(|text| !mail.body.contains(text)), "{page}{asked}: samples only");
                let outside = mail.body.split_once("</title>").unwrap().0;
                if place.level != Discretion::Open {
                    assert_eq!(forbidden.find_in(outside), None, "{page}{asked}");
                    let seen = around.body.split_once("<dl").unwrap().1.split_once("</dl>").unwrap().0;
                    assert_eq!(forbidden.find_in(seen), None, "{page}{asked}");
                }
                shown += 1;
            }
        }
        assert!(shown > 200, "{shown}");
        assert!(world.mails.lock().unwrap().is_empty(), "looking sends nothing");
    }
}

story! {
    async fn a_letter_is_looked_at_in_light_and_in_dark_inside_a_frame(world: &World) {
        world.practice().await;
        let nadia = coach(world).await;
        let mail = format!("{ALL}/weekly_lesson/mail");
        let [own, light, dark] = ["", "?scheme=light", "?scheme=dark"].map(|scheme| format!("{mail}{scheme}"));
        let own = nadia.get(&own).await;
        assert!(own.body.contains("@media (prefers-color-scheme: dark)"), "as the device wants it");
        let (light, dark) = (nadia.get(&light).await, nadia.get(&dark).await);
        assert!(light.body.contains("@media not all") && light.body.contains("content=\"light\""));
        assert!(dark.body.contains("@media all") && dark.body.contains("content=\"dark\""));
        for answer in [&own, &light, &dark] {
            let policy = answer.headers["content-security-policy"].to_str().unwrap();
            assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'self'"), "{policy}");
            assert!(policy.contains("sandbox") && !policy.contains("script-src"), "S16: {policy}");
            assert!(answer.body.contains("<base target=\"_blank\">"), "a link never takes the mail's place");
        }
        let around = nadia.get(&format!("{ALL}/weekly_lesson")).await;
        let policy = around.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("style-src 'self'") && policy.contains("frame-src 'self'"), "S16: {policy}");

        let waits = nadia.get(&format!("{ALL}/weekly_lesson?level=minimal")).await;
        assert!(waits.status == 200 && waits.body.contains("Not at this level") && !waits.body.contains("<iframe"));
        for missing in ["weekly_lesson/mail?level=minimal", "no_such_letter", "invite?sample=9", "invite?level=loud", "invite/mail?sample=0"] {
            assert_eq!(nadia.get(&format!("{ALL}/{missing}")).await.status, 404, "{missing}");
        }
        for path in [ALL.to_owned(), format!("{ALL}/invite"), mail] {
            let stranger = Visitor::of(world).get(&path).await;
            assert!(stranger.status == 303 && !stranger.body.contains("trellis.example"), "{path}: for coaches only");
        }
    }
}

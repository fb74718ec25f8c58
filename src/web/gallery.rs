//! Which pages are there, and what do they look like with examples?
//!
//! Every `Page` has a line in `every_page`. The tests below render each sample and find templates that no
//! page names.

use minijinja::value::{Serde, Value};

use crate::web::{
    all_letters, announcements, attendance, chrome::Chrome, coach_sign_in, cohort_new, cohorts, enrollments,
    error_pages::ErrorPage, join, lessons, links, mailbox, my_place, my_program, notices, outbox, page::Page, people,
    program_page, programs, schedule_changes, settings, team, texts, this_week,
};

/// One page type with its samples, types forgotten so that they fit one list.
#[derive(Debug)]
pub struct Exhibit {
    pub template: &'static str,
    pub chrome: Value,
    pub samples: Vec<(&'static str, Value)>,
}

fn exhibit<P: Page>() -> Exhibit {
    let samples = P::samples();
    Exhibit {
        template: P::TEMPLATE,
        chrome: Value::from(Serde(P::Chrome::sample())),
        samples: samples.into_iter().map(|(name, page)| (name, Value::from(Serde(page)))).collect(),
    }
}

/// All pages. Add a line with each new one.
#[must_use]
pub fn every_page() -> Vec<Exhibit> {
    [for_coaches(), for_participants()].into_iter().flatten().collect()
}

fn for_coaches() -> Vec<Exhibit> {
    vec![
        exhibit::<coach_sign_in::SignInPage>(),
        exhibit::<coach_sign_in::ForgotPage>(),
        exhibit::<coach_sign_in::ResetPage>(),
        exhibit::<coach_sign_in::ArrivedPage>(),
        exhibit::<this_week::WeekPage>(),
        exhibit::<cohort_new::NewCohortPage>(),
        exhibit::<cohorts::CohortsPage>(),
        exhibit::<cohorts::roster::RosterPage>(),
        exhibit::<cohorts::add_person::AddPersonPage>(),
        exhibit::<cohorts::import::ImportPage>(),
        exhibit::<attendance::AttendancePage>(),
        exhibit::<attendance::GridPage>(),
        exhibit::<cohorts::applications::ApplicationPage>(),
        exhibit::<cohorts::applications::ApplicationsPage>(),
        exhibit::<cohorts::by_name::OfferPage>(),
        exhibit::<cohorts::calling_off::CallOffPage>(),
        exhibit::<cohorts::decide::DecidePage>(),
        exhibit::<cohorts::opening::OpeningPage>(),
        exhibit::<cohorts::schedule::SchedulePage>(),
        exhibit::<cohorts::lessons::LessonsPage>(),
        exhibit::<cohorts::lesson::CohortLessonPage>(),
        exhibit::<cohorts::waitlist::WaitlistPage>(),
        exhibit::<cohorts::settings::CohortSettingsPage>(),
        exhibit::<outbox::OutboxPage>(),
        exhibit::<announcements::AnnouncementsPage>(),
        exhibit::<announcements::WritePage>(),
        exhibit::<announcements::AnnouncementPage>(),
        exhibit::<programs::ProgramsPage>(),
        exhibit::<programs::ProgramPage>(),
        exhibit::<programs::edit::ProgramFormPage>(),
        exhibit::<lessons::LessonPage>(),
        exhibit::<people::PersonPage>(),
        exhibit::<people::removal::RemovalPage>(),
        exhibit::<people::answers::AnswersPage>(),
        exhibit::<settings::SettingsPage>(),
        exhibit::<team::TeamPage>(),
        exhibit::<all_letters::LettersPage>(),
        exhibit::<all_letters::one::LetterPage>(),
        exhibit::<schedule_changes::form::ChangePage>(),
        exhibit::<schedule_changes::preview::PreviewPage>(),
    ]
}

fn for_participants() -> Vec<Exhibit> {
    vec![
        exhibit::<ErrorPage>(),
        exhibit::<texts::Help>(),
        exhibit::<texts::Privacy>(),
        exhibit::<mailbox::MailboxPage>(),
        exhibit::<notices::Notice>(),
        exhibit::<notices::OwnNotice>(),
        exhibit::<program_page::ProgramPage>(),
        exhibit::<enrollments::ChoosePage>(),
        exhibit::<enrollments::FormPage>(),
        exhibit::<enrollments::SentPage>(),
        exhibit::<links::FindPage>(),
        exhibit::<links::CodePage>(),
        exhibit::<links::OpenPage>(),
        exhibit::<links::SpentPage>(),
        exhibit::<my_program::MyProgram>(),
        exhibit::<my_program::LessonPage>(),
        exhibit::<my_program::NotePage>(),
        exhibit::<my_program::CheckInPage>(),
        exhibit::<my_program::AgreePage>(),
        exhibit::<my_program::AnswersPage>(),
        exhibit::<my_place::DatesPage>(),
        exhibit::<my_place::DatesByLink>(),
        exhibit::<my_place::PausePage>(),
        exhibit::<my_place::PauseByLink>(),
        exhibit::<join::JoinPage>(),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::web::{assets::Assets, page::Pages};

    fn pages() -> Pages {
        Pages::embedded(&Assets::embedded()).unwrap()
    }

    #[test]
    fn no_template_is_orphaned_and_none_is_missing() {
        let pages = pages();
        let there: BTreeSet<_> = pages.names().filter(|name| !name.starts_with('_') && !name.contains("/_")).collect();
        let named: BTreeSet<_> = every_page().iter().map(|exhibit| exhibit.template).collect();
        assert_eq!(there, named);
    }

    #[test]
    fn every_sample_is_a_whole_page_with_nothing_inline() {
        let pages = pages();
        for Exhibit { template, chrome, samples } in every_page() {
            assert!(!samples.is_empty(), "{template} has no samples");
            for (name, page) in samples {
                let shown = format!("{template} ({name})");
                let html = pages.write(template, chrome.clone(), page);
                let html = html.unwrap_or_else(|error| panic!("{shown}: {error:#} line {:?}", error.line()));
                sound(&shown, &html);
            }
        }
    }

    fn sound(shown: &str, html: &str) {
        assert_eq!(html.matches("<h1").count(), 1, "{shown}: one h1");
        assert_eq!(html.matches("<title>").count(), 1, "{shown}: one title");
        assert!(!html.contains("<title></title>"), "{shown}: a title");
        assert!(html.contains("data-leave"), "{shown}: leave quickly");
        for bad in [" style=", "<style", "onclick=", "onload=", "onsubmit=", "javascript:", "http-equiv"] {
            assert!(!html.contains(bad), "{shown}: {bad}");
        }
        for script in html.split("<script").skip(1) {
            assert!(script.starts_with(" src=\"/assets/"), "{shown}: inline script");
        }
        for form in html.split("<form").skip(1) {
            let form = form.split("</form>").next().unwrap();
            let head = form.split('>').next().unwrap();
            if head.contains("method=\"post\"") {
                assert!(form.contains("name=\"form_token\""), "{shown}: a form without its token: {head}");
            }
        }
        let ids: Vec<_> = html.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        let once: BTreeSet<_> = ids.iter().collect();
        assert_eq!(ids.len(), once.len(), "{shown}: an id twice in {ids:?}");
    }
}

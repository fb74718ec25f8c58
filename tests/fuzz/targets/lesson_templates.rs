//! Does every lesson that can be saved also render, for whoever it is sent to?
#![no_main]

use libfuzzer_sys::fuzz_target;
use trellis::domain::{
    discretion::ForbiddenWords,
    lesson::{LessonFacts, check, check_text, file, render, render_text},
};

fn facts(name: &str, session: &str) -> LessonFacts {
    LessonFacts {
        name: name.to_owned(),
        coach: "Nadia".to_owned(),
        week: 2,
        weeks: 6,
        session_when: session.to_owned(),
        session_title: session.to_owned(),
        check_in_link: "https://group.example/p/check-in/2".to_owned(),
        my_program_link: "https://group.example/p".to_owned(),
        crisis_line: "116 123".to_owned(),
    }
}

fuzz_target!(|source: &str| {
    let readers = [facts("Ana", "Monday 12 October 2026, 19:00"), facts("*{{ <b> [x](y)", "")];
    if check_text(source, "body").is_empty() {
        for facts in &readers {
            assert!(render_text(source, facts).is_ok(), "what is fit to be saved renders");
        }
    }
    if let Ok(lesson) = file::read(source) {
        let again = file::read(&file::write(&lesson)).expect("what was written can be read");
        assert_eq!(again, lesson);
        if check(&lesson, &ForbiddenWords::default()).is_empty() {
            for facts in &readers {
                assert!(render(&lesson, facts).is_ok(), "what is fit to be saved renders");
            }
        }
    }
});

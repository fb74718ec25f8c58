//! Does a program read, round-trip, and name what is wrong with it?

use std::path::Path;

use proptest::prelude::*;

use super::{
    Document, Program, Question, Track, WeekOutline, file,
    folder::{ImportError, PROGRAM_FILE, read_folder, write_folder},
    intake::{IntakeKind, IntakeQuestion},
};
use crate::domain::{
    discretion::Discretion,
    lesson::{self, Lesson},
};

const PROGRAM: &str = r#"title = "Mending"
eyebrow = ""
lead = "Two weeks."
description = """
For everybody.

**Come.**
"""
weeks = 2
calendar_title = "Group session"
discretion = "discreet"
forbidden_words = ["affair"]
session_minutes = 75
capacity = 12
welcome = "Welcome, {{ name }}."

[consent]
version = 1
text = "Stored: your name."

[agreement]
version = 1
text = "What is said here stays here."

[[tracks]]
key = "one"
label = "The one"

[[tracks]]
key = "other"
label = "The other"

[[week]]
number = 1
title = "Begin"
description = ""
session_title = "Beginning"

[[week]]
number = 2
title = "End"
description = ""
session_title = "Ending"

[[faq]]
question = "Why?"
answer = "Because."
"#;

fn a_lesson(week: u16, track: Option<&str>) -> Lesson {
    Lesson {
        week,
        track: track.map(str::to_owned),
        title: "Begin".into(),
        subject: "Week".into(),
        discreet_subject: "Course".into(),
        preview: "A short read, and one page to write before.".into(),
        check_in: vec![],
        body: "Dear {{ name }},\n\nhello.".into(),
    }
}

fn folder() -> Vec<(String, String)> {
    let lessons = [a_lesson(1, None), a_lesson(2, Some("one")), a_lesson(2, Some("other"))];
    let program = (PROGRAM_FILE.to_owned(), PROGRAM.to_owned());
    let lessons = lessons.iter().map(|lesson| (lesson::file::name(lesson), lesson::file::write(lesson)));
    std::iter::once(program).chain(lessons).collect()
}

fn errors(files: Vec<(String, String)>) -> Vec<String> {
    read_folder(files).unwrap_err().iter().map(ToString::to_string).collect()
}

/// The folder with one text of one file changed.
fn changed(name: &str, from: &str, to: &str) -> Vec<(String, String)> {
    let mut files = folder();
    let (_, content) = files.iter_mut().find(|(file, _)| file == name).unwrap();
    assert!(content.contains(from));
    *content = content.replacen(from, to, 1);
    files
}

/// The one error of a changed folder: file and line.
fn place(name: &str, from: &str, to: &str) -> (String, usize) {
    let errors = read_folder(changed(name, from, to)).unwrap_err();
    let [ImportError { file, line, .. }] = errors.as_slice() else { panic!("{errors:?}") };
    (file.clone(), *line)
}

#[test]
fn a_folder_reads_and_is_written_the_same() {
    let (program, lessons) = read_folder(folder()).unwrap();
    assert_eq!(
        lessons.iter().map(lesson::file::name).collect::<Vec<_>>(),
        ["week-1.md", "week-2.one.md", "week-2.other.md"]
    );
    assert_eq!(write_folder(&program, &lessons), folder());
    assert_eq!(read_folder(write_folder(&program, &lessons)), Ok((program, lessons)));
}

#[test]
fn a_mistake_is_found_on_its_line() {
    for (from, to, line) in [
        ("weeks = 2", "weeks = \"two\"", 9),
        ("calendar_title", "calender_title", 10),
        ("discretion = \"discreet\"", "discretion = \"secret\"", 11),
        ("\"Group session\"", "\"Affair group\"", 10),
        ("\"Group session\"", "\"Mending group\"", 10),
        ("**Come.**", "![x](https://example.org/y.png)", 7),
        ("Welcome, {{ name }}", "Welcome, {{ nmae }}", 15),
        ("session_minutes = 75", "session_minutes = 0", 13),
        ("session_title = \"Ending\"", "session_title = \"Affairs\"", 43),
        ("number = 1\ntitle = \"Begin\"", "number = 1\ntitle = \"\"", 35),
        ("version = 1\ntext = \"Stored", "version = 0\ntext = \"Stored", 18),
        ("label = \"The other\"", "label = \"a\\nb\"", 31),
        ("key = \"other\"", "key = \"Other One\"", 30),
    ] {
        if to.contains("Other One") {
            assert!(
                errors(changed(PROGRAM_FILE, from, to))[0]
                    .starts_with("program.toml, line 30: tracks.1.key: A track's")
            );
        } else {
            assert_eq!(place(PROGRAM_FILE, from, to), (PROGRAM_FILE.to_owned(), line), "{to}");
        }
    }
    assert_eq!(place("week-1.md", "hello", "{{ helo }}"), ("week-1.md".to_owned(), 12));
}

#[test]
fn a_wrong_question_is_found_at_its_field() {
    let with = |intake: &str| {
        let program =
            file::read(&PROGRAM.replace("[[tracks]]\nkey = \"one\"", &format!("{intake}\n[[tracks]]\nkey = \"one\"")))
                .unwrap();
        program.check().iter().map(super::ProgramFinding::field).collect::<Vec<_>>()
    };
    let question = |rest: &str| format!("[[intake]]\nkey = \"hope\"\nquestion = \"What do you hope for?\"\n{rest}\n");
    assert!(with(&question("kind = \"long_text\"\nhelp = \"A sentence.\"")).is_empty());
    assert!(with(&question("kind = \"choice\"\noptions = [\"Peace\", \"Clarity\"]")).is_empty());
    assert!(with(&question("kind = \"scale\"\nleast = \"Not at all\"\nmost = \"Very\"")).is_empty());
    assert_eq!(with(&question("kind = \"choice\"\noptions = [\"Peace\", \"Peace\"]")), ["intake.0.options"]);
    assert_eq!(
        with(&question("kind = \"yes_no\"\noptions = [\"Peace\"]\nmost = \"x\"")),
        ["intake.0.options", "intake.0.most"]
    );
    assert_eq!(with(&question("kind = \"scale\"")), ["intake.0.least", "intake.0.most"]);
    assert_eq!(with(&(question("") + &question(""))), ["intake.1.key"]);
    assert_eq!(
        with("[[intake]]\nkey = \"A b\"\nhelp = \"two\\nlines\"\n"),
        ["intake.0.key", "intake.0.question", "intake.0.help"]
    );
    assert_eq!(
        with(&(0..21).map(|n| question("").replace("hope", &format!("q{n}"))).collect::<String>()),
        ["intake.20.question"]
    );
}

#[test]
fn a_program_kept_before_there_were_questions_still_loads() {
    let program = file::read(PROGRAM).unwrap();
    let mut kept = serde_json::to_value(&program).unwrap();
    for later in ["couples", "intake"] {
        kept.as_object_mut().unwrap().remove(later).expect("it was written");
    }
    assert_eq!(serde_json::from_value::<Program>(kept).unwrap(), program);
}

#[test]
fn another_wording_is_another_version() {
    let document = |version, text: &str| Document { version, text: text.into() };
    let before = document(3, "What is said here stays here.\n");
    assert_eq!(
        document(1, "What is said here stays here.").in_place_of(&before).version,
        3,
        "a line end is no wording"
    );
    assert_eq!(document(1, "All of it stays here.").in_place_of(&before).version, 4);
    assert_eq!(document(7, "All of it stays here.").in_place_of(&before).version, 7, "who names a version is believed");
    assert_eq!(document(5, "What is said here stays here.").in_place_of(&before).version, 5);
}

#[test]
fn every_error_of_every_file_is_told() {
    let mut files = changed("week-1.md", "hello", "![x](y)");
    files.retain(|(name, _)| name != "week-2.other.md");
    files.push(("week-9.md".into(), lesson::file::write(&a_lesson(9, Some("nobody")))));
    files.push(("README.md".into(), "About".into()));
    files.push(("z.md".into(), lesson::file::write(&a_lesson(2, Some("one")))));
    let told = errors(files);
    let begins = [
        "program.toml, line 39: Week 2 has no lesson for the track `other`; add the file week-2.other.md",
        "week-1.md, line 12: body: Images",
        "week-9.md, line 2: The program has 2 weeks",
        "week-9.md, line 3: There is no track `nobody`; write one of: one, other",
        "z.md, line 2: week-2.one.md is a lesson of week 2 for the same people",
    ];
    assert_eq!(told.len(), begins.len(), "{told:#?}");
    for (told, begins) in told.iter().zip(begins) {
        assert!(told.starts_with(begins), "{told} should begin: {begins}");
    }
}

#[test]
fn one_unreadable_file_hides_no_other() {
    let mut files = changed("week-1.md", "+++", "---");
    files[0].1 = "title = ".into();
    files[2].1 = files[2].1.replace("hello", "{{ x }}");
    let told = errors(files);
    assert_eq!(told.len(), 3, "{told:#?}");
    assert_eq!(place("week-2.one.md", "+++", "---"), ("week-2.one.md".to_owned(), 1));
    assert_eq!(errors(vec![]), ["program.toml, line 1: This file is missing; a program's folder needs it"]);
}

#[test]
fn a_week_for_everybody_and_for_one_is_a_double() {
    let mut files = folder();
    files.push(("week-1.one.md".into(), lesson::file::write(&a_lesson(1, Some("one")))));
    assert!(errors(files)[0].starts_with("week-1.one.md, line 2: week-1.md is a lesson of week 1 for the same people"));
}

#[test]
fn an_empty_program_is_told_all_it_lacks() {
    let fields: Vec<String> = Program::default().check().iter().map(super::ProgramFinding::field).collect();
    let lacks = [
        "title",
        "lead",
        "description",
        "weeks",
        "session_minutes",
        "capacity",
        "welcome",
        "consent.version",
        "consent.text",
        "agreement.version",
        "agreement.text",
    ];
    assert_eq!(fields, lacks);
}

#[test]
fn an_open_program_may_use_its_title() {
    let program = file::read(PROGRAM).unwrap();
    assert_eq!(program.forbidden().find_in("Mending, week 1"), Some("Mending"));
    let open = Program { discretion: Discretion::Open, ..program };
    assert_eq!(open.forbidden().find_in("Mending, week 1"), None);
    assert_eq!(open.forbidden().find_in("affair"), Some("affair"));
}

#[test]
fn the_shipped_program_is_fit() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/programs/rebuilding-trust");
    let Ok(entries) = std::fs::read_dir(&path) else { return };
    let read = |entry: std::fs::DirEntry| {
        (entry.file_name().into_string().unwrap(), std::fs::read_to_string(entry.path()).unwrap())
    };
    let files: Vec<_> = entries.map(|entry| read(entry.unwrap())).collect();
    let (program, lessons) = read_folder(files).unwrap_or_else(|errors| panic!("{errors:#?}"));
    assert_eq!((program.weeks, lessons.len()), (6, 12));
    assert_eq!(read_folder(write_folder(&program, &lessons)), Ok((program, lessons)));
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,20}",
        "[ -~\n\t\r\"\\\\']{0,30}",
        any::<String>().prop_map(|text| text.chars().take(40).collect())
    ]
}

prop_compose! {
    fn any_program()(
        words in prop::collection::vec(text(), 9), more in prop::collection::vec((text(), text(), any::<u16>()), 0..4),
        numbers in any::<(u16, u16, u16, u32)>(), level in prop::sample::select(Discretion::ALL.to_vec()),
    ) -> Program {
        let word = |index: usize| words[index].clone();
        let document = |index| Document { version: numbers.3, text: word(index) };
        Program {
            title: word(0), eyebrow: word(1), lead: word(2), description: word(3), weeks: numbers.0,
            calendar_title: word(4), discretion: level, session_minutes: numbers.1, capacity: numbers.2,
            welcome: word(5), consent: document(6), agreement: document(7),
            forbidden_words: more.iter().map(|(a, _, _)| a.clone()).collect(),
            invites_ahead: numbers.0 % 3,
            couples: numbers.0 % 2 == 0,
            intake: more.iter().enumerate().map(|(index, (a, b, n))| IntakeQuestion {
                key: b.clone(), kind: IntakeKind::ALL[index], question: a.clone(), help: b.clone(), required: n % 2 == 0,
                options: vec![a.clone(), b.clone()], least: a.clone(), most: b.clone(),
            }).collect(),
            tracks: more.iter().map(|(a, b, _)| Track { key: a.clone(), label: b.clone() }).collect(),
            outline: more.iter().map(|(a, b, n)| WeekOutline {
                number: *n, title: a.clone(), description: b.clone(), session_title: word(8),
            }).collect(),
            faq: more.iter().map(|(a, b, _)| Question { question: b.clone(), answer: a.clone() }).collect(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reading_what_was_written_gives_the_same(program in any_program()) {
        let written = file::write(&program);
        prop_assert_eq!(file::read(&written), Ok(program), "{}", written);
    }
}

//! Does the house still stand as it was drawn? The picture of the architecture as a test: who may name whom,
//! which library lives where, and what every file owes its reader.

mod paths;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use self::paths::{Named, exported_macros, named_in};

/// A room and the rooms it may name. What is not here is forbidden.
const ARROWS: [(&str, &[&str]); 18] = [
    ("domain", &[]),
    ("clock", &[]),
    ("random", &[]),
    // Addresses in the settings are checked by the rule of the domain.
    ("config", &["domain"]),
    ("keys", &["random"]),
    ("links", &["domain", "keys"]),
    ("machine", &[]),
    ("metrics", &[]),
    ("seal", &[]),
    // A row is released at a reading of the clock; the clock itself is never asked here.
    ("store", &["domain", "clock"]),
    ("mail", &["domain", "links"]),
    ("app", &["clock", "config", "keys", "links", "mail", "metrics", "random", "store"]),
    (
        "actions",
        &["app", "clock", "config", "domain", "keys", "links", "machine", "mail", "metrics", "random", "seal", "store"],
    ),
    ("web", &["actions", "app", "clock", "config", "domain", "keys", "links", "random", "store"]),
    // The worker writes down what an action could not do, so it knows the store's error, and no more of it.
    ("worker", &["actions", "app", "store"]),
    // It drives everything, and measures it.
    ("bench", &["actions", "app", "clock", "config", "demo", "domain", "links", "mail", "random", "store", "web"]),
    (
        "commands",
        &[
            "actions", "app", "bench", "clock", "config", "demo", "domain", "links", "machine", "mail", "random",
            "seal", "store", "web", "worker",
        ],
    ),
    ("demo", &["actions", "app", "clock", "config", "domain", "links", "mail", "random", "store", "web", "worker"]),
];

/// A library and the places that may name it; a place ends with `/` or is one file.
const LIBRARIES: [(&str, &[&str]); 28] = [
    ("sea_orm", &["store/"]),
    ("sea_orm_migration", &[]),
    ("sqlx", &[]),
    ("migrations", &["store/"]),
    ("lettre", &["mail/"]),
    ("mail_auth", &["mail/"]),
    // The demo's mailbox reads what its mail server was given.
    ("mail_parser", &["mail/", "demo/"]),
    ("poem", &["web/", "commands/serve.rs", "bench/house.rs"]),
    // Letters are written in `mail`, pages in `web`.
    ("minijinja", &["mail/", "web/"]),
    // Letters, pages, and the program that the rehearsal brings along.
    ("rust_embed", &["mail/", "web/", "demo/household.rs"]),
    // Who waits: the loops, the talk with a mail server, a slow body, a form that is sent twice; and whoever
    // watches a rehearsal run.
    ("tokio::time", &["worker.rs", "mail/", "web/limits.rs", "web/once.rs", "web/operations.rs", "demo/tests.rs"]),
    ("tokio_rustls", &["mail/", "demo/"]),
    ("webpki_roots", &["mail/"]),
    ("icalendar", &["domain/"]),
    ("cron", &["domain/"]),
    ("pulldown_cmark", &["domain/"]),
    ("ammonia", &["domain/"]),
    ("idna", &["domain/"]),
    ("age", &["seal.rs"]),
    ("argon2", &["actions/"]),
    ("hkdf", &["keys.rs"]),
    ("aes_gcm", &["keys.rs"]),
    ("prometheus_client", &["metrics.rs"]),
    ("rand", &["random.rs"]),
    ("rustix", &["machine.rs"]),
    ("figment", &["config.rs"]),
    ("clap", &["commands/"]),
    ("tracing_subscriber", &["commands/"]),
];

const TOP_LEVEL: [&str; 8] =
    ["Cargo.lock", "Cargo.toml", "README.md", "config", "email-templates", "migrations", "src", "tests"];

const LINES: usize = 350;

/// A source file: its path below `src`, with slashes, and its text.
struct Source {
    file: String,
    text: String,
}

impl Source {
    fn room(&self) -> &str {
        self.module()[0]
    }

    /// `store/ledger/mod.rs` is `["store", "ledger"]`.
    fn module(&self) -> Vec<&str> {
        let path = self.file.trim_end_matches(".rs").trim_end_matches("/mod");
        path.split('/').collect()
    }

    fn named(&self) -> Vec<Named> {
        named_in(&self.text, &self.module())
    }
}

#[test]
fn every_arrow_is_in_the_picture() {
    let house = sources("src");
    let faults = wrong_arrows(&house);
    assert!(faults.is_empty(), "arrows that are not in the picture:\n{}", faults.join("\n"));
}

#[test]
fn every_library_stays_at_home() {
    let faults: Vec<_> = sources("src").iter().flat_map(strays).collect();
    assert!(faults.is_empty(), "libraries away from home:\n{}", faults.join("\n"));
}

#[test]
fn a_wrong_arrow_is_found_however_it_is_written() {
    let written = [
        "use crate::web::page;",
        "use crate::{domain::name, web::{page}};",
        "fn f() { crate::web::page::show() }",
        "fn f() { assert_eq!(1, crate::web::page::one()); }",
        "mod inner { use super::super::super::web::page; }",
        "use super::super::web;",
        "macro_rules! m { () => { $crate::web::page::one() } }",
        "use crate::*;",
        "fn f() { shown!(1) } use crate::shown;",
    ];
    let macros = Source { file: "web/page.rs".into(), text: "#[macro_export]\nmacro_rules! shown { () => {} }".into() };
    for text in written {
        let house = [
            Source { file: "store/people.rs".into(), text: text.into() },
            Source { file: macros.file.clone(), text: macros.text.clone() },
        ];
        assert_eq!(wrong_arrows(&house).len(), 1, "{text}: {:?}", wrong_arrows(&house));
    }
    let innocent =
        "//! See crate::web.\nuse crate::domain::name; use super::ledger; fn f() { let web = \"crate::web\"; }";
    assert!(wrong_arrows(&[Source { file: "store/people.rs".into(), text: innocent.into() }]).is_empty());
}

#[test]
fn a_library_away_from_home_is_found() {
    for text in [
        "use sea_orm::Value;",
        "use {std::fmt, sea_orm::{Value}};",
        "use sea_orm as orm;",
        "fn f() { ::sea_orm::x() }",
        "use tokio::{sync, time};",
    ] {
        let source = Source { file: "web/page.rs".into(), text: text.into() };
        assert_eq!(strays(&source).len(), 1, "{text}: {:?}", source.named());
    }
    let limits = Source { file: "web/limits.rs".into(), text: "use tokio::time;".into() };
    assert!(strays(&limits).is_empty());
}

#[test]
fn every_file_says_which_question_it_answers_and_ends_in_time() {
    let mut faults = Vec::new();
    for folder in ["src", "migrations/src", "tests"] {
        for Source { file, text } in sources(folder) {
            if !text.starts_with("//! ") {
                faults.push(format!("{folder}/{file}: begins without `//! `"));
            }
            let lines = text.lines().count();
            if lines > LINES {
                faults.push(format!("{folder}/{file}: {lines} lines, at most {LINES}: find the missing noun or verb"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_top_level_holds_what_was_agreed_and_nothing_else() {
    let ignored = fs::read_to_string(root().join(".gitignore")).unwrap();
    let ignored: Vec<_> = ignored.lines().filter_map(|line| line.strip_prefix('/')).collect();
    let is_ignored = |name: &str| {
        ignored.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => pattern.trim_end_matches('/') == name,
        })
    };
    let names = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let visible: BTreeSet<_> = names.filter(|name| !name.starts_with('.') && !is_ignored(name)).collect();
    assert_eq!(visible, TOP_LEVEL.map(str::to_owned).into());
}

#[test]
fn the_settings_of_a_deployment_are_settings_there_are() {
    let file = root().join("config/production.toml");
    trellis::config::Config::load(Some(&file)).unwrap_or_else(|error| panic!("{error}"));
}

fn wrong_arrows(house: &[Source]) -> Vec<String> {
    let macros = macro_rooms(house);
    let mut faults = Vec::new();
    for source in house.iter().filter(|source| !["lib", "main"].contains(&source.room())) {
        let allowed = ARROWS.iter().find(|(room, _)| *room == source.room());
        let Some((_, allowed)) = allowed else {
            faults.push(format!("src/{}: a room that the picture does not know", source.file));
            continue;
        };
        let arrows = arrows_of(source, &macros).into_iter().filter(|(_, to, _)| !allowed.contains(&to.as_str()));
        faults.extend(arrows.map(|(from, to, line)| format!("src/{}:{line}: {from} names {to}", source.file)));
    }
    faults
}

/// From, to, and the line.
fn arrows_of(source: &Source, macros: &BTreeMap<String, String>) -> Vec<(String, String, usize)> {
    let own = source.room().to_owned();
    let paths = source.named().into_iter().filter(|named| ["crate", "trellis"].contains(&named.path[0].as_str()));
    let aims = paths.filter_map(|Named { path, line }| {
        let to = path.get(1)?;
        Some((own.clone(), macros.get(to).unwrap_or(to).clone(), line))
    });
    aims.filter(|(from, to, _)| from != to).collect()
}

/// A macro at the root of the crate belongs to the room that made it.
fn macro_rooms(house: &[Source]) -> BTreeMap<String, String> {
    let made = house
        .iter()
        .flat_map(|source| exported_macros(&source.text).into_iter().map(|name| (name, source.room().to_owned())));
    made.collect()
}

fn strays(source: &Source) -> Vec<String> {
    let mut faults = Vec::new();
    for Named { path, line } in source.named() {
        let named = |library: &str| {
            library.split("::").zip(&path).filter(|(word, written)| word == written).count()
                == library.split("::").count()
        };
        for (library, homes) in LIBRARIES.iter().filter(|(library, _)| named(library)) {
            if !homes.iter().any(|home| source.file == *home || (home.ends_with('/') && source.file.starts_with(home)))
            {
                faults.push(format!("src/{}:{line}: names {library}, which is at home in {homes:?}", source.file));
            }
        }
    }
    faults
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &str) -> Vec<Source> {
    let folder = root().join(folder);
    let mut files = Vec::new();
    collect(&folder, &mut files);
    files.sort();
    let read = |path: &PathBuf| Source {
        file: path
            .strip_prefix(&folder)
            .expect("found below it")
            .to_str()
            .expect("our names are ASCII")
            .replace('\\', "/"),
        text: fs::read_to_string(path).unwrap(),
    };
    files.iter().map(read).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

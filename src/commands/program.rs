//! A program comes in from a folder, and goes out to one.

use std::path::Path;

use anyhow::{Context, bail};

use crate::{
    actions::import_program::import_program,
    app::App,
    domain::{
        lesson::Lesson,
        program::folder::{read_folder, write_folder},
    },
    store::{
        practices::{self, Practice},
        programs,
    },
};

pub(super) async fn import(app: &App, folder: &Path, practice: Option<&str>) -> anyhow::Result<()> {
    let practice = the_practice(app, practice).await?;
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read the folder {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if name == "program.toml" || path.extension().is_some_and(|extension| extension == "md") {
            let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            files.push((name, text));
        }
    }
    files.sort();
    let (program, lessons) = read_folder(files).map_err(|errors| {
        let lines: Vec<String> =
            errors.iter().map(|error| format!("  {}:{}: {}", error.file, error.line, error.message)).collect();
        anyhow::anyhow!("nothing was imported; please mend this first:\n{}", lines.join("\n"))
    })?;
    let id = import_program(app, practice.id, &program, &lessons).await?;
    let row = programs::find(app.db.reader(), practice.id, id).await?.context("just written")?;
    println!("Imported {} with {} lessons.", program.title, lessons.len());
    println!("Its public page: {}", app.links.to(&format!("/g/{}", row.code)));
    Ok(())
}

pub(super) async fn export(app: &App, folder: &Path, title: Option<&str>) -> anyhow::Result<()> {
    let mut found = Vec::new();
    for practice in practices::on_this_installation(app.db.reader()).await? {
        found.extend(programs::of_practice(app.db.reader(), practice.id).await?);
    }
    found.retain(|program| title.is_none_or(|title| program.title.expose() == title));
    let program = match found.as_slice() {
        [] => bail!("there is no such program"),
        [one] => one,
        many => {
            let titles: Vec<&str> = many.iter().map(|program| program.title.expose()).collect();
            bail!("there are several programs; name one with --program: {}", titles.join(", "));
        }
    };
    let lessons: Vec<Lesson> =
        programs::lessons_of(app.db.reader(), program.id).await?.into_iter().map(|row| row.content.0).collect();
    std::fs::create_dir_all(folder)?;
    let files = write_folder(&program.content.0, &lessons);
    for (name, text) in &files {
        std::fs::write(folder.join(name), text).with_context(|| format!("cannot write {name}"))?;
    }
    println!("Exported {} files to {}.", files.len(), folder.display());
    Ok(())
}

/// The practice with this name, or the only one there is.
pub(super) async fn the_practice(app: &App, name: Option<&str>) -> anyhow::Result<Practice> {
    let mut practices = practices::on_this_installation(app.db.reader()).await?;
    practices.retain(|practice| name.is_none_or(|name| practice.name.expose() == name));
    match practices.len() {
        0 => bail!("there is no practice yet: begin with `trellis coach add`"),
        1 => Ok(practices.remove(0)),
        _ => bail!("there are several practices: name one with --practice"),
    }
}

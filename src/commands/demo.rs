//! A rehearsal is shown: its own house in a folder, the pages, and where to look.

use std::{
    fs::File,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

use super::{serve, telling};
use crate::{
    app::App,
    demo::{
        self, driver,
        household::{self, Household},
        people::PEOPLE,
        story::Story,
    },
};

/// Serves the rehearsal in this folder until ctrl-c or SIGTERM; the next start goes on from there.
pub async fn run(folder: PathBuf, listen: SocketAddr) -> anyhow::Result<()> {
    std::fs::create_dir_all(&folder).with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    let _alone = alone(&folder)?;
    let acceptor = serve::listen(&listen.to_string()).await?;
    let app = demo::open(&folder, listen).await?;
    telling::start(&app.config.log)?;
    let house = household::settle(&app, &folder).await?;
    println!("{}", welcome(&app, &house, &folder));
    let driving = driver::start(&app, Story::open(&app, house).await?).await?;
    let served = serve::serve(app.clone(), acceptor).await;
    driving.stop(&app).await?;
    served
}

/// Two clocks over one story would not do.
fn alone(folder: &Path) -> anyhow::Result<File> {
    let lock = File::create(folder.join("lock"))
        .with_context(|| format!("the folder {} cannot be written", folder.display()))?;
    if lock.try_lock().is_err() {
        bail!("another demo is running in {}: stop it first, or choose another folder with --folder", folder.display());
    }
    Ok(lock)
}

fn welcome(app: &App, house: &Household, folder: &Path) -> String {
    let to = |path: &str| app.links.to(path);
    let sign_in = &house.sign_in;
    format!(
        "\n  Trellis rehearsal: six weeks in two minutes. No mail leaves this machine.\n\n  \
           Start here      {mailbox}\n                  every mail and calendar entry; the clock: pause, step, jump\n  \
           Program page    {program}\n  \
           Coach           {coach}\n                  {email}   password {password}\n  \
           A participant   {link}\n                  enter {ana}, open the mail in the mailbox, type its six digits\n\n  \
           Everything is in {folder}. Ctrl-c quits; starting again goes on. Remove the folder to begin anew.\n",
        mailbox = to("/mailbox"),
        program = to(&format!("/g/{}", house.code)),
        coach = to("/coach/sign-in"),
        email = sign_in.email,
        password = sign_in.password,
        link = to("/link"),
        ana = PEOPLE[0].email,
        folder = folder.display(),
    )
}

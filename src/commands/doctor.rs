//! What works, what does not, and what to do about it: for whoever runs this.

use anyhow::bail;

use crate::{
    actions::doctor::{Finding, Level, examine as look},
    app::App,
    clock::Clock,
    config::Config,
    random::Random,
};

/// Every check runs; the command fails when one of them finds something wrong.
pub(super) async fn examine(config: Config, json: bool) -> anyhow::Result<()> {
    let findings = match App::open(config, Clock::System, Random::Os).await {
        Ok(app) => look(&app).await,
        Err(error) => vec![Finding::no_database(&format!("{error:#}"))],
    };
    for finding in &findings {
        if json {
            println!("{}", serde_json::to_string(finding)?);
        } else {
            tell(finding);
        }
    }
    match findings.iter().filter(|finding| finding.level == Level::Wrong).count() {
        0 => Ok(()),
        1 => bail!("one thing is wrong"),
        wrong => bail!("{wrong} things are wrong"),
    }
}

fn tell(finding: &Finding) {
    let word = match finding.level {
        Level::Fine => "ok",
        Level::Note => "note",
        Level::Warning => "warning",
        Level::Wrong => "WRONG",
    };
    println!("{word:<8} {:<11} {}", finding.check, finding.what);
    if !finding.advice.is_empty() {
        println!("{:<20} → {}", "", finding.advice);
    }
}

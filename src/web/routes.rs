//! What is served, all of it?

use std::sync::Arc;

use poem::{Endpoint, EndpointExt, Response};

use crate::{
    app::App,
    web::{
        all_letters, announcements, assets, attendance, coach_sign_in, cohort_new, cohorts, enrollments, feeds,
        frame::Frame, hooks, join, lessons, links, mailbox, my_place, my_program, operations, outbox, partners, people,
        program_page, programs, rsvp, schedule_changes, sessions, settings, site::Site, table::Table, team,
        texts::Texts, this_week, together, unsubscribe, watched::Watched,
    },
};

/// What each noun adds.
const NOUNS: &[fn(Table) -> Table] = &[
    program_page::add,
    enrollments::add,
    partners::add,
    together::add,
    links::add,
    my_program::add,
    my_place::add,
    join::add,
    rsvp::add,
    feeds::add,
    unsubscribe::add,
    coach_sign_in::add,
    this_week::add,
    cohort_new::add,
    cohorts::add,
    schedule_changes::add,
    sessions::add,
    attendance::add,
    people::add,
    outbox::add,
    announcements::add,
    settings::add,
    team::add,
    all_letters::add,
    programs::add,
    lessons::add,
    hooks::add,
    operations::add,
];

/// Every page and address, in one table.
#[must_use]
pub fn table() -> Table {
    NOUNS.iter().fold(Table::default(), |table, add| add(table))
}

/// The whole site, with everything that stands around each answer.
pub fn site(app: Arc<App>) -> anyhow::Result<impl Endpoint<Output = Response> + 'static> {
    let site = Site::new(app.clone())?;
    // Other people's mail is shown only where all of it is invented.
    let table = if app.mailbox.is_some() { mailbox::add(table()) } else { table() };
    let (open_to_all, takes_csv) = (table.open_to_all(), table.takes_file());
    let brand = "Trellis".to_owned();
    let texts =
        Texts { pages: site.pages.clone(), brand: brand.clone(), leave_to: app.config.server.leave_url.clone() };
    let routes = texts.routes(table.routes()).at(assets::ROUTE, site.assets.clone());
    let (for_ids, watched) = (app.clone(), Watched(app.clone()));
    let frame = Frame {
        pages: site.pages.clone(),
        brand,
        base_url: app.config.server.base_url.clone(),
        make_id: Arc::new(move || for_ids.random.uuid(for_ids.clock.now().real)),
        open_to_all,
        takes_csv,
        takes_mail: vec![hooks::MAIL],
    };
    Ok(frame.around(routes)?.with(watched).data(site))
}

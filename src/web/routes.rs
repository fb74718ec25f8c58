//! What is served, all of it?

use std::sync::Arc;

use poem::{Endpoint, EndpointExt, Response};

use crate::{
    app::App,
    web::{
        assets, enrollments, feeds, frame::Frame, join, links, my_program, program_page, site::Site, table::Table,
        texts::Texts, unsubscribe,
    },
};

/// Every page and address, in one table.
#[must_use]
pub fn table() -> Table {
    let table = program_page::add(Table::default());
    let table = enrollments::add(table);
    let table = links::add(table);
    let table = my_program::add(table);
    let table = join::add(table);
    let table = feeds::add(table);
    unsubscribe::add(table)
}

/// The whole site, with everything that stands around each answer.
pub fn site(app: Arc<App>) -> anyhow::Result<impl Endpoint<Output = Response> + 'static> {
    let site = Site::new(app.clone())?;
    let table = table();
    let open_to_all = table.open_to_all();
    let brand = "Trellis".to_owned();
    let texts =
        Texts { pages: site.pages.clone(), brand: brand.clone(), leave_to: app.config.server.leave_url.clone() };
    let routes = texts.routes(table.routes()).at(assets::ROUTE, site.assets.clone());
    let for_ids = app.clone();
    let frame = Frame {
        pages: site.pages.clone(),
        brand,
        base_url: app.config.server.base_url.clone(),
        make_id: Arc::new(move || for_ids.random.uuid(for_ids.clock.now().real)),
        open_to_all,
        takes_csv: vec![],
    };
    Ok(frame.around(routes)?.data(site))
}

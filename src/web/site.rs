//! What does every handler need?

use std::{fmt, ops::Deref, sync::Arc};

use crate::{
    app::App,
    domain::ids::CohortId,
    store::gather::Gather,
    web::{
        assets::Assets,
        csrf::FormToken,
        enrollments::Offered,
        kept::Kept,
        page::{BrokenTemplate, Pages},
    },
};

/// The app, and the pages it is shown on. Cheap to clone.
#[derive(Clone)]
pub struct Site {
    pub app: Arc<App>,
    pub pages: Arc<Pages>,
    pub assets: Assets,
    pub(crate) kept: Arc<Kept>,
    /// Groups that many ask for in the same moment.
    pub(in crate::web) offered: Arc<Gather<CohortId, (), Option<Arc<Offered>>>>,
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Site")
    }
}

impl Deref for Site {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}

impl Site {
    pub fn new(app: Arc<App>) -> Result<Self, BrokenTemplate> {
        let assets = Assets::embedded();
        let pages = Arc::new(Pages::embedded(&assets)?);
        Ok(Self { app, pages, assets, kept: Arc::default(), offered: Arc::default() })
    }

    /// A fresh token for the forms of one page.
    #[must_use]
    pub fn form_token(&self) -> FormToken {
        FormToken::new(self.app.random.bytes())
    }

    /// Cookies carry `Secure` and the `__Host-` prefix unless this is plain http on one machine.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.app.links.base().starts_with("https://")
    }
}

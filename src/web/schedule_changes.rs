//! How does a coach change the schedule, and see the whole plan before anything happens?

use poem::{
    Response, handler,
    http::StatusCode,
    web::{Data, Path},
};
use uuid::Uuid;

use self::{
    form::{About, ChangePage},
    kind::Kind,
    preview::{PreviewPage, Wording},
};
use crate::{
    actions::change_schedule::{CannotUndo, Refused, Target, change_schedule, look, look_at, read::Known, undo_change},
    domain::{
        holiday::Country,
        ids::CohortId,
        people::CohortState,
        plan::{Change, Plan, Refusal},
    },
    store::cohorts,
    web::{
        chrome::Here,
        desk::{self, Asked},
        error::PageError,
        fields::Fields,
        form::Entered,
        guard::{SignedCoach, see_other},
        site::Site,
        table::{Access, Table},
    },
};

pub(crate) mod form;
pub(crate) mod kind;
pub(crate) mod preview;
mod sentences;
pub(crate) mod waiting;

pub(crate) fn add(table: Table) -> Table {
    table
        .post("/coach/cohorts/:id/schedule/undo", Access::Coach, undo)
        .get("/coach/cohorts/:id/schedule/:kind", Access::Coach, show)
        .post("/coach/cohorts/:id/schedule/:kind", Access::Coach, post)
}

/// One change on its way: who makes it, to which cohort, of which kind.
pub(crate) struct Asking<'a> {
    pub(crate) site: &'a Site,
    pub(crate) signed: &'a SignedCoach,
    pub(crate) cohort: CohortId,
    pub(crate) kind: Kind,
}

#[handler]
async fn show(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path((id, word)): Path<(String, String)>,
    asked: Asked,
) -> Result<Response, PageError> {
    let kind = Kind::of_cohort(&word).ok_or(PageError::NotFound)?;
    let asking = Asking { site, signed: &signed, cohort: desk::id(&id)?, kind };
    asking.form(asked.text("week")).await
}

#[handler]
async fn post(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path((id, word)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, PageError> {
    let kind = Kind::of_cohort(&word).ok_or(PageError::NotFound)?;
    let asking = Asking { site, signed: &signed, cohort: desk::id(&id)?, kind };
    asking.answer(&fields).await
}

#[handler]
async fn undo(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    let target =
        Target { practice: signed.practice.id, cohort: desk::id(&id)?, actor: signed.coach.name.expose().to_owned() };
    let change: Uuid = desk::id(fields.text("change"))?;
    let done = match undo_change(&site.app, &target, change).await {
        Ok(()) => "undone",
        Err(CannotUndo::Before) => "undone-before",
        Err(CannotUndo::Told) => "undo-told",
        Err(CannotUndo::NotTheLast) => "undo-not-last",
        Err(CannotUndo::Unknown) => return Err(PageError::NotFound),
        Err(CannotUndo::Store(error)) => return Err(error.into()),
    };
    Ok(see_other(&format!("/coach/cohorts/{}/schedule?done={done}", target.cohort)))
}

impl Asking<'_> {
    fn target(&self) -> Target {
        Target {
            practice: self.signed.practice.id,
            cohort: self.cohort,
            actor: self.signed.coach.name.expose().to_owned(),
        }
    }

    async fn known(&self) -> Result<Known, PageError> {
        look_at(&self.site.app, &self.target()).await.map_err(not_there)
    }

    /// The form, filled in with what is likely.
    pub(crate) async fn form(&self, week: &str) -> Result<Response, PageError> {
        let known = self.known().await?;
        let chrome = desk::around(self.site, self.signed, Here::Cohorts).await?;
        self.site.pages.render(&chrome, &self.form_page(&known, self.kind.blank(&known, week)))
    }

    fn form_page(&self, known: &Known, form: Entered) -> ChangePage {
        let about = About::of(known, self.kind, self.signed.coach.zone);
        ChangePage::of(about, self.kind, known, form, self.site.clock.now().program)
    }

    /// A form that was sent: to be looked at, edited again, or applied.
    pub(crate) async fn answer(&self, fields: &Fields) -> Result<Response, PageError> {
        let known = self.known().await?;
        let change = match self.kind.read(fields) {
            Ok(change) => change,
            Err(form) => return self.again(&known, form).await,
        };
        match fields.text("do") {
            "edit" => {
                let chrome = desk::around(self.site, self.signed, Here::Cohorts).await?;
                self.site.pages.render(&chrome, &self.form_page(&known, Entered::of(fields)))
            }
            "apply" => self.apply(fields, &change).await,
            _ => self.preview(fields, &change).await,
        }
    }

    pub(crate) async fn preview(&self, fields: &Fields, change: &Change) -> Result<Response, PageError> {
        match look(&self.site.app, &self.target(), change).await {
            Ok((known, plan)) => self.shown(fields, (&known, &plan)).await,
            Err(Refused::Plan(refusal)) => self.refused(fields, &refusal).await,
            Err(refused) => Err(not_there(refused)),
        }
    }

    async fn shown(&self, fields: &Fields, of: (&Known, &Plan)) -> Result<Response, PageError> {
        let chrome = desk::around(self.site, self.signed, Here::Cohorts).await?;
        self.site.pages.render(&chrome, &self.preview_page(fields, of).await?)
    }

    async fn preview_page(&self, fields: &Fields, of: (&Known, &Plan)) -> Result<PreviewPage, PageError> {
        let (known, plan) = of;
        let lessons = cohorts::lessons_of(self.site.db.reader(), self.cohort).await?;
        let wording = Wording {
            lessons: &lessons,
            by_participant: known.is_by_participant(),
            own: self.signed.coach.zone,
            is_draft: known.cohort.state == CohortState::Draft,
            country: Country::chosen(&known.cohort.holiday_country),
            windows: if self.kind == Kind::Start { sentences::windows(&known.cohort) } else { None },
        };
        let about = About::of(known, self.kind, self.signed.coach.zone);
        let clashes = waiting::clashes(self.site, self.signed.practice.id, (self.cohort, plan)).await?;
        let page = PreviewPage::of(about, self.kind, fields, plan, &wording);
        Ok(PreviewPage { warnings: clashes.into_iter().chain(page.warnings).collect(), ..page })
    }

    async fn apply(&self, fields: &Fields, change: &Change) -> Result<Response, PageError> {
        match change_schedule(&self.site.app, &self.target(), change, fields.text("plan")).await {
            Ok(tell_at) => {
                let now = if tell_at <= self.site.clock.now().program { "-now" } else { "" };
                let done = self.kind.words().done;
                Ok(see_other(&format!("/coach/cohorts/{}/schedule?done={done}{now}", self.cohort)))
            }
            Err(Refused::Changed) => self.as_it_now_is(fields, change).await,
            Err(Refused::Plan(refusal)) => self.refused(fields, &refusal).await,
            Err(refused @ (Refused::Unknown | Refused::Store(_))) => Err(not_there(refused)),
        }
    }

    /// Nothing was applied: the new plan stands on the page, and what was typed goes with it.
    async fn as_it_now_is(&self, fields: &Fields, change: &Change) -> Result<Response, PageError> {
        let (known, plan) = match look(&self.site.app, &self.target(), change).await {
            Ok(looked) => looked,
            Err(Refused::Plan(refusal)) => return self.refused(fields, &refusal).await,
            Err(refused) => return Err(not_there(refused)),
        };
        let chrome = desk::around(self.site, self.signed, Here::Cohorts).await?;
        let page = PreviewPage { is_new: true, ..self.preview_page(fields, (&known, &plan)).await? };
        let mut response = self.site.pages.render(&chrome, &page)?;
        response.set_status(StatusCode::CONFLICT);
        Ok(response)
    }

    /// The rule that stands against it, at the field that it is about.
    async fn refused(&self, fields: &Fields, refusal: &Refusal) -> Result<Response, PageError> {
        let known = self.known().await?;
        let field = match refusal {
            Refusal::Length(_) => "minutes",
            Refusal::Nothing
            | Refusal::Over
            | Refusal::Canceled
            | Refusal::NoSession
            | Refusal::Past
            | Refusal::WouldBePast { .. }
            | Refusal::Begun
            | Refusal::NoWeek(_)
            | Refusal::WeekBegun(_)
            | Refusal::NotABreak(_)
            | Refusal::HowMany(_)
            | Refusal::NoneLeft
            | Refusal::Weeks(_) => self.kind.first_field(),
        };
        self.again(&known, Entered::of(fields).wrong(field, refusal.to_string())).await
    }

    async fn again(&self, known: &Known, form: Entered) -> Result<Response, PageError> {
        let chrome = desk::around(self.site, self.signed, Here::Cohorts).await?;
        self.site.pages.refused(&chrome, &self.form_page(known, form))
    }
}

fn not_there(refused: Refused) -> PageError {
    match refused {
        Refused::Store(error) => error.into(),
        Refused::Unknown | Refused::Changed | Refused::Plan(_) => PageError::NotFound,
    }
}

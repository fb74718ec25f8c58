//! When should a cohort's lessons go out instead? Shown before it is done.

use poem::{
    Response, handler,
    web::{Data, Path},
};

use super::{found, lesson_acts::target, lessons};
use crate::{
    actions::{
        change_lessons::Refused,
        lesson_state::Lessons,
        plan_timetable::{dates, dates_by_rule},
        time_lessons::time_lessons,
    },
    domain::{
        civil,
        cohort::Late,
        schedule::{LessonClock, LessonTiming},
    },
    store::{cohorts::Cohort, programs::ProgramRow},
    web::{
        chrome::Here,
        cohort_new::timing,
        desk,
        error::PageError,
        fields::Fields,
        form::{Checked, Entered},
        guard::{SignedCoach, see_other},
        site::Site,
        table::{Access, Table},
    },
};

pub(super) fn add(table: Table) -> Table {
    table.post("/coach/cohorts/:id/lessons", Access::Coach, change)
}

/// What the form asks for.
struct Wish {
    timing: LessonTiming,
    clock: LessonClock,
    late: Late,
}

fn read(fields: &Fields) -> Result<Wish, Entered> {
    let mut checked = Checked::new(fields);
    let rule = timing::timing(&mut checked, fields);
    let clock = timing::clock(&mut checked, fields);
    let late = checked.parse_or("late", "Choose what becomes of a lesson whose time has passed", str::parse);
    checked.finish(|| Some(Wish { timing: rule?, clock: clock?, late: late? }))
}

#[handler]
async fn change(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    let (cohort, program) = found(site, &signed, &id).await?;
    let wish = match read(&fields) {
        Ok(wish) => wish,
        Err(form) => return refused(site, &signed, (&cohort, &program), form).await,
    };
    if fields.text("do") == "preview" {
        return preview(site, &signed, (&cohort, &program), &fields, &wish).await;
    }
    let target = target(site, &signed, &id).await?;
    match time_lessons(&site.app, &target, (&wish.timing, wish.clock), wish.late).await {
        Ok(()) => Ok(see_other(&format!("/coach/cohorts/{}/lessons?done=lessons-timed", cohort.id))),
        Err(Refused::Store(error)) => Err(error.into()),
        Err(Refused::Unknown | Refused::Out | Refused::Changed | Refused::Taken | Refused::AtTheEdge) => {
            Err(PageError::NotFound)
        }
    }
}

async fn refused(
    site: &Site,
    signed: &SignedCoach,
    of: (&Cohort, &ProgramRow),
    form: Entered,
) -> Result<Response, PageError> {
    let chrome = desk::around(site, signed, Here::Cohorts).await?;
    site.pages.refused(&chrome, &lessons::page(site, signed, of, form, Vec::new()).await?)
}

async fn preview(
    site: &Site,
    signed: &SignedCoach,
    of: (&Cohort, &ProgramRow),
    fields: &Fields,
    wish: &Wish,
) -> Result<Response, PageError> {
    let changes = changes(site, of.0, wish).await?;
    let chrome = desk::around(site, signed, Here::Cohorts).await?;
    let page = lessons::page(site, signed, of, Entered::of(fields), changes).await?;
    site.pages.render(&chrome, &page)
}

/// One line a lesson that is still to come: from when to when, or what becomes of it.
async fn changes(site: &Site, cohort: &Cohort, wish: &Wish) -> Result<Vec<String>, PageError> {
    let (db, now) = (site.db.reader(), site.clock.now().program);
    let lessons = Lessons::of_cohort(db, cohort.id).await?;
    let wished = Cohort { lesson_rule: wish.timing.expression(), lesson_clock: wish.clock, ..cohort.clone() };
    let (was, becomes) = (dates(db, cohort, now).await?, dates_by_rule(db, &wished).await?);
    let read = |at| {
        let local = cohort.zone.local(at);
        format!("{}, {}", civil::short_date(local.date()), civil::time_of_day(local.time()))
    };
    let mut said = Vec::new();
    for copy in lessons.copies.iter().filter(|copy| lessons.state(copy, now).is_ahead()) {
        let at = |dates: &[(u16, chrono::DateTime<chrono::Utc>)]| {
            dates.iter().find(|(position, _)| i32::from(*position) == copy.position).map(|(_, at)| *at)
        };
        let name = format!("{}. {}", copy.position, copy.content.0.title);
        said.push(match (at(&was), at(&becomes)) {
            (was, Some(new)) if new <= now => {
                let gone = match wish.late {
                    Late::Skip => "it is skipped",
                    Late::Now => "it is sent now",
                    Late::WithNext => "it comes with the next one",
                };
                let was = was.map(|was| format!("from {} ", read(was))).unwrap_or_default();
                format!("{name}: {was}to {}, which is past: {gone}", read(new))
            }
            (Some(was), Some(new)) if was == new => format!("{name}: stays at {}", read(new)),
            (Some(was), Some(new)) => format!("{name}: from {} to {}", read(was), read(new)),
            (None, Some(new)) => format!("{name}: to {}", read(new)),
            (_, None) => format!("{name}: follows the clocks of those who take part"),
        });
    }
    if said.is_empty() {
        said.push("Nothing: every lesson has gone out.".to_owned());
    }
    Ok(said)
}

//! What does a coach write, to whom, and when is it to arrive?

use poem::{
    Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

use super::found;
use crate::{
    actions::announce::{Draft, Refused, draft_of, save_announcement},
    domain::{
        announcement::{Audience, FARTHEST, Of, Stage, Wish, Words},
        civil::short_date,
        ids::{AnnouncementId, CohortId},
        lesson::Finding,
        people::CohortState,
        session::SessionState,
    },
    store::{
        cohorts::{self, Cohort},
        programs, sessions,
    },
    web::{
        chrome::{self, Here},
        desk::{self, Asked},
        error::PageError,
        fields::Fields,
        form::{Checked, Entered},
        guard::{SignedCoach, see_other},
        labels::Choice,
        lessons::variables,
        page::Page,
        site::Site,
        table::{Access, Table},
        visitor,
    },
};

const LONGEST: usize = 20_000;

#[derive(Debug, Serialize)]
pub(crate) struct WritePage {
    /// Empty: a new one.
    id: String,
    form: Entered,
    cohorts: Vec<Choice>,
    tracks: Vec<Choice>,
    who: Vec<Choice>,
    wishes: Vec<Choice>,
    variables: Vec<&'static str>,
}

impl Page for WritePage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "announcements/write.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |id: &str, form, cohorts| Self {
            id: id.into(),
            form,
            cohorts,
            tracks: vec![Choice::new("", "All tracks"), Choice::new("hurt", "I was hurt")],
            who: vec![Choice::new("everyone", "Everyone"), Choice::new("quiet", "No check-in for two weeks")],
            wishes: wishes(),
            variables: variables(),
        };
        let cohorts = vec![Choice::new("8", "Monday evenings").with("11 people")];
        let wrong = Entered::blank()
            .with("body", "{{ nam }}")
            .wrong("body", "Line 1: There is no variable `nam`")
            .wrong("cohorts", "Choose at least one cohort");
        vec![
            ("new", page("", Entered::blank().with("wish", "soon"), cohorts.clone())),
            ("wrong", page("1", wrong, cohorts)),
            ("no cohort", page("", Entered::blank(), vec![])),
        ]
    }
}

fn wishes() -> Vec<Choice> {
    vec![
        Choice::new("soon", "In ten minutes").with("Until then you can take it back. Nobody gets it at night."),
        Choice::new("at", "On a day and at a time").with("On each reader’s own clock, wherever they are."),
    ]
}

pub(super) fn add(table: Table) -> Table {
    table
        .get("/coach/announcements/new", Access::Coach, show_new)
        .post("/coach/announcements/new", Access::Coach, make)
        .get("/coach/announcements/:id/edit", Access::Coach, show)
        .post("/coach/announcements/:id/edit", Access::Coach, save)
}

#[handler]
async fn show_new(Data(site): Data<&Site>, signed: SignedCoach, asked: Asked) -> Result<Response, PageError> {
    let first = signed.practice.first_name.expose();
    let form = Entered::blank()
        .with("cohorts", asked.text("cohort"))
        .with("of", Of::Everyone.to_string())
        .with("discreet_subject", format!("A note from {first}"))
        .with("body", "Dear {{ name }},\n\n")
        .with("wish", "soon");
    let chrome = desk::around(site, &signed, Here::Outbox).await?;
    site.pages.render(&chrome, &page(site, &signed, "", form).await?)
}

#[handler]
async fn show(Data(site): Data<&Site>, signed: SignedCoach, Path(id): Path<String>) -> Result<Response, PageError> {
    let row = found(site, &signed, &id).await?;
    let draft = draft_of(&row).filter(|_| row.stage == Stage::Draft);
    let Some(draft) = draft else { return Ok(see_other(&format!("/coach/announcements/{id}"))) };
    let chrome = desk::around(site, &signed, Here::Outbox).await?;
    site.pages.render(&chrome, &page(site, &signed, &id, fill(&draft)).await?)
}

fn fill(draft: &Draft) -> Entered {
    let form = draft.audience.cohorts.iter().fold(Entered::blank(), |form, id| form.with("cohorts", id.to_string()));
    let form = form
        .with("track", draft.audience.track.as_str())
        .with("of", draft.audience.of.to_string())
        .with("subject", draft.words.subject.as_str())
        .with("discreet_subject", draft.words.discreet_subject.as_str())
        .with("body", draft.words.body.as_str());
    match draft.wish {
        Wish::Soon => form.with("wish", "soon"),
        Wish::At(local) => form
            .with("wish", "at")
            .with("on", local.date().to_string())
            .with("time", local.time().format("%H:%M").to_string()),
    }
}

async fn page(site: &Site, signed: &SignedCoach, id: &str, form: Entered) -> Result<WritePage, PageError> {
    let own = own_cohorts(site, signed).await?;
    let mut cohorts = Vec::new();
    let mut tracks = vec![Choice::new("", "All tracks")];
    let mut who = vec![
        Choice::new(Of::Everyone, "Everyone in them"),
        Choice::new(Of::Quiet, "Those without a check-in for two weeks"),
    ];
    for cohort in &own {
        let seats = u64::try_from(cohort.seats_taken).unwrap_or_default();
        cohorts.push(Choice::new(cohort.id, cohort.name.expose()).with(&desk::people(seats)));
        if let Some(program) = programs::find(site.db.reader(), cohort.practice_id, cohort.program_id).await? {
            for track in &program.content.0.tracks {
                if tracks.iter().all(|known| known.value != track.key) {
                    tracks.push(Choice::new(&track.key, track.label.as_str()));
                }
            }
        }
        who.extend(absences(site, cohort).await?);
    }
    Ok(WritePage { id: id.to_owned(), form, cohorts, tracks, who, wishes: wishes(), variables: variables() })
}

async fn own_cohorts(site: &Site, signed: &SignedCoach) -> Result<Vec<Cohort>, PageError> {
    let all = cohorts::of_practice(site.db.reader(), signed.practice.id).await?;
    Ok(all.into_iter().filter(|cohort| cohort.state != CohortState::Draft).collect())
}

/// Those who missed one of the last three sessions.
async fn absences(site: &Site, cohort: &Cohort) -> Result<Vec<Choice>, PageError> {
    let now = site.clock.now().program;
    let meetings = sessions::of_cohort(site.db.reader(), cohort.id).await?;
    let past = meetings.iter().filter(|meeting| meeting.state == SessionState::Planned && meeting.ends_at < now);
    let choice = |meeting: &sessions::SessionRow| {
        let text = format!("Those absent on {}, {}", short_date(meeting.local_date), cohort.name.expose());
        Choice::new(Of::AbsentAt(meeting.id), text)
    };
    Ok(past.rev().take(3).map(choice).collect())
}

#[handler]
async fn make(Data(site): Data<&Site>, signed: SignedCoach, fields: Fields) -> Result<Response, PageError> {
    keep(site, &signed, None, &fields).await
}

#[handler]
async fn save(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    let row = found(site, &signed, &id).await?;
    keep(site, &signed, Some(row.id), &fields).await
}

async fn keep(
    site: &Site,
    signed: &SignedCoach,
    id: Option<AnnouncementId>,
    fields: &Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    let form = match read(site, signed, fields) {
        Ok(draft) => {
            match save_announcement(&site.app, (signed.practice.id, id), &draft, signed.coach.name.expose()).await {
                Ok(id) => return Ok(see_other(&format!("/coach/announcements/{id}"))),
                Err(refused) => wrong(fields, refused)?,
            }
        }
        Err(form) => form,
    };
    let chrome = desk::around(site, signed, Here::Outbox).await?;
    let id = id.map(|id| id.to_string()).unwrap_or_default();
    site.pages.refused(&chrome, &page(site, signed, &id, form).await?)
}

fn read(site: &Site, signed: &SignedCoach, fields: &Fields) -> Result<Draft, Entered> {
    let mut checked = Checked::new(fields);
    let cohorts: Vec<CohortId> = fields.many("cohorts").iter().filter_map(|id| id.parse().ok()).collect();
    if cohorts.is_empty() {
        checked.refuse::<()>("cohorts", "Choose at least one cohort");
    }
    let track = checked.text("track", 32);
    let of = checked.parse("of", str::parse::<Of>);
    let subject = checked.required("subject", 120, "Write a subject");
    let discreet_subject = checked.required("discreet_subject", 120, "Write a subject that names nothing");
    let body = checked.parse("body", |text| visitor::words(text, LONGEST));
    let wish = match fields.text("wish") {
        "at" => {
            let both = format!("{}T{}", fields.text("on"), fields.text("time"));
            let farthest = signed.coach.zone.local(site.clock.now().program + FARTHEST);
            match both.parse() {
                Ok(Wish::At(local)) if local <= farthest => Some(Wish::At(local)),
                Ok(Wish::At(_)) => checked.refuse("on", "Choose a day within the next six months"),
                Ok(Wish::Soon) | Err(_) => {
                    checked.refuse("on", "Enter a date and a time, such as 8 March 2027 and 18:00")
                }
            }
        }
        "soon" => Some(Wish::Soon),
        _ => checked.refuse("wish", "Choose when it is to arrive"),
    };
    checked.finish(|| {
        Some(Draft {
            words: Words { subject: subject?, discreet_subject: discreet_subject?, body: body? },
            audience: Audience { cohorts, track: track?, of: of? },
            wish: wish?,
        })
    })
}

fn wrong(fields: &Fields, refused: Refused) -> Result<Entered, PageError> {
    let form = Entered::of(fields);
    match refused {
        Refused::Faulty(findings) => {
            Ok(findings.iter().fold(form, |form, finding| form.wrong(finding.field, said(finding))))
        }
        Refused::NoCohort => Ok(form.wrong("cohorts", "Choose cohorts of yours; one of these is not there any more")),
        Refused::Sent => {
            Ok(form.wrong("subject", "This was sent in the meantime, so its words stay as they are. Write another one"))
        }
        Refused::Unknown | Refused::Changed | Refused::Nobody => Err(PageError::NotFound),
        Refused::Store(error) => Err(error.into()),
    }
}

fn said(finding: &Finding) -> String {
    match finding.field {
        "body" => format!("Line {}: {}", finding.line, finding.message),
        _ => finding.message.clone(),
    }
}

//! What happens in a rehearsal besides the program itself? People enroll, one leaves, a session moves: each
//! once, through the same actions as on the web, with the links from the mail that really arrived.

use std::collections::BTreeSet;

use anyhow::Context;
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use tokio::sync::Mutex;

use super::{
    household::{Household, remember, remembered},
    people::{FOLLOWS, LEAVES, PEOPLE, Person, STOPS_REMINDERS, WANTS_INVITES, answer},
};
use crate::{
    actions::{
        ask_to_enroll::ask_to_enroll,
        change_person,
        change_schedule::{Target, change_schedule, look},
        confirm_enrollment::{accept_offer, confirm_enrollment},
        leave::{By, leave},
    },
    app::App,
    clock::Now,
    domain::{
        asking::{Agreed, Form},
        category::Category,
        email_address::EmailAddress,
        enrollment::{CalendarChoice, Standing},
        name::Name,
        plan::Change,
        program::intake::{Answered, IntakeQuestion},
        zone::Zone,
    },
    links::Purpose,
    store::{
        enrollments::{self, Enrollment},
        participants, programs, sessions,
    },
};

/// What people do on their own, in the order in which they do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    TurnInvitesOn,
    Leave,
    AcceptOffer,
    MoveSession,
    StopReminders,
}

impl Act {
    const ALL: [Self; 5] =
        [Self::TurnInvitesOn, Self::Leave, Self::AcceptOffer, Self::MoveSession, Self::StopReminders];

    fn name(self) -> &'static str {
        match self {
            Self::TurnInvitesOn => "turn invites on",
            Self::Leave => "leave",
            Self::AcceptOffer => "accept the offer",
            Self::MoveSession => "move session 4",
            Self::StopReminders => "stop reminders",
        }
    }

    /// Days after the cohort's first, and the hour in its zone.
    fn when(self) -> (i64, u32) {
        match self {
            Self::TurnInvitesOn => (8, 12),
            Self::Leave => (16, 10),
            Self::AcceptOffer => (16, 13),
            Self::MoveSession => (18, 9),
            Self::StopReminders => (29, 12),
        }
    }
}

/// The story, as far as it has been told.
#[derive(Debug)]
pub struct Story {
    house: Household,
    told: Mutex<Told>,
}

#[derive(Debug, Default)]
struct Told {
    has_everybody: bool,
    acts: BTreeSet<String>,
}

const REMEMBERED: &str = "demo.story";

impl Story {
    pub async fn open(app: &App, house: Household) -> anyhow::Result<Self> {
        let acts = match remembered(app, REMEMBERED).await? {
            Some(text) => serde_json::from_str(&text)?,
            None => BTreeSet::new(),
        };
        Ok(Self { house, told: Mutex::new(Told { has_everybody: false, acts }) })
    }

    /// Does the next thing whose time has come. `true`: something was done, or has to be waited for.
    pub async fn go_on(&self, app: &App, now: Now) -> anyhow::Result<bool> {
        let mut told = self.told.lock().await;
        if !told.has_everybody {
            told.has_everybody = self.is_everybody_in(app).await?;
            return Ok(true);
        }
        let Some(act) = self.next_act(&told).filter(|act| self.at(*act) <= now.program) else {
            return Ok(false);
        };
        // An act that cannot be done is told as well: a coach may have changed the story.
        if let Err(error) = self.play(app, act).await {
            tracing::warn!(act = act.name(), %error, "somebody in the story could not do this");
        }
        told.acts.insert(act.name().to_owned());
        remember(app, REMEMBERED, &serde_json::to_string(&told.acts)?).await?;
        Ok(true)
    }

    /// The instant of program time at which the story goes on.
    pub async fn next_instant(&self) -> Option<DateTime<Utc>> {
        let told = self.told.lock().await;
        self.next_act(&told).map(|act| self.at(act))
    }

    fn next_act(&self, told: &Told) -> Option<Act> {
        Act::ALL.into_iter().find(|act| !told.acts.contains(act.name()))
    }

    fn at(&self, act: Act) -> DateTime<Utc> {
        let (days, hour) = act.when();
        let time = NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default();
        self.house.cohort.zone.resolve((self.house.cohort.starts_on + TimeDelta::days(days)).and_time(time))
    }

    /// Each asks by the form, waits for the mail, and confirms by its link.
    async fn is_everybody_in(&self, app: &App) -> anyhow::Result<bool> {
        let mut is_complete = true;
        for person in &PEOPLE {
            match self.enrollment_of(app, person.email).await? {
                None => {
                    let form = self.form(app, person).await?;
                    ask_to_enroll(app, &self.house.cohort, &form, None).await?;
                    is_complete = false;
                }
                Some(enrollment) if enrollment.standing == Standing::Pending => {
                    if self.has_link(app, person.email, Purpose::Confirm, &enrollment)? {
                        confirm_enrollment(app, enrollment.id).await?;
                    }
                    is_complete = false;
                }
                Some(_) => {}
            }
        }
        Ok(is_complete)
    }

    async fn form(&self, app: &App, person: &Person) -> anyhow::Result<Form> {
        let cohort = &self.house.cohort;
        let program = programs::find(app.db.reader(), cohort.practice_id, cohort.program_id)
            .await?
            .context("the program is gone")?;
        let program = program.content.0;
        let agreed = program.agreements().map(|(kind, document)| Agreed::to(kind, document));
        Ok(Form {
            email: EmailAddress::parse(person.email)?,
            name: Name::parse(person.name)?,
            zone: Zone::parse(person.zone)?,
            track: person.track.to_owned(),
            calendar: person.calendar,
            discretion: person.discretion,
            note: String::new(),
            consents: agreed.into(),
            intake: program.intake.iter().map(|asked| answered(person, asked)).collect(),
            partner: None,
        })
    }

    async fn enrollment_of(&self, app: &App, email: &str) -> anyhow::Result<Option<Enrollment>> {
        let (db, cohort) = (app.db.reader(), &self.house.cohort);
        let Some(person) = participants::with_email(db, cohort.practice_id, &EmailAddress::parse(email)?).await? else {
            return Ok(None);
        };
        Ok(enrollments::of_person_in(db, cohort.id, person.id).await?)
    }

    /// Whether the mail has arrived, and its link is good for this enrollment.
    fn has_link(&self, app: &App, email: &str, purpose: Purpose, enrollment: &Enrollment) -> anyhow::Result<bool> {
        let mailbox = app.mailbox.as_ref().context("a rehearsal has a mailbox")?;
        let Some(link) = mailbox.newest_link(email, &format!("/{}/", purpose.path()))? else {
            return Ok(false);
        };
        let token = link.rsplit('/').next().unwrap_or_default();
        let claims = app.links.read(purpose, token, app.clock.now().real);
        Ok(claims.is_ok_and(|claims| claims.object == enrollment.id.0))
    }

    async fn play(&self, app: &App, act: Act) -> anyhow::Result<()> {
        let practice = self.house.practice.id;
        match act {
            Act::TurnInvitesOn => {
                let enrollment = self.enrollment_of(app, WANTS_INVITES).await?.context("not in the cohort")?;
                change_person::choose_calendar(app, practice, enrollment.id, CalendarChoice::Invites).await?;
            }
            Act::Leave => {
                let enrollment = self.enrollment_of(app, LEAVES).await?.context("not in the cohort")?;
                leave(app, enrollment.id, &By::Participant).await?;
            }
            Act::AcceptOffer => {
                let enrollment = self.enrollment_of(app, FOLLOWS).await?.context("not in the cohort")?;
                anyhow::ensure!(self.has_link(app, FOLLOWS, Purpose::Offer, &enrollment)?, "no offer has arrived");
                accept_offer(app, enrollment.id).await?;
            }
            Act::MoveSession => self.move_session(app).await?,
            Act::StopReminders => {
                let enrollment = self.enrollment_of(app, STOPS_REMINDERS).await?.context("not in the cohort")?;
                let program = self.house.cohort.program_id;
                change_person::stop(app, enrollment.participant_id, program, Category::Reminder).await?;
            }
        }
        Ok(())
    }

    /// The fourth session moves to the evening after, an hour later.
    async fn move_session(&self, app: &App) -> anyhow::Result<()> {
        let meetings = sessions::of_cohort(app.db.reader(), self.house.cohort.id).await?;
        let fourth = meetings.iter().find(|meeting| meeting.ordinal == 4).context("there is no fourth session")?;
        let change = Change::MoveSession {
            session: fourth.id,
            date: fourth.local_date + TimeDelta::days(1),
            time: fourth.local_time + TimeDelta::hours(1),
            minutes: u16::try_from(fourth.minutes)?,
        };
        let actor = self.house.practice.name.expose().to_owned();
        let target = Target { practice: self.house.practice.id, cohort: self.house.cohort.id, actor };
        let (_, plan) = look(app, &target, &change).await?;
        change_schedule(app, &target, &change, &plan.fingerprint).await?;
        Ok(())
    }
}

fn answered(person: &Person, asked: &IntakeQuestion) -> Answered {
    Answered { asked: asked.clone(), answer: answer(person.email, &asked.key).to_owned() }
}

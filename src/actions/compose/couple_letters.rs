//! What do the letters say to two people who want to come together?

use chrono::TimeDelta;
use uuid::Uuid;

use super::{Around, CannotCompose, Composed, Desk};
use crate::{
    domain::{civil, couple::presentable, discretion::ForbiddenWords},
    links::Purpose,
    mail::letters::{partner_asked::PartnerAsked, partner_missing::PartnerMissing, waiting_for_two::WaitingForTwo},
    store::{
        cohorts,
        couples::{self, Couple},
        enrollments, participants, programs,
    },
};

/// How long the page behind a link still says that its time is over.
const LINK_OUTLIVES: TimeDelta = TimeDelta::days(7);
/// How long a choice can be made: it is asked for once, and it is nobody's hurry.
const CHOICE_LASTS: TimeDelta = TimeDelta::days(180);

impl Desk<'_> {
    async fn couple(&self) -> Result<Couple, CannotCompose> {
        let id: Uuid = serde_json::from_value(self.params()["couple"].clone())
            .map_err(|_| CannotCompose::Gone("the invitation"))?;
        let couple = couples::find(self.app.db.reader(), self.delivery.practice_id, id).await?;
        couple.ok_or(CannotCompose::Gone("the invitation"))
    }

    pub(super) async fn partner_asked(&self) -> Result<Composed, CannotCompose> {
        let couple = self.couple().await?;
        let until = couple.respond_by.ok_or(CannotCompose::Gone("the invitation"))?;
        let cohort = cohorts::find(self.app.db.reader(), couple.practice_id, couple.cohort_id).await?;
        let cohort = cohort.ok_or(CannotCompose::Gone("the cohort"))?;
        let letter = PartnerAsked {
            inviter: self.inviter(&couple, cohort.program_id).await?,
            answer_url: self.personal(Purpose::Partner, couple.id, until + LINK_OUTLIVES),
            held_until: civil::moment(until, self.facts.reader.zone()),
        };
        self.finish(&letter, Around::default())
    }

    /// The name the inviter goes by, where it is a name, and no word of the program.
    async fn inviter(
        &self,
        couple: &Couple,
        program: crate::domain::ids::ProgramId,
    ) -> Result<Option<String>, CannotCompose> {
        let db = self.app.db.reader();
        let program = programs::find(db, couple.practice_id, program).await?.map(|program| program.content.0);
        let words = program.map(|program| ForbiddenWords::new(program.forbidden_words.iter().chain([&program.title])));
        let Some(inviter) = enrollments::find(db, couple.practice_id, couple.inviter_id).await? else {
            return Ok(None);
        };
        let person = participants::find(db, couple.practice_id, inviter.participant_id).await?;
        let name = person.and_then(|person| presentable(&person.name));
        Ok(name.filter(|name| words.is_none_or(|words| words.find_in(name).is_none())))
    }

    pub(super) async fn partner_missing(&self) -> Result<Composed, CannotCompose> {
        let couple = self.couple().await?;
        let letter = PartnerMissing { choose_url: self.choose_url(&couple) };
        self.finish(&letter, Around::default())
    }

    pub(super) async fn waiting_for_two(&self) -> Result<Composed, CannotCompose> {
        let own = couples::of_enrollment(self.app.db.reader(), self.enrollment()?.id).await?;
        let couple = own.iter().find(|couple| couple.in_line == 1).ok_or(CannotCompose::Gone("the wait for two"))?;
        let letter = WaitingForTwo { choose_url: self.choose_url(couple), leave_url: self.app.links.to("/p/leave") };
        self.finish(&letter, Around::default())
    }

    fn choose_url(&self, couple: &Couple) -> String {
        self.personal(Purpose::Together, couple.id, self.now.real + CHOICE_LASTS)
    }
}

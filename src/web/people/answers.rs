//! What did a person answer, question by question? Nobody sees it without a line in the audit.

use poem::{
    Response, handler,
    web::{Data, Path},
};
use serde::Serialize;
use serde_json::Value;

use super::found;
use crate::{
    actions::read_answers::note_reading,
    domain::{
        civil,
        people::{Right, may},
    },
    store::{check_ins as store_check_ins, cohorts, enrollments, intakes, participants::Participant},
    web::{
        chrome::{self, Here},
        desk,
        error::PageError,
        guard::SignedCoach,
        page::Page,
        site::Site,
        table::{Access, Table},
    },
};

#[derive(Debug, Serialize)]
pub(crate) struct AnswersPage {
    person: String,
    name: String,
    intakes: Vec<CheckIn>,
    check_ins: Vec<CheckIn>,
}

impl Page for AnswersPage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "people/answers.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |intakes, check_ins| Self { person: "7".into(), name: "Priya".into(), intakes, check_ins };
        let open = CheckIn {
            answers: vec![Answer { question: "Why now?".into(), answer: String::new() }],
            ..CheckIn::sample()
        };
        vec![
            ("some", page(vec![CheckIn { title: "Thursday evenings".into(), ..open }], vec![CheckIn::sample()])),
            ("none", page(vec![], vec![])),
        ]
    }
}

pub(super) fn add(table: Table) -> Table {
    table.get("/coach/people/:id/answers", Access::Coach, show)
}

/// Looking is an act: it is written down first. Whoever may not look finds nothing here.
#[handler]
async fn show(Data(site): Data<&Site>, signed: SignedCoach, Path(id): Path<String>) -> Result<Response, PageError> {
    let person = found(site, &signed, &id).await?;
    if !may(signed.coach.role, &signed.coach.rights, Right::Answers) {
        return Err(PageError::NotFound);
    }
    note_reading(&site.app, &signed.coach, person.id).await?;
    let chrome = desk::around(site, &signed, Here::Cohorts).await?;
    let page = AnswersPage {
        person: person.id.to_string(),
        name: person.name.expose().to_owned(),
        intakes: intakes_of(site, &signed, &person).await?,
        check_ins: check_ins(site, &signed, &person).await?,
    };
    site.pages.render(&chrome, &page)
}

/// What was answered on the form of each cohort.
async fn intakes_of(site: &Site, signed: &SignedCoach, person: &Participant) -> Result<Vec<CheckIn>, PageError> {
    let db = site.db.reader();
    let mut found = Vec::new();
    for enrollment in enrollments::of_participant(db, signed.practice.id, person.id).await? {
        let Some(intake) = intakes::of_enrollment(db, enrollment.id).await? else { continue };
        let cohort = cohorts::find(db, signed.practice.id, enrollment.cohort_id).await?;
        let answers = intake.answered();
        let answers =
            answers.iter().map(|given| Answer { question: given.asked.question.clone(), answer: given.words() });
        found.push(CheckIn {
            title: cohort.map(|cohort| cohort.name.expose().to_owned()).unwrap_or_default(),
            when: civil::moment(intake.changed_at, signed.coach.zone),
            answers: answers.collect(),
        });
    }
    Ok(found)
}

/// One week's check-in, or the questions of one form.
#[derive(Debug, Serialize)]
struct CheckIn {
    title: String,
    when: String,
    answers: Vec<Answer>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Answer {
    question: String,
    answer: String,
}

impl CheckIn {
    fn sample() -> Self {
        let answers =
            vec![Answer { question: "How was the week?".to_owned(), answer: "Hard, but we talked.".to_owned() }];
        Self {
            title: "Week 4: Grief and anger".to_owned(),
            when: "Tuesday 2 March 2027, 21:10 (Dublin time, UTC+00:00)".to_owned(),
            answers,
        }
    }
}

/// The newest first.
async fn check_ins(site: &Site, signed: &SignedCoach, person: &Participant) -> Result<Vec<CheckIn>, PageError> {
    let db = site.db.reader();
    let mut found = Vec::new();
    for enrollment in enrollments::of_participant(db, signed.practice.id, person.id).await? {
        let given = store_check_ins::of_enrollment(db, enrollment.id).await?;
        if given.is_empty() {
            continue;
        }
        let lessons = cohorts::lessons_of(db, enrollment.cohort_id).await?;
        for check_in in given {
            let lesson =
                lessons.iter().find(|lesson| lesson.lesson_id == check_in.lesson_id).map(|lesson| &lesson.content.0);
            let questions = lesson.map(|lesson| lesson.check_in.clone()).unwrap_or_default();
            let title = lesson
                .map_or_else(|| "A lesson".to_owned(), |lesson| format!("Week {}: {}", lesson.week, lesson.title));
            let answers = pairs(&check_in.answers, &questions);
            found.push((
                check_in.changed_at,
                CheckIn { title, when: civil::moment(check_in.changed_at, signed.coach.zone), answers },
            ));
        }
    }
    found.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    Ok(found.into_iter().map(|(_, check_in)| check_in).collect())
}

/// Answers are kept as JSON: a list in the order of the questions, a list of pairs, or one pair a key.
fn pairs(answers: &str, questions: &[String]) -> Vec<Answer> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match serde_json::from_str(answers) {
        Ok(Value::Array(list)) => list
            .iter()
            .enumerate()
            .map(|(index, value)| {
                let asked = value["question"].as_str().map(str::to_owned).or_else(|| questions.get(index).cloned());
                let answer = value.get("answer").unwrap_or(value);
                Answer { question: asked.unwrap_or_default(), answer: text(answer) }
            })
            .collect(),
        Ok(Value::Object(map)) => {
            map.iter().map(|(question, value)| Answer { question: question.clone(), answer: text(value) }).collect()
        }
        Ok(other) => vec![Answer { question: questions.first().cloned().unwrap_or_default(), answer: text(&other) }],
        Err(_) => vec![Answer { question: questions.first().cloned().unwrap_or_default(), answer: answers.to_owned() }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_stand_beside_their_questions_however_they_were_kept() {
        let questions = ["How?".to_owned(), "Why?".to_owned()];
        let pair = |question: &str, answer: &str| Answer { question: question.to_owned(), answer: answer.to_owned() };
        assert_eq!(pairs(r#"["well","because"]"#, &questions), [pair("How?", "well"), pair("Why?", "because")]);
        assert_eq!(pairs(r#"[{"question":"Who?","answer":"me"}]"#, &questions), [pair("Who?", "me")]);
        assert_eq!(pairs(r#"{"Who?":"me"}"#, &questions), [pair("Who?", "me")]);
        assert_eq!(pairs("plain", &questions), [pair("How?", "plain")]);
    }
}

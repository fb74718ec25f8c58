//! How is a whole program or lesson kept in one column? As the JSON of the very type the rules use.

use sea_orm::FromJsonQueryResult;
use serde::{Deserialize, Serialize};

use crate::domain::{lesson::Lesson, program::Program};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct ProgramContent(pub Program);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct LessonContent(pub Lesson);

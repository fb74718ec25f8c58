//! Who are the people, and what may each do?

/// What somebody who signs in with a password may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Owner,
    Coach,
    Assistant,
}

crate::words!(Role { Owner = "owner", Coach = "coach", Assistant = "assistant" });

/// Whose sign-in it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Coach,
    Participant,
}

crate::words!(Who { Coach = "coach", Participant = "participant" });

/// A cohort's own state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CohortState {
    Draft,
    Open,
    Closed,
}

crate::words!(CohortState { Draft = "draft", Open = "open", Closed = "closed" });

/// What an owner can allow an assistant besides the roster and the attendance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// To read what people answered: on the form, and in check-ins.
    Answers,
}

crate::words!(Right { Answers = "answers" });

/// Whether somebody may do it: owners and coaches may, assistants by what was written down for them, words with
/// a space between.
#[must_use]
pub fn may(role: Role, rights: &str, right: Right) -> bool {
    match role {
        Role::Owner | Role::Coach => true,
        Role::Assistant => rights.split(' ').any(|word| word == right.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assistant_reads_answers_only_by_right() {
        for (role, rights, may_read) in [
            (Role::Owner, "", true),
            (Role::Coach, "", true),
            (Role::Assistant, "", false),
            (Role::Assistant, "answerss exports", false),
            (Role::Assistant, "exports answers", true),
        ] {
            assert_eq!(may(role, rights, Right::Answers), may_read, "{role} {rights:?}");
        }
    }
}

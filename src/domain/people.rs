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

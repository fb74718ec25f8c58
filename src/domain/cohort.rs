//! What does a coach decide about a cohort, besides its dates?

/// How people get in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Whoever confirms has a place, while there are any.
    Open,
    /// The coach reads each application.
    Approval,
}

crate::words!(Admission { Open = "open", Approval = "approval" });

/// How somebody who comes late gets what went out before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LateJoiners {
    /// One mail with all of it.
    Digest,
    /// One lesson a day until they are where the others are.
    Spaced,
    /// Nothing by mail: it can be read after sign-in.
    PortalOnly,
}

crate::words!(LateJoiners { Digest = "digest", Spaced = "spaced", PortalOnly = "portal_only" });

/// Does the cohort take place? Decided when it is known how many come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Undecided,
    Go,
    Moved,
    /// Its people were asked into another cohort.
    Merged,
    Canceled,
}

crate::words!(Decision { Undecided = "", Go = "go", Moved = "moved", Merged = "merged", Canceled = "canceled" });

impl Decision {
    /// Its dates are off: nothing more takes place there.
    #[must_use]
    pub fn is_off(self) -> bool {
        match self {
            Self::Merged | Self::Canceled => true,
            Self::Undecided | Self::Go | Self::Moved => false,
        }
    }
}

/// What times a cohort's copy of a lesson.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timing {
    /// The n-th firing of the rule.
    Rule,
    /// Nothing: it is past, or the coach left it out. It never goes out by mail.
    Skipped,
    /// It was added after its time, and went out at once.
    Now,
    /// It was added after its time, and goes out together with the next one.
    WithNext,
    /// Taken out of this cohort before it went out.
    Removed,
}

crate::words!(Timing {
    Rule = "",
    Skipped = "skipped",
    Now = "now",
    WithNext = "with_next",
    Removed = "removed",
});

/// Was somebody at a session?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attendance {
    Came,
    Absent,
    Excused,
}

crate::words!(Attendance { Came = "came", Absent = "absent", Excused = "excused" });

/// What becomes of a lesson whose time has passed before anybody could get it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Late {
    /// Nothing by mail.
    Skip,
    Now,
    WithNext,
}

crate::words!(Late { Skip = "skip", Now = "now", WithNext = "with_next" });

//! Has somebody stayed away several times in a row?

use super::cohort::Attendance;

/// So often in a row, and a word from the coach may help.
pub const WORTH_A_WORD: usize = 2;

/// How many sessions at the end of these marks, the earliest first, somebody missed without a word. Who was excused
/// said so, and a session of which nothing is noted is not in the list.
#[must_use]
pub fn missed_in_a_row(marks: &[Attendance]) -> usize {
    marks.iter().rev().take_while(|mark| **mark == Attendance::Absent).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_absences_count_and_only_those_without_a_word() {
        use Attendance::{Absent, Came, Excused};
        let table: [(&[Attendance], usize); 6] = [
            (&[], 0),
            (&[Absent], 1),
            (&[Absent, Came, Absent], 1),
            (&[Came, Absent, Absent], 2),
            (&[Absent, Absent, Came], 0),
            (&[Absent, Excused, Absent], 1),
        ];
        for (marks, expected) in table {
            assert_eq!(missed_in_a_row(marks), expected, "{marks:?}");
        }
    }
}

//! How large is a promise told? Small every day; as large as it was given with `TRELLIS_TESTS=full`.

use std::fmt::Display;

#[expect(clippy::disallowed_methods, reason = "the test command says in the environment how much is told")]
fn is_full() -> bool {
    std::env::var("TRELLIS_TESTS").is_ok_and(|how| how == "full")
}

/// How much of something there is: `small` every day, `full` when the whole is asked for.
pub fn of<T>(small: T, full: T) -> T {
    if is_full() { full } else { small }
}

/// Starts the stories' PostgreSQL anew, where the test command says how: nobody else may be at work on it then.
#[expect(clippy::disallowed_methods, reason = "the test command says in the environment how it is done")]
pub fn restart() -> Option<String> {
    std::env::var("TRELLIS_TEST_RESTART").ok()
}

/// What a promise came to, in one line, for whoever counts: `tests/bench/run` keeps these.
pub fn shown(promise: &str, came_to: impl Display) {
    eprintln!("{promise}: {came_to}");
}

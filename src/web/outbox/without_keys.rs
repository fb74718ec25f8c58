//! How does a coach read a letter without getting its reader's keys?

use uuid::Uuid;

/// What makes a link somebody's own is longer than this; words are shorter, and ids open nothing.
const SHORTEST_KEY: usize = 30;

/// The letter with `…` in place of each key, so that whoever reads along cannot act in somebody's name.
pub(super) fn without_keys(text: &str) -> String {
    let word = |word: &str| if word.contains("://") { shown(word) } else { word.to_owned() };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ");
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

fn shown(link: &str) -> String {
    let is_key = |part: &str| part.len() >= SHORTEST_KEY && Uuid::parse_str(part).is_err();
    link.split('/').map(|part| if is_key(part) { "…" } else { part }).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_is_somebodys_own_is_shown_without_its_key() {
        let key = "v1.AaIHfsYsdi6u7q0abDcfovGiB37FiMMXMiMsGU5mGcZkCAAAAAAAP5QKo";
        let join = "https://g.example/p/join/01a2077e-c5b9-7106-924c-d5a4b437122d";
        let text = format!("Stop:\nhttps://g.example/u/{key}\nor https://g.example/offer/{key}/decline now.\n{join}");
        let shown = format!("Stop:\nhttps://g.example/u/…\nor https://g.example/offer/…/decline now.\n{join}");
        assert_eq!(without_keys(&text), shown);
        assert_eq!(without_keys("https://g.example/c/ukzzee4mvubgx5rkfwbvatoyxlpyga42.ics"), "https://g.example/c/…");
    }
}

//! What becomes of a mail of each kind when nobody knows whether it arrived?

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};

use crate::domain::{category::Category, delivery::Occasion, retry::Doubt};

/// One word for all mail, or a table of kinds: `{ otherwise = "resend", announcement = "hold" }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnUnknown {
    otherwise: Doubt,
    categories: BTreeMap<&'static str, Doubt>,
    occasions: BTreeMap<&'static str, Doubt>,
}

/// The kind that stands for every other.
const OTHERWISE: &str = "otherwise";

impl OnUnknown {
    /// The word for the occasion itself, else for its category, else for the rest.
    #[must_use]
    pub fn of(&self, occasion: Occasion) -> Doubt {
        let own = self.occasions.get(occasion.as_str());
        let found = own.or_else(|| self.categories.get(occasion.category().as_str()));
        found.copied().unwrap_or(self.otherwise)
    }

    fn all(doubt: Doubt) -> Self {
        Self { otherwise: doubt, categories: BTreeMap::new(), occasions: BTreeMap::new() }
    }

    fn set(mut self, kind: &str, doubt: Doubt) -> Result<Self, String> {
        // A lesson is a category, too: the wider one is meant.
        match (kind, Category::parse(kind), kind.parse::<Occasion>()) {
            (OTHERWISE, _, _) => self.otherwise = doubt,
            (_, Some(category), _) => drop(self.categories.insert(category.as_str(), doubt)),
            (_, _, Ok(occasion)) => drop(self.occasions.insert(occasion.as_str(), doubt)),
            _ => {
                let categories: Vec<&str> = Category::ALL.iter().map(|category| category.as_str()).collect();
                return Err(format!(
                    "{kind:?} is no kind of mail: write {OTHERWISE}, a category ({}) or an occasion as `trellis ledger --json` names it, such as sign_in or invite",
                    categories.join(", ")
                ));
            }
        }
        Ok(self)
    }
}

impl fmt::Display for OnUnknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(word(self.otherwise))?;
        let exceptions = self.categories.iter().chain(&self.occasions);
        exceptions.into_iter().try_for_each(|(kind, doubt)| write!(f, ", {kind}: {}", word(*doubt)))
    }
}

fn word(doubt: Doubt) -> &'static str {
    match doubt {
        Doubt::Resend => "resend",
        Doubt::Hold => "hold",
    }
}

fn doubt<E: Error>(text: &str) -> Result<Doubt, E> {
    match text {
        "resend" => Ok(Doubt::Resend),
        "hold" => Ok(Doubt::Hold),
        other => Err(E::custom(format!("{other:?} is neither resend nor hold"))),
    }
}

impl<'de> Deserialize<'de> for OnUnknown {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Words)
    }
}

struct Words;

impl<'de> Visitor<'de> for Words {
    type Value = OnUnknown;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("resend, hold, or a table of kinds of mail")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<OnUnknown, E> {
        Ok(OnUnknown::all(doubt(text)?))
    }

    fn visit_map<M: MapAccess<'de>>(self, mut table: M) -> Result<OnUnknown, M::Error> {
        let mut words = OnUnknown::all(Doubt::Resend);
        while let Some((kind, text)) = table.next_entry::<String, String>()? {
            words = words.set(&kind, doubt(&text)?).map_err(M::Error::custom)?;
        }
        Ok(words)
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        config::Config,
        domain::{delivery::Occasion, retry::Doubt},
    };

    fn read(value: &str) -> Result<super::OnUnknown, String> {
        let config = Config::with(&[("mail.on_unknown", value)]).map_err(|error| error.to_string())?;
        Ok(config.mail.on_unknown)
    }

    #[test]
    fn the_nearest_word_counts() {
        let all = read("\"hold\"").unwrap();
        assert!(Occasion::ALL.iter().all(|occasion| all.of(*occasion) == Doubt::Hold));
        let words = read("{ service = \"hold\", invite = \"resend\", lesson = \"hold\" }").unwrap();
        assert_eq!(words.of(Occasion::Welcome), Doubt::Hold);
        assert_eq!(words.of(Occasion::Invite), Doubt::Resend);
        assert_eq!(words.of(Occasion::CatchUp), Doubt::Hold, "the category is meant");
        assert_eq!(words.of(Occasion::SignIn), Doubt::Resend);
        let held = read("{ otherwise = \"hold\", security = \"resend\" }").unwrap();
        assert_eq!((held.of(Occasion::SignIn), held.of(Occasion::Lesson)), (Doubt::Resend, Doubt::Hold));
    }

    #[test]
    fn a_wrong_kind_or_word_is_named_in_one_line() {
        for (value, named) in [
            ("{ lessons = \"hold\" }", "\"lessons\""),
            ("{ lesson = \"wait\" }", "\"wait\""),
            ("\"wait\"", "\"wait\""),
            ("3", "table of kinds"),
        ] {
            let said = read(value).unwrap_err();
            assert!(said.contains("mail.on_unknown") && said.contains(named) && !said.contains('\n'), "{said}");
        }
    }
}

//! What an instance says about itself before it watches.

use std::collections::BTreeMap;

use crate::domain::names::NamespaceName;

/// Most namespaces of one instance.
pub const NAMESPACES_MAX: usize = 256;
/// Most labels.
const LABELS_MAX: usize = 64;
/// Longest name of a label, in bytes.
const LABEL_BYTES: usize = 64;
/// Longest service, address, release or value of a label, in bytes.
const TEXT_BYTES: usize = 256;

/// A field that breaks a rule, and the rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The field, as a path into the body.
    pub field: String,
    /// What is wrong with it, with the limit.
    pub problem: String,
}

/// What an instance says about itself. [`Declaration::check`] says whether it keeps the limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    /// The service it is one of.
    pub service: String,
    /// For selecting.
    pub labels: BTreeMap<String, String>,
    /// Where it is reached.
    pub address: Option<String>,
    /// The release of the service.
    pub version: Option<String>,
    /// The release of what speaks for it.
    pub agent: Option<String>,
    /// The namespaces it runs on, the later over the earlier ones.
    pub namespaces: Vec<NamespaceName>,
    /// Whether somebody on its machine stopped it from taking changes.
    pub held: bool,
}

impl Declaration {
    /// Checks every field, and tells everything that is wrong at once.
    #[must_use]
    pub fn check(&self) -> Vec<Rejected> {
        let mut wrong = Vec::new();
        let mut text = |field: &str, text: &str, least: usize, most: usize| {
            let bytes = text.len();
            let problem = if text.chars().any(char::is_control) {
                "must not contain control characters".to_owned()
            } else if bytes < least || bytes > most {
                format!("must have {least} to {most} bytes, this has {bytes}")
            } else {
                return;
            };
            wrong.push(Rejected { field: field.to_owned(), problem });
        };
        text("service", &self.service, 1, TEXT_BYTES);
        for (field, value) in [("address", &self.address), ("version", &self.version), ("agent", &self.agent)] {
            text(field, value.as_deref().unwrap_or_default(), 0, TEXT_BYTES);
        }
        for (name, value) in &self.labels {
            text("labels", name, 1, LABEL_BYTES);
            text(&format!("labels.{name}"), value, 0, TEXT_BYTES);
        }
        let mut count = |field: &str, least: usize, most: usize, count: usize| {
            if count < least || count > most {
                let problem = format!("must have {least} to {most} items, this has {count}");
                wrong.push(Rejected { field: field.to_owned(), problem });
            }
        };
        count("labels", 0, LABELS_MAX, self.labels.len());
        count("namespaces", 1, NAMESPACES_MAX, self.namespaces.len());
        for (at, name) in self.namespaces.iter().enumerate() {
            if self.namespaces.iter().take(at).any(|other| other == name) {
                let problem = format!("{name} is named twice");
                wrong.push(Rejected { field: format!("namespaces[{at}]"), problem });
            }
        }
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declaration() -> Declaration {
        Declaration {
            service: "orders".to_owned(),
            labels: BTreeMap::from([("zone".to_owned(), "a".to_owned())]),
            address: None,
            version: None,
            agent: None,
            namespaces: vec![NamespaceName::parse("orders").unwrap()],
            held: false,
        }
    }

    fn wrong(change: impl FnOnce(&mut Declaration)) -> Vec<String> {
        let mut changed = declaration();
        change(&mut changed);
        changed.check().into_iter().map(|one| format!("{} {}", one.field, one.problem)).collect()
    }

    #[test]
    fn a_plain_declaration_is_fine() {
        assert!(wrong(|_| {}).is_empty());
    }

    #[test]
    fn everything_that_is_wrong_is_told_with_its_limit() {
        let told = wrong(|it| {
            it.service = String::new();
            it.version = Some("v".repeat(300));
            it.labels.insert("rack".to_owned(), "a\nb".to_owned());
            it.namespaces.push(NamespaceName::parse("orders").unwrap());
        });
        let expected = [
            "service must have 1 to 256 bytes, this has 0",
            "version must have 0 to 256 bytes, this has 300",
            "labels.rack must not contain control characters",
            "namespaces[1] orders is named twice",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn an_instance_without_namespaces_is_refused() {
        assert_eq!(wrong(|it| it.namespaces.clear()), ["namespaces must have 1 to 256 items, this has 0"]);
    }
}

//! Names and addresses: parsed once, then always valid.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Longest environment, namespace or user name, in bytes.
pub const NAME_BYTES: usize = 64;
/// Longest entry key, in bytes.
pub const KEY_BYTES: usize = 512;
/// Longest instance id, in bytes.
pub const INSTANCE_BYTES: usize = 200;

/// Why a text is not a name. Says what was expected, with the limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NameError(String);

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $check:path) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Parses a name, or says which rule it breaks.
            pub fn parse(text: &str) -> Result<Self, NameError> {
                $check(text).map_err(|problem| NameError(format!("{} {problem}", $what)))?;
                Ok(Self(text.into()))
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.as_ref().to_owned()
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// `dev`, `prod-eu`: the first part of every address.
    EnvironmentName,
    "environment",
    check_name
);
name!(
    /// `orders`, `shared.mysql`: the unit of ownership, access and subscription.
    NamespaceName,
    "namespace",
    check_name
);
name!(
    /// The login name of a person.
    UserName,
    "user name",
    check_name
);
name!(
    /// A group of users, local or as a provider names it.
    GroupName,
    "group name",
    check_name
);
name!(
    /// `application.yaml`, `mesh/routes.yaml`: the path of an entry inside its namespace.
    EntryKey,
    "key",
    check_key
);

name!(
    /// `web-1/orders`: an instance inside its environment, by default its host and its service.
    InstanceId,
    "instance id",
    check_instance
);

impl NamespaceName {
    /// Sorts before every namespace name: the start of a range over all of them.
    pub(crate) fn before_all() -> Self {
        Self("".into())
    }
}

impl EntryKey {
    /// Sorts before every key: the start of a range over all of them.
    pub(crate) fn before_all() -> Self {
        Self("".into())
    }

    /// Whether this key lies under `prefix`, compared as text. The empty prefix covers all keys.
    #[must_use]
    pub fn starts_with(&self, prefix: &str) -> bool {
        self.0.starts_with(prefix)
    }
}

/// Where an entry lives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Address {
    /// Its environment.
    pub environment: EnvironmentName,
    /// Its namespace.
    pub namespace: NamespaceName,
    /// Its key.
    pub key: EntryKey,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.environment, self.namespace, self.key)
    }
}

/// Whether some key could start with a text; the empty one starts all. Says which rule it breaks.
pub fn check_key_prefix(text: &str) -> Result<(), NameError> {
    if text.is_empty() {
        return Ok(());
    }
    // A key goes on after the prefix: with one more letter an open segment is closed, and a last '.' may still become a name.
    let key = format!("{text}a");
    if key.len() > KEY_BYTES {
        return Err(NameError(format!(
            "key prefix must have at most {} bytes, this has {}",
            KEY_BYTES - 1,
            text.len()
        )));
    }
    check_key(&key).map_err(|problem| NameError(format!("key prefix {problem}")))
}

fn check_name(text: &str) -> Result<(), String> {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if text.is_empty() || text.len() > NAME_BYTES {
        return Err(format!("must have 1 to {NAME_BYTES} characters, this has {}", text.len()));
    }
    if let Some(c) = text.chars().find(|&c| !alphanumeric(c) && !matches!(c, '.' | '_' | '-')) {
        return Err(format!("may have a-z, 0-9, '.', '_' and '-' only, not {c:?}"));
    }
    if !text.starts_with(alphanumeric) || !text.ends_with(alphanumeric) {
        return Err("must start and end with a-z or 0-9".to_owned());
    }
    Ok(())
}

fn check_key(text: &str) -> Result<(), String> {
    check_path(text, KEY_BYTES)
}

fn check_instance(text: &str) -> Result<(), String> {
    check_path(text, INSTANCE_BYTES)
}

fn check_path(text: &str, most: usize) -> Result<(), String> {
    if text.is_empty() || text.len() > most {
        return Err(format!("must have 1 to {most} bytes, this has {}", text.len()));
    }
    for segment in text.split('/') {
        if matches!(segment, "" | "." | "..") {
            return Err(format!("may not have an empty, '.' or '..' segment, this has {segment:?}"));
        }
        if let Some(c) = segment.chars().find(|&c| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '_' | '@' | '-')) {
            return Err(format!("segments may have A-Z, a-z, 0-9, '.', '_', '@' and '-' only, not {c:?}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_their_grammar() {
        for good in ["a", "dev", "prod-eu", "shared.mysql", "a_b", "0", &"a".repeat(64)] {
            assert!(NamespaceName::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", ".a", "a.", "A", "a b", "ä", "a/b", "a\0", &"a".repeat(65)] {
            assert!(NamespaceName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn keys_are_paths_of_plain_segments() {
        for good in ["application.yaml", "mesh/routes.yaml", "A/b@c_d-e", "..a", &"k".repeat(512)] {
            assert!(EntryKey::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "/a", "a/", "a//b", ".", "..", "a/../b", "a/./b", "a%2Fb", "a b", "ü", "a\n", &"k".repeat(513)]
        {
            assert!(EntryKey::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_key_prefix_is_the_start_of_some_key() {
        for good in ["", "a", "app/", "app/.", "mesh/routes.yaml", &"k".repeat(511)] {
            assert!(check_key_prefix(good).is_ok(), "{good}");
        }
        for bad in ["/", "/a", "a//", "a/../", "./a", "a b", "a*", "ü", "a\0", &"k".repeat(512)] {
            assert!(check_key_prefix(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_instance_id_is_a_path_as_well() {
        for good in ["web-1/orders", "web-1", &"i".repeat(200)] {
            assert!(InstanceId::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "web-1/", "web 1", &"i".repeat(201)] {
            assert!(InstanceId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_error_names_the_field_and_the_limit() {
        let error = EntryKey::parse(&"k".repeat(600)).unwrap_err().to_string();
        assert_eq!(error, "key must have 1 to 512 bytes, this has 600");
    }
}

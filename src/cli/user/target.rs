//! Addresses on the command line: `ENV`, `ENV/NS`, `ENV/NS/KEY`.

use std::fmt;

use crate::domain::names::{Address, EntryKey, EnvironmentName, NameError, NamespaceName};

/// A part of the store: an environment, a namespace of it, or one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope {
    pub(super) environment: EnvironmentName,
    pub(super) namespace: Option<NamespaceName>,
    /// Only inside a namespace.
    pub(super) key: Option<EntryKey>,
}

/// A namespace with its environment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Room {
    pub(super) environment: EnvironmentName,
    pub(super) namespace: NamespaceName,
}

impl Room {
    /// The address of a key in it.
    pub(super) fn entry(&self, key: EntryKey) -> Address {
        Address { environment: self.environment.clone(), namespace: self.namespace.clone(), key }
    }

    /// Where an entry lives.
    pub(super) fn of(address: &Address) -> Self {
        Self { environment: address.environment.clone(), namespace: address.namespace.clone() }
    }
}

impl fmt::Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.environment, self.namespace)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.environment)?;
        if let Some(namespace) = &self.namespace {
            write!(f, "/{namespace}")?;
        }
        if let Some(key) = &self.key {
            write!(f, "/{key}")?;
        }
        Ok(())
    }
}

/// Why a text is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum TargetError {
    /// A part breaks a rule.
    #[error("{0}")]
    Name(#[from] NameError),
    /// It has too few or too many parts.
    #[error("write it as {0}")]
    Shape(&'static str),
}

/// Parses `ENV`, `ENV/NS` or `ENV/NS/KEY`.
pub(super) fn scope(text: &str) -> Result<Scope, TargetError> {
    // A slash at the end is what people type who think of directories; no key ends with one.
    let mut parts = text.strip_suffix('/').unwrap_or(text).splitn(3, '/');
    Ok(Scope {
        environment: EnvironmentName::parse(parts.next().unwrap_or_default())?,
        namespace: parts.next().map(NamespaceName::parse).transpose()?,
        key: parts.next().map(EntryKey::parse).transpose()?,
    })
}

/// Parses `ENV` or `ENV/NS`.
pub(super) fn place(text: &str) -> Result<Scope, TargetError> {
    match scope(text)? {
        place @ Scope { key: None, .. } => Ok(place),
        Scope { .. } => Err(TargetError::Shape("ENV or ENV/NS, such as dev/orders")),
    }
}

/// Parses `ENV/NS`.
pub(super) fn room(text: &str) -> Result<Room, TargetError> {
    match scope(text)? {
        Scope { environment, namespace: Some(namespace), key: None } => Ok(Room { environment, namespace }),
        Scope { .. } => Err(TargetError::Shape("ENV/NS, such as dev/orders")),
    }
}

/// Parses `ENV/NS/KEY`.
pub(super) fn entry(text: &str) -> Result<Address, TargetError> {
    match scope(text)? {
        Scope { environment, namespace: Some(namespace), key: Some(key) } if !text.ends_with('/') => {
            Ok(Address { environment, namespace, key })
        }
        Scope { .. } => Err(TargetError::Shape("ENV/NS/KEY, such as dev/orders/application.yaml")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_prints_what_it_parses() {
        for text in ["dev", "dev/orders", "dev/orders/application.yaml", "dev/shared.mysql/a/b/c.json"] {
            assert_eq!(scope(text).unwrap().to_string(), text);
        }
        assert_eq!(entry("dev/orders/a/b.json").unwrap().to_string(), "dev/orders/a/b.json");
        assert_eq!(room("dev/orders").unwrap().to_string(), "dev/orders");
    }

    #[test]
    fn a_slash_at_the_end_is_forgiven_where_a_directory_is_meant() {
        assert_eq!(scope("dev/").unwrap(), scope("dev").unwrap());
        assert_eq!(room("dev/orders/").unwrap(), room("dev/orders").unwrap());
        assert!(entry("dev/orders/a/").is_err());
    }

    #[test]
    fn an_error_names_the_part_that_is_wrong() {
        let message = |text| scope(text).unwrap_err().to_string();
        assert!(message("Dev/orders").starts_with("environment may have"), "{}", message("Dev/orders"));
        assert!(message("dev/Orders/a").starts_with("namespace may have"), "{}", message("dev/Orders/a"));
        assert!(message("dev/orders/../a").starts_with("key may not have"), "{}", message("dev/orders/../a"));
        assert!(message("dev//a").starts_with("namespace must have 1 to 64"), "{}", message("dev//a"));
        assert!(message("").starts_with("environment must have"), "{}", message(""));
    }

    #[test]
    fn the_wrong_number_of_parts_says_the_right_one() {
        assert!(entry("dev/orders").unwrap_err().to_string().contains("ENV/NS/KEY"));
        assert!(room("dev").unwrap_err().to_string().contains("ENV/NS"));
        assert!(place("dev/orders/a").unwrap_err().to_string().contains("ENV or ENV/NS"));
    }
}

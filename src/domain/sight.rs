//! What one subscriber may see: namespaces of an environment and, in each, keys.

use crate::domain::access::{Access, Action, Holder};
use crate::domain::names::{Address, EntryKey, EnvironmentName, NamespaceName};

/// Which keys of a namespace.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum KeyScope {
    /// All of them.
    All,
    /// Those that start with one of these, in order.
    Prefixes(Vec<String>),
}

/// What one subscriber may see. Two subscribers with equal sights get equal frames.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sight {
    environment: EnvironmentName,
    namespaces: Vec<(NamespaceName, KeyScope)>,
    /// Of what it sees, the keys of which it also sees what is sealed; only with asking.
    reveals: Vec<(NamespaceName, KeyScope)>,
}

impl Sight {
    /// What somebody may read of these namespaces. Those it may read nothing of are left out.
    #[must_use]
    pub fn of(access: &Access, holder: Holder, environment: &EnvironmentName, namespaces: &[NamespaceName]) -> Self {
        let namespaces = scopes(access, holder, Action::Read, environment, namespaces);
        Self { environment: environment.clone(), namespaces, reveals: Vec::new() }
    }

    /// The same, for a subscriber who also asks for the plaintext of what is sealed.
    #[must_use]
    pub fn revealing(access: &Access, holder: Holder, environment: &EnvironmentName, names: &[NamespaceName]) -> Self {
        let reveals = scopes(access, holder, Action::Reveal, environment, names);
        Self { reveals, ..Self::of(access, holder, environment, names) }
    }

    /// The namespaces of which it sees something that is sealed, if there is anything.
    pub fn revealed(&self) -> impl Iterator<Item = &NamespaceName> {
        self.reveals.iter().map(|(name, _)| name)
    }

    /// Whether the plaintext of an entry is seen.
    #[must_use]
    pub fn reveals(&self, address: &Address) -> bool {
        !self.reveals.is_empty() && self.sees(address) && covers(&self.reveals, &address.namespace, &address.key)
    }

    /// Of what is seen, that on which somebody else may do something as well.
    #[must_use]
    pub fn shared_with(self, access: &Access, holder: Holder, action: Action) -> Self {
        let narrowed = |(name, scope): (NamespaceName, KeyScope)| {
            let scope = scope.within(&access.key_scope(holder, action, &self.environment, &name)?)?;
            Some((name, scope))
        };
        let namespaces = self.namespaces.into_iter().filter_map(narrowed).collect();
        Self { namespaces, environment: self.environment, reveals: Vec::new() }
    }

    /// The environment.
    #[must_use]
    pub fn environment(&self) -> &EnvironmentName {
        &self.environment
    }

    /// The namespaces, by name, each with its keys.
    #[must_use]
    pub fn namespaces(&self) -> &[(NamespaceName, KeyScope)] {
        &self.namespaces
    }

    /// Whether there is nothing to see.
    #[must_use]
    pub fn is_blind(&self) -> bool {
        self.namespaces.is_empty()
    }

    /// Whether an entry is seen.
    #[must_use]
    pub fn sees(&self, address: &Address) -> bool {
        address.environment == self.environment && self.sees_key(&address.namespace, &address.key)
    }

    /// Whether a key of a namespace of the environment is seen.
    #[must_use]
    pub fn sees_key(&self, namespace: &NamespaceName, key: &EntryKey) -> bool {
        covers(&self.namespaces, namespace, key)
    }
}

fn scopes(
    access: &Access,
    holder: Holder,
    action: Action,
    environment: &EnvironmentName,
    names: &[NamespaceName],
) -> Vec<(NamespaceName, KeyScope)> {
    let scope = |name: &NamespaceName| Some((name.clone(), access.key_scope(holder, action, environment, name)?));
    let mut all: Vec<_> = names.iter().filter_map(scope).collect();
    all.sort_by(|(a, _), (b, _)| a.cmp(b));
    all.dedup_by(|(a, _), (b, _)| a == b);
    all
}

fn covers(scopes: &[(NamespaceName, KeyScope)], namespace: &NamespaceName, key: &EntryKey) -> bool {
    let found = scopes.binary_search_by(|(name, _)| name.cmp(namespace)).ok();
    found.and_then(|at| scopes.get(at)).is_some_and(|(_, scope)| scope.covers(key))
}

impl KeyScope {
    /// The keys that some of the prefixes cover; none without any.
    pub(crate) fn of(prefixes: impl Iterator<Item = String>) -> Option<Self> {
        let mut prefixes: Vec<String> = prefixes.collect();
        prefixes.sort_unstable();
        // Sorted, a prefix stands right before what it includes.
        prefixes.dedup_by(|longer, shorter| longer.starts_with(shorter.as_str()));
        match prefixes.first() {
            None => None,
            Some(first) if first.is_empty() => Some(Self::All),
            Some(_) => Some(Self::Prefixes(prefixes)),
        }
    }

    /// The keys that are in both; none when there are none.
    pub(crate) fn within(&self, other: &Self) -> Option<Self> {
        let (Self::Prefixes(ours), Self::Prefixes(theirs)) = (self, other) else {
            return Some(if *self == Self::All { other.clone() } else { self.clone() });
        };
        let both = ours.iter().flat_map(|a| {
            theirs.iter().filter_map(move |b| {
                // The longer one, where one includes the other.
                if a.starts_with(b.as_str()) { Some(a.clone()) } else { b.starts_with(a.as_str()).then(|| b.clone()) }
            })
        });
        Self::of(both)
    }

    /// Whether a key is in it.
    #[must_use]
    pub fn covers(&self, key: &EntryKey) -> bool {
        match self {
            Self::All => true,
            Self::Prefixes(prefixes) => prefixes.iter().any(|prefix| key.starts_with(prefix)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::{Grant, Parts, Place, Role, User};
    use crate::domain::names::UserName;
    use uuid::Uuid;

    fn sight(grants: &[(&str, &str)]) -> Sight {
        let grant = |(namespace, prefix): &(&str, &str)| {
            Grant::of_user(Uuid::nil(), Uuid::nil(), Role::Viewer, Place::parse("dev", namespace, prefix).unwrap())
        };
        let users = vec![User::person(Uuid::nil(), UserName::parse("vera").unwrap())];
        let access = Access::new(Parts { users, grants: grants.iter().map(grant).collect(), ..Parts::default() });
        let names = ["web", "orders", "web"].map(|name| NamespaceName::parse(name).unwrap());
        Sight::of(&access, Holder::user(Uuid::nil()), &EnvironmentName::parse("dev").unwrap(), &names)
    }

    fn sees(sight: &Sight, address: &str) -> bool {
        let mut parts = address.splitn(3, '/');
        let mut next = || parts.next().unwrap();
        sight.sees(&Address {
            environment: EnvironmentName::parse(next()).unwrap(),
            namespace: NamespaceName::parse(next()).unwrap(),
            key: EntryKey::parse(next()).unwrap(),
        })
    }

    #[test]
    fn only_what_was_asked_for_and_is_granted_is_seen() {
        let sight = sight(&[("orders", "app/"), ("orders", "db/"), ("other", "")]);
        assert!(sees(&sight, "dev/orders/app/a.yaml") && sees(&sight, "dev/orders/db/a.yaml"));
        for hidden in ["dev/orders/x.yaml", "dev/other/a.yaml", "dev/web/a.yaml", "prod/orders/app/a.yaml"] {
            assert!(!sees(&sight, hidden), "{hidden}");
        }
    }

    #[test]
    fn a_grant_on_everything_makes_the_narrower_ones_idle() {
        assert_eq!(sight(&[("*", ""), ("orders", "app/")]), sight(&[("*", "")]));
    }

    #[test]
    fn two_scopes_have_the_longer_of_their_prefixes_in_common() {
        let scope = |prefixes: &[&str]| KeyScope::of(prefixes.iter().map(|prefix| (*prefix).to_owned())).unwrap();
        assert_eq!(scope(&["a/", "b"]).within(&scope(&["a/x", "a/y", "c"])), Some(scope(&["a/x", "a/y"])));
        assert_eq!(scope(&["a"]).within(&scope(&[""])), Some(scope(&["a"])));
        assert_eq!(scope(&[""]).within(&scope(&["a"])), Some(scope(&["a"])));
        assert_eq!(scope(&["a"]).within(&scope(&["b"])), None);
    }

    #[test]
    fn what_two_see_is_what_both_may() {
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let user = |id, name| User::person(id, UserName::parse(name).unwrap());
        let grant = |user, namespace, prefix| {
            Grant::of_user(Uuid::nil(), user, Role::Viewer, Place::parse("dev", namespace, prefix).unwrap())
        };
        let grants = vec![grant(one, "*", ""), grant(two, "orders", "app/")];
        let access = Access::new(Parts { users: vec![user(one, "ann"), user(two, "ben")], grants, ..Parts::default() });
        let names = ["orders", "web"].map(|name| NamespaceName::parse(name).unwrap());
        let dev = EnvironmentName::parse("dev").unwrap();
        let all = || Sight::of(&access, Holder::user(one), &dev, &names);
        let shared = all().shared_with(&access, Holder::user(two), Action::Inspect);
        assert!(sees(&shared, "dev/orders/app/a") && !sees(&shared, "dev/orders/b") && !sees(&shared, "dev/web/app/a"));
        assert_eq!(all().shared_with(&access, Holder::user(one), Action::Inspect), all());
        assert!(all().shared_with(&access, Holder::user(two), Action::Publish).is_blind());
    }

    #[test]
    fn without_any_grant_it_is_blind() {
        assert!(sight(&[]).is_blind());
    }
}

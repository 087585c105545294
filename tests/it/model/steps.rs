//! What happens to a store in the model test: a few places, a few contents, every kind of change.

use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};

pub(crate) const ENVIRONMENTS: [&str; 2] = ["dev", "qa"];
pub(crate) const NAMESPACES: [&str; 2] = ["orders", "shared.mysql"];
pub(crate) const KEYS: [&str; 3] = ["a", "b/c", "b/d"];
const CONTENTS: [&str; 3] = ["", "one", "two"];

/// An environment and a namespace.
pub(crate) type Place = (&'static str, &'static str);
/// An environment, a namespace and a key.
pub(crate) type Address = (&'static str, &'static str, &'static str);

/// What a change expects of its entry.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Expected {
    Anything,
    WhatIsThere,
    Nothing,
    Revision(u64),
}

/// One change of a publish. Without a content it deletes.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) address: Address,
    pub(crate) content: Option<&'static str>,
    pub(crate) expected: Expected,
}

/// What a rollback covers.
#[derive(Debug, Clone)]
pub(crate) enum Scope {
    Environment(&'static str),
    Namespace(Place),
    Keys(Place, Vec<&'static str>),
}

/// One call. An index becomes a revision of the history as long as it is by then.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Publish(Vec<Change>),
    PutNamespace(Place, &'static str),
    DeleteNamespace(Place),
    Freeze(&'static str, bool),
    Rollback(Scope, Index),
    Revert(Index),
}

fn place() -> impl Strategy<Value = Place> {
    (select(&ENVIRONMENTS[..]), select(&NAMESPACES[..]))
}

fn change() -> impl Strategy<Value = Change> {
    let expected = prop_oneof![
        4 => Just(Expected::Anything),
        4 => Just(Expected::WhatIsThere),
        1 => Just(Expected::Nothing),
        1 => (0..30_u64).prop_map(Expected::Revision),
    ];
    let content = prop_oneof![3 => select(&CONTENTS[..]).prop_map(Some), 1 => Just(None)];
    (place(), select(&KEYS[..]), content, expected).prop_map(|((env, namespace), key, content, expected)| Change {
        address: (env, namespace, key),
        content,
        expected,
    })
}

fn publish() -> impl Strategy<Value = Step> {
    let several = (place(), any::<bool>(), prop::collection::vec(change(), 1..5));
    several.prop_map(|((env, namespace), together, mut changes)| {
        if together {
            for change in &mut changes {
                change.address = (env, namespace, change.address.2);
            }
        }
        // No address may be changed twice in one change set.
        changes.sort_by_key(|change| change.address);
        changes.dedup_by_key(|change| change.address);
        Step::Publish(changes)
    })
}

fn scope() -> impl Strategy<Value = Scope> {
    prop_oneof![
        select(&ENVIRONMENTS[..]).prop_map(Scope::Environment),
        place().prop_map(Scope::Namespace),
        (place(), subsequence(KEYS.to_vec(), 1..=KEYS.len())).prop_map(|(place, keys)| Scope::Keys(place, keys)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => publish(),
        3 => (place(), select(&["", "ours"][..])).prop_map(|(place, description)| Step::PutNamespace(place, description)),
        1 => place().prop_map(Step::DeleteNamespace),
        1 => select(&ENVIRONMENTS[..]).prop_map(|env| Step::Freeze(env, true)),
        3 => select(&ENVIRONMENTS[..]).prop_map(|env| Step::Freeze(env, false)),
        4 => (scope(), any::<Index>()).prop_map(|(scope, to)| Step::Rollback(scope, to)),
        4 => any::<Index>().prop_map(Step::Revert),
    ]
}

/// A life of a store.
pub(crate) fn steps(at_most: usize) -> impl Strategy<Value = Vec<Step>> {
    let places = ENVIRONMENTS.iter().flat_map(|env| NAMESPACES.iter().map(|namespace| (*env, *namespace)));
    let beginning = subsequence(places.collect::<Vec<Place>>(), 3..=4);
    (beginning, prop::collection::vec(step(), 1..at_most)).prop_map(|(places, rest)| {
        let made = places.into_iter().map(|place| Step::PutNamespace(place, ""));
        made.chain(rest).collect()
    })
}

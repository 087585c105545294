//! Pages of a search, against a model; and its bounds.

use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use super::scan::scan;
use super::*;
use crate::domain::access::{Access, Grant, Holder, Parts, Place, Role, User};
use crate::domain::changes::{Audience, EnvironmentAttributes, Item, NamespaceAttributes, Version};
use crate::domain::contents::Content;
use crate::domain::formats::Format;
use crate::domain::names::{Address, EntryKey, EnvironmentName, NamespaceName, UserName};
use crate::domain::revisions::Revision;
use crate::domain::state::{Stamp, State};

fn address(environment: &str, namespace: &str, key: &str) -> Address {
    Address {
        environment: EnvironmentName::parse(environment).unwrap(),
        namespace: NamespaceName::parse(namespace).unwrap(),
        key: EntryKey::parse(key).unwrap(),
    }
}

/// A store whose one user may view what the grants say: environment, namespace, key prefix.
fn store(entries: &BTreeMap<Address, String>, grants: &[(&str, &str, &str)]) -> State {
    let grant = |(environment, namespace, prefix): &(&str, &str, &str)| {
        let place = Place::parse(environment, namespace, prefix).unwrap();
        Grant::of_user(Uuid::nil(), Uuid::nil(), Role::Viewer, place)
    };
    let users = vec![User::person(Uuid::nil(), UserName::parse("vera").unwrap())];
    let access = Access::new(Parts { users, grants: grants.iter().map(grant).collect(), ..Parts::default() });
    let mut state = State::default();
    state.access = access;
    let mut items = Vec::new();
    for address in entries.keys() {
        let (environment, previous) = (address.environment.clone(), Revision::ZERO);
        let attributes = Some(EnvironmentAttributes::default());
        items.push(Item::Environment { environment: environment.clone(), attributes, previous });
        let (namespace, attributes) = (address.namespace.clone(), Some(NamespaceAttributes::default()));
        items.push(Item::Namespace { environment, namespace, attributes, previous });
    }
    for (address, content) in entries {
        let version = Version { format: Format::Text, content: Content::new(Bytes::from(content.clone())), seal: None };
        items.push(Item::Entry {
            address: address.clone(),
            version: Some(version),
            audience: Audience::Everyone,
            previous: Revision::ZERO,
        });
    }
    let actor = UserName::parse("vera").unwrap();
    state.apply_items(&Stamp { revision: Revision(1), at: OffsetDateTime::UNIX_EPOCH, actor }, &items);
    state
}

fn filter(limit: usize) -> SearchFilter {
    SearchFilter { environments: vec![], namespaces: vec![], within: Within::All, after: None, limit }
}

/// All pages, one after the other, each of which may look at so many entries.
fn pages(state: &State, text: &str, mut filter: SearchFilter, patience: usize) -> (Vec<Address>, usize) {
    let (needle, mut found, mut pages) = (Needle::parse(text).unwrap(), Vec::new(), 0);
    loop {
        let mut left = patience;
        let page = scan(state, Holder::user(Uuid::nil()), &needle, &filter, || {
            left = left.saturating_sub(1);
            left > 0
        });
        assert!(page.hits.len() <= filter.limit);
        assert!(!page.out_of_time || page.next.is_some());
        assert!(page.next.is_none() || page.hits.len() == filter.limit || page.out_of_time);
        found.extend(page.hits.into_iter().map(|hit| hit.address));
        pages += 1;
        match page.next {
            None => return (found, pages),
            after => filter.after = after,
        }
    }
}

proptest! {
    #[test]
    fn pages_hold_everything_that_may_be_read_once_and_in_order(
        entries in proptest::collection::btree_map(
            ("(dev|prod)", "(a|b|ab)", "(a|b|c|app/a|app/b|x)", "[ab]{0,3}")
                .prop_map(|(environment, namespace, key, content)| (address(&environment, &namespace, &key), content)),
            "[abX]{0,3}", 0..30).prop_map(|all| all.into_iter().map(|((at, _), content)| (at, content)).collect::<BTreeMap<_, _>>()),
        text in "[ab]{1,2}", limit in 1_usize..4, patience in 1_usize..5
    ) {
        let state = store(&entries, &[("dev", "*", "app/"), ("prod", "a*", ""), ("dev", "b", "")]);
        let readable = |at: &Address| match at.environment.as_str() {
            "dev" => at.namespace.as_str() == "b" || at.key.starts_with("app/"),
            _ => at.namespace.as_str().starts_with('a'),
        };
        let has = |at: &Address, content: &str| at.key.as_str().contains(&text) || content.contains(&text);
        let expected: Vec<_> =
            entries.iter().filter(|(at, content)| readable(at) && has(at, content)).map(|(at, _)| at.clone()).collect();
        prop_assert_eq!(pages(&state, &text, filter(limit), patience).0, expected);
    }
}

fn sample() -> BTreeMap<Address, String> {
    let all = ["dev/a/one", "dev/b/one", "prod/a/one", "prod/a/two", "prod/b/one"];
    all.into_iter()
        .map(|text| {
            let parts: Vec<&str> = text.split('/').collect();
            (address(parts[0], parts[1], parts[2]), "text one".to_owned())
        })
        .collect()
}

fn names(found: &[Address]) -> Vec<String> {
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn it_looks_only_where_it_is_told() {
    let state = store(&sample(), &[("*", "*", "")]);
    let prod = SearchFilter { environments: vec![EnvironmentName::parse("prod").unwrap()], ..filter(10) };
    assert_eq!(names(&pages(&state, "ONE", prod.clone(), 100).0), ["prod/a/one", "prod/a/two", "prod/b/one"]);
    let keys = SearchFilter { within: Within::Keys, ..prod };
    assert_eq!(names(&pages(&state, "one", keys, 100).0), ["prod/a/one", "prod/b/one"]);
    let b = SearchFilter { namespaces: vec![NamespaceName::parse("b").unwrap()], ..filter(10) };
    assert_eq!(names(&pages(&state, "text", b, 100).0), ["dev/b/one", "prod/b/one"]);
}

#[test]
fn a_full_page_with_nothing_after_it_is_the_last_one() {
    let state = store(&sample(), &[("*", "*", "")]);
    assert_eq!(pages(&state, "one", filter(5), 100).1, 1);
    assert_eq!(pages(&state, "one", filter(4), 100).1, 2);
}

#[tokio::test]
async fn a_search_whose_caller_went_away_stops() {
    let searches = Searches { budget: Duration::MAX, ..Searches::default() };
    let (started, is_running) = tokio::sync::oneshot::channel();
    let (ended, has_ended) = tokio::sync::oneshot::channel();
    let waiting = searches.run(move |may_go_on| {
        let _ = started.send(());
        while may_go_on() {
            std::thread::yield_now();
        }
        let _ = ended.send(());
    });
    tokio::select! {
        _ = waiting => panic!("nobody told it to end"),
        _ = is_running => {}
    }
    tokio::time::timeout(Duration::from_mins(1), has_ended).await.unwrap().unwrap();
}

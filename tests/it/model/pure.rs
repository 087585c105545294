//! The model against `domain::commit`: the function that the committer, a dry run and this test share.

use pintle::domain::access::{self, Access, Caller, Grant, Parts, Role, User};
use pintle::domain::changes::{
    ChangeSet, EntryChange, EnvironmentAttributes, Intent, Item, Kind, NamespaceAttributes, Origin, PutNamespace,
    Record, RecordHead, Restore, Revert, RevertedEntry, RevertedNamespace, Scope as Covered, Version,
};
use pintle::domain::commit::commit;
use pintle::domain::contents::{Content, ContentHash};
use pintle::domain::formats::Format;
use pintle::domain::limits::Limits;
use pintle::domain::names::{self, EntryKey, EnvironmentName, NamespaceName, UserName};
use pintle::domain::refusals::Refused;
use pintle::domain::revisions::{Epoch, Revision};
use pintle::domain::state::State;
use time::OffsetDateTime;
use uuid::Uuid;

use super::steps::{Address, ENVIRONMENTS, Place, Scope, Step};
use super::world::{Model, Outcome, World};

fn environment(env: &str) -> EnvironmentName {
    EnvironmentName::parse(env).unwrap()
}

fn namespace(name: &str) -> NamespaceName {
    NamespaceName::parse(name).unwrap()
}

fn address((env, name, key): Address) -> names::Address {
    names::Address { environment: environment(env), namespace: namespace(name), key: EntryKey::parse(key).unwrap() }
}

fn version(content: &'static str) -> Version {
    Version::open(Format::Text, Content::new(content.into()))
}

fn attributes(description: &str) -> NamespaceAttributes {
    NamespaceAttributes { description: description.to_owned(), ..NamespaceAttributes::default() }
}

/// A store in memory: what a node shows, one state per revision.
pub(crate) struct Memory {
    states: Vec<State>,
    caller: Caller,
}

impl Memory {
    /// A store with its environments, and a caller who may do everything.
    pub(crate) fn new() -> Self {
        let user = User::person(Uuid::from_u128(1), UserName::parse("ada").unwrap());
        let grant = |role| Grant::of_user(Uuid::nil(), user.id, role, access::Place::everything());
        let grants = vec![grant(Role::Admin), grant(Role::Publisher)];
        let access = Access::new(Parts { number: 1, users: vec![user.clone()], grants, ..Parts::default() });
        let caller = Caller::of_node(user);
        let mut empty = State::default();
        (empty.epoch, empty.access) = (Epoch(1), access);
        let mut memory = Self { states: vec![empty], caller };
        for env in ENVIRONMENTS {
            memory.judge(Intent::PutEnvironment(environment(env), EnvironmentAttributes::default(), None));
        }
        memory
    }

    fn now(&self) -> &State {
        self.states.last().unwrap()
    }

    /// Judges a change set at the head, and appends it as the pump would.
    fn judge(&mut self, intent: Intent) -> Outcome {
        let (message, request_id) = (String::new(), String::new());
        let change_set =
            ChangeSet { id: Uuid::nil(), caller: self.caller.clone(), message, request_id, trace: None, intent };
        let (kind, origin) = (change_set.intent.kind(), Origin::of(&change_set));
        let accepted = match commit(self.now(), &change_set, &Limits::default()) {
            Ok(accepted) => accepted,
            Err(refused) => return Outcome::Refused(code(&refused).to_owned()),
        };
        if accepted.items.is_empty() {
            return Outcome::Unchanged;
        }
        self.append(kind, origin, accepted.items);
        assert_same(self.now(), &accepted.next);
        Outcome::Revision(self.now().head.0)
    }

    fn append(&mut self, kind: Kind, origin: Origin, items: Vec<Item>) {
        let mut state = self.now().clone();
        let head = RecordHead {
            revision: state.head.next(),
            epoch: state.epoch,
            id: Uuid::nil(),
            at: OffsetDateTime::UNIX_EPOCH,
            actor: self.caller.user.name.clone(),
            message: String::new(),
            request_id: String::new(),
            kind,
            origin,
        };
        state.apply(&Record { head, items });
        self.states.push(state);
    }

    /// Takes a step; what the service reads from the history comes from the model.
    pub(crate) fn take(&mut self, step: &Step, model: &Model) -> Outcome {
        match step {
            Step::Publish(changes) => {
                let changes = changes.iter().map(|change| EntryChange {
                    address: address(change.address),
                    version: change.content.map(version),
                    if_revision: model.if_revision(change).map(Revision),
                    chosen_marks: false,
                });
                self.judge(Intent::Publish { changes: changes.collect(), force: false })
            }
            Step::PutNamespace((env, name), description) => self.judge(Intent::PutNamespace(PutNamespace {
                environment: environment(env),
                namespace: namespace(name),
                attributes: attributes(description),
                if_revision: None,
                sealed: Vec::new(),
            })),
            Step::DeleteNamespace((env, name)) => {
                self.judge(Intent::DeleteNamespace(environment(env), namespace(name), None, true))
            }
            Step::Freeze(env, on) => self.judge(Intent::Freeze(environment(env), on.then(|| "frozen".to_owned()))),
            Step::Rollback(scope, to) => {
                let to = model.target(*to);
                self.roll_back(scope, to, model.at(to))
            }
            Step::Revert(revision) => {
                let revision = model.reverted(*revision);
                self.revert(revision, model)
            }
        }
    }

    fn roll_back(&mut self, scope: &Scope, to: u64, then: &World) -> Outcome {
        let covered = match scope {
            Scope::Environment(env) => Covered::Environment(environment(env)),
            Scope::Namespace((env, name)) => Covered::Namespace(environment(env), namespace(name)),
            Scope::Keys((env, name), keys) => {
                let keys = keys.iter().map(|key| EntryKey::parse(key).unwrap()).collect();
                Covered::Keys(environment(env), namespace(name), keys)
            }
        };
        let inside = |place: Place, key: Option<&str>| match scope {
            Scope::Environment(env) => place.0 == *env,
            Scope::Namespace(scope) => place == *scope,
            Scope::Keys(scope, keys) => place == *scope && key.is_none_or(|key| keys.contains(&key)),
        };
        let namespaces: Vec<_> = then.namespaces.iter().filter(|(place, _)| inside(**place, None)).collect();
        let namespaces: Vec<_> =
            namespaces.into_iter().map(|((_, name), text)| (namespace(name), attributes(text))).collect();
        let entries = then.entries.iter().filter(|(at, _)| inside((at.0, at.1), Some(at.2)));
        let entries = entries.map(|(at, (content, _))| (address(*at), version(content))).collect();
        self.judge(Intent::Rollback(Restore { scope: covered, to: Revision(to), namespaces, entries }))
    }

    fn revert(&mut self, revision: u64, model: &Model) -> Outcome {
        let (before, after) = (model.at(revision - 1), model.at(revision));
        if before.frozen != after.frozen || revision <= ENVIRONMENTS.len() as u64 {
            return Outcome::Refused("invalid".to_owned());
        }
        let mut places: Vec<_> = before.namespaces.keys().chain(after.namespaces.keys()).collect();
        places.sort();
        places.dedup();
        let namespaces = places
            .into_iter()
            .filter(|place| before.namespaces.get(place) != after.namespaces.get(place))
            .map(|place| RevertedNamespace {
                environment: environment(place.0),
                namespace: namespace(place.1),
                before: before.namespaces.get(place).map(|text| attributes(text)),
                after: after.namespaces.get(place).map(|text| attributes(text)),
            })
            .collect();
        let mut touched: Vec<_> = before.entries.keys().chain(after.entries.keys()).collect();
        touched.sort();
        touched.dedup();
        let entries = touched
            .into_iter()
            .filter(|at| before.content(**at) != after.content(**at))
            .map(|at| RevertedEntry {
                address: address(*at),
                before: before.content(*at).map(version),
                after: after.content(*at).map(|text| (Format::Text, ContentHash::of(text.as_bytes()))),
            })
            .collect();
        self.judge(Intent::Revert(Revert { revision: Revision(revision), namespaces, entries }))
    }

    /// Asserts that every revision holds what the model has.
    pub(crate) fn assert_is(&self, model: &Model) {
        assert_eq!(self.states.len(), model.history.len());
        for (revision, (state, world)) in self.states.iter().zip(&model.history).enumerate() {
            assert_eq!(state.head.0, revision as u64);
            let (entries, namespaces) = contents(state);
            let wanted: Vec<_> = world
                .entries
                .iter()
                .map(|((env, name, key), (text, revision))| {
                    (format!("{env}/{name}/{key}"), (*text).to_owned(), *revision)
                })
                .collect();
            assert_eq!(entries, wanted, "entries at {revision}");
            let counted = |place: &Place| {
                let inside = world.entries.iter().filter(|(at, _)| (at.0, at.1) == *place);
                inside.fold((0, 0), |(count, bytes), (_, (text, _))| (count + 1, bytes + text.len() as u64))
            };
            let wanted: Vec<_> = world
                .namespaces
                .iter()
                .map(|(place, text)| (format!("{}/{}", place.0, place.1), (*text).to_owned(), counted(place)))
                .collect();
            assert_eq!(namespaces, wanted, "namespaces at {revision}");
            let frozen = state.environments().filter(|(_, found)| found.attributes.frozen.is_some());
            let frozen: Vec<_> = frozen.map(|(env, _)| env.to_string()).collect();
            assert_eq!(frozen, world.frozen.iter().copied().collect::<Vec<_>>(), "frozen at {revision}");
            assert_eq!(state.bytes(), namespaces.iter().map(|(_, _, (_, bytes))| bytes).sum::<u64>());
            assert_eq!(state.entry_count(), entries.len() as u64);
        }
    }
}

type Listed = (Vec<(String, String, u64)>, Vec<(String, String, (u64, u64))>);

/// The entries with text and revision, and the namespaces with description, count and bytes.
fn contents(state: &State) -> Listed {
    let (mut entries, mut namespaces) = (Vec::new(), Vec::new());
    for (env, _) in state.environments() {
        for (name, found) in state.namespaces(env) {
            let description = found.attributes.description.clone();
            namespaces.push((format!("{env}/{name}"), description, (found.entries, found.bytes)));
            entries.extend(state.entries(env, name).map(|(key, entry)| {
                let text = String::from_utf8(entry.version.content.bytes().to_vec()).unwrap();
                (format!("{env}/{name}/{key}"), text, entry.stamp.revision.0)
            }));
        }
    }
    (entries, namespaces)
}

/// The judgement's own next state is what its items lead to.
fn assert_same(applied: &State, judged: &State) {
    assert_eq!((applied.head, applied.bytes()), (judged.head, judged.bytes()));
    assert_eq!(contents(applied), contents(judged));
}

/// The code that the wire has for a refusal.
fn code(refused: &Refused) -> &'static str {
    match refused {
        Refused::NotFound(_) | Refused::Hidden { .. } => "not_found",
        Refused::Conflicts(_) => "conflict",
        Refused::RevertConflicts(_) => "revert_conflict",
        Refused::Frozen(..) => "frozen",
        other @ (Refused::Denied { .. }
        | Refused::Stale { .. }
        | Refused::PreconditionRequired(_)
        | Refused::MessageRequired(_)
        | Refused::MustSeal(_)
        | Refused::Redacted(_)
        | Refused::NotEmpty(..)
        | Refused::ConfirmationRequired { .. }
        | Refused::OverLimit { .. }) => panic!("nothing of this is in the steps: {other:?}"),
    }
}

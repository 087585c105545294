//! The seven guarantees of the watch, each against a model: a plain list of everything that was ever committed.
//!
//! A small world is driven at random: publishes, readers that read or do not, checkpoints, trimming, rights that come and
//! go, connections that break and come back, epochs that lose their newest revisions. What every reader saw is judged
//! afterwards.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::api::entries::Op as ChangeOp;
use crate::api::watch::{ChangeEvent, CheckpointEvent, ResetReason, SnapshotEvent};
use crate::domain::access::{Access, Grant, Holder, Parts, Place, Role, User};
use crate::domain::changes::{Audience, EnvironmentAttributes, Item, Kind, Origin, Record, RecordHead, Version};
use crate::domain::contents::{Content, ContentHash};
use crate::domain::formats::Format;
use crate::domain::names::{Address, EntryKey, EnvironmentName, NamespaceName, UserName};
use crate::domain::revisions::{Cursor, Epoch, Revision};
use crate::domain::sight::Sight;
use crate::domain::state::State;
use crate::feed::frames::{Frame, Logged};
use crate::feed::hub::Hub;
use crate::feed::reader::{Page, Reader, Request, Step};
use crate::feed::seats::Seats;

/// Readers of a world.
const READERS: usize = 3;
/// Bytes of its ring: a few revisions.
const RING: u64 = 6_000;
/// How far an epoch jumps.
const JUMP: u64 = 1_000;

/// Something that happens to the world.
#[derive(Debug, Clone)]
enum Happening {
    /// These places get this content, or lose theirs.
    Publish(Vec<(usize, Option<u8>)>),
    /// A change set that is too large for one event.
    PublishMuch,
    /// A reader reads at most so many events.
    Read(usize, usize),
    /// A reader's connection breaks, and it comes back with its last id, or with what it has.
    Reconnect(usize, bool),
    /// A reader is told that it has everything.
    Checkpoint(usize),
    /// The floor is announced so many revisions above the last one.
    Announce(u64),
    /// The announced floor comes into force.
    Trim,
    /// The rights become the n-th of a few.
    Rights(usize),
    /// The database loses its newest revisions, and a new epoch begins.
    Lose(usize),
    /// The database stops answering, or answers again.
    Database(bool),
}

fn happening() -> impl Strategy<Value = Happening> {
    let places = proptest::collection::vec((0..PLACES.len(), proptest::option::weighted(0.8, any::<u8>())), 1..4);
    prop_oneof![
        60 => places.prop_map(Happening::Publish),
        1 => Just(Happening::PublishMuch),
        50 => (0..READERS, 1..6_usize).prop_map(|(reader, events)| Happening::Read(reader, events)),
        15 => (0..READERS, any::<bool>()).prop_map(|(reader, have)| Happening::Reconnect(reader, have)),
        10 => (0..READERS).prop_map(Happening::Checkpoint),
        5 => (1..20_u64).prop_map(Happening::Announce),
        5 => Just(Happening::Trim),
        5 => (0..RIGHTS.len()).prop_map(Happening::Rights),
        5 => (0..3_usize).prop_map(Happening::Lose),
        5 => any::<bool>().prop_map(Happening::Database),
    ]
}

/// Namespaces and keys of the world.
const PLACES: [(&str, &str); 6] =
    [("a", "x/1"), ("a", "x/2"), ("a", "y"), ("b", "x/1"), ("b", "y"), ("unwatched", "y")];
/// Namespaces and key prefixes that may be granted.
const RIGHTS: [&[(&str, &str)]; 5] =
    [&[("*", "")], &[("a", "")], &[("b", "x/"), ("a", "x/")], &[("*", "x/")], &[("elsewhere", "")]];

/// What a reader saw, with what it was allowed to see then.
#[derive(Debug, Clone)]
enum Seen {
    Subscribed(Option<Cursor>),
    Snapshot { at: Cursor, complete: bool, sight: Sight, keys: Vec<Address> },
    Change { at: Cursor, sight: Sight, changes: Vec<(Address, Option<ContentHash>)> },
    Checkpoint { at: Cursor },
    Reset(ResetReason),
    Ended,
}

/// A reader with its client: what came, what that led to, and what it saw.
struct Client {
    reader: Reader,
    parts: Vec<String>,
    last: Option<Cursor>,
    has: BTreeMap<Address, ContentHash>,
    seen: Vec<Seen>,
    ended: bool,
}

/// A reader after the run.
struct Witness {
    seen: Vec<Seen>,
    has: BTreeMap<Address, ContentHash>,
    sight: Sight,
    ended: bool,
}

/// What the run led to.
struct Trace {
    clients: Vec<Witness>,
    /// Every revision that each epoch holds, in order.
    histories: HashMap<Epoch, Vec<Arc<Record>>>,
    end: State,
}

struct World {
    state: Arc<State>,
    hub: Hub,
    seats: Seats,
    histories: HashMap<Epoch, Vec<Arc<Record>>>,
    clients: Vec<Client>,
    database: bool,
}

const HOLDER: Holder = Holder { user: Uuid::nil(), token: None };

fn environment() -> EnvironmentName {
    EnvironmentName::parse("dev").unwrap()
}

fn namespaces() -> Vec<NamespaceName> {
    ["a", "b"].map(|name| NamespaceName::parse(name).unwrap()).to_vec()
}

fn place(at: usize) -> Address {
    let (namespace, key) = PLACES[at];
    Address {
        environment: environment(),
        namespace: NamespaceName::parse(namespace).unwrap(),
        key: EntryKey::parse(key).unwrap(),
    }
}

fn access(number: u64, rights: usize, granted_at: Revision) -> Access {
    let grant = |(namespace, prefix): &(&str, &str)| {
        Grant::of_user(Uuid::nil(), Uuid::nil(), Role::Viewer, Place::parse("*", namespace, prefix).unwrap())
    };
    let vera = User { granted_at, ..User::person(Uuid::nil(), UserName::parse("vera").unwrap()) };
    let grants = RIGHTS[rights].iter().map(grant).collect();
    Access::new(Parts { number, users: vec![vera], grants, ..Parts::default() })
}

fn empty(epoch: Epoch, head: Revision, access: Access) -> State {
    let mut state = State::default();
    (state.epoch, state.head, state.access) = (epoch, head, access);
    state
}

impl World {
    fn new() -> Self {
        let state = Arc::new(empty(Epoch(1), Revision(0), access(1, 0, Revision(0))));
        let mut this = Self {
            hub: Hub::bounded(state.cursor(), RING),
            state,
            seats: Seats::default(),
            histories: HashMap::from([(Epoch(1), Vec::new())]),
            clients: Vec::new(),
            database: true,
        };
        let items = namespaces()
            .into_iter()
            .map(|namespace| Item::Namespace {
                environment: environment(),
                namespace,
                attributes: Some(crate::domain::changes::NamespaceAttributes::default()),
                previous: Revision(0),
            })
            .chain([Item::Environment {
                environment: environment(),
                attributes: Some(EnvironmentAttributes::default()),
                previous: Revision(0),
            }]);
        this.commit(items.collect());
        for _ in 0..READERS {
            let reader = this.subscribe(None, BTreeMap::new());
            this.clients.push(Client {
                reader,
                parts: Vec::new(),
                last: None,
                has: BTreeMap::new(),
                seen: vec![Seen::Subscribed(None)],
                ended: false,
            });
        }
        this
    }

    fn subscribe(&self, after: Option<Cursor>, have: BTreeMap<Address, ContentHash>) -> Reader {
        let (holder, environment) = (HOLDER, environment());
        let request = Request { holder, environment, namespaces: namespaces(), after, have, reveal: false };
        Reader::new(request, &self.state, &self.seats)
    }

    fn history(&mut self) -> &mut Vec<Arc<Record>> {
        self.histories.entry(self.state.epoch).or_default()
    }

    fn commit(&mut self, items: Vec<Item>) {
        let revision = self.state.head.next();
        let head = RecordHead {
            revision,
            epoch: self.state.epoch,
            id: Uuid::from_u128(u128::from(self.state.epoch.0) << 64 | u128::from(revision.0)),
            at: OffsetDateTime::UNIX_EPOCH,
            actor: UserName::parse("ada").unwrap(),
            message: String::new(),
            request_id: String::new(),
            kind: Kind::Publish,
            origin: Origin::default(),
        };
        let record = Arc::new(Record { head, items });
        self.history().push(Arc::clone(&record));
        self.hub.push(Arc::clone(&record));
        let mut state = State::clone(&self.state);
        state.apply(&record);
        self.state = Arc::new(state);
    }

    fn happen(&mut self, what: Happening) {
        match what {
            Happening::Publish(places) => {
                let unique: BTreeMap<usize, Option<u8>> = places.into_iter().collect();
                let item = |(at, byte): (usize, Option<u8>)| {
                    put(place(at), byte.map(|byte| Content::new(vec![byte; 300].into())))
                };
                self.commit(unique.into_iter().map(item).collect());
            }
            Happening::PublishMuch => {
                static CONTENT: LazyLock<Content> = LazyLock::new(|| Content::new(vec![b'm'; 60_000].into()));
                let many = (0..30).map(|n| Address {
                    key: EntryKey::parse(&format!("x/many/{n}")).unwrap(),
                    ..place(usize::try_from(n % 2).unwrap() * 3)
                });
                self.commit(many.map(|address| put(address, Some(CONTENT.clone()))).collect());
            }
            Happening::Read(who, events) => self.read(who, events),
            Happening::Reconnect(who, with_have) => self.reconnect(who, with_have),
            Happening::Checkpoint(who) => self.checkpoint(who),
            Happening::Announce(more) => {
                let mut state = State::clone(&self.state);
                let next = Revision(state.bounds.next_floor.0 + more).min(state.head);
                state.bounds.next_floor = state.bounds.next_floor.max(next);
                self.state = Arc::new(state);
            }
            Happening::Trim => {
                let mut state = State::clone(&self.state);
                state.bounds.floor = state.bounds.next_floor;
                self.state = Arc::new(state);
            }
            Happening::Rights(rights) => {
                let mut state = State::clone(&self.state);
                state.access = access(state.access.number + 1, rights, state.head);
                self.state = Arc::new(state);
            }
            Happening::Lose(many) => self.lose(many),
            Happening::Database(answers) => self.database = answers,
        }
    }

    fn lose(&mut self, many: usize) {
        let mut kept = self.history().clone();
        // The first revision, which made the environment, and what was trimmed stay.
        let trimmed = kept.iter().filter(|record| record.head.revision <= self.state.bounds.next_floor).count();
        kept.truncate(kept.len().saturating_sub(many).max(trimmed).max(1));
        let epoch = Epoch(self.state.epoch.0 + 1);
        let mut state = empty(epoch, Revision(0), self.state.access.clone());
        for record in &kept {
            state.apply(record);
        }
        state.head = Revision(self.state.head.0 + JUMP);
        state.bounds = self.state.bounds;
        let survivors = kept.iter().map(|record| record.head.id).collect();
        self.hub.restart(state.cursor(), &survivors);
        self.histories.insert(epoch, kept);
        self.state = Arc::new(state);
    }

    fn reconnect(&mut self, who: usize, with_have: bool) {
        let (last, has) = (self.clients[who].last, self.clients[who].has.clone());
        let after = if with_have { None } else { last };
        let have = if with_have { has } else { BTreeMap::new() };
        let reader = self.subscribe(after, have);
        let client = &mut self.clients[who];
        client.seen.push(Seen::Subscribed(after));
        client.parts.clear();
        (client.reader, client.ended) = (reader, false);
    }

    fn checkpoint(&mut self, who: usize) {
        // As the stream does: only when there is nothing else to say.
        while !self.clients[who].ended {
            let step = self.clients[who].reader.step(&self.hub, &self.state, &self.seats);
            if matches!(step, Step::Wait) {
                let frame = self.clients[who].reader.checkpoint();
                return self.receive(who, &frame);
            }
            self.take(who, step);
        }
    }

    fn read(&mut self, who: usize, events: usize) {
        let mut is_level = false;
        for _ in 0..events {
            if self.clients[who].ended {
                return;
            }
            let step = self.clients[who].reader.step(&self.hub, &self.state, &self.seats);
            assert!(!is_level || matches!(step, Step::Wait), "nothing moved since it was level: {step:?}");
            is_level = self.clients[who].reader.is_level();
            if matches!(step, Step::Wait) {
                return;
            }
            self.take(who, step);
        }
    }

    fn take(&mut self, who: usize, step: Step) {
        match step {
            Step::Write(frame) => self.receive(who, &frame),
            Step::Reset(reason) => {
                self.clients[who].parts.clear();
                self.clients[who].seen.push(Seen::Reset(reason));
            }
            Step::Wait => {}
            Step::ReadLog(_, after, upto) => {
                assert!(after >= self.state.bounds.floor, "what was trimmed cannot be read");
                if self.database {
                    let page = self.page(after, upto, who);
                    self.clients[who].reader.take(page);
                } else {
                    let step = self.clients[who].reader.give_up_replay(&self.state);
                    self.take(who, step);
                }
            }
            Step::End => {
                self.clients[who].ended = true;
                self.clients[who].seen.push(Seen::Ended);
            }
        }
    }

    /// Two revisions of the log.
    fn page(&mut self, after: Revision, upto: Revision, who: usize) -> Page {
        let sight = self.clients[who].reader.sight().clone();
        let logged = |record: &Arc<Record>| Arc::new(Logged::new(Arc::clone(record)));
        let within = |record: &&Arc<Record>| record.head.revision > after && record.head.revision <= upto;
        let all: VecDeque<_> =
            self.history().iter().filter(within).map(logged).filter(|logged| logged.concerns(&sight)).collect();
        let more = all.len() > 2;
        let revisions: VecDeque<_> = all.into_iter().take(2).collect();
        let last = revisions.back().map(|logged| logged.record.head.revision);
        Page { revisions, upto: last.filter(|_| more).unwrap_or(upto) }
    }

    fn receive(&mut self, who: usize, frame: &Frame) {
        let text = String::from_utf8(frame.chunks().concat()).unwrap();
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
        let (id, data) = (field("id: "), field("data: ").unwrap());
        let sight = self.clients[who].reader.sight().clone();
        let client = &mut self.clients[who];
        client.parts.push(data);
        let Some(id) = id else { return };
        let (at, parts) = (id.parse::<Cursor>().unwrap(), std::mem::take(&mut client.parts));
        match field("event: ").unwrap().as_str() {
            "snapshot" => client.take_snapshot(at, sight, &parts),
            "change" => client.take_change(at, sight, &parts),
            "checkpoint" => {
                let event: CheckpointEvent = serde_json::from_str(&parts[0]).unwrap();
                assert_eq!(event.revision, at.revision.0);
                client.seen.push(Seen::Checkpoint { at });
            }
            other => panic!("{other} carries no id"),
        }
        client.last = Some(at);
    }

    fn finish(mut self) -> Trace {
        self.database = true;
        for who in 0..READERS {
            self.read(who, usize::MAX);
        }
        let clients = self.clients.into_iter().map(|client| {
            let sight = client.reader.sight().clone();
            Witness { seen: client.seen, has: client.has, sight, ended: client.ended }
        });
        Trace { clients: clients.collect(), histories: self.histories, end: State::clone(&self.state) }
    }
}

impl Client {
    fn take_snapshot(&mut self, at: Cursor, sight: Sight, parts: &[String]) {
        let events: Vec<SnapshotEvent> = parts.iter().map(|part| serde_json::from_str(part).unwrap()).collect();
        let complete = !events.iter().any(|event| event.have);
        if complete {
            self.has.clear();
        } else {
            // What is seen no more is no business of the snapshot.
            self.has.retain(|address, _| sight.sees(address));
        }
        let mut keys = Vec::new();
        for entry in events.iter().flat_map(|event| &event.entries) {
            let address = address(&entry.namespace, &entry.key);
            keys.push(address.clone());
            self.has.insert(address, hash(&entry.hash));
        }
        for gone in events.iter().flat_map(|event| &event.absent) {
            self.has.remove(&address(&gone.namespace, &gone.key));
        }
        self.seen.push(Seen::Snapshot { at, complete, sight, keys });
    }

    fn take_change(&mut self, at: Cursor, sight: Sight, parts: &[String]) {
        let events: Vec<ChangeEvent> = parts.iter().map(|part| serde_json::from_str(part).unwrap()).collect();
        let mut changes = Vec::new();
        for change in events.iter().flat_map(|event| &event.changes) {
            let address = address(&change.namespace, &change.key);
            let version = change.hash.as_deref().map(hash);
            assert_eq!(version.is_some(), change.op == ChangeOp::Put);
            match version {
                Some(hash) => self.has.insert(address.clone(), hash),
                None => self.has.remove(&address),
            };
            changes.push((address, version));
        }
        self.seen.push(Seen::Change { at, sight, changes });
    }
}

fn put(address: Address, content: Option<Content>) -> Item {
    let version = content.map(|content| Version::open(Format::Text, content));
    Item::Entry { address, version, audience: Audience::Everyone, previous: Revision(0) }
}

fn address(namespace: &str, key: &str) -> Address {
    Address {
        environment: environment(),
        namespace: NamespaceName::parse(namespace).unwrap(),
        key: EntryKey::parse(key).unwrap(),
    }
}

fn hash(text: &str) -> ContentHash {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).unwrap();
    ContentHash(bytes)
}

fn run(happenings: Vec<Happening>) -> Trace {
    let mut world = World::new();
    for happening in happenings {
        world.happen(happening);
    }
    world.finish()
}

impl Trace {
    /// The changes of a revision that a sight sees.
    fn visible(&self, at: Cursor, sight: &Sight) -> Vec<(Address, Option<ContentHash>)> {
        let record = self.histories[&at.epoch].iter().find(|record| record.head.revision == at.revision);
        let items = record.iter().flat_map(|record| &record.items);
        items
            .filter_map(|item| match item {
                Item::Entry { address, version, .. } if sight.sees(address) => {
                    Some((address.clone(), version.as_ref().map(|version| version.content.hash())))
                }
                Item::Entry { .. } | Item::Namespace { .. } | Item::Environment { .. } => None,
            })
            .collect()
    }

    /// The revisions between two cursors of an epoch that a sight sees something of.
    fn between(&self, after: Cursor, before: Revision, sight: &Sight) -> Vec<Revision> {
        let all = self.histories[&after.epoch].iter().map(|record| record.head.revision);
        all.filter(|revision| *revision > after.revision && *revision < before)
            .filter(|revision| !self.visible(Cursor { revision: *revision, ..after }, sight).is_empty())
            .collect()
    }

    fn all(&self) -> impl Iterator<Item = &[Seen]> {
        self.clients.iter().map(|client| client.seen.as_slice())
    }
}

/// Revisions come in rising order, and epochs do.
fn ordered(trace: &Trace) {
    for seen in trace.all() {
        let mut last: Option<Cursor> = None;
        for one in seen {
            match one {
                Seen::Subscribed(after) => last = after.or(last),
                Seen::Change { at, .. } => {
                    assert!(last.is_none_or(|last| last < *at), "{at} after {last:?}");
                    last = Some(*at);
                }
                Seen::Snapshot { at, .. } | Seen::Checkpoint { at } => {
                    assert!(last.is_none_or(|last| last <= *at), "{at} after {last:?}");
                    last = Some(*at);
                }
                Seen::Reset(_) | Seen::Ended => {}
            }
        }
    }
}

/// No revision comes twice.
fn unique(trace: &Trace) {
    for seen in trace.all() {
        let mut known = std::collections::HashSet::new();
        for one in seen {
            if let Seen::Change { at, .. } = one {
                assert!(known.insert(*at), "{at} came twice");
            }
        }
    }
}

/// All of a revision that may be seen comes in one event.
fn atomic(trace: &Trace) {
    for one in trace.all().flatten() {
        if let Seen::Change { at, sight, changes } = one {
            assert_eq!(*changes, trace.visible(*at, sight), "{at}");
        }
    }
}

/// Nothing is left out without a reset, and in the end everybody has what the store has.
fn reliable(trace: &Trace) {
    for seen in trace.all() {
        let mut last: Option<Cursor> = None;
        for one in seen {
            match one {
                // A new connection without a cursor gets a snapshot first.
                Seen::Subscribed(None) | Seen::Reset(_) => last = None,
                Seen::Subscribed(Some(after)) => last = Some(*after),
                Seen::Snapshot { at, .. } | Seen::Checkpoint { at } => last = Some(*at),
                Seen::Change { at, sight, .. } => {
                    let after = last.expect("a snapshot comes first");
                    assert_eq!(after.epoch, at.epoch, "a new epoch begins with a reset");
                    assert_eq!(trace.between(after, at.revision, sight), [], "between {after} and {at}");
                    last = Some(*at);
                }
                Seen::Ended => {}
            }
        }
    }
    for Witness { has, sight, ended, .. } in &trace.clients {
        let entries = trace.end.all_entries().filter(|(address, _)| sight.sees(address));
        let store: BTreeMap<_, _> = entries.map(|(a, e)| (a.clone(), e.version.content.hash())).collect();
        assert!(*ended || *has == store, "has {has:?}, the store {store:?}");
    }
}

/// Whoever comes back goes on right after its last id, or is told why not before anything else.
fn resumable(trace: &Trace) {
    for seen in trace.all() {
        for pair in seen.windows(2) {
            let [Seen::Subscribed(Some(after)), next] = pair else { continue };
            match next {
                Seen::Change { at, sight, .. } => {
                    assert_eq!((at.epoch, trace.between(*after, at.revision, sight)), (after.epoch, vec![]));
                }
                Seen::Checkpoint { at } => assert_eq!(at.epoch, after.epoch),
                Seen::Reset(_) | Seen::Ended | Seen::Subscribed(_) => {}
                Seen::Snapshot { .. } => panic!("a snapshot without a reset after {after}"),
            }
        }
    }
}

/// After a checkpoint nothing comes that is not newer, and before it everything came.
fn bookmarkable(trace: &Trace) {
    for seen in trace.all() {
        let (mut last, mut sight): (Option<Cursor>, Option<&Sight>) = (None, None);
        for one in seen {
            match one {
                Seen::Subscribed(after) => last = *after,
                Seen::Reset(_) => (last, sight) = (None, None),
                Seen::Snapshot { at, sight: of, .. } | Seen::Change { at, sight: of, .. } => {
                    (last, sight) = (Some(*at), Some(of));
                }
                Seen::Checkpoint { at } => {
                    if let (Some(after), Some(sight)) = (last.filter(|last| last.epoch == at.epoch), sight) {
                        assert_eq!(trace.between(after, at.revision.next(), sight), [], "told {at} after {after}");
                    }
                    last = Some(*at);
                }
                Seen::Ended => {}
            }
        }
    }
    ordered(trace);
}

/// Nobody gets what it may not see.
fn filtered(trace: &Trace) {
    for one in trace.all().flatten() {
        match one {
            Seen::Snapshot { sight, keys, .. } => assert!(keys.iter().all(|key| sight.sees(key))),
            Seen::Change { sight, changes, .. } => assert!(changes.iter().all(|(key, _)| sight.sees(key))),
            Seen::Subscribed(_) | Seen::Checkpoint { .. } | Seen::Reset(_) | Seen::Ended => {}
        }
    }
}

macro_rules! guarantees {
    ($($name:ident => $check:ident;)+) => {
        proptest! {
            #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
            $(#[test]
            fn $name(happenings in proptest::collection::vec(happening(), 1..120)) {
                $check(&run(happenings));
            })+
        }
    };
}

guarantees! {
    ordered_revisions_come_in_rising_order => ordered;
    unique_no_revision_comes_twice => unique;
    atomic_a_revision_comes_as_one_event => atomic;
    reliable_nothing_is_skipped_without_a_reset => reliable;
    resumable_a_cursor_goes_on_where_it_was_or_is_reset => resumable;
    bookmarkable_a_checkpoint_means_everything_before_was_sent => bookmarkable;
    filtered_nobody_gets_what_it_may_not_see => filtered;
}

/// What the random runs must reach, so that the guarantees above are about something.
#[test]
fn the_world_has_every_kind_of_event_in_it() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut reasons = std::collections::HashSet::new();
    let (mut parts, mut relative, mut checkpoints) = (0, 0, 0);
    for _ in 0..60 {
        let happenings = proptest::collection::vec(happening(), 60..120).new_tree(&mut runner).unwrap().current();
        let trace = run(happenings);
        for one in trace.all().flatten() {
            match one {
                Seen::Reset(reason) => drop(reasons.insert(*reason)),
                Seen::Snapshot { complete: false, .. } => relative += 1,
                Seen::Change { changes, .. } => parts += usize::from(changes.len() > 20),
                Seen::Checkpoint { .. } => checkpoints += 1,
                Seen::Snapshot { .. } | Seen::Subscribed(_) | Seen::Ended => {}
            }
        }
    }
    for reason in [ResetReason::Access, ResetReason::Compacted, ResetReason::Epoch, ResetReason::Slow] {
        assert!(reasons.contains(&reason), "{reason:?} never happened");
    }
    assert!(parts > 0 && relative > 0 && checkpoints > 0);
}

/// A restore often brings older grants with it: they are no reason to hand out the restored content.
#[test]
fn a_held_store_sends_away_who_has_something_also_with_other_rights() {
    for rights in [0, 1] {
        let mut world = World::new();
        world.happen(Happening::Publish(vec![(0, Some(1)), (3, Some(1))]));
        world.read(0, 10);
        world.lose(1);
        let mut state = State::clone(&world.state);
        state.access = access(state.access.number + 1, rights, state.head);
        state.bounds.held = true;
        world.state = Arc::new(state);
        let Step::Write(frame) = world.clients[0].reader.step(&world.hub, &world.state, &world.seats) else {
            panic!("a goodbye comes")
        };
        assert!(String::from_utf8(frame.chunks().concat()).unwrap().starts_with("event: bye"));
        let next = world.clients[0].reader.step(&world.hub, &world.state, &world.seats);
        assert!(matches!(next, Step::End));
    }
}

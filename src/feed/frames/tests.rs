//! Frames as the bytes that a subscriber reads.

use super::*;
use crate::api::watch::{ChangeEvent, SnapshotEvent};
use crate::domain::access::{Access, Grant, Holder, Parts, Place, Role, User};
use crate::domain::changes::{Audience, Kind, Origin};
use crate::domain::contents::Content;
use crate::domain::formats::Format;
use crate::domain::names::{EntryKey, EnvironmentName, NamespaceName, UserName};
use crate::domain::revisions::Epoch;
use crate::domain::state::Stamp;
use uuid::Uuid;

fn address(key: &str) -> Address {
    Address {
        environment: EnvironmentName::parse("dev").unwrap(),
        namespace: NamespaceName::parse("web").unwrap(),
        key: EntryKey::parse(key).unwrap(),
    }
}

fn put(key: &str, bytes: &[u8]) -> Item {
    let content = Content::new(Bytes::copy_from_slice(bytes));
    let version = Some(Version::open(Format::Text, content));
    Item::Entry { address: address(key), version, audience: Audience::Everyone, previous: Revision(0) }
}

fn logged(items: Vec<Item>) -> Logged {
    let head = RecordHead {
        revision: Revision(7),
        epoch: Epoch(3),
        id: Uuid::nil(),
        at: OffsetDateTime::UNIX_EPOCH,
        actor: UserName::parse("ada").unwrap(),
        message: "a \"quoted\"\nmessage".to_owned(),
        request_id: String::new(),
        kind: Kind::Publish,
        origin: Origin::default(),
    };
    Logged::new(Arc::new(Record { head, items }))
}

fn sight(prefix: &str) -> Sight {
    let grant = Grant::of_user(Uuid::nil(), Uuid::nil(), Role::Viewer, Place::parse("*", "*", prefix).unwrap());
    let users = vec![User::person(Uuid::nil(), UserName::parse("vera").unwrap())];
    let access = Access::new(Parts { users, grants: vec![grant], ..Parts::default() });
    let names = [NamespaceName::parse("web").unwrap()];
    Sight::of(&access, Holder::user(Uuid::nil()), &EnvironmentName::parse("dev").unwrap(), &names)
}

/// The fields of the one event that a frame is.
fn event_of(frame: &Frame) -> (Option<String>, String, String) {
    let text = String::from_utf8(frame.chunks().concat()).unwrap();
    let body = text.strip_suffix("\n\n").unwrap();
    assert!(!body.contains("\n\n"), "one event: {text:?}");
    let field = |name: &str| body.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
    (field("id: "), field("event: ").unwrap_or_default(), field("data: ").unwrap_or_default())
}

#[test]
fn a_frame_carries_what_its_reader_may_see() {
    let logged = logged(vec![put("a/x", b"1"), put("b/y", b"two\nlines"), put("a/z", &[0xff])]);
    assert!(logged.concerns(&sight("a/")) && !logged.concerns(&sight("c/")));
    let (id, name, data) = event_of(&logged.frame(&sight("a/"), &Opener::default()));
    assert_eq!((id.as_deref(), name.as_str()), (Some("3.7"), "change"));
    let event: ChangeEvent = serde_json::from_str(&data).unwrap();
    assert_eq!(event.changes.iter().map(|change| change.key.as_str()).collect::<Vec<_>>(), ["a/x", "a/z"]);
    assert_eq!(event.changes[1].content.bytes().unwrap().as_ref(), [0xff]);
    assert_eq!((event.part, event.last, event.message.as_str()), (None, true, "a \"quoted\"\nmessage"));
    let (.., all) = event_of(&logged.frame(&sight(""), &Opener::default()));
    assert_eq!(serde_json::from_str::<ChangeEvent>(&all).unwrap().changes.len(), 3);
}

#[test]
fn a_large_content_is_named_and_not_carried() {
    let at_the_limit = vec![b'x'; usize::try_from(INLINE_BYTES).unwrap()];
    let above = vec![b'x'; at_the_limit.len() + 1];
    let (.., data) =
        event_of(&logged(vec![put("a", &at_the_limit), put("b", &above)]).frame(&sight(""), &Opener::default()));
    let event: ChangeEvent = serde_json::from_str(&data).unwrap();
    assert_eq!(event.changes[0].content.bytes().unwrap().len(), at_the_limit.len());
    assert_eq!(event.changes[1].content.bytes(), None);
    let href = "/api/v1/environments/dev/namespaces/web/entries/b?at=7";
    assert_eq!(event.changes[1].href.as_deref(), Some(href));
}

#[test]
fn a_large_revision_comes_in_parts_and_only_the_last_has_an_id() {
    let content = vec![b'x'; 60_000];
    let logged = logged((0..50).map(|n| put(&format!("k{n}"), &content)).collect());
    assert!(logged.is_large());
    let (mut from, mut part, mut keys) = (Some(0), 0, Vec::new());
    while let Some(at) = from {
        let (frame, next) = logged.part(&sight(""), &Opener::default(), part, at);
        assert!(frame.len() < PART_BYTES + 70_000);
        let (id, _, data) = event_of(&frame);
        let event: ChangeEvent = serde_json::from_str(&data).unwrap();
        assert_eq!((event.part, event.last, id.is_some()), (Some(part), next.is_none(), next.is_none()));
        keys.extend(event.changes.into_iter().map(|change| change.key));
        (from, part) = (next, part + 1);
    }
    assert_eq!(keys, (0..50).map(|n| format!("k{n}")).collect::<Vec<_>>());
    assert!(part > 2);
}

#[test]
fn a_snapshot_says_what_is_there_and_what_is_not() {
    let at = Cursor { epoch: Epoch(3), revision: Revision(9) };
    let (known, gone) = (address("a"), address("b"));
    let stamp = Stamp { revision: Revision(4), at: OffsetDateTime::UNIX_EPOCH, actor: UserName::parse("ada").unwrap() };
    let version = Version::open(Format::Json, Content::new(Bytes::from_static(b"{}")));
    let mut part = SnapshotPart::new(at, 0, true, true);
    part.put(&known, &Entry { stamp, version }, None);
    part.absent(&gone);
    let (id, name, data) = event_of(&part.finish(true));
    assert_eq!((id.as_deref(), name.as_str()), (Some("3.9"), "snapshot"));
    let event: SnapshotEvent = serde_json::from_str(&data).unwrap();
    assert_eq!((event.revision, event.part, event.last, event.held, event.have), (9, 0, true, true, true));
    assert_eq!((event.entries[0].key.as_str(), event.entries[0].revision), ("a", 4));
    assert_eq!(event.absent[0].key, "b");
    let (id, ..) = event_of(&SnapshotPart::new(at, 0, false, false).finish(false));
    assert_eq!(id, None);
}

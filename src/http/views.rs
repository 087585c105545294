//! From the domain to the wire.

use crate::api::entries::{ChangedView, ContentView, EntryView, MarksView, Op, WarningView, WriteView};
use crate::api::environments::EnvironmentView;
use crate::api::namespaces::{LastChangeView, NamespaceView};
use crate::api::problem::FieldProblem;
use crate::api::revisions::{
    ConflictView, DiffEntryView, Difference, EntryDiff, ItemKind, ItemView, RevertConflictView, RevisionView, SideView,
};
use crate::api::trims::PinView;
use crate::domain::changes::{Item, RecordHead, Version};
use crate::domain::diff;
use crate::domain::formats::{Format, Warning};
use crate::domain::names::{Address, EntryKey, EnvironmentName, NamespaceName};
use crate::domain::refusals::{Conflict, RevertConflict};
use crate::domain::revisions::{Pin, Revision};
use crate::domain::secrets::Marks;
use crate::domain::state::{Entry, Environment, Namespace};
use crate::service::Field;
use crate::service::committer::Committed;
use crate::service::diffs::DifferentEntry;
use crate::service::keyring::OVERHEAD;
use crate::service::namespaces::SeenOfNamespace;
use crate::service::revisions::ListedChange;

/// Changes that a write answers, and a list of revisions shows per revision.
const WRITE_CHANGES: usize = 1000;
const LISTED_CHANGES: usize = 20;

pub(super) fn fields(fields: Vec<Field>) -> Vec<FieldProblem> {
    fields.into_iter().map(FieldProblem::from).collect()
}

pub(super) fn environment(name: &EnvironmentName, found: &Environment) -> EnvironmentView {
    EnvironmentView {
        name: name.to_string(),
        tier: found.attributes.tier,
        colour: found.attributes.colour.clone(),
        description: found.attributes.description.clone(),
        protected: found.attributes.protected(),
        frozen: found.attributes.frozen.clone(),
        revision: found.stamp.revision.0,
    }
}

pub(super) fn namespace(
    environment: &EnvironmentName,
    name: &NamespaceName,
    found: &Namespace,
    seen: &SeenOfNamespace,
) -> NamespaceView {
    NamespaceView {
        environment: environment.to_string(),
        name: name.to_string(),
        description: found.attributes.description.clone(),
        revision: found.touched().0,
        secret_keys: found.attributes.secret_keys.iter().map(|pattern| pattern.as_str().to_owned()).collect(),
        entries: seen.entries,
        bytes: seen.bytes,
        last_change: LastChangeView {
            revision: seen.last.revision.0,
            at: seen.last.at,
            actor: seen.last.actor.to_string(),
        },
    }
}

pub(super) fn entry(
    environment: &EnvironmentName,
    namespace: &NamespaceName,
    key: &EntryKey,
    entry: &Entry,
    with_content: bool,
) -> EntryView {
    let content = &entry.version.content;
    let shown = with_content && !entry.version.is_sealed() && !content.is_redacted();
    EntryView {
        environment: environment.to_string(),
        namespace: namespace.to_string(),
        key: key.to_string(),
        format: entry.version.format,
        revision: entry.stamp.revision.0,
        at: entry.stamp.at,
        actor: entry.stamp.actor.to_string(),
        hash: content.hash().to_string(),
        size: size(&entry.version),
        sealed: entry.version.is_sealed(),
        marks: marks(&entry.version),
        masked: false,
        redacted: content.is_redacted(),
        content: if shown { ContentView::of(content.bytes()) } else { ContentView::default() },
    }
}

/// What is secret in a version, if it is sealed.
pub(super) fn marks(version: &Version) -> Option<MarksView> {
    version.seal.as_ref().map(|seal| marks_view(&seal.marks))
}

pub(super) fn marks_view(marks: &Marks) -> MarksView {
    match marks {
        Marks::Whole => MarksView { secret: true, secret_paths: Vec::new() },
        Marks::Paths(paths) => MarksView { secret: false, secret_paths: paths.iter().cloned().collect() },
    }
}

/// Bytes of a content, before it was sealed.
fn size(version: &Version) -> u64 {
    let overhead = if version.is_sealed() { OVERHEAD } else { 0 };
    version.content.size().saturating_sub(overhead)
}

pub(super) fn side(version: &Version, revision: Option<Revision>) -> SideView {
    SideView {
        revision: revision.map(|revision| revision.0),
        format: version.format,
        sealed: version.is_sealed(),
        content: if version.is_sealed() { ContentView::default() } else { ContentView::of(version.content.bytes()) },
    }
}

pub(super) fn conflict(conflict: Conflict) -> ConflictView {
    let Conflict { address, expected, theirs, yours } = conflict;
    ConflictView {
        env: address.environment.to_string(),
        namespace: address.namespace.to_string(),
        key: address.key.to_string(),
        expected: expected.0,
        current: theirs.as_ref().map_or(0, |entry| entry.stamp.revision.0),
        theirs: theirs.as_ref().map(|entry| side(&entry.version, Some(entry.stamp.revision))),
        yours: yours.as_ref().map(|version| side(version, None)),
    }
}

pub(super) fn revert_conflict(conflict: RevertConflict) -> RevertConflictView {
    RevertConflictView { item: conflict.item, current: conflict.now.0 }
}

pub(super) fn write(committed: &Committed, dry_run: bool, warnings: Vec<(Address, Warning)>) -> WriteView {
    WriteView {
        revision: committed.cursor.revision.0,
        epoch: committed.cursor.epoch.0,
        changed: committed.changed,
        dry_run,
        replayed: committed.replayed,
        warnings: warnings
            .into_iter()
            .map(|(address, warning)| WarningView { entry: address.to_string(), warning })
            .collect(),
        changes: committed.items.iter().take(WRITE_CHANGES).map(changed).collect(),
    }
}

fn op(deleted: bool) -> Op {
    if deleted { Op::Delete } else { Op::Put }
}

fn changed(item: &Item) -> ChangedView {
    let view = self::item(item, None);
    ChangedView { env: view.env, namespace: view.namespace, key: view.key, op: view.op, previous: view.previous }
}

pub(super) fn item(item: &Item, diff: Option<EntryDiff>) -> ItemView {
    match item {
        Item::Entry { address, version, previous, .. } => ItemView {
            item: ItemKind::Entry,
            env: address.environment.to_string(),
            namespace: Some(address.namespace.to_string()),
            key: Some(address.key.to_string()),
            op: op(version.is_none()),
            format: version.as_ref().map(|version| version.format),
            hash: version.as_ref().map(|version| version.content.hash().to_string()),
            size: version.as_ref().map(size),
            sealed: version.as_ref().is_some_and(Version::is_sealed),
            previous: previous.0,
            diff,
        },
        Item::Namespace { environment, namespace, attributes, previous } => ItemView {
            item: ItemKind::Namespace,
            env: environment.to_string(),
            namespace: Some(namespace.to_string()),
            key: None,
            op: op(attributes.is_none()),
            format: None,
            hash: None,
            size: None,
            sealed: false,
            previous: previous.0,
            diff: None,
        },
        Item::Environment { environment, attributes, previous } => ItemView {
            item: ItemKind::Environment,
            env: environment.to_string(),
            namespace: None,
            key: None,
            op: op(attributes.is_none()),
            format: None,
            hash: None,
            size: None,
            sealed: false,
            previous: previous.0,
            diff: None,
        },
    }
}

pub(super) fn listed(change: &ListedChange) -> ItemView {
    let item = match (&change.namespace, &change.key) {
        (_, Some(_)) => ItemKind::Entry,
        (Some(_), None) => ItemKind::Namespace,
        (None, None) => ItemKind::Environment,
    };
    ItemView {
        item,
        env: change.environment.to_string(),
        namespace: change.namespace.as_ref().map(ToString::to_string),
        key: change.key.as_ref().map(ToString::to_string),
        op: op(change.deleted),
        format: change.format.as_deref().and_then(|format| format.parse::<Format>().ok()),
        hash: change.hash.map(|hash| hash.to_string()),
        size: change.size.map(|size| if change.sealed { size.saturating_sub(OVERHEAD) } else { size }),
        sealed: change.sealed,
        previous: change.previous.0,
        diff: None,
    }
}

pub(super) fn revision(head: &RecordHead, changed: usize, changes: Vec<ItemView>) -> RevisionView {
    RevisionView {
        revision: head.revision.0,
        epoch: head.epoch.0,
        at: head.at,
        actor: head.actor.to_string(),
        message: head.message.clone(),
        kind: head.kind,
        request_id: head.request_id.clone(),
        rollback_to: head.origin.rollback_to.map(|revision| revision.0),
        reverts: head.origin.reverts.map(|revision| revision.0),
        forced: head.origin.forced,
        changed: changed as u64,
        changes,
        running: None,
        compacted: false,
        pin: None,
    }
}

pub(super) fn pin(pin: &Pin) -> PinView {
    PinView { revision: pin.revision.0, actor: pin.actor.to_string(), reason: pin.reason.clone(), at: pin.at }
}

pub(super) fn listed_revision(head: &RecordHead, changes: &[ListedChange]) -> RevisionView {
    revision(head, changes.len(), changes.iter().take(LISTED_CHANGES).map(listed).collect())
}

/// How two versions of an entry differ, as text and by value.
pub(super) fn entry_diff(name: &str, from: Option<&Version>, to: Option<&Version>) -> EntryDiff {
    let bytes = |version: Option<&Version>| version.map(|version| version.content.bytes().clone());
    let (old, new) = (bytes(from), bytes(to));
    let text = |bytes: &Option<bytes::Bytes>| match bytes {
        Some(bytes) => std::str::from_utf8(bytes).map(|text| Some(text.to_owned())),
        None => Ok(None),
    };
    let binary = [from, to].into_iter().flatten().any(|version| version.format == Format::Binary);
    let unified = match (text(&old), text(&new)) {
        (Ok(old), Ok(new)) if !binary => {
            Some(diff::unified(old.as_deref(), new.as_deref(), &format!("a/{name}"), &format!("b/{name}")))
        }
        _ => None,
    };
    let format = to.or(from).map(|version| version.format);
    let same_format = match (from, to) {
        (Some(from), Some(to)) => from.format == to.format,
        _ => true,
    };
    let values =
        format.filter(|_| same_format).and_then(|format| diff::structural(format, old.as_deref(), new.as_deref()));
    EntryDiff { unified, values, format_only: old.is_some() && old == new }
}

pub(super) fn different(entry: &DifferentEntry) -> DiffEntryView {
    let name = format!("{}/{}", entry.namespace, entry.key);
    let version = |side: &Option<Entry>| side.as_ref().map(|entry| entry.version.clone());
    let (from, to) = (version(&entry.from), version(&entry.to));
    DiffEntryView {
        namespace: entry.namespace.to_string(),
        key: entry.key.to_string(),
        difference: match (&from, &to) {
            (None, _) => Difference::Added,
            (Some(_), None) => Difference::Removed,
            (Some(_), Some(_)) => Difference::Changed,
        },
        from_hash: from.as_ref().map(|version| version.content.hash().to_string()),
        to_hash: to.as_ref().map(|version| version.content.hash().to_string()),
        from_revision: entry.from.as_ref().map(|entry| entry.stamp.revision.0),
        to_revision: entry.to.as_ref().map(|entry| entry.stamp.revision.0),
        sealed: [&from, &to].into_iter().flatten().any(Version::is_sealed),
        diff: entry_diff(&name, from.as_ref(), to.as_ref()),
    }
}

//! `watch`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use serde::Serialize;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use crate::api::entries::{ContentView, Op};
use crate::api::watch::{
    ChangeEvent, CheckpointEvent, ResetEvent, ResetReason, SnapshotEvent, WatchedChange, WatchedEntry, WatchedKey,
    event,
};
use crate::cli::user::context::Context;
use crate::cli::user::exit::{Exit, Stop};
use crate::cli::user::output::Output;
use crate::cli::user::paint::{ADDED, CHANGED, FAINT, PLACE, REMOVED, STRONG, count, paint, plain, size};
use crate::cli::user::target::{self, Scope};
use crate::cli::user::when::shown;
use crate::client::watch::{Change, Edit, Entry, Event, Outage, Place, Snapshot, Subscription, Version, Watcher};
use crate::domain::names::{EnvironmentName, NamespaceName};
use crate::domain::revisions::Cursor;

#[derive(Debug, clap::Args)]
pub struct WatchArgs {
    /// The environment
    #[arg(value_name = "ENV", value_parser = target::place)]
    environment: Scope,
    /// The namespaces of it
    #[arg(value_name = "NAMESPACE")]
    namespaces: Vec<String>,
    /// Go on after this EPOCH.REVISION, as `--json` prints it, instead of beginning with what is there
    #[arg(long, value_name = "E.R")]
    after: Option<Cursor>,
    /// Print what is there now, and end
    #[arg(long, visible_alias = "snapshot", conflicts_with = "after")]
    once: bool,
    /// Print contents too
    #[arg(long)]
    content: bool,
}

/// Prints what changes, until it is interrupted.
pub(super) async fn run(context: &Context<'_>, args: WatchArgs) -> Result<Exit> {
    let subscription = subscription(args.environment, &args.namespaces)?;
    let mut watcher = Watcher::new(vec![context.client()?], subscription, args.after, BTreeMap::new())?;
    let mut teller = Teller { out: context.out, once: args.once, content: args.content, known: None, lost: false };
    let mut interrupts = signal(SignalKind::interrupt()).context("cannot watch for Ctrl-C")?;
    let mut connected = false;
    loop {
        let event = tokio::select! {
            event = watcher.next() => event?,
            _ = interrupts.recv() => return Ok(Exit::Done),
        };
        // What was never seen is probably misspelt or not allowed. What was seen comes back.
        if let Event::Lost { server, outage, .. } = &event
            && (args.once || (!connected && is_refusal(outage)))
        {
            return Err(outage.clone().into_error(server.clone()).into());
        }
        connected |= matches!(event, Event::Connected { .. });
        teller.tell(&event)?;
        if args.once && matches!(event, Event::Snapshot(_)) {
            return Ok(Exit::Done);
        }
    }
}

/// `ENV NAMESPACE…`, or `ENV/NAMESPACE…` as the other commands take it.
fn subscription(first: Scope, names: &[String]) -> Result<Subscription> {
    let Scope { environment, namespace, .. } = first;
    let mut namespaces = BTreeSet::from_iter(namespace);
    for text in names {
        namespaces.insert(namespace_of(&environment, text)?);
    }
    if namespaces.is_empty() {
        return Err(Stop::usage("name the namespaces to watch, such as pintle watch dev orders").into());
    }
    Ok(Subscription { environment, namespaces: namespaces.into_iter().collect(), instance: None, reveal: false })
}

fn namespace_of(environment: &EnvironmentName, text: &str) -> Result<NamespaceName> {
    if !text.contains('/') {
        return NamespaceName::parse(text).map_err(|error| Stop::usage(error.to_string()).into());
    }
    let room = target::room(text).map_err(|error| Stop::usage(error.to_string()))?;
    if room.environment == *environment {
        Ok(room.namespace)
    } else {
        Err(Stop::usage(format!("a watch is of one environment: {environment}, not {}", room.environment)).into())
    }
}

fn is_refusal(outage: &Outage) -> bool {
    matches!(outage.status(), Some(401 | 403 | 404))
}

/// Tells events to a person or a program.
struct Teller {
    out: Output,
    once: bool,
    content: bool,
    /// What is there, once a snapshot said it.
    known: Option<BTreeSet<Place>>,
    /// Whether a loss was told, so that the return is told too.
    lost: bool,
}

impl Teller {
    fn tell(&mut self, event: &Event) -> Result<()> {
        match event {
            Event::Connected { server } => {
                if std::mem::take(&mut self.lost) {
                    self.out.note(format_args!("connected to {server} again"));
                }
                Ok(())
            }
            Event::Lost { server, outage, retry_in } => {
                let seconds = retry_in.as_secs_f32();
                self.out.warn(format_args!("no stream from {server}: {outage}; trying again in {seconds:.1} s"));
                self.lost = true;
                Ok(())
            }
            Event::Reset(_) | Event::Snapshot(_) | Event::Change(_) | Event::Checkpoint(_) if self.out.json => {
                self.tell_program(event)
            }
            Event::Reset(reason) => {
                self.out.note(format_args!("beginning anew: {}", why(*reason)));
                Ok(())
            }
            Event::Snapshot(snapshot) => self.tell_snapshot(snapshot),
            Event::Change(change) => self.tell_change(change),
            Event::Checkpoint(_) => Ok(()),
        }
    }

    fn tell_snapshot(&mut self, snapshot: &Snapshot) -> Result<()> {
        let (revision, number) = (snapshot.cursor.revision, count(snapshot.entries.len(), "entry", "entries"));
        self.out
            .line(format_args!("{} with {number}", paint(STRONG, format_args!("snapshot of revision {revision}"))))?;
        if snapshot.held {
            self.out.warn("the store was restored and is held until somebody runs `pintle resume`");
        }
        if self.once || self.content {
            for entry in &snapshot.entries {
                let what = format!("{} {}", entry.version.format, size(entry.version.bytes.len() as u64));
                let stamp = format!("revision {} by {} at {}", entry.revision, plain(&entry.actor), shown(entry.at));
                self.out.line(format_args!(
                    "  {} {}",
                    name(&entry.place),
                    paint(FAINT, format_args!("{what}, {stamp}"))
                ))?;
                self.tell_content(&entry.version)?;
            }
        }
        self.known = Some(snapshot.entries.iter().map(|entry| entry.place.clone()).collect());
        Ok(())
    }

    fn tell_change(&mut self, change: &Change) -> Result<()> {
        let out = self.out;
        let revision = paint(STRONG, format_args!("revision {}", change.cursor.revision));
        let at = paint(FAINT, shown(change.at));
        out.line(format_args!("{at} {revision} {} by {}", plain(&change.kind), plain(&change.actor)))?;
        if !change.message.is_empty() {
            out.line(format_args!("    {}", change.message.lines().map(plain).collect::<Vec<_>>().join("\n    ")))?;
        }
        for edit in &change.edits {
            let known = self.known.as_mut();
            let (style, sign) = match &edit.version {
                None => {
                    known.map(|known| known.remove(&edit.place));
                    (REMOVED, '-')
                }
                Some(_) if known.is_some_and(|known| known.insert(edit.place.clone())) => (ADDED, '+'),
                Some(_) => (CHANGED, '~'),
            };
            out.line(format_args!("{} {}", paint(style, sign), name(&edit.place)))?;
            if let Some(version) = &edit.version {
                self.tell_content(version)?;
            }
        }
        Ok(())
    }

    fn tell_content(&self, version: &Version) -> Result<()> {
        if !self.content {
            return Ok(());
        }
        match std::str::from_utf8(&version.bytes) {
            Ok(text) => {
                for line in text.lines() {
                    self.out.line(format_args!("    {}", plain(line)))?;
                }
            }
            Err(_) => self
                .out
                .line(paint(FAINT, format_args!("    {} that are no text", size(version.bytes.len() as u64))))?,
        }
        Ok(())
    }

    /// A line of JSON: the event's name, its id, and its data as it was on the wire, whole.
    fn tell_program(&self, event: &Event) -> Result<()> {
        match event {
            Event::Snapshot(snapshot) => {
                self.json(event::SNAPSHOT, Some(snapshot.cursor), &snapshot_data(snapshot, self.content))
            }
            Event::Change(change) => self.json(event::CHANGE, Some(change.cursor), &change_data(change, self.content)),
            Event::Checkpoint(cursor) => {
                self.json(event::CHECKPOINT, Some(*cursor), &CheckpointEvent { revision: cursor.revision.0 })
            }
            Event::Reset(reason) => self.json(event::RESET, None, &ResetEvent { reason: *reason }),
            Event::Connected { .. } | Event::Lost { .. } => Ok(()),
        }
    }

    fn json(&self, event: &str, id: Option<Cursor>, data: &impl Serialize) -> Result<()> {
        let id = id.map(|cursor| cursor.to_string());
        let line = json!({"event": event, "id": id, "data": data});
        Ok(self.out.bytes(format!("{line}\n").as_bytes())?)
    }
}

fn name((namespace, key): &Place) -> String {
    format!("{}/{}", paint(PLACE, namespace), plain(key.as_str()))
}

fn why(reason: ResetReason) -> &'static str {
    match reason {
        ResetReason::Compacted => "the history after that revision was trimmed",
        ResetReason::Epoch => "the store has another history now",
        ResetReason::Access => "the rights changed",
        ResetReason::Slow => "the changes came faster than they were read",
        ResetReason::Unknown => "the server lost the thread",
    }
}

fn content(version: &Version, wanted: bool) -> ContentView {
    if wanted && !version.secrecy.is_shut() { ContentView::of(&version.bytes) } else { ContentView::default() }
}

fn snapshot_data(snapshot: &Snapshot, contents: bool) -> SnapshotEvent {
    let key = |(namespace, key): &Place| WatchedKey { namespace: namespace.to_string(), key: key.to_string() };
    let entry = |entry: &Entry| WatchedEntry {
        namespace: entry.place.0.to_string(),
        key: entry.place.1.to_string(),
        format: entry.version.format.to_string(),
        hash: entry.version.hash.to_string(),
        revision: entry.revision,
        actor: entry.actor.clone(),
        at: entry.at,
        content: content(&entry.version, contents),
        href: None,
        sealed: entry.version.secrecy.is_sealed(),
    };
    SnapshotEvent {
        revision: snapshot.cursor.revision.0,
        part: 0,
        last: true,
        held: snapshot.held,
        have: snapshot.partial,
        entries: snapshot.entries.iter().map(entry).collect(),
        absent: snapshot.absent.iter().map(key).collect(),
    }
}

fn change_data(change: &Change, contents: bool) -> ChangeEvent {
    let edit = |Edit { place: (namespace, key), version }: &Edit| WatchedChange {
        namespace: namespace.to_string(),
        key: key.to_string(),
        op: if version.is_some() { Op::Put } else { Op::Delete },
        format: version.as_ref().map(|version| version.format.to_string()),
        hash: version.as_ref().map(|version| version.hash.to_string()),
        content: version.as_ref().map(|version| content(version, contents)).unwrap_or_default(),
        href: None,
        sealed: version.as_ref().is_some_and(|version| version.secrecy.is_sealed()),
    };
    ChangeEvent {
        revision: change.cursor.revision.0,
        at: change.at,
        actor: change.actor.clone(),
        message: change.message.clone(),
        kind: change.kind.clone(),
        trace: change.trace.clone(),
        part: None,
        last: true,
        changes: change.edits.iter().map(edit).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(first: &str, names: &[&str]) -> Result<String> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        Ok(subscription(target::place(first)?, &names)?.to_string())
    }

    #[test]
    fn namespaces_are_named_with_or_without_their_environment() {
        assert_eq!(of("dev", &["web", "orders", "web"]).unwrap(), "dev/orders, web");
        assert_eq!(of("dev/orders", &["dev/web"]).unwrap(), "dev/orders, web");
        assert!(of("dev", &[]).unwrap_err().to_string().contains("pintle watch dev orders"));
        assert!(of("dev", &["prod/orders"]).unwrap_err().to_string().contains("one environment"));
        assert!(of("dev", &["Orders"]).unwrap_err().to_string().starts_with("namespace may have"));
    }
}

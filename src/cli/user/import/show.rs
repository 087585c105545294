//! Showing what an import would do.

use std::io;
use std::str::Utf8Error;

use anyhow::Result;
use bytes::Bytes;
use serde::Serialize;

use crate::api::entries::{ChangedView, Op};
use crate::cli::user::import::plan::{Change, Plan, Stale};
use crate::cli::user::import::scan::Tree;
use crate::cli::user::output::Output;
use crate::cli::user::paint;
use crate::client::{At, Client};
use crate::domain::contents::ContentHash;
use crate::domain::diff;

/// What `import --dry-run --json` prints.
#[derive(Debug, Serialize)]
pub(super) struct PlanView {
    /// Environments that would be created.
    environments: Vec<String>,
    /// Namespaces that would be created, as `env/namespace`.
    namespaces: Vec<String>,
    /// Entries that would be put or deleted.
    changes: Vec<ChangedView>,
    /// How many entries are equal to their files.
    equal: usize,
    /// How many entries have no file and would stay.
    unfiled: usize,
}

impl PlanView {
    pub(super) fn of(plan: &Plan) -> Self {
        let changes = plan.changes.iter().map(|change| ChangedView {
            env: change.address.environment.to_string(),
            namespace: Some(change.address.namespace.to_string()),
            key: Some(change.address.key.to_string()),
            op: if change.put.is_some() { Op::Put } else { Op::Delete },
            previous: change.if_revision(),
        });
        Self {
            environments: plan.environments.iter().map(ToString::to_string).collect(),
            namespaces: plan.rooms.iter().map(ToString::to_string).collect(),
            changes: changes.collect(),
            equal: plan.equal.len(),
            unfiled: plan.unfiled,
        }
    }
}

/// A table of what would change. With `--json` the result says it.
pub(super) fn summary(out: Output, plan: &Plan) -> io::Result<()> {
    if out.json {
        return Ok(());
    }
    let environments = plan.environments.iter().map(|name| row("create", format!("{name}/"), "environment"));
    let rooms = plan.rooms.iter().map(|room| row("create", format!("{room}/"), "namespace"));
    let changes = plan.changes.iter().map(|change| {
        let format = change.put.as_ref().map_or_else(String::new, |(format, _)| format.to_string());
        let size = if change.put.is_some() { paint::size(change.size()) } else { String::new() };
        [word(change).to_owned(), change.address.to_string(), format, size]
    });
    if !plan.is_empty() {
        out.table(["CHANGE", "WHAT", "FORMAT", "SIZE"], environments.chain(rooms).chain(changes))?;
    }
    let mut counts = vec![paint::count(plan.changes.len(), "change", "changes")];
    counts.push(format!("{} equal", plan.equal.len()));
    if plan.unfiled > 0 {
        counts.push(format!("{} without a file (--prune deletes them)", plan.unfiled));
    }
    out.line(counts.join(", "))
}

fn row(change: &str, what: String, kind: &str) -> [String; 4] {
    [change.to_owned(), what, kind.to_owned(), String::new()]
}

fn word(change: &Change) -> &'static str {
    match (&change.put, &change.found) {
        (None, _) => "delete",
        (Some(_), None) => "add",
        (Some((_, content)), Some(found)) if ContentHash::of(content).to_string() == found.hash => "format",
        (Some(_), Some(_)) => "change",
    }
}

/// The text of every change, line by line.
pub(super) async fn differences(out: Output, client: &Client, plan: &Plan) -> Result<()> {
    for change in &plan.changes {
        let before = match &change.found {
            Some(found) => Some(client.get_content(&change.address, Some(At::Revision(found.revision))).await?),
            None => None,
        };
        let after = change.put.as_ref().map(|(_, content)| content);
        let label = change.address.to_string();
        match (text(before.as_ref()), text(after)) {
            (Ok(before), Ok(after)) => out.preview(&diff::unified(before, after, &label, &label))?,
            (Err(_), _) | (_, Err(_)) => out.note(format_args!("{label} is not text")),
        }
    }
    Ok(())
}

/// What somebody else made of an entry, against its file.
pub(super) async fn conflict(out: Output, client: &Client, tree: &Tree, stale: &Stale) -> Result<()> {
    let theirs = match stale.current {
        0 => None,
        revision => Some(client.get_content(&stale.address, Some(At::Revision(revision))).await?),
    };
    let yours = tree.files.iter().find(|file| file.address == stale.address).map(|file| &file.content);
    match (text(theirs.as_ref()), text(yours)) {
        (Ok(theirs), Ok(yours)) => out.note(paint::diff(&diff::unified(theirs, yours, "theirs", "yours")).trim_end()),
        (Err(_), _) | (_, Err(_)) => out.note("at least one side is not text"),
    }
    Ok(())
}

fn text(bytes: Option<&Bytes>) -> Result<Option<&str>, Utf8Error> {
    bytes.map(|bytes| std::str::from_utf8(bytes)).transpose()
}

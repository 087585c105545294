//! `history` and `show`.

use std::io;

use anyhow::Result;

use crate::api::PAGE_MAX;
use crate::api::entries::Op;
use crate::api::revisions::{ItemView, RevisionList, RevisionView};
use crate::cli::user::context::Context;
use crate::cli::user::diff;
use crate::cli::user::exit::Exit;
use crate::cli::user::output::Output;
use crate::cli::user::paint::{self, ADDED, CHANGED, FAINT, REMOVED, STRONG, paint, plain};
use crate::cli::user::target::{self, Scope};
use crate::cli::user::when::{Instant, shown};
use crate::client::{Client, RevisionsQuery};
use crate::domain::changes::Kind;

/// How many changes of a revision a line of the history names.
const NAMED: usize = 3;

#[derive(Debug, clap::Args)]
pub struct HistoryArgs {
    /// Only what touched this
    #[arg(value_name = "ENV[/NS[/KEY]]", value_parser = target::scope)]
    scope: Option<Scope>,
    /// Only what this user did
    #[arg(long, value_name = "USER")]
    actor: Option<String>,
    /// Only this kind: publish, rollback, revert, environment, namespace or freeze
    #[arg(long, value_parser = kind)]
    kind: Option<Kind>,
    /// Only since then: an instant, a day, or how long ago (2h, 3d)
    #[arg(long, value_name = "WHEN")]
    since: Option<Instant>,
    /// Only until then, written alike
    #[arg(long, value_name = "WHEN")]
    until: Option<Instant>,
    /// How many, newest first
    #[arg(short = 'n', long = "number", value_name = "N", default_value_t = 20)]
    number: usize,
}

#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// The revision
    pub(super) revision: u64,
    /// Show which values changed, instead of lines
    #[arg(long)]
    pub(super) values: bool,
}

fn kind(text: &str) -> Result<Kind, String> {
    let names = || Kind::ALL.map(Kind::as_str).join(", ");
    Kind::find(text).ok_or_else(|| format!("the kinds are {}", names()))
}

/// Shows the history.
pub(super) async fn list(context: &Context<'_>, args: HistoryArgs) -> Result<Exit> {
    let now = context.surroundings.now;
    let (environment, namespace, key) = match args.scope {
        Some(Scope { environment, namespace, key }) => (Some(environment), namespace, key),
        None => (None, None, None),
    };
    let query = RevisionsQuery {
        environment,
        namespace,
        key,
        actor: args.actor,
        kind: args.kind,
        since: args.since.map(|instant| instant.at(now)),
        until: args.until.map(|instant| instant.at(now)),
        before: None,
        limit: None,
    };
    let list = pages(&context.client()?, query, args.number).await?;
    let out = context.out;
    if out.json {
        out.json(&list)?;
        return Ok(Exit::Done);
    }
    let more = list.next.is_some();
    let rows = list.revisions.into_iter().map(|revision| {
        let what = summary(&revision);
        let kind = revision.kind.as_str().to_owned();
        [revision.revision.to_string(), shown(revision.at), revision.actor, kind, revision.message, what]
    });
    out.table(["REVISION", "TIME", "ACTOR", "KIND", "MESSAGE", "CHANGED"], rows)?;
    if more {
        out.note("there is more; -n N shows more of it");
    }
    Ok(Exit::Done)
}

/// As many revisions as are wanted, from as many pages as that takes.
async fn pages(client: &Client, mut query: RevisionsQuery, number: usize) -> Result<RevisionList> {
    let mut list = RevisionList { revisions: Vec::new(), next: None };
    while list.revisions.len() < number {
        let missing = number - list.revisions.len();
        query.limit = Some(u32::try_from(missing).unwrap_or(PAGE_MAX).min(PAGE_MAX));
        let page = client.list_revisions(&query).await?;
        list.revisions.extend(page.revisions);
        list.next = page.next;
        query.before = page.next;
        if page.next.is_none() {
            break;
        }
    }
    Ok(list)
}

fn summary(revision: &RevisionView) -> String {
    let mut named: Vec<String> =
        revision.changes.iter().take(NAMED).map(|item| format!("{}{}", sign(item), name(item))).collect();
    let unnamed = revision.changed.saturating_sub(named.len() as u64);
    if unnamed > 0 {
        named.push(format!("and {unnamed} more"));
    }
    named.join(" ")
}

fn name(item: &ItemView) -> String {
    let parts = [Some(&item.env), item.namespace.as_ref(), item.key.as_ref()];
    parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join("/")
}

fn sign(item: &ItemView) -> char {
    match (item.op, item.previous) {
        (Op::Delete, _) => '-',
        (Op::Put, 0) => '+',
        (Op::Put, _) => '~',
    }
}

/// Shows one revision with its differences.
pub(super) async fn show(context: &Context<'_>, revision: u64, values: bool) -> Result<Exit> {
    let view = context.client()?.get_revision(revision).await?;
    if context.out.json {
        context.out.json(&view)?;
    } else {
        tell(context.out, &view, values)?;
    }
    Ok(Exit::Done)
}

/// Shows a revision to people: its head, then each change.
pub(super) fn tell(out: Output, view: &RevisionView, values: bool) -> io::Result<()> {
    out.line(paint(STRONG, format_args!("revision {}", view.revision)))?;
    let origin = match (view.rollback_to, view.reverts) {
        (Some(to), _) => format!(" to {to}"),
        (None, Some(revision)) => format!(" of {revision}"),
        (None, None) => String::new(),
    };
    let forced = if view.forced { ", forced" } else { "" };
    out.line(format_args!("{}{origin}{forced} by {} at {}", view.kind.as_str(), plain(&view.actor), shown(view.at)))?;
    if !view.message.is_empty() {
        out.line(format_args!("\n    {}\n", view.message.lines().map(plain).collect::<Vec<_>>().join("\n    ")))?;
    }
    if let Some(pin) = &view.pin {
        out.line(format_args!("pinned by {}: {}", plain(&pin.actor), plain(&pin.reason)))?;
    }
    if view.compacted {
        out.line("the contents were trimmed; these are the changes")?;
    }
    for item in &view.changes {
        let style = match (item.op, item.previous) {
            (Op::Delete, _) => REMOVED,
            (Op::Put, 0) => ADDED,
            (Op::Put, _) => CHANGED,
        };
        let was = if item.previous == 0 { String::new() } else { format!(" (was {})", item.previous) };
        out.line(format_args!("{} {}{}", paint(style, sign(item)), plain(&name(item)), paint(FAINT, was)))?;
        if let Some(diff) = &item.diff {
            diff::show_entry(out, diff, values)?;
        }
    }
    let unseen = view.changed.saturating_sub(view.changes.len() as u64);
    if unseen > 0 {
        out.line(format_args!("… and {}", paint::count(unseen, "more change", "more changes")))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::revisions::ItemKind;
    use time::macros::datetime;

    fn item(key: &str, op: Op, previous: u64) -> ItemView {
        ItemView {
            item: ItemKind::Entry,
            env: "dev".to_owned(),
            namespace: Some("orders".to_owned()),
            key: Some(key.to_owned()),
            op,
            format: None,
            hash: None,
            size: None,
            sealed: false,
            previous,
            diff: None,
        }
    }

    #[test]
    fn a_line_of_the_history_names_the_first_changes_and_counts_the_rest() {
        let mut revision = RevisionView {
            revision: 4,
            epoch: 1,
            at: datetime!(2026-01-31 12:00 UTC),
            actor: "ann".to_owned(),
            message: String::new(),
            kind: Kind::Publish,
            request_id: String::new(),
            rollback_to: None,
            reverts: None,
            forced: false,
            changed: 2,
            changes: vec![item("a", Op::Put, 0), item("b", Op::Delete, 3)],
            running: None,
            compacted: false,
            pin: None,
        };
        assert_eq!(summary(&revision), "+dev/orders/a -dev/orders/b");
        revision.changed = 40;
        revision.changes.extend([item("c", Op::Put, 2), item("d", Op::Put, 2)]);
        assert_eq!(summary(&revision), "+dev/orders/a -dev/orders/b ~dev/orders/c and 37 more");
    }

    #[test]
    fn an_unknown_kind_is_answered_with_the_known_ones() {
        assert_eq!(kind("revert"), Ok(Kind::Revert));
        assert!(kind("publis").unwrap_err().contains("publish, rollback"));
    }
}

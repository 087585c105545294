//! What every write shares: asking for the message that a protected environment wants, and telling what happened.

use std::io;

use anyhow::Result;

use crate::api::entries::{ChangedView, Op, PublishBody, WriteView};
use crate::api::revisions::RollbackBody;
use crate::cli::user::context::Context;
use crate::cli::user::exit::Exit;
use crate::cli::user::output::Output;
use crate::cli::user::paint::{self, ADDED, CHANGED, REMOVED, paint, plain};
use crate::client::Client;

/// How many changes are listed; the rest is counted.
const LISTED: usize = 50;

/// `-m`, of every command that writes.
#[derive(Debug, Clone, clap::Args)]
pub struct Message {
    /// Why, for the history; a protected environment wants one
    #[arg(short, long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(super) message: String,
}

impl Message {
    /// The message, when there is one.
    pub(super) fn given(&self) -> Option<&str> {
        Some(self.message.as_str()).filter(|message| !message.is_empty())
    }
}

/// Publishes; asks for a message when one is wanted.
pub(super) async fn publish(context: &Context<'_>, client: &Client, body: &mut PublishBody) -> Result<WriteView> {
    loop {
        match client.publish(body).await {
            Ok(written) => return Ok(written),
            Err(error) => body.message = context.message_for(error, &body.message)?,
        }
    }
}

/// Rolls back or reverts; asks for a message when one is wanted.
pub(super) async fn roll_back(context: &Context<'_>, client: &Client, body: &mut RollbackBody) -> Result<WriteView> {
    loop {
        match client.roll_back(body).await {
            Ok(written) => return Ok(written),
            Err(error) => body.message = context.message_for(error, &body.message)?,
        }
    }
}

/// Tells what a write did, or would do.
pub(super) fn report(out: Output, written: &WriteView) -> Result<Exit> {
    if out.json {
        out.json(written)?;
    } else {
        tell(out, written)?;
    }
    warnings(out, written);
    Ok(if written.dry_run { Exit::of_comparison(written.changed == 0) } else { Exit::Done })
}

/// What is accepted and probably not meant.
pub(super) fn warnings(out: Output, written: &WriteView) {
    for warning in &written.warnings {
        let place = format!("{}:{}:{}", warning.entry, warning.warning.line, warning.warning.column);
        out.warn(format_args!("{} {}", plain(&place), plain(&warning.warning.message)));
    }
}

fn tell(out: Output, written: &WriteView) -> io::Result<()> {
    let changed = paint::count(written.changed, "change", "changes");
    let revision = written.revision;
    match (written.changed, written.dry_run) {
        (0, true) => out.line(format_args!("nothing would change; the head is {revision}"))?,
        (0, false) => out.line(format_args!("nothing changed; the head is {revision}"))?,
        (_, true) => out.line(format_args!("would be {changed} after revision {revision}"))?,
        (_, false) => out.line(format_args!("revision {revision}: {changed}"))?,
    }
    changes(out, &written.changes)
}

/// Lists changes, one a line.
pub(super) fn changes(out: Output, changes: &[ChangedView]) -> io::Result<()> {
    for change in changes.iter().take(LISTED) {
        let (sign, style) = match (change.op, change.previous) {
            (Op::Delete, _) => ('-', REMOVED),
            (Op::Put, 0) => ('+', ADDED),
            (Op::Put, _) => ('~', CHANGED),
        };
        out.line(format_args!("  {} {}", paint(style, sign), plain(&item(change))))?;
    }
    match changes.len().saturating_sub(LISTED) {
        0 => Ok(()),
        more => out.line(format_args!("  … and {more} more")),
    }
}

fn item(change: &ChangedView) -> String {
    let parts = [Some(&change.env), change.namespace.as_ref(), change.key.as_ref()];
    parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join("/")
}

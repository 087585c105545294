//! What the agent of this machine says, for people.

use std::io;

use time::format_description::well_known::Rfc3339;

use crate::agent::block::status::{BlockStatus, Doing};
use crate::agent::control::{Done, Explained};
use crate::cli::user::output::Output;
use crate::cli::user::paint::{ADDED, CHANGED, FAINT, REMOVED, STRONG, paint, plain};

pub(super) fn status(out: Output, blocks: &[BlockStatus]) -> io::Result<()> {
    for (number, block) in blocks.iter().enumerate() {
        if number > 0 {
            out.line("")?;
        }
        out.line(format_args!("{} {}", paint(STRONG, &block.name), word(block)))?;
        let fact = |name: &str, text: &str| out.line(format_args!("  {name:<10} {}", plain(text)));
        fact("instance", &format!("{} in {}", block.id, block.environment))?;
        fact("layers", &block.namespaces.join(", "))?;
        fact("applied", &at(block.applied.as_deref()))?;
        if block.seen != block.applied {
            fact("seen", &at(block.seen.as_deref()))?;
        }
        match (&block.server, &block.outage) {
            (Some(server), _) => fact("server", server)?,
            (None, Some(outage)) => fact("server", &format!("none is heard: {outage}"))?,
            (None, None) => fact("server", "none is heard yet")?,
        }
        if block.from_cache && block.seen.is_some() {
            fact("entries", "those of this disk: no server has told anything since the start")?;
        }
        if let Some(reason) = &block.reason {
            fact("reason", reason)?;
        }
        for line in block.output.iter().flat_map(|output| output.lines()) {
            fact("", line)?;
        }
        if let Some(unhealthy) = &block.unhealthy {
            fact("not well", unhealthy)?;
        }
        if !block.missing.is_empty() {
            fact("missing", &format!("{}: their files are kept", block.missing.join(", ")))?;
        }
        if block.receipts_waiting {
            fact("receipts", "wait for a server")?;
        }
        for set in &block.sets {
            let text = match (&set.at, &set.damaged) {
                (_, Some(damaged)) => format!("{} damaged: {damaged}", set.number),
                (Some(place), None) => format!("{} of {}, {}", set.number, at(Some(place)), files(set.files)),
                (None, None) => set.number.to_string(),
            };
            fact("set", &text)?;
        }
    }
    Ok(())
}

/// A place in the history as people call it: the revision, since only one history is in use at a time.
fn at(cursor: Option<&str>) -> String {
    match cursor.map(|cursor| cursor.rsplit_once('.').map_or(cursor, |(_, revision)| revision)) {
        Some(revision) => format!("revision {revision}"),
        None => "nothing yet".to_owned(),
    }
}

fn files(count: usize) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}

fn word(block: &BlockStatus) -> String {
    let (style, word) = match block.doing {
        Doing::Waiting => (FAINT, "waiting for entries"),
        Doing::Applied if block.unhealthy.is_some() => (CHANGED, "applied, not well"),
        Doing::Applied => (ADDED, "applied"),
        Doing::Pending => (CHANGED, "about to change"),
        Doing::Rejected => (REMOVED, "rejected the newest change"),
        Doing::Retrying => (CHANGED, "tries the newest change again"),
        Doing::Broken => (REMOVED, "broken"),
    };
    let held = if block.held { format!(" {}", paint(CHANGED, "held")) } else { String::new() };
    format!("{}{held}", paint(style, word))
}

pub(super) fn done(out: Output, done: &[Done]) -> io::Result<()> {
    done.iter().try_for_each(|done| {
        let style = if done.ok { ADDED } else { REMOVED };
        out.line(format_args!("{}: {}", done.block, paint(style, plain(&done.message))))
    })
}

pub(super) fn explained(out: Output, blocks: &[Explained]) -> io::Result<()> {
    for (number, block) in blocks.iter().enumerate() {
        if number > 0 {
            out.line("")?;
        }
        out.line(paint(STRONG, &block.block))?;
        let rows = block.layers.iter().map(|layer| {
            let at = layer.at.and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default();
            [
                layer.namespace.clone(),
                if layer.wins { "wins".to_owned() } else { String::new() },
                layer.revision.map_or_else(|| "-".to_owned(), |revision| revision.to_string()),
                layer.actor.clone().unwrap_or_default(),
                at,
                match (layer.sealed, layer.bytes) {
                    (true, Some(bytes)) => format!("{bytes}, sealed"),
                    (true, None) => "sealed".to_owned(),
                    (false, bytes) => bytes.map(|bytes| bytes.to_string()).unwrap_or_default(),
                },
            ]
        });
        out.table(["LAYER", "", "REVISION", "ACTOR", "TIME", "BYTES"], rows)?;
    }
    Ok(())
}

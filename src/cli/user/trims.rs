//! `trim`, `pin`, `unpin` and `pins`.

use std::time::Duration;

use anyhow::Result;

use crate::api::trims::{PinBody, TrimBody, TrimView};
use crate::cli::user::context::Context;
use crate::cli::user::exit::Exit;
use crate::cli::user::paint;
use crate::cli::user::when::shown;
use crate::runtime::age;

#[derive(Debug, clap::Args)]
pub struct TrimArgs {
    /// Keep the newest N revisions readable
    #[arg(long, value_name = "N", required_unless_present = "older_than", conflicts_with = "older_than",
        value_parser = clap::value_parser!(u64).range(1..))]
    keep: Option<u64>,
    /// Keep readable what was there so long ago, such as 90d, and since
    #[arg(long, value_name = "AGE", value_parser = age::parse)]
    older_than: Option<Duration>,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Only show what would go
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, clap::Args)]
pub struct PinArgs {
    /// The revision to keep readable
    revision: u64,
    /// Why, for people
    #[arg(short, long, value_name = "TEXT")]
    message: String,
}

#[derive(Debug, clap::Args)]
pub struct UnpinArgs {
    /// The revision whose pin to take away
    revision: u64,
}

/// Trims the history, after showing what goes.
pub(super) async fn trim(context: &Context<'_>, args: TrimArgs) -> Result<Exit> {
    let client = context.client()?;
    let older_than_seconds = args.older_than.map(|age| age.as_secs());
    let mut body = TrimBody { keep: args.keep, older_than_seconds, dry_run: true, ..TrimBody::default() };
    let would = client.trim(&body).await?;
    if args.dry_run || would.revisions == 0 {
        return report(context, &would);
    }
    context.agreed(args.yes, &format!("{}. This cannot be undone. Go on?", sentence(&would)))?;
    body.dry_run = false;
    report(context, &client.trim(&body).await?)
}

fn report(context: &Context<'_>, view: &TrimView) -> Result<Exit> {
    let out = context.out;
    if out.json {
        out.json(view)?;
    } else if view.revisions == 0 {
        out.line(format_args!("nothing to trim: the oldest readable revision is {}", view.floor_before))?;
    } else {
        out.line(sentence(view))?;
    }
    Ok(if view.dry_run && view.revisions > 0 { Exit::Differences } else { Exit::Done })
}

fn sentence(view: &TrimView) -> String {
    let revisions = paint::count(view.revisions, "revision", "revisions");
    let bytes = view.bytes.map_or_else(String::new, |bytes| format!(" with {bytes} bytes of content"));
    let verb = if view.dry_run { "would not be" } else { "will not be" };
    format!("{revisions}{bytes} {verb} readable any more, only {} and newer ones", view.floor)
}

/// Keeps a revision readable.
pub(super) async fn pin(context: &Context<'_>, args: PinArgs) -> Result<Exit> {
    let pin = context.client()?.pin(args.revision, &PinBody { reason: args.message }).await?;
    if context.out.json {
        context.out.json(&pin)?;
    } else {
        context.out.line(format_args!("revision {} stays readable", pin.revision))?;
    }
    Ok(Exit::Done)
}

/// Takes a pin away.
pub(super) async fn unpin(context: &Context<'_>, args: UnpinArgs) -> Result<Exit> {
    context.client()?.unpin(args.revision).await?;
    if !context.out.json {
        context.out.line(format_args!("revision {} is not pinned any more", args.revision))?;
    }
    Ok(Exit::Done)
}

/// Lists the pins.
pub(super) async fn list(context: &Context<'_>) -> Result<Exit> {
    let list = context.client()?.list_pins().await?;
    let out = context.out;
    if out.json {
        out.json(&list)?;
        return Ok(Exit::Done);
    }
    let rows = list.pins.into_iter().map(|pin| [pin.revision.to_string(), shown(pin.at), pin.actor, pin.reason]);
    out.table(["REVISION", "PINNED", "BY", "WHY"], rows)?;
    Ok(Exit::Done)
}

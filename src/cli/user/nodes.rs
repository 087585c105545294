//! `status`, `lost` and `resume`.

use anyhow::Result;

use crate::api::holds::{ResumeBody, ResumeView};
use crate::cli::user::context::Context;
use crate::cli::user::environments::pairs;
use crate::cli::user::exit::Exit;
use crate::cli::user::output::Output;
use crate::cli::user::paint;
use crate::cli::user::when::shown;

/// Shows whether the server can do its work; without writes it ends as unavailable.
pub(super) async fn status(context: &Context<'_>) -> Result<Exit> {
    let client = context.client()?;
    let ready = client.get_ready().await?;
    let out = context.out;
    let exit = if ready.reads && ready.writes && !ready.draining { Exit::Done } else { Exit::Unavailable };
    if out.json {
        out.json(&ready)?;
        return Ok(exit);
    }
    let writes = match (ready.writes, ready.writes_down_since) {
        (true, _) => "yes".to_owned(),
        (false, Some(since)) => format!("no, since {}", shown(since)),
        (false, None) => "no".to_owned(),
    };
    let survives = if ready.failover_safe { "a crash and the loss of the primary database" } else { "a crash" };
    pairs(
        out,
        &[
            ("server", client.server().to_string()),
            ("reads", if ready.reads { "yes" } else { "no" }.to_owned()),
            ("writes", writes),
            ("stopping", if ready.draining { "yes" } else { "" }.to_owned()),
            ("held", if ready.held { "yes, since a restore: pintle resume ends it" } else { "" }.to_owned()),
            ("head", format!("{} in epoch {}", ready.revision, ready.epoch)),
            ("a publish survives", survives.to_owned()),
            ("rights", format!("number {}, seen {} ms ago", ready.access, ready.access_age_ms)),
        ],
    )?;
    Ok(exit)
}

#[derive(Debug, clap::Args)]
pub struct ResumeArgs {
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Only show how the store and its instances stand
    #[arg(long)]
    dry_run: bool,
}

/// Lets the instances of a restored store follow it again, after showing how they stand.
pub(super) async fn resume(context: &Context<'_>, args: ResumeArgs) -> Result<Exit> {
    let client = context.client()?;
    let out = context.out;
    let mut view = client.resume(&ResumeBody { dry_run: true }).await?;
    if view.held && !out.json {
        show_followers(out, &view)?;
    }
    if view.held && !args.dry_run {
        context.agreed(args.yes, "Let the instances follow the restored store?")?;
        view = client.resume(&ResumeBody { dry_run: false }).await?;
    }
    if out.json {
        out.json(&view)?;
    } else if !view.held {
        out.line("the store is not held: its instances follow it")?;
    } else if args.dry_run {
        out.line("the store is held: its instances keep what they run")?;
    } else {
        out.line("resumed: the instances follow the store")?;
    }
    Ok(if view.held && args.dry_run { Exit::Differences } else { Exit::Done })
}

/// Shows per namespace how many instances would go back to older content.
fn show_followers(out: Output, view: &ResumeView) -> Result<()> {
    if view.namespaces.is_empty() {
        out.line("no instance was heard of in the last 10 minutes")?;
        return Ok(());
    }
    let rows = view
        .namespaces
        .iter()
        .map(|of| [format!("{}/{}", of.env, of.namespace), of.instances.to_string(), of.ahead.to_string()]);
    out.table(["NAMESPACE", "INSTANCES", "RUN WHAT THE STORE LOST"], rows)?;
    Ok(())
}

/// Shows what a failover lost, and how to publish it again.
pub(super) async fn lost(context: &Context<'_>) -> Result<Exit> {
    let list = context.client()?.list_lost().await?;
    let out = context.out;
    if out.json {
        out.json(&list)?;
        return Ok(Exit::Done);
    }
    if list.lost.is_empty() {
        out.line("nothing was lost")?;
        return Ok(Exit::Done);
    }
    let rows = list.lost.into_iter().map(|lost| {
        let changed = paint::count(lost.revision.changed, "change", "changes");
        let again = if lost.publish.is_some() { "yes" } else { "no" };
        let number = format!("{}.{}", lost.revision.epoch, lost.revision.revision);
        [number, shown(lost.revision.at), lost.revision.actor, lost.revision.message, changed, again.to_owned()]
    });
    out.table(["LOST", "TIME", "ACTOR", "MESSAGE", "CHANGED", "CAN BE PUBLISHED"], rows)?;
    out.note("lost --json gives each one's body; publish it again with: pintle publish -f FILE");
    Ok(Exit::Done)
}

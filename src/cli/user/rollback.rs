//! `rollback` and `revert`.

use anyhow::Result;

use crate::api::entries::WriteView;
use crate::api::revisions::RollbackBody;
use crate::cli::user::context::Context;
use crate::cli::user::exit::{Exit, Stop};
use crate::cli::user::target::{self, Scope};
use crate::cli::user::wait::Wait;
use crate::cli::user::writes::{self, Message};
use crate::cli::user::{diff, history, paint};
use crate::client::{At, Client, DiffQuery};
use crate::domain::names::EntryKey;

#[derive(Debug, clap::Args)]
pub struct RollbackArgs {
    /// What to roll back
    #[arg(value_name = "ENV[/NS]", value_parser = target::place)]
    place: Scope,
    /// The revision to go to: everything becomes what it was right after it
    #[arg(long, value_name = "REVISION")]
    to: u64,
    /// Only this key of the namespace; may be repeated
    #[arg(long = "key", value_name = "KEY", value_parser = EntryKey::parse)]
    keys: Vec<EntryKey>,
    #[command(flatten)]
    message: Message,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Only show what would change
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    wait: Wait,
}

#[derive(Debug, clap::Args)]
pub struct RevertArgs {
    /// The revision to undo
    revision: u64,
    #[command(flatten)]
    message: Message,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Only show what would change
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    wait: Wait,
}

/// Goes to a revision, after showing what that changes.
pub(super) async fn roll_back(context: &Context<'_>, args: RollbackArgs) -> Result<Exit> {
    if !args.keys.is_empty() && args.place.namespace.is_none() {
        return Err(Stop::usage("--key names keys of a namespace: give ENV/NS").into());
    }
    let client = context.client()?;
    let keys: Vec<String> = args.keys.iter().map(ToString::to_string).collect();
    let mut body = RollbackBody {
        env: Some(args.place.environment.to_string()),
        namespace: args.place.namespace.as_ref().map(ToString::to_string),
        keys: Some(keys.clone()).filter(|keys| !keys.is_empty()),
        to: Some(args.to),
        message: args.message.message,
        ..RollbackBody::default()
    };
    let judged = judge(&client, &body).await?;
    if judged.changed > 0 && !context.out.json {
        let query = DiffQuery::Moments {
            environment: args.place.environment.clone(),
            namespace: args.place.namespace.clone(),
            from: At::Revision(judged.revision),
            to: Some(At::Revision(args.to)),
        };
        let mut view = client.diff(&query).await?;
        view.entries.retain(|entry| keys.is_empty() || keys.contains(&entry.key));
        diff::show(context.out, &view, false)?;
    }
    if args.dry_run || judged.changed == 0 {
        return writes::report(context.out, &judged);
    }
    let changes = paint::count(judged.changed, "change", "changes");
    context.agreed(args.yes, &format!("Roll {} back to revision {} ({changes})?", args.place, args.to))?;
    carry_out(context, &client, &mut body, &judged, args.wait).await
}

/// Undoes one revision, after showing it.
pub(super) async fn revert(context: &Context<'_>, args: RevertArgs) -> Result<Exit> {
    let client = context.client()?;
    let mut body =
        RollbackBody { revert: Some(args.revision), message: args.message.message, ..RollbackBody::default() };
    let judged = judge(&client, &body).await?;
    if judged.changed > 0 && !context.out.json {
        context.out.line("This would be undone:")?;
        history::tell(context.out, &client.get_revision(args.revision).await?, false)?;
    }
    if args.dry_run || judged.changed == 0 {
        return writes::report(context.out, &judged);
    }
    let changes = paint::count(judged.changed, "change", "changes");
    context.agreed(args.yes, &format!("Undo revision {} ({changes})?", args.revision))?;
    carry_out(context, &client, &mut body, &judged, args.wait).await
}

/// What the server judges before anybody was asked for a message. It is never stored.
const NO_MESSAGE_YET: &str = "dry run";

/// Lets the server judge. A protected environment wants a message, but whether to write one is decided by what is seen here.
async fn judge(client: &Client, body: &RollbackBody) -> Result<WriteView> {
    let message = if body.message.is_empty() { NO_MESSAGE_YET } else { &body.message };
    let body = RollbackBody { dry_run: true, message: message.to_owned(), ..body.clone() };
    Ok(client.roll_back(&body).await?)
}

async fn carry_out(
    context: &Context<'_>,
    client: &Client,
    body: &mut RollbackBody,
    judged: &WriteView,
    wait: Wait,
) -> Result<Exit> {
    let written = writes::roll_back(context, client, body).await?;
    if written.changed != judged.changed {
        // Somebody published between the preview and now. A rollback has no precondition, so this is what can be done.
        let revision = written.revision;
        context.out.warn(format_args!("more or less changed than was shown; look at it with: pintle show {revision}"));
    }
    wait.report(context, client, &written).await
}

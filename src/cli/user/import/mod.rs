//! `import`: read a directory, compare it with the server, show the difference, publish it as one change set.

mod apply;
mod plan;
mod scan;
mod show;

use std::path::PathBuf;

use anyhow::Result;

use crate::cli::user::context::Context;
use crate::cli::user::exit::{Exit, Stop};
use crate::cli::user::paint;
use crate::cli::user::target::{self, Room, Scope};
use crate::cli::user::wait::Wait;
use crate::cli::user::writes::Message;
use crate::client::{Client, EntriesQuery};
use crate::domain::limits::Limits;
use crate::domain::names::{Address, EntryKey, NamespaceName};

use plan::{Choice, Found, Plan, Present};
use scan::Tree;
pub(super) use scan::scan;

#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of the command line, each on its own")]
pub struct ImportArgs {
    /// The directory: ENV/NS/KEY… in it, unless --to says more. `.git` and `.pintle.yaml` are no entries; links are followed to
    /// files inside the directory only
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Where to: with ENV the directory holds NS/KEY…, with ENV/NS it holds keys
    #[arg(long, value_name = "ENV[/NS]", value_parser = target::place)]
    to: Option<Scope>,
    #[command(flatten)]
    message: Message,
    /// Delete entries that have no file, in the namespaces that the directory holds
    #[arg(long)]
    prune: bool,
    /// Publish several change sets, one after the other, when one is not enough; an error in the middle leaves the first ones
    #[arg(long)]
    split: bool,
    /// Write also over entries that changed since the export
    #[arg(long)]
    force: bool,
    /// Only show the differences; ends with 2 when there are any
    #[arg(long)]
    dry_run: bool,
    /// Show what changes line by line
    #[arg(long)]
    diff: bool,
    /// Do not ask; nobody is asked either when standard input is not a terminal
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    wait: Wait,
}

/// Imports a directory.
pub(super) async fn run(context: &Context<'_>, args: ImportArgs) -> Result<Exit> {
    let limits = Limits::default();
    let tree = scan(&args.directory, args.to.as_ref(), &limits)?;
    let client = context.client()?;
    let present = look(&client, &tree).await?;
    let plan = plan::plan(&tree, &present, Choice { prune: args.prune, force: args.force });
    refuse(context, &client, &tree, &plan).await?;
    let batches = plan::batches(plan.changes.clone(), &limits);
    if batches.len() > 1 && !args.split {
        let bytes: u64 = plan.changes.iter().map(plan::Change::size).sum();
        return Err(Stop::failed(format!(
            "{} of {} do not fit into one change set, which takes {} of {}; --split publishes {} of them",
            paint::count(plan.changes.len(), "change", "changes"),
            paint::size(bytes),
            limits.change_set_entries,
            paint::size(limits.change_set_bytes),
            batches.len(),
        ))
        .into());
    }
    show::summary(context.out, &plan)?;
    if args.diff {
        show::differences(context.out, &client, &plan).await?;
    }
    let mut import = apply::Import { context, client: &client, message: args.message.message, wait: args.wait };
    if args.dry_run {
        return import.judge(&plan, batches).await;
    }
    if !plan.is_empty() {
        context.agreed_or_alone(args.yes, &format!("Publish this to {}?", client.server()))?;
    }
    import.carry_out(&tree, &present, &plan, batches).await
}

/// Reads what the server has in the namespaces that the directory holds.
async fn look(client: &Client, tree: &Tree) -> Result<Present> {
    let mut present = Present::default();
    for environment in client.list_environments().await?.environments {
        let rooms: Vec<&Room> =
            tree.rooms.keys().filter(|room| room.environment.as_str() == environment.name).collect();
        let Some(first) = rooms.first() else { continue };
        present.environments.insert(first.environment.clone());
        for namespace in client.list_namespaces(&first.environment, None).await?.namespaces {
            let namespace = NamespaceName::parse(&namespace.name)?;
            let room = Room { environment: first.environment.clone(), namespace };
            if rooms.contains(&&room) {
                look_into(client, room, &mut present).await?;
            }
        }
    }
    Ok(present)
}

async fn look_into(client: &Client, room: Room, present: &mut Present) -> Result<()> {
    let query = EntriesQuery::default();
    for entry in client.list_all_entries(&room.environment, &room.namespace, &query).await?.entries {
        let address: Address = room.entry(EntryKey::parse(&entry.key)?);
        let found = Found { format: entry.format, hash: entry.hash, revision: entry.revision };
        present.entries.insert(address, found);
    }
    present.rooms.insert(room);
    Ok(())
}

/// Tells all faults and conflicts together; with any of them nothing is sent.
async fn refuse(context: &Context<'_>, client: &Client, tree: &Tree, plan: &Plan) -> Result<()> {
    let out = context.out;
    for fault in &plan.faults {
        out.note(format_args!("{}: {}", paint::plain(&fault.place), paint::plain(&fault.problem)));
    }
    for stale in &plan.stale {
        let happened = match (stale.recorded, stale.current) {
            (0, current) => format!("was not there when this was exported, and exists since revision {current}"),
            (recorded, 0) => format!("was at {recorded} when this was exported, and is deleted now"),
            (recorded, current) => format!("was at {recorded} when this was exported, and is at {current} now"),
        };
        out.note(format_args!("{} {happened}", stale.address));
        show::conflict(out, client, tree, stale).await?;
    }
    if !plan.faults.is_empty() {
        let count = paint::count(plan.faults.len(), "file cannot be imported", "files cannot be imported");
        return Err(Stop::failed(format!("{count}; nothing was sent")).into());
    }
    if !plan.stale.is_empty() {
        let count = paint::count(plan.stale.len(), "entry is", "entries are");
        let text =
            format!("{count} not what the files were made from; export again and merge, or write over with --force");
        return Err(Stop::conflict(format!("{text}; nothing was sent")).into());
    }
    Ok(())
}

//! `ls`, `get`, `put` and `rm`.

use std::io::{self, IsTerminal as _, Read as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use bytes::Bytes;

use crate::api::entries::{ChangeBody, ContentView, EntryList, Op, PublishBody};
use crate::cli::user::context::Context;
use crate::cli::user::exit::{Exit, Stop};
use crate::cli::user::target::{self, Room, Scope};
use crate::cli::user::wait::Wait;
use crate::cli::user::when::{Moment, shown};
use crate::cli::user::writes::{self, Message};
use crate::cli::user::{environments, namespaces, paint};
use crate::client::{At, Client, EntriesQuery};
use crate::domain::formats::Format;
use crate::domain::names::Address;

#[derive(Debug, clap::Args)]
pub struct LsArgs {
    /// Nothing: the environments; ENV: its namespaces; ENV/NS: its entries
    #[arg(value_name = "ENV[/NS]", value_parser = target::place)]
    place: Option<Scope>,
    /// Only keys that start with this
    #[arg(long)]
    prefix: Option<String>,
    /// As it stood then: a revision, an instant, a day, or how long ago (2h, 3d)
    #[arg(long, value_name = "WHEN")]
    at: Option<Moment>,
}

#[derive(Debug, clap::Args)]
pub struct GetArgs {
    /// The entry
    #[arg(value_name = "ENV/NS/KEY", value_parser = target::entry)]
    address: Address,
    /// As it stood then: a revision, an instant, a day, or how long ago (2h, 3d)
    #[arg(long, value_name = "WHEN")]
    at: Option<Moment>,
}

#[derive(Debug, clap::Args)]
pub struct PutArgs {
    /// The entry
    #[arg(value_name = "ENV/NS/KEY", value_parser = target::entry)]
    address: Address,
    /// Where the content is; `-`, or nothing, is standard input
    file: Option<PathBuf>,
    /// yaml, json, toml, properties, xml, env, text or binary; else the present format, else by the extension of the key
    #[arg(long)]
    format: Option<Format>,
    #[command(flatten)]
    message: Message,
    /// Only if the entry is still at this revision; 0: only if it does not exist
    #[arg(long, value_name = "N")]
    if_revision: Option<u64>,
    #[command(flatten)]
    marks: Marks,
    /// Write over an entry of a protected environment without looking
    #[arg(long)]
    force: bool,
    /// Only say what would happen
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    wait: Wait,
}

/// What becomes secret. Without a word about it, what is secret stays so, and nothing else becomes it.
#[derive(Debug, clap::Args)]
struct Marks {
    /// All of it is secret: it is sealed, and stays so
    #[arg(long, conflicts_with = "secret_paths")]
    secret: bool,
    /// This value is secret: a JSON Pointer, or the name of a property; may be repeated
    #[arg(long = "secret-path", value_name = "PATH")]
    secret_paths: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub struct RmArgs {
    /// The entries
    #[arg(value_name = "ENV/NS/KEY", required = true, value_parser = target::entry)]
    addresses: Vec<Address>,
    #[command(flatten)]
    message: Message,
    /// Only if the entry is still at this revision; with one entry only
    #[arg(long, value_name = "N")]
    if_revision: Option<u64>,
    /// Delete entries of a protected environment without looking
    #[arg(long)]
    force: bool,
    /// Only say what would happen
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    wait: Wait,
}

/// Lists environments, namespaces or entries.
pub(super) async fn list(context: &Context<'_>, args: LsArgs) -> Result<Exit> {
    let at = args.at.map(|moment| moment.at(context.surroundings.now));
    match args.place {
        Some(Scope { environment, namespace: Some(namespace), .. }) => {
            list_entries(context, Room { environment, namespace }, args.prefix, at).await
        }
        _ if args.prefix.is_some() => Err(Stop::usage("--prefix narrows keys: give it with ENV/NS").into()),
        Some(Scope { environment, .. }) => namespaces::list(context, &environment, at).await,
        None if at.is_some() => Err(Stop::usage("--at needs ENV or ENV/NS").into()),
        None => environments::list(context).await,
    }
}

async fn list_entries(context: &Context<'_>, room: Room, prefix: Option<String>, at: Option<At>) -> Result<Exit> {
    let query = EntriesQuery { prefix, at, ..EntriesQuery::default() };
    let listing = context.client()?.list_all_entries(&room.environment, &room.namespace, &query).await?;
    if context.out.json {
        context.out.json(&EntryList { entries: listing.entries, next: None })?;
        return Ok(Exit::Done);
    }
    let rows = listing.entries.into_iter().map(|entry| {
        let (format, size) = (entry.format.as_str().to_owned(), paint::size(entry.size));
        [entry.key, format, size, entry.revision.to_string(), shown(entry.at), entry.actor]
    });
    context.out.table(["KEY", "FORMAT", "SIZE", "REVISION", "CHANGED", "BY"], rows)?;
    Ok(Exit::Done)
}

/// Prints the content of an entry.
pub(super) async fn get(context: &Context<'_>, args: GetArgs) -> Result<Exit> {
    let at = args.at.map(|moment| moment.at(context.surroundings.now));
    let client = context.client()?;
    if context.out.json {
        context.out.json(&client.get_entry(&args.address, at).await?)?;
    } else {
        context.out.bytes(&client.get_content(&args.address, at).await?)?;
    }
    Ok(Exit::Done)
}

/// Creates or replaces an entry.
pub(super) async fn put(context: &Context<'_>, args: PutArgs) -> Result<Exit> {
    let client = context.client()?;
    let bytes = read(context, args.file)?;
    let Marks { secret, secret_paths } = args.marks;
    let change = ChangeBody {
        secret: secret.then_some(true),
        secret_paths: Some(secret_paths).filter(|paths| !paths.is_empty()),
        ..put_change(&args.address, &bytes, args.format, args.if_revision)
    };
    let mut body =
        PublishBody { message: args.message.message, changes: vec![change], dry_run: args.dry_run, force: args.force };
    let written = writes::publish(context, &client, &mut body).await?;
    args.wait.report(context, &client, &written).await
}

fn read(context: &Context<'_>, file: Option<PathBuf>) -> Result<Bytes> {
    if let Some(path) = file.filter(|path| path.as_os_str() != "-") {
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        return Ok(bytes.into());
    }
    if io::stdin().is_terminal() {
        context.out.note("reading the content from the terminal; Ctrl-D ends it");
    }
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes).context("cannot read standard input")?;
    Ok(bytes.into())
}

/// The change that puts an entry.
pub(super) fn put_change(
    address: &Address,
    content: &[u8],
    format: Option<Format>,
    if_revision: Option<u64>,
) -> ChangeBody {
    let ContentView { content, content_base64 } = ContentView::of(content);
    ChangeBody { format, content, content_base64, ..change(address, Op::Put, if_revision) }
}

/// The change that deletes an entry.
pub(super) fn delete_change(address: &Address, if_revision: Option<u64>) -> ChangeBody {
    change(address, Op::Delete, if_revision)
}

fn change(address: &Address, op: Op, if_revision: Option<u64>) -> ChangeBody {
    ChangeBody {
        secret: None,
        secret_paths: None,
        env: address.environment.to_string(),
        namespace: address.namespace.to_string(),
        key: address.key.to_string(),
        op,
        format: None,
        content: None,
        content_base64: None,
        if_revision,
    }
}

/// Deletes entries.
pub(super) async fn remove(context: &Context<'_>, args: RmArgs) -> Result<Exit> {
    let client = context.client()?;
    let changes = match (args.if_revision, args.addresses.as_slice()) {
        (Some(revision), [address]) => vec![delete_change(address, Some(revision))],
        (Some(_), _) => return Err(Stop::usage("--if-revision speaks of one entry: give only one").into()),
        (None, addresses) => looked_at(context, &client, addresses, args.yes || args.dry_run).await?,
    };
    let mut body = PublishBody { message: args.message.message, changes, dry_run: args.dry_run, force: args.force };
    let written = writes::publish(context, &client, &mut body).await?;
    args.wait.report(context, &client, &written).await
}

/// Makes sure that the entries are there, shows them and asks; what a person was shown becomes the precondition.
async fn looked_at(
    context: &Context<'_>,
    client: &Client,
    addresses: &[Address],
    unasked: bool,
) -> Result<Vec<ChangeBody>> {
    let mut changes = Vec::with_capacity(addresses.len());
    for address in addresses {
        let entry = client.get_entry(address, None).await?;
        changes.push(delete_change(address, Some(entry.revision).filter(|_| !unasked)));
        if !unasked {
            let (size, actor) = (paint::size(entry.size), paint::plain(&entry.actor).into_owned());
            let seen = format!("{size}, revision {} of {} by {actor}", entry.revision, shown(entry.at));
            context.out.note(format_args!("{address}: {seen}"));
        }
    }
    context.agreed(unasked, &format!("Delete {}?", paint::count(addresses.len(), "entry", "entries")))?;
    Ok(changes)
}

//! `audit`: who did what, whether the record is whole, and how much of it is kept.

mod beside;

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand, ValueEnum};

use crate::api::PAGE_MAX;
use crate::api::audit::{AuditFile, AuditList, AuditRow, Format};
use crate::cli::user::context::Context;
use crate::cli::user::exit::Exit;
use crate::cli::user::paint;
use crate::cli::user::target::{self, Scope};
use crate::cli::user::when::{Instant, shown};
use crate::client::{AuditQuery, Client};

/// What can be done with the audit.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// List rows, newest first
    Ls(LsArgs),
    /// Write all rows as CSV or JSON
    Export(ExportArgs),
    /// Check every row, straight from the database; ends with 1 when something was changed
    Verify(beside::VerifyArgs),
    /// Cut off old rows, straight in the database, so that the rest can still be verified
    Trim(beside::TrimArgs),
}

/// Which rows.
#[derive(Debug, Args)]
struct FilterArgs {
    /// Only of this environment or namespace
    #[arg(value_name = "ENV[/NS]", value_parser = target::place)]
    place: Option<Scope>,
    /// Only by this user, or `anonymous`, or `system`
    #[arg(long, value_name = "USER")]
    actor: Option<String>,
    /// Only this action, such as publish or denied
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,
    /// Only targets with this text in them
    #[arg(long, value_name = "TEXT")]
    target: Option<String>,
    /// Only since then: an instant, a day, or how long ago (2h, 3d)
    #[arg(long, value_name = "WHEN")]
    since: Option<Instant>,
    /// Only until then, written alike
    #[arg(long, value_name = "WHEN")]
    until: Option<Instant>,
}

#[derive(Debug, Args)]
pub struct LsArgs {
    #[command(flatten)]
    filter: FilterArgs,
    /// How many
    #[arg(short = 'n', long = "number", value_name = "N", default_value_t = 20)]
    number: usize,
}

#[derive(Debug, Args)]
pub struct ExportArgs {
    #[command(flatten)]
    filter: FilterArgs,
    /// As what
    #[arg(long, value_enum, default_value_t)]
    format: FormatArg,
    /// The file; standard output when absent
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// What rows are written as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum FormatArg {
    /// A table, safe to open in a spreadsheet.
    #[default]
    Csv,
    /// A JSON array, as the API gives it.
    Json,
}

pub(super) async fn run(context: &Context<'_>, command: AuditCommand) -> Result<Exit> {
    match command {
        AuditCommand::Ls(args) => list(context, args).await,
        AuditCommand::Export(args) => export(context, args).await,
        AuditCommand::Verify(args) => beside::verify(context, args).await,
        AuditCommand::Trim(args) => beside::trim(context, args).await,
    }
}

fn query(context: &Context<'_>, filter: FilterArgs) -> AuditQuery {
    let now = context.surroundings.now;
    let (environment, namespace) = filter.place.map(|place| (place.environment, place.namespace)).unzip();
    AuditQuery {
        actor: filter.actor,
        action: filter.action,
        environment,
        namespace: namespace.flatten(),
        target: filter.target,
        since: filter.since.map(|instant| instant.at(now)),
        until: filter.until.map(|instant| instant.at(now)),
        before: None,
        limit: None,
    }
}

async fn list(context: &Context<'_>, args: LsArgs) -> Result<Exit> {
    let list = pages(&context.client()?, query(context, args.filter), args.number).await?;
    let out = context.out;
    if out.json {
        out.json(&list)?;
        return Ok(Exit::Done);
    }
    let more = list.next.is_some();
    let rows = list.rows.into_iter().map(|row| {
        let details = details(&row);
        [shown(row.at), row.actor, row.action, row.target, row.address.unwrap_or_default(), details]
    });
    out.table(["TIME", "ACTOR", "ACTION", "TARGET", "FROM", "DETAILS"], rows)?;
    if more {
        out.note("there is more; -n N shows more of it");
    }
    Ok(Exit::Done)
}

/// What else a row says, for people.
fn details(row: &AuditRow) -> String {
    let revision = row.revision.map(|revision| format!("revision {revision}"));
    let count = row.count.map(|count| paint::count(count, "time", "times"));
    let values = row.after.as_ref().or(row.before.as_ref()).map(ToString::to_string);
    let parts = [revision, count, row.message.clone().filter(|text| !text.is_empty()), values];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// As many rows as are wanted, from as many pages as that takes.
async fn pages(client: &Client, mut query: AuditQuery, number: usize) -> Result<AuditList> {
    let mut list = AuditList { rows: Vec::new(), next: None };
    while list.rows.len() < number {
        let missing = number - list.rows.len();
        query.limit = Some(u32::try_from(missing).unwrap_or(PAGE_MAX).min(PAGE_MAX));
        let page = client.list_audit(&query).await?;
        list.rows.extend(page.rows);
        query.before.clone_from(&page.next);
        list.next = page.next;
        if list.next.is_none() {
            break;
        }
    }
    Ok(list)
}

async fn export(context: &Context<'_>, args: ExportArgs) -> Result<Exit> {
    let client = context.client()?;
    let mut query = AuditQuery { limit: Some(PAGE_MAX), ..query(context, args.filter) };
    let mut to: Box<dyn Write + Send> = match &args.output {
        Some(path) => Box::new(File::create(path).with_context(|| format!("cannot write {}", path.display()))?),
        None => Box::new(io::stdout()),
    };
    let mut file = AuditFile::new(match args.format {
        FormatArg::Csv => Format::Csv,
        FormatArg::Json => Format::Json,
    });
    loop {
        let page = client.list_audit(&query).await?;
        let last = page.next.is_none();
        to.write_all(file.page(&page.rows, last).as_bytes())?;
        query.before = page.next;
        if last {
            break;
        }
    }
    to.flush()?;
    if let Some(path) = args.output {
        context.out.note(format_args!("{} in {}", paint::count(file.rows(), "row", "rows"), path.display()));
    }
    Ok(Exit::Done)
}

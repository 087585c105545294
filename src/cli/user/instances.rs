//! `instances`: who is there, and what runs where.

use anyhow::Result;

use crate::api::PAGE_MAX;
use crate::api::instances::{Condition, InstanceList, InstanceView, Presence};
use crate::cli::user::context::Context;
use crate::cli::user::environments::pairs;
use crate::cli::user::exit::Exit;
use crate::cli::user::paint::{self, plain};
use crate::cli::user::when::{Moment, shown};
use crate::client::{At, Client, InstancesQuery};
use crate::domain::instances::Selector;
use crate::domain::names::{EnvironmentName, InstanceId, NamespaceName};

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct InstancesArgs {
    #[command(subcommand)]
    command: Option<InstancesCommand>,
    /// The environment
    #[arg(value_name = "ENV", required = true, value_parser = EnvironmentName::parse)]
    environment: Option<EnvironmentName>,
    /// Only those that run on this namespace
    #[arg(long, value_name = "NS", value_parser = NamespaceName::parse)]
    namespace: Option<NamespaceName>,
    /// Only those that are live, late or gone, stand `in_sync`, behind, rejected, held or unknown, or are drifted, broken,
    /// unhealthy or missing entries
    #[arg(long, value_name = "STATE", value_parser = clap::builder::PossibleValuesParser::new(Selector::words()), hide_possible_values = true)]
    state: Option<String>,
    /// Only those that run this revision
    #[arg(long, value_name = "N")]
    revision: Option<u64>,
    /// Only those with this label; may be repeated
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = label)]
    labels: Vec<(String, String)>,
    /// Only those of this service
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// What they ran then: a revision, an instant, a time of the day in UTC (14:03), or how long ago (2h, 3d)
    #[arg(long, value_name = "WHEN")]
    at: Option<Moment>,
}

#[derive(Debug, clap::Subcommand)]
enum InstancesCommand {
    /// Show one instance
    Show {
        /// Its environment
        #[arg(value_name = "ENV", value_parser = EnvironmentName::parse)]
        environment: EnvironmentName,
        /// Its id
        #[arg(value_name = "ID", value_parser = InstanceId::parse)]
        id: InstanceId,
        /// What it ran then: a revision, an instant, a time of the day in UTC (14:03), or how long ago (2h, 3d)
        #[arg(long, value_name = "WHEN")]
        at: Option<Moment>,
    },
}

fn label(text: &str) -> Result<(String, String), &'static str> {
    let parts = text.split_once('=').filter(|(name, _)| !name.is_empty());
    parts.map(|(name, value)| (name.to_owned(), value.to_owned())).ok_or("must be NAME=VALUE")
}

/// Lists instances, or shows one.
pub(super) async fn run(context: &Context<'_>, args: InstancesArgs) -> Result<Exit> {
    let now = context.surroundings.now;
    if let Some(InstancesCommand::Show { environment, id, at }) = args.command {
        return show(context, &environment, &id, at.map(|moment| moment.at(now))).await;
    }
    let query = InstancesQuery {
        namespace: args.namespace,
        revision: args.revision,
        state: args.state,
        labels: args.labels,
        service: args.service,
        at: args.at.map(|moment| moment.at(now)),
        cursor: None,
        limit: Some(PAGE_MAX),
    };
    match args.environment {
        Some(environment) => list(context, &environment, query).await,
        // The command line does not parse without one.
        None => Ok(Exit::Usage),
    }
}

async fn list(context: &Context<'_>, environment: &EnvironmentName, query: InstancesQuery) -> Result<Exit> {
    let list = pages(&context.client()?, environment, query).await?;
    let out = context.out;
    if out.json {
        out.json(&list)?;
        return Ok(Exit::Done);
    }
    let rows = list.instances.into_iter().map(|it| {
        let runs = it.revision.map_or_else(|| "-".to_owned(), |revision| revision.to_string());
        [it.id.clone(), it.presence.as_str().to_owned(), condition(&it), runs, it.namespaces.join(", "), it.service]
    });
    out.table(["INSTANCE", "PRESENCE", "STATE", "REVISION", "NAMESPACES", "SERVICE"], rows)?;
    Ok(Exit::Done)
}

async fn pages(client: &Client, environment: &EnvironmentName, mut query: InstancesQuery) -> Result<InstanceList> {
    let mut all = Vec::new();
    loop {
        let page = client.list_instances(environment, &query).await?;
        all.extend(page.instances);
        query.cursor = page.next;
        if query.cursor.is_none() {
            return Ok(InstanceList { instances: all, next: None, summary: None });
        }
    }
}

/// How it stands, with what a person wants to know at first sight.
fn condition(instance: &InstanceView) -> String {
    let behind = format!("{} behind", instance.behind);
    let mut words = match (instance.condition, instance.behind) {
        (Condition::Behind, _) => vec![behind],
        (condition, 0) => vec![condition.as_str().to_owned()],
        (condition, _) => vec![condition.as_str().to_owned(), behind],
    };
    if instance.unhealthy {
        words.push("unhealthy".to_owned());
    }
    if instance.rejected.as_ref().is_some_and(|rejected| rejected.broken) {
        words.push("broken".to_owned());
    }
    if !instance.missing.is_empty() {
        words.push(format!("{} missing", paint::count(instance.missing.len(), "entry", "entries")));
    }
    if instance.duplicate_id {
        words.push("duplicate id".to_owned());
    }
    words.join(", ")
}

async fn show(context: &Context<'_>, environment: &EnvironmentName, id: &InstanceId, at: Option<At>) -> Result<Exit> {
    let it = context.client()?.get_instance(environment, id, at).await?;
    let out = context.out;
    if out.json {
        out.json(&it)?;
        return Ok(Exit::Done);
    }
    let runs = match (it.revision, it.applied_at) {
        (Some(revision), Some(at)) => format!("revision {revision}, since {}", shown(at)),
        (Some(revision), None) => format!("revision {revision}"),
        (None, _) => "it has not said so".to_owned(),
    };
    let ended = if it.presence == Presence::Live { "" } else { "; what it ran is what it said last" };
    let labels: Vec<String> = it.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let stands = condition(&it);
    let rejected = it.rejected.as_ref().map(|rejected| {
        let reason = rejected.reason.as_deref().unwrap_or("without a reason");
        format!("revision {} at {}: {reason}", rejected.revision, shown(rejected.at))
    });
    pairs(
        out,
        &[
            ("instance", format!("{} in {}", it.id, it.environment)),
            ("service", it.service),
            ("presence", format!("{} since {}{ended}", it.presence.as_str(), shown(it.presence_since))),
            ("state", stands),
            ("runs", runs),
            ("rejected", rejected.unwrap_or_default()),
            ("missing", it.missing.join(", ")),
            ("namespaces", it.namespaces.join(", ")),
            ("labels", labels.join(", ")),
            ("address", it.address.unwrap_or_default()),
            ("version", it.version.unwrap_or_default()),
            ("agent", it.agent.unwrap_or_default()),
            ("owner", it.owner),
        ],
    )?;
    if let Some(output) = it.rejected.and_then(|rejected| rejected.output) {
        for line in output.trim_end().lines() {
            out.line(format_args!("  {}", plain(line)))?;
        }
    }
    Ok(Exit::Done)
}

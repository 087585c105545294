//! `env`, `freeze` and `unfreeze`.

use anyhow::Result;

use crate::api::environments::{EnvironmentBody, EnvironmentView, FreezeBody};
use crate::cli::user::context::Context;
use crate::cli::user::exit::{Exit, Stop};
use crate::cli::user::output::Output;
use crate::cli::user::paint::plain;
use crate::cli::user::writes::{self, Message};
use crate::domain::changes::Tier;
use crate::domain::names::EnvironmentName;

#[derive(Debug, clap::Subcommand)]
pub enum EnvCommand {
    /// List the environments
    Ls,
    /// Create an environment, or set the attributes of one; those left out stay as they are
    Create(CreateArgs),
    /// Show an environment
    Show {
        /// Its name
        #[arg(value_name = "ENV", value_parser = EnvironmentName::parse)]
        environment: EnvironmentName,
    },
    /// Delete an environment without namespaces
    Rm {
        /// Its name
        #[arg(value_name = "ENV", value_parser = EnvironmentName::parse)]
        environment: EnvironmentName,
        #[command(flatten)]
        message: Message,
    },
}

#[derive(Debug, clap::Args)]
pub struct CreateArgs {
    /// Its name
    #[arg(value_name = "ENV", value_parser = EnvironmentName::parse)]
    environment: EnvironmentName,
    /// How much it matters: `prod` protects it
    #[arg(long, value_enum)]
    tier: Option<TierName>,
    /// Its colour in the console, as #rrggbb
    #[arg(long, value_name = "#RRGGBB")]
    colour: Option<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    #[command(flatten)]
    message: Message,
}

/// The tiers, as the command line has them.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum TierName {
    Dev,
    Test,
    Staging,
    Prod,
}

impl From<TierName> for Tier {
    fn from(name: TierName) -> Self {
        match name {
            TierName::Dev => Self::Dev,
            TierName::Test => Self::Test,
            TierName::Staging => Self::Staging,
            TierName::Prod => Self::Prod,
        }
    }
}

#[derive(Debug, clap::Args)]
pub struct FreezeArgs {
    /// The environment
    #[arg(value_name = "ENV", value_parser = EnvironmentName::parse)]
    environment: EnvironmentName,
    /// Why; shown to everybody whose publish is refused
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Debug, clap::Args)]
pub struct UnfreezeArgs {
    /// The environment
    #[arg(value_name = "ENV", value_parser = EnvironmentName::parse)]
    environment: EnvironmentName,
    #[command(flatten)]
    message: Message,
}

pub(super) async fn run(context: &Context<'_>, command: EnvCommand) -> Result<Exit> {
    match command {
        EnvCommand::Ls => list(context).await,
        EnvCommand::Create(args) => create(context, args).await,
        EnvCommand::Show { environment } => show(context, &environment).await,
        EnvCommand::Rm { environment, message } => {
            let written = context.client()?.delete_environment(&environment, message.given()).await?;
            writes::report(context.out, &written)
        }
    }
}

pub(super) async fn freeze(context: &Context<'_>, args: FreezeArgs) -> Result<Exit> {
    let body = FreezeBody { reason: args.reason };
    let written = context.client()?.freeze(&args.environment, &body).await?;
    writes::report(context.out, &written)
}

pub(super) async fn unfreeze(context: &Context<'_>, args: UnfreezeArgs) -> Result<Exit> {
    let written = context.client()?.unfreeze(&args.environment, args.message.given()).await?;
    writes::report(context.out, &written)
}

/// Lists the environments.
pub(super) async fn list(context: &Context<'_>) -> Result<Exit> {
    let list = context.client()?.list_environments().await?;
    if context.out.json {
        context.out.json(&list)?;
        return Ok(Exit::Done);
    }
    let rows = list.environments.into_iter().map(|environment| {
        let state = state(&environment);
        let tier = tier(&environment).to_owned();
        [environment.name, tier, state, environment.revision.to_string(), environment.description]
    });
    context.out.table(["ENVIRONMENT", "TIER", "STATE", "REVISION", "DESCRIPTION"], rows)?;
    Ok(Exit::Done)
}

async fn create(context: &Context<'_>, args: CreateArgs) -> Result<Exit> {
    let client = context.client()?;
    let present = match client.get_environment(&args.environment).await {
        Ok(view) => Some(view),
        Err(error) if error.problem().is_some_and(|problem| problem.status == 404) => None,
        Err(error) => return Err(error.into()),
    };
    let said = args.tier.is_some() || args.colour.is_some() || args.description.is_some();
    if present.is_some() && !said {
        return Err(Stop::conflict(format!("{} exists; say what to change about it", args.environment)).into());
    }
    // A PUT replaces all attributes, so those that nobody spoke of are sent as they are.
    let (tier, colour, description) =
        present.map_or((None, None, None), |view| (view.tier, view.colour, Some(view.description)));
    let body = EnvironmentBody {
        tier: args.tier.map(Tier::from).or(tier),
        colour: args.colour.or(colour),
        description: args.description.or(description),
        message: args.message.given().map(str::to_owned),
    };
    let written = client.put_environment(&args.environment, &body).await?;
    writes::report(context.out, &written)
}

async fn show(context: &Context<'_>, environment: &EnvironmentName) -> Result<Exit> {
    let view = context.client()?.get_environment(environment).await?;
    let out = context.out;
    if out.json {
        out.json(&view)?;
        return Ok(Exit::Done);
    }
    pairs(
        out,
        &[
            ("environment", view.name.clone()),
            ("tier", tier(&view).to_owned()),
            ("protected", if view.protected { "yes" } else { "no" }.to_owned()),
            ("frozen", frozen(&view).unwrap_or_else(|| "no".to_owned())),
            ("colour", view.colour.clone().unwrap_or_default()),
            ("description", view.description.clone()),
            ("revision", view.revision.to_string()),
        ],
    )?;
    Ok(Exit::Done)
}

/// Names and values, one pair a line.
pub(super) fn pairs<const N: usize>(out: Output, pairs: &[(&str, String); N]) -> std::io::Result<()> {
    let width = pairs.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        out.line(format_args!("{name:width$}  {}", plain(value)))?;
    }
    Ok(())
}

fn tier(view: &EnvironmentView) -> &'static str {
    match view.tier {
        None => "",
        Some(Tier::Dev) => "dev",
        Some(Tier::Test) => "test",
        Some(Tier::Staging) => "staging",
        Some(Tier::Prod) => "prod",
    }
}

fn frozen(view: &EnvironmentView) -> Option<String> {
    view.frozen.as_ref().map(|freeze| format!("frozen by {}: {}", freeze.by, freeze.reason))
}

fn state(view: &EnvironmentView) -> String {
    let protected = view.protected.then(|| "protected".to_owned());
    [protected, frozen(view)].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

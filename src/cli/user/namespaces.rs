//! `ns`.

use anyhow::Result;

use crate::api::namespaces::NamespaceBody;
use crate::cli::user::context::Context;
use crate::cli::user::exit::{Exit, Stop};
use crate::cli::user::paint;
use crate::cli::user::target::{self, Room};
use crate::cli::user::writes::{self, Message};
use crate::client::At;
use crate::domain::names::EnvironmentName;

#[derive(Debug, clap::Subcommand)]
pub enum NsCommand {
    /// List the namespaces of an environment
    Ls {
        /// The environment
        #[arg(value_name = "ENV", value_parser = EnvironmentName::parse)]
        environment: EnvironmentName,
    },
    /// Create a namespace, or change its description
    Create {
        /// Its address
        #[arg(value_name = "ENV/NS", value_parser = target::room)]
        room: Room,
        /// What it is for
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
        #[command(flatten)]
        message: Message,
    },
    /// Delete a namespace with its entries; a rollback brings it back
    Rm {
        /// Its address
        #[arg(value_name = "ENV/NS", value_parser = target::room)]
        room: Room,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
        #[command(flatten)]
        message: Message,
    },
}

pub(super) async fn run(context: &Context<'_>, command: NsCommand) -> Result<Exit> {
    match command {
        NsCommand::Ls { environment } => list(context, &environment, None).await,
        NsCommand::Create { room, description, message } => create(context, &room, description, &message).await,
        NsCommand::Rm { room, yes, message } => remove(context, &room, yes, &message).await,
    }
}

/// Lists the namespaces of an environment.
pub(super) async fn list(context: &Context<'_>, environment: &EnvironmentName, at: Option<At>) -> Result<Exit> {
    let list = context.client()?.list_namespaces(environment, at).await?;
    if context.out.json {
        context.out.json(&list)?;
        return Ok(Exit::Done);
    }
    let rows = list.namespaces.into_iter().map(|namespace| {
        let (entries, size) = (namespace.entries.to_string(), paint::size(namespace.bytes));
        [namespace.name, entries, size, namespace.revision.to_string(), namespace.description]
    });
    context.out.table(["NAMESPACE", "ENTRIES", "SIZE", "REVISION", "DESCRIPTION"], rows)?;
    Ok(Exit::Done)
}

async fn create(context: &Context<'_>, room: &Room, description: Option<String>, message: &Message) -> Result<Exit> {
    let client = context.client()?;
    match client.get_namespace(&room.environment, &room.namespace).await {
        // Sending no description would clear the one that is there.
        Ok(_) if description.is_none() => {
            return Err(Stop::conflict(format!("{room} exists; give --description to change it")).into());
        }
        Ok(_) => {}
        Err(error) if error.problem().is_some_and(|problem| problem.status == 404) => {}
        Err(error) => return Err(error.into()),
    }
    let body = NamespaceBody { description, message: message.given().map(str::to_owned), ..NamespaceBody::default() };
    let written = client.put_namespace(&room.environment, &room.namespace, &body).await?;
    writes::report(context.out, &written)
}

async fn remove(context: &Context<'_>, room: &Room, yes: bool, message: &Message) -> Result<Exit> {
    let client = context.client()?;
    let view = client.get_namespace(&room.environment, &room.namespace).await?;
    let impact = format!("{} ({})", paint::count(view.entries, "entry", "entries"), paint::size(view.bytes));
    context.agreed(yes, &format!("Delete {room} with {impact}?"))?;
    let written = client.delete_namespace(&room.environment, &room.namespace, true, message.given()).await?;
    writes::report(context.out, &written)
}

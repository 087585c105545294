//! `group`.

use anyhow::Result;

use crate::api::groups::{GroupBody, GroupList, GroupView};
use crate::cli::user::context::Context;
use crate::cli::user::exit::Exit;
use crate::cli::user::paint::{self, plain};
use crate::client::Client;
use crate::domain::names::{GroupName, UserName};

#[derive(Debug, clap::Subcommand)]
pub enum GroupCommand {
    /// List the groups, or the members of one
    Ls {
        /// The group
        #[arg(value_parser = GroupName::parse)]
        name: Option<GroupName>,
    },
    /// Set the members that are kept at the server; whoever is left out leaves, members by a provider stay
    Set {
        /// The group; it need not exist
        #[arg(value_parser = GroupName::parse)]
        name: GroupName,
        /// All of its members
        #[arg(value_name = "USER", value_parser = UserName::parse)]
        members: Vec<UserName>,
    },
    /// Take everything from a group: its grants, and the members that are kept at the server
    Rm {
        /// The group
        #[arg(value_parser = GroupName::parse)]
        name: GroupName,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

pub(super) async fn run(context: &Context<'_>, command: GroupCommand) -> Result<Exit> {
    let client = context.client()?;
    match command {
        GroupCommand::Ls { name: None } => list(context, &client).await,
        GroupCommand::Ls { name: Some(name) } => show(context, &client.get_group(&name).await?),
        GroupCommand::Set { name, members } => {
            let body = GroupBody { members: members.into_iter().map(String::from).collect() };
            show(context, &client.put_group(&name, &body).await?)
        }
        GroupCommand::Rm { name, yes } => {
            let group = client.get_group(&name).await?;
            let members = paint::count(group.members.len(), "member", "members");
            let grants = paint::count(group.grants.len(), "grant", "grants");
            context.agreed(yes, &format!("Delete group {name} with {members} and {grants}?"))?;
            client.delete_group(&name).await?;
            context.out.note(format_args!("group {name} is gone"));
            Ok(Exit::Done)
        }
    }
}

async fn list(context: &Context<'_>, client: &Client) -> Result<Exit> {
    let (mut groups, mut after) = (Vec::new(), None);
    loop {
        let page = client.list_groups(after.as_deref()).await?;
        groups.extend(page.groups);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    if context.out.json {
        context.out.json(&GroupList { groups, next: None })?;
        return Ok(Exit::Done);
    }
    let rows = groups.into_iter().map(|group| {
        let mut members: Vec<String> = group.members.into_iter().map(|member| member.user).collect();
        members.dedup();
        [group.name, group.grants.len().to_string(), members.join(", ")]
    });
    context.out.table(["GROUP", "GRANTS", "MEMBERS"], rows)?;
    Ok(Exit::Done)
}

fn show(context: &Context<'_>, group: &GroupView) -> Result<Exit> {
    let out = context.out;
    if out.json {
        out.json(group)?;
        return Ok(Exit::Done);
    }
    if group.members.is_empty() {
        out.line(format_args!("nobody is in {}", plain(&group.name)))?;
    } else {
        let rows = group.members.iter().map(|member| [member.user.clone(), member.source.clone()]);
        out.table(["MEMBER", "KEPT BY"], rows)?;
    }
    Ok(Exit::Done)
}

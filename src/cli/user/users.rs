//! `user`.

use anyhow::Result;

use crate::api::users::{UserBody, UserChangeBody, UserList};
use crate::cli::user::context::Context;
use crate::cli::user::exit::Exit;
use crate::cli::user::paint::plain;
use crate::cli::user::when::shown;
use crate::client::Client;
use crate::domain::access::UserKind;
use crate::domain::names::UserName;

#[derive(Debug, clap::Subcommand)]
pub enum UsersCommand {
    /// List the users
    Ls,
    /// Make a user, who holds nothing yet; prints the one-time password of a person, this only time
    Add {
        /// The login name
        #[arg(value_parser = UserName::parse)]
        name: UserName,
        /// It is a program, which has tokens and no password
        #[arg(long)]
        service: bool,
    },
    /// Let a user do nothing any more; its sessions and streams end at once
    Disable {
        /// The login name
        #[arg(value_parser = UserName::parse)]
        name: UserName,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Let a disabled user do again what it holds
    Enable {
        /// The login name
        #[arg(value_parser = UserName::parse)]
        name: UserName,
    },
    /// Give a person a one-time password and print it, this only time; its sessions end, its tokens stay
    Reset {
        /// The login name
        #[arg(value_parser = UserName::parse)]
        name: UserName,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

pub(super) async fn run(context: &Context<'_>, command: UsersCommand) -> Result<Exit> {
    let client = context.client()?;
    match command {
        UsersCommand::Ls => list(context, &client).await,
        UsersCommand::Add { name, service } => add(context, &client, &name, service).await,
        UsersCommand::Disable { name, yes } => {
            context.agreed(yes, &format!("Disable {name}? Its sessions and streams end at once."))?;
            disable(context, &client, &name, true).await
        }
        UsersCommand::Enable { name } => disable(context, &client, &name, false).await,
        UsersCommand::Reset { name, yes } => {
            context.agreed(yes, &format!("Reset the password of {name}? Its sessions end."))?;
            let reset = client.reset_password(&name).await?;
            if context.out.json {
                context.out.json(&reset)?;
            } else {
                context.out.line(&reset.one_time_password)?;
                context.out.note(format_args!("one-time password of {name}: pintle login asks for a new one"));
            }
            Ok(Exit::Done)
        }
    }
}

async fn list(context: &Context<'_>, client: &Client) -> Result<Exit> {
    let (mut users, mut after) = (Vec::new(), None);
    loop {
        let page = client.list_users(after.as_deref()).await?;
        users.extend(page.users);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    if context.out.json {
        context.out.json(&UserList { users, next: None })?;
        return Ok(Exit::Done);
    }
    let rows = users.into_iter().map(|user| {
        let mut groups: Vec<String> = user.groups.into_iter().map(|membership| membership.group).collect();
        groups.dedup();
        let state = if user.disabled { "disabled" } else { "" };
        let provider = user.provider.unwrap_or_default();
        [
            user.name,
            user.kind.as_str().to_owned(),
            state.to_owned(),
            provider,
            groups.join(", "),
            shown(user.created_at),
        ]
    });
    context.out.table(["USER", "KIND", "STATE", "PROVIDER", "GROUPS", "CREATED"], rows)?;
    Ok(Exit::Done)
}

async fn add(context: &Context<'_>, client: &Client, name: &UserName, service: bool) -> Result<Exit> {
    let kind = if service { UserKind::Service } else { UserKind::Person };
    let made = client.create_user(&UserBody { name: name.to_string(), kind }).await?;
    let out = context.out;
    if out.json {
        out.json(&made)?;
        return Ok(Exit::Done);
    }
    if let Some(password) = &made.one_time_password {
        out.line(password)?;
        out.note(format_args!("one-time password of {name}: pintle login asks for a new one"));
    } else {
        out.note(format_args!("service {name} is made"));
    }
    out.note(format_args!("{name} holds nothing yet: pintle grant add {name} ROLE ENV/NS"));
    Ok(Exit::Done)
}

async fn disable(context: &Context<'_>, client: &Client, name: &UserName, disabled: bool) -> Result<Exit> {
    let user = client.put_user(name, &UserChangeBody { disabled }).await?;
    if context.out.json {
        context.out.json(&user)?;
    } else {
        let state = if user.disabled { "disabled" } else { "enabled" };
        context.out.note(format_args!("{} is {state}", plain(&user.name)));
    }
    Ok(Exit::Done)
}

//! `grant`.

use anyhow::Result;
use uuid::Uuid;

use crate::api::grants::{GrantBody, GrantList, HeldGrantView};
use crate::cli::user::context::Context;
use crate::cli::user::exit::Exit;
use crate::cli::user::paint::plain;
use crate::client::{Client, GrantsQuery};
use crate::domain::access::{Place, Role, SubjectName};
use crate::domain::names::{UserName, check_key_prefix};
use crate::domain::patterns::Pattern;

#[derive(Debug, clap::Subcommand)]
pub enum GrantCommand {
    /// Give a role on a part of the store to a user, to a group, or to the scope of a token
    Add {
        /// user:NAME, group:NAME or token:ID; a plain name is a user
        #[arg(value_name = "WHO", value_parser = subject)]
        subject: SubjectName,
        /// viewer, editor, publisher, operator, agent, secret-reader or admin
        #[arg(value_parser = role)]
        role: Role,
        /// Where. ENV and NS may have *, which stands for any characters; PREFIX is the start of keys
        #[arg(value_name = "ENV[/NS[/PREFIX]]", value_parser = place)]
        place: Place,
    },
    /// Take grants away
    Rm {
        /// Their ids, as `grant ls` shows them
        #[arg(required = true)]
        ids: Vec<Uuid>,
    },
    /// List the grants that you may see
    Ls {
        /// Held by this user, group or token itself
        #[arg(value_name = "WHO", value_parser = subject)]
        subject: Option<SubjectName>,
        /// Covering something of this part
        #[arg(long, value_name = "ENV[/NS]", value_parser = place)]
        on: Option<Place>,
        /// Of this role
        #[arg(long, value_parser = role)]
        role: Option<Role>,
    },
}

/// Parses who holds a grant.
fn subject(text: &str) -> Result<SubjectName, String> {
    if text.contains(':') {
        return text.parse();
    }
    UserName::parse(text).map(SubjectName::User).map_err(|error| error.to_string())
}

fn role(text: &str) -> Result<Role, String> {
    let names = || Role::ALL.map(Role::as_str).join(", ");
    Role::find(text).ok_or_else(|| format!("the roles are {}", names()))
}

/// Parses `ENV`, `ENV/NS` or `ENV/NS/PREFIX`, with patterns; a `*` at the end of a prefix is what people type.
fn place(text: &str) -> Result<Place, String> {
    let mut parts = text.splitn(3, '/');
    let mut pattern = |absent| Pattern::parse(parts.next().unwrap_or(absent)).map_err(|error| error.to_string());
    let (environment, namespace) = (pattern("")?, pattern("*")?);
    let prefix = parts.next().unwrap_or_default();
    let prefix = prefix.strip_suffix('*').unwrap_or(prefix);
    check_key_prefix(prefix).map_err(|error| error.to_string())?;
    Ok(Place { environment, namespace, key_prefix: prefix.to_owned() })
}

pub(super) async fn run(context: &Context<'_>, command: GrantCommand) -> Result<Exit> {
    let client = context.client()?;
    match command {
        GrantCommand::Add { subject, role, place } => add(context, &client, &subject, role, place).await,
        GrantCommand::Rm { ids } => {
            for id in ids {
                client.revoke_grant(id).await?;
                context.out.note(format_args!("grant {id} is taken away"));
            }
            Ok(Exit::Done)
        }
        GrantCommand::Ls { subject, on, role } => {
            let query = GrantsQuery {
                subject: subject.map(|subject| subject.to_string()),
                environment: on.as_ref().map(|place| place.environment.to_string()),
                namespace: on.as_ref().map(|place| place.namespace.to_string()),
                role: role.map(|role| role.to_string()),
                after: None,
                limit: Some(1000),
            };
            list(context, &client, query).await
        }
    }
}

async fn add(context: &Context<'_>, client: &Client, subject: &SubjectName, role: Role, place: Place) -> Result<Exit> {
    let body = GrantBody {
        subject: subject.to_string(),
        role,
        environment: place.environment.into(),
        namespace: place.namespace.into(),
        key_prefix: place.key_prefix,
    };
    let held = client.create_grant(&body).await?;
    if context.out.json {
        context.out.json(&held)?;
    } else {
        context.out.line(format_args!("{} (grant {})", plain(&sentence(&held)), held.id))?;
    }
    Ok(Exit::Done)
}

async fn list(context: &Context<'_>, client: &Client, mut query: GrantsQuery) -> Result<Exit> {
    let mut grants = Vec::new();
    loop {
        let page = client.list_grants(&query).await?;
        grants.extend(page.grants);
        query.after = page.next;
        if query.after.is_none() {
            break;
        }
    }
    if context.out.json {
        context.out.json(&GrantList { grants, next: None })?;
        return Ok(Exit::Done);
    }
    let rows = grants.into_iter().map(|held| {
        let (id, keys) = (held.id.to_string(), keys(&held.grant.key_prefix));
        [id, held.subject, held.grant.role, held.grant.environment, held.grant.namespace, keys]
    });
    context.out.table(["ID", "HELD BY", "ROLE", "ENVIRONMENT", "NAMESPACE", "KEYS"], rows)?;
    Ok(Exit::Done)
}

/// The keys that a prefix covers.
fn keys(prefix: &str) -> String {
    format!("{prefix}*")
}

/// Who holds what, and where.
pub(super) fn sentence(held: &HeldGrantView) -> String {
    let (grant, keys) = (&held.grant, &held.grant.key_prefix);
    let keys = if keys.is_empty() { String::new() } else { format!("/{keys}*") };
    format!("{} is {} on {}/{}{keys}", held.subject, grant.role, grant.environment, grant.namespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_may_leave_out_its_end() {
        let parse = |text| place(text).unwrap().to_string();
        assert_eq!(parse("dev"), "dev/*");
        assert_eq!(parse("prod*/orders*"), "prod*/orders*");
        assert_eq!(parse("dev/orders/app/"), "dev/orders/app/*");
        assert_eq!(parse("dev/orders/app/*"), "dev/orders/app/*");
        assert_eq!(parse("*"), "*/*");
        for bad in ["", "Dev", "dev/", "dev/orders/../a", "dev/Orders", "dev/orders/a*b"] {
            assert!(place(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_plain_name_is_a_user() {
        assert_eq!(subject("vera").unwrap().to_string(), "user:vera");
        assert_eq!(subject("group:sre").unwrap().to_string(), "group:sre");
        assert!(subject("team:sre").is_err() && subject("Vera").is_err());
    }
}

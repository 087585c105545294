//! `token`: credentials of programs.

use std::str::FromStr;

use anyhow::Result;
use uuid::Uuid;

use crate::api::tokens::{NewTokenView, RotateTokenBody, ScopeItem, TokenBody, TokenView};
use crate::cli::user::context::Context;
use crate::cli::user::exit::Exit;
use crate::cli::user::when::shown;
use crate::domain::access::{Action, Role};

#[derive(Debug, clap::Subcommand)]
pub enum TokenCommand {
    /// Make a token and print it: this is the only time it is shown
    Create {
        /// What it is for
        name: String,
        /// Days until it ends, 1 to 366; 90 when absent
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=366))]
        expires_in_days: Option<u32>,
        /// What it may at most, such as `role=agent,env=prod,namespace=orders,prefix=app/` or
        /// `actions=read+report`; may be given many times
        #[arg(long, value_name = "SCOPE")]
        scope: Vec<Scope>,
        /// The service that owns it, instead of yourself
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
    },
    /// List the tokens, without their secrets
    Ls {
        /// Those of this user, instead of your own
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
    },
    /// Replace a token by one of the same name, scope and lifetime, and print it
    Rotate {
        /// Its id, as `token ls` shows it
        id: Uuid,
        /// Seconds for which the old one goes on, up to 604800; 3600 when absent
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=604_800))]
        overlap_seconds: Option<u32>,
    },
    /// Revoke a token
    #[command(visible_alias = "rm")]
    Revoke {
        /// Its id, as `token ls` shows it
        id: Uuid,
    },
}

/// A part of a scope as it is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope(ScopeItem);

/// Why a text is no part of a scope.
#[derive(Debug, thiserror::Error)]
pub enum ScopeError {
    /// Not `name=value`.
    #[error("{0:?} must be role=, actions=, env=, namespace= or prefix= with a value")]
    Part(String),
    /// No such role.
    #[error("{0:?} is no role; those are {names}", names = Role::ALL.map(Role::as_str).join(", "))]
    Role(String),
    /// No such action.
    #[error("{0:?} is no action; those are {names}", names = Action::ALL.map(Action::as_str).join(", "))]
    Action(String),
    /// A scope of nothing.
    #[error("either role= or actions= is needed")]
    Nothing,
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        let all = || "*".to_owned();
        let mut item = ScopeItem {
            role: None,
            actions: Vec::new(),
            environment: all(),
            namespace: all(),
            key_prefix: String::new(),
        };
        for part in text.split(',') {
            let (name, value) = part.split_once('=').ok_or_else(|| ScopeError::Part(part.to_owned()))?;
            match name.trim() {
                "role" => item.role = Some(Role::find(value).ok_or_else(|| ScopeError::Role(value.to_owned()))?),
                "actions" => {
                    let find = |name: &str| Action::find(name).ok_or_else(|| ScopeError::Action(name.to_owned()));
                    item.actions = value.split('+').map(find).collect::<Result<_, _>>()?;
                }
                "env" | "environment" => value.clone_into(&mut item.environment),
                "namespace" | "ns" => value.clone_into(&mut item.namespace),
                "prefix" | "key_prefix" => value.clone_into(&mut item.key_prefix),
                _ => return Err(ScopeError::Part(part.to_owned())),
            }
        }
        if item.role.is_none() && item.actions.is_empty() {
            return Err(ScopeError::Nothing);
        }
        Ok(Self(item))
    }
}

/// Makes, lists, rotates and revokes tokens.
pub(super) async fn run(context: &Context<'_>, command: TokenCommand) -> Result<Exit> {
    let client = context.client()?;
    let out = context.out;
    match command {
        TokenCommand::Create { name, expires_in_days, scope, user } => {
            let scope = (!scope.is_empty()).then(|| scope.into_iter().map(|Scope(item)| item).collect());
            print_new(context, &client.create_token(&TokenBody { name, expires_in_days, scope, user }).await?)?;
        }
        TokenCommand::Rotate { id, overlap_seconds } => {
            print_new(context, &client.rotate_token(id, &RotateTokenBody { overlap_seconds }).await?)?;
        }
        TokenCommand::Ls { user } => {
            let list = client.list_tokens(user.as_deref()).await?;
            if out.json {
                out.json(&list)?;
            } else {
                let head = ["ID", "NAME", "KIND", "SCOPE", "LAST USED", "EXPIRES"];
                out.table(head, list.tokens.iter().map(row))?;
            }
        }
        TokenCommand::Revoke { id } => {
            client.revoke_token(id).await?;
            out.note(format_args!("token {id} is revoked"));
        }
    }
    Ok(Exit::Done)
}

fn print_new(context: &Context<'_>, made: &NewTokenView) -> Result<()> {
    let out = context.out;
    if out.json {
        return Ok(out.json(made)?);
    }
    out.line(&made.token)?;
    let until = made.view.expires_at.map_or_else(|| "it is revoked".to_owned(), shown);
    out.note(format_args!("valid until {until}; revoke it with: pintle token revoke {}", made.view.id));
    Ok(())
}

fn row(token: &TokenView) -> [String; 6] {
    let kind = if token.session { "login" } else { "token" };
    [
        token.id.to_string(),
        token.name.clone(),
        kind.to_owned(),
        token.scope.as_ref().map_or_else(|| "all".to_owned(), |items| scope_text(items)),
        token.last_used_at.map_or_else(|| "never".to_owned(), shown),
        token.expires_at.map_or_else(String::new, shown),
    ]
}

fn scope_text(items: &[ScopeItem]) -> String {
    let text = |item: &ScopeItem| {
        let what = item.role.map_or_else(
            || item.actions.iter().map(|action| action.as_str()).collect::<Vec<_>>().join("+"),
            |role| role.as_str().to_owned(),
        );
        let keys = if item.key_prefix.is_empty() { String::new() } else { format!("/{}*", item.key_prefix) };
        format!("{what} on {}/{}{keys}", item.environment, item.namespace)
    };
    if items.is_empty() { "nothing".to_owned() } else { items.iter().map(text).collect::<Vec<_>>().join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_read_part_by_part_and_shown_in_words() {
        let Scope(item) = "role=agent,env=prod,namespace=orders*,prefix=app/".parse().unwrap();
        assert_eq!(scope_text(&[item]), "agent on prod/orders*/app/*");
        let Scope(item) = "actions=read+report".parse().unwrap();
        assert_eq!(scope_text(&[item]), "read+report on */*");
        assert_eq!(scope_text(&[]), "nothing");
    }

    #[test]
    fn a_scope_that_is_none_says_what_was_expected() {
        for (text, expected) in [
            ("", "must be role="),
            ("role", "must be role="),
            ("role=king", "viewer, editor"),
            ("actions=read+fly", "\"fly\" is no action"),
            ("env=prod", "either role= or actions="),
            ("role=agent,colour=red", "\"colour=red\" must be"),
        ] {
            let error = text.parse::<Scope>().unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}

//! `can-i` and `who-can`.

use anyhow::Result;

use crate::api::access::{ExplainBody, ExplainView, ReasonView, WhoCanBody};
use crate::cli::user::context::Context;
use crate::cli::user::exit::Exit;
use crate::cli::user::grants::sentence;
use crate::cli::user::paint::plain;
use crate::cli::user::target::{self, Scope};
use crate::domain::access::Action;
use crate::domain::names::UserName;

#[derive(Debug, clap::Args)]
pub struct CanIArgs {
    /// read, inspect, draft, publish, rollback, freeze, report, reveal, manage, grant, audit or administer
    #[arg(value_parser = action)]
    action: Action,
    /// On all of this; the whole store when absent
    #[arg(value_name = "ENV[/NS[/KEY]]", value_parser = target::scope)]
    scope: Option<Scope>,
    /// Ask about somebody else, which needs the right to grant there
    #[arg(long = "as", value_name = "USER", value_parser = UserName::parse)]
    user: Option<UserName>,
}

#[derive(Debug, clap::Args)]
pub struct WhoCanArgs {
    /// read, inspect, draft, publish, rollback, freeze, report, reveal, manage, grant, audit or administer
    #[arg(value_parser = action)]
    action: Action,
    /// On all of this; the whole store when absent
    #[arg(value_name = "ENV[/NS[/KEY]]", value_parser = target::scope)]
    scope: Option<Scope>,
}

fn action(text: &str) -> Result<Action, String> {
    let names = || Action::ALL.map(Action::as_str).join(", ");
    Action::find(text).ok_or_else(|| format!("the actions are {}", names()))
}

/// The parts of an address as a question has them.
fn parts(scope: Option<Scope>) -> (Option<String>, Option<String>, Option<String>) {
    let Some(scope) = scope else { return (None, None, None) };
    (Some(scope.environment.into()), scope.namespace.map(String::from), scope.key.map(String::from))
}

/// Says whether somebody may do something, and why. No ends with 1.
pub(super) async fn can_i(context: &Context<'_>, args: CanIArgs) -> Result<Exit> {
    let (environment, namespace, key) = parts(args.scope);
    let subject = args.user.map(|user| format!("user:{user}"));
    let body = ExplainBody { subject, action: args.action, environment, namespace, key };
    let answer = context.client()?.explain(&body).await?;
    if context.out.json {
        context.out.json(&answer)?;
    } else {
        context.out.line(plain(&told(&answer)))?;
        if let Some(partly) = &answer.partly {
            context.out.note(format_args!("on a part of it, yes: {}", plain(&sentence(partly))));
        }
        if !answer.who_can_grant.is_empty() {
            let names = answer.who_can_grant.join(", ");
            context.out.note(format_args!("who can grant it: {}", plain(&names)));
        }
    }
    Ok(if answer.allowed { Exit::Done } else { Exit::Failed })
}

fn told(answer: &ExplainView) -> String {
    let by = answer.grant.as_ref().map(sentence).unwrap_or_default();
    match answer.reason {
        ReasonView::Granted => format!("yes: {by}"),
        ReasonView::OutOfScope => format!("no: {by}, but the scope of the token does not cover it"),
        ReasonView::NoGrant => format!("no: nothing grants {} {} on {}", answer.subject, answer.action, answer.target),
        ReasonView::Disabled => format!("no: {} is disabled", answer.subject),
    }
}

/// Lists who may do something, and why.
pub(super) async fn who_can(context: &Context<'_>, args: WhoCanArgs) -> Result<Exit> {
    let (environment, namespace, key) = parts(args.scope);
    let body = WhoCanBody { action: args.action, environment, namespace, key };
    let answer = context.client()?.who_can(&body).await?;
    let out = context.out;
    if out.json {
        out.json(&answer)?;
        return Ok(Exit::Done);
    }
    if answer.users.is_empty() {
        out.note(format_args!("nobody can {} on {}", answer.action, answer.target));
    } else {
        let rows = answer.users.iter().map(|able| {
            [able.user.clone(), able.kind.as_str().to_owned(), sentence(&able.grant), able.grant.id.to_string()]
        });
        out.table(["USER", "KIND", "BECAUSE", "GRANT"], rows)?;
    }
    if answer.more {
        out.warn("there are more than these");
    }
    Ok(Exit::Done)
}

//! `login`, `logout` and `whoami`.

use std::io::{self, Read as _};

use anyhow::{Context as _, Result};

use crate::api::access::AuthenticatedBy;
use crate::api::accounts::{LoginBody, SessionView};
use crate::api::grants::HeldGrantView;
use crate::api::problem::Code;
use crate::cli::user::browser::{self, Ways};
use crate::cli::user::context::Context;
use crate::cli::user::credentials::Login;
use crate::cli::user::exit::{Exit, Stop};
use crate::cli::user::output::Output;
use crate::cli::user::paint::plain;
use crate::cli::user::passwords;
use crate::cli::user::when::shown;
use crate::client::{Client, Token};

#[derive(Debug, clap::Args)]
pub struct LoginArgs {
    /// Log in with this name and a password; without it in the browser, where the server has a provider of logins
    #[arg(long, short, visible_alias = "name", value_name = "NAME")]
    user: Option<String>,
    /// Read the password from the first line of standard input, and a new password from the second, if there is one
    #[arg(long)]
    password_stdin: bool,
    /// Log in in the browser, at this provider
    #[arg(long, value_name = "NAME", conflicts_with_all = ["user", "password_stdin"])]
    provider: Option<String>,
    /// Log in in a browser of another machine: print the address, and ask for the code that the page shows
    #[arg(long, conflicts_with_all = ["user", "password_stdin"])]
    no_browser: bool,
}

/// Logs in, with a new password where one is wanted, and keeps the login.
pub(super) async fn log_in(context: &Context<'_>, args: LoginArgs) -> Result<Exit> {
    let store = context.store()?;
    let mut credentials = context.credentials()?;
    let server = context.server(&credentials)?;
    let client = context.connect(server.clone(), None)?;
    let in_browser = args.no_browser
        || args.provider.is_some()
        || args.user.is_none() && !args.password_stdin && has_provider(&client).await?;
    let session = if in_browser {
        let ways = Ways { provider: args.provider, no_browser: args.no_browser };
        browser::log_in(context, &client, &ways).await?
    } else {
        log_in_with_password(context, &client, args).await?
    };
    credentials.keep(&server, kept(&session)?);
    store.save(&credentials)?;
    let until = shown(session.expires_at);
    context.out.note(format_args!("logged in to {server} as {} until {until}", plain(&session.user)));
    if context.out.json {
        context.out.json(&session)?;
    }
    Ok(Exit::Done)
}

/// Whether people may log in elsewhere than with a password; a server that does not know the question has no such place.
async fn has_provider(client: &Client) -> Result<bool> {
    match client.list_identity_providers().await {
        Ok(list) => Ok(!list.providers.is_empty()),
        Err(error) if error.code() == Some(Code::NotFound) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

async fn log_in_with_password(context: &Context<'_>, client: &Client, args: LoginArgs) -> Result<SessionView> {
    let mut body = ask_login(context.out, args)?;
    match client.log_in(&body).await {
        Err(error) if error.code() == Some(Code::PasswordChangeRequired) && context.out.interactive() => {
            context.out.note("This was a one-time password.");
            let Some(chosen) = passwords::choose(context.out, &body.name)? else { return Err(error.into()) };
            body.new_password = Some(chosen);
            Ok(client.log_in(&body).await?)
        }
        answer => Ok(answer?),
    }
}

/// What is kept of a session.
fn kept(session: &SessionView) -> Result<Login> {
    let token = session.token.clone().context("the server gave no token")?;
    Ok(Login { user: session.user.clone(), token, expires_at: session.expires_at })
}

fn ask_login(out: Output, args: LoginArgs) -> Result<LoginBody> {
    if !args.password_stdin && !out.interactive() {
        return Err(Stop::usage("there is no terminal to ask for the password: give --password-stdin").into());
    }
    let name = match args.user {
        Some(name) => name,
        None if args.password_stdin => return Err(Stop::usage("--password-stdin needs --user NAME").into()),
        None => out.ask("User:")?.filter(|name| !name.is_empty()).ok_or_else(|| Stop::usage("no user was given"))?,
    };
    let (password, new_password) = if args.password_stdin {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).context("cannot read the password")?;
        passwords::lines(&text).ok_or_else(|| Stop::usage("standard input holds no password"))?
    } else {
        (rpassword::prompt_password(format!("Password of {}: ", plain(&name)))?, None)
    };
    Ok(LoginBody { name, password, new_password, cookie: false })
}

/// Ends the kept login and forgets it, also when the server cannot be told.
pub(super) async fn log_out(context: &Context<'_>) -> Result<Exit> {
    let store = context.store()?;
    let mut credentials = context.credentials()?;
    let server = context.server(&credentials)?;
    let Some(login) = credentials.forget(&server) else {
        return Err(Stop::denied(format!("nobody is logged in to {server}")).into());
    };
    let client = context.connect(server.clone(), Some(&Token::parse(&login.token)?))?;
    let told = client.log_out().await;
    store.save(&credentials)?;
    match told {
        Ok(()) => context.out.note(format_args!("logged out of {server}")),
        Err(error) if error.code() == Some(Code::Unauthenticated) => {
            context.out.note(format_args!("the login to {server} had ended; it is forgotten"));
        }
        Err(error) => {
            let context_text = "the login is forgotten here; on the server it stays until it expires";
            return Err(anyhow::Error::from(error).context(context_text));
        }
    }
    Ok(Exit::Done)
}

/// Shows the caller and its grants.
pub(super) async fn who_am_i(context: &Context<'_>) -> Result<Exit> {
    let client = context.client()?;
    let caller = client.get_caller().await?;
    let out = context.out;
    if out.json {
        out.json(&caller)?;
        return Ok(Exit::Done);
    }
    out.line(format_args!("{} on {}", plain(&caller.user), client.server()))?;
    let named = caller.token.as_ref().map(|token| format!(" {}", plain(&token.name))).unwrap_or_default();
    let by = match caller.authenticated_by {
        AuthenticatedBy::Session => "a login".to_owned(),
        AuthenticatedBy::Token => format!("the token{named}"),
        AuthenticatedBy::Jwt => format!("a short-lived token for the token{named}"),
        AuthenticatedBy::Issuer => format!("the issuer {}", plain(caller.issuer.as_deref().unwrap_or("?"))),
    };
    match caller.expires_at {
        Some(end) => out.line(format_args!("by {by} until {}", shown(end)))?,
        None => out.line(format_args!("by {by}"))?,
    }
    for held in caller.scope.iter().flatten() {
        let HeldGrantView { grant, .. } = held;
        let place = format!("{}/{}/{}*", grant.environment, grant.namespace, grant.key_prefix);
        out.line(format_args!("limited to {} on {}", plain(&grant.role), plain(&place)))?;
    }
    if caller.grants.is_empty() {
        out.line("no grants")?;
        return Ok(Exit::Done);
    }
    let rows = caller.grants.into_iter().map(|held| {
        let grant = held.grant;
        let keys = if grant.key_prefix.is_empty() { "*".to_owned() } else { format!("{}*", grant.key_prefix) };
        [grant.role, grant.environment, grant.namespace, keys, held.subject]
    });
    out.table(["ROLE", "ENVIRONMENT", "NAMESPACE", "KEYS", "HELD BY"], rows)?;
    Ok(Exit::Done)
}

//! `passwd`, and choosing a password at the terminal.

use std::io::{self, Read as _};

use anyhow::{Context as _, Result};

use crate::api::users::PasswordBody;
use crate::cli::user::context::Context;
use crate::cli::user::exit::{Exit, Stop};
use crate::cli::user::output::Output;
use crate::domain::passwords::{self, PASSWORD_RULE};

/// How often a person may choose before the command gives up.
const TRIES: usize = 3;

#[derive(Debug, clap::Args)]
pub struct PasswdArgs {
    /// Read the present password from the first line of standard input, and the new one from the second
    #[arg(long)]
    password_stdin: bool,
}

/// Changes the caller's own password.
pub(super) async fn change(context: &Context<'_>, args: PasswdArgs) -> Result<Exit> {
    let out = context.out;
    let client = context.client()?;
    let body = if args.password_stdin {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).context("cannot read the passwords")?;
        match lines(&text) {
            Some((password, Some(new_password))) => PasswordBody { password, new_password },
            _ => return Err(Stop::usage("standard input must hold two lines: the present and the new password").into()),
        }
    } else if out.interactive() {
        // The name is part of the rule, and asking for it finds a login that ended before anything is typed.
        let user = client.get_caller().await?.user;
        let password = rpassword::prompt_password("Present password: ")?;
        let new_password = choose(out, &user)?.ok_or_else(|| Stop::failed("the password was not changed"))?;
        PasswordBody { password, new_password }
    } else {
        return Err(Stop::usage("there is no terminal to ask for the passwords: give --password-stdin").into());
    };
    client.change_password(&body).await?;
    out.note("the password is changed; other sessions have ended, tokens stay");
    Ok(Exit::Done)
}

/// The first line and the second, if any. Only line ends are taken off: a password may end with a space.
pub(super) fn lines(text: &str) -> Option<(String, Option<String>)> {
    let mut lines = text.lines().map(str::to_owned).filter(|line| !line.is_empty());
    Some((lines.next()?, lines.next()))
}

/// Asks for a new password, twice the same; none when it did not come to one.
pub(super) fn choose(out: Output, user: &str) -> Result<Option<String>> {
    out.note(format_args!("The new password must have {PASSWORD_RULE}."));
    for _ in 0..TRIES {
        let first = rpassword::prompt_password("New password: ")?;
        // The server judges; this only saves a round trip.
        if let Err(problem) = passwords::check(&first, user) {
            out.note(format_args!("It {problem}."));
        } else if rpassword::prompt_password("Once more: ")? == first {
            return Ok(Some(first));
        } else {
            out.note("The two are not the same.");
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_keeps_its_spaces_and_loses_its_line_end() {
        assert_eq!(lines("secret \r\n"), Some(("secret ".to_owned(), None)));
        assert_eq!(lines("old\nnew\n"), Some(("old".to_owned(), Some("new".to_owned()))));
        assert_eq!(lines("old\n\n"), Some(("old".to_owned(), None)));
        assert_eq!(lines("\n"), None);
    }
}

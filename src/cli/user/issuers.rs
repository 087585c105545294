//! `issuer`: who else vouches for programs.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::api::issuers::{IssuerBody, IssuerView};
use crate::cli::user::context::Context;
use crate::cli::user::exit::{Exit, Stop};

#[derive(Debug, clap::Subcommand)]
pub enum IssuerCommand {
    /// List the trusted issuers
    Ls,
    /// Trust an issuer, or change what it may vouch for
    Put {
        /// What it is called here, such as `k8s-prod`
        name: String,
        /// YAML or JSON with `issuer`, `audience`, `keys` or `keys_url`, and `rules`; `-` reads standard input
        #[arg(long, short, value_name = "FILE")]
        file: PathBuf,
    },
    /// Trust an issuer no more; what was exchanged for its tokens ends
    Rm {
        /// What it is called here
        name: String,
    },
}

/// Makes, lists and deletes trusted issuers.
pub(super) async fn run(context: &Context<'_>, command: IssuerCommand) -> Result<Exit> {
    let client = context.client()?;
    let out = context.out;
    match command {
        IssuerCommand::Ls => {
            let list = client.list_issuers().await?;
            if out.json {
                out.json(&list)?;
            } else {
                out.table(["NAME", "ISSUER", "AUDIENCE", "KEYS", "STANDS FOR"], list.issuers.iter().map(row))?;
            }
        }
        IssuerCommand::Put { name, file } => {
            let text = if file.as_os_str() == "-" {
                std::io::read_to_string(std::io::stdin()).context("cannot read standard input")?
            } else {
                std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?
            };
            let body: IssuerBody = serde_saphyr::from_str(&text)
                .map_err(|error| Stop::usage(format!("{} is no issuer: {error}", file.display())))?;
            let view = client.put_issuer(&name, &body).await?;
            if out.json {
                out.json(&view)?;
            }
            out.note(format_args!("tokens of {} are exchanged from now on", body.issuer));
        }
        IssuerCommand::Rm { name } => {
            client.delete_issuer(&name).await?;
            out.note(format_args!("{name} is not trusted any more"));
        }
    }
    Ok(Exit::Done)
}

fn row(view: &IssuerView) -> [String; 5] {
    let IssuerBody { issuer, audience, keys_url, rules, .. } = &view.body;
    let users: Vec<&str> = rules.iter().map(|rule| rule.user.as_str()).collect();
    let keys = keys_url.clone().unwrap_or_else(|| "inline".to_owned());
    [view.name.clone(), issuer.clone(), audience.clone(), keys, users.join(", ")]
}

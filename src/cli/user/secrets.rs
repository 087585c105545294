//! `keys` and `redact`: what secrets are sealed with, and what to do about one that was never sealed.

use anyhow::Result;

use crate::api::keys::{DataKeyView, KeyList, KeyPurpose, RedactBody, RotateBody, RotationKind};
use crate::cli::user::context::Context;
use crate::cli::user::exit::Exit;
use crate::cli::user::paint;
use crate::cli::user::target;
use crate::cli::user::when::shown;
use crate::domain::names::Address;

#[derive(Debug, clap::Subcommand)]
pub enum KeysCommand {
    /// List the keys that secrets are sealed with, by their ids, and how far a rotation has come
    #[command(visible_alias = "list")]
    Ls,
    /// Rotate keys. No secret is ever shown by it, and none stops being readable
    Rotate {
        /// `master`: wrap all keys with the current master key, after that was set on every node; `data`: seal with new keys, also
        /// what is there already; `signing`: sign short-lived tokens with a new key
        #[arg(value_name = "master|data|signing", value_parser = kind)]
        what: RotationKind,
    },
}

#[derive(Debug, clap::Args)]
pub struct RedactArgs {
    /// The entry
    #[arg(value_name = "ENV/NS/KEY", value_parser = target::entry)]
    address: Address,
    /// The version that the entry had right after this revision; the present one must be replaced before
    #[arg(long, value_name = "REV")]
    at: u64,
    /// Why, for the audit
    #[arg(short, long, value_name = "TEXT")]
    message: String,
    /// Also when other entries have, or had, the same bytes: they lose them, too
    #[arg(long)]
    everywhere: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

fn kind(text: &str) -> Result<RotationKind, &'static str> {
    match text {
        "master" => Ok(RotationKind::Master),
        "data" => Ok(RotationKind::Data),
        "signing" => Ok(RotationKind::Signing),
        _ => Err("must be master, data or signing"),
    }
}

/// Lists or rotates keys.
pub(super) async fn keys(context: &Context<'_>, command: KeysCommand) -> Result<Exit> {
    let (client, out) = (context.client()?, context.out);
    match command {
        KeysCommand::Ls => list(context, &client.list_keys().await?)?,
        KeysCommand::Rotate { what } => {
            let rotated = client.rotate_keys(&RotateBody { what }).await?;
            if out.json {
                out.json(&rotated)?;
            } else {
                out.line(format_args!("{} rotated", paint::count(rotated.rotated, "key", "keys")))?;
            }
            if what == RotationKind::Data && rotated.rotated > 0 {
                out.note("what is there is sealed anew in the background; `pintle keys ls` tells how far it is");
            }
        }
    }
    Ok(Exit::Done)
}

fn list(context: &Context<'_>, list: &KeyList) -> Result<()> {
    let out = context.out;
    if out.json {
        return Ok(out.json(list)?);
    }
    out.table(["KEY", "FOR", "NAMESPACE", "MASTER KEY", "MADE", "RETIRED", "LEFT"], list.data_keys.iter().map(row))?;
    match &list.master {
        Some(master) => out.note(format_args!("the master key of this node is {master}")),
        None => out.note("this node has no master key"),
    }
    if list.to_wrap > 0 {
        let keys = paint::count(list.to_wrap, "key waits", "keys wait");
        out.note(format_args!("{keys} to be wrapped with it: pintle keys rotate master"));
    }
    if list.to_seal > 0 {
        out.note(format_args!("{} still to be sealed anew", paint::count(list.to_seal, "content", "contents")));
    }
    Ok(())
}

fn row(key: &DataKeyView) -> [String; 7] {
    let purpose = match key.purpose {
        KeyPurpose::Hash => "hashes",
        KeyPurpose::Seal => "contents",
    };
    let place = key.environment.as_ref().zip(key.namespace.as_ref());
    [
        key.id.to_string(),
        purpose.to_owned(),
        place.map_or_else(|| "-".to_owned(), |(environment, namespace)| format!("{environment}/{namespace}")),
        key.master.clone(),
        shown(key.created_at),
        key.retired_at.map(shown).unwrap_or_default(),
        key.remaining.map(|left| left.to_string()).unwrap_or_default(),
    ]
}

/// Removes the bytes of one version for ever.
pub(super) async fn redact(context: &Context<'_>, args: RedactArgs) -> Result<Exit> {
    let RedactArgs { address, at, message, everywhere, yes } = args;
    let client = context.client()?;
    context.agreed(yes, &format!("Remove the bytes that {address} had at revision {at}, for ever?"))?;
    let done = client.redact(&address, &RedactBody { revision: at, reason: message, everywhere }).await?;
    if context.out.json {
        context.out.json(&done)?;
    } else {
        context.out.line(format_args!("the bytes that came with revision {} are gone", done.revision))?;
    }
    Ok(Exit::Done)
}

//! `audit verify` and `audit trim`: beside the database, since whoever runs a server must not be trusted with its record.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Lines};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;

use crate::cli::admin::Beside;
use crate::cli::dev::MASTER_KEY;
use crate::cli::user::context::Context;
use crate::cli::user::exit::Exit;
use crate::cli::user::paint;
use crate::domain::audit::Who;
use crate::runtime::ambient::SystemAmbient;
use crate::runtime::master_keys;
use crate::runtime::settings::{KeySettings, retention as age};
use crate::service::audit::{anchors, retention, verify as verify_audit};
use crate::service::keyring::Keyring;

#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Anchors to compare with: a file of --audit-anchor-file, or a log with anchors in it; may be given several times
    #[arg(long, value_name = "FILE")]
    anchors: Vec<PathBuf>,
    #[command(flatten)]
    beside: Beside,
    #[command(flatten)]
    keys: KeySettings,
}

#[derive(Debug, Args)]
pub struct TrimArgs {
    /// Keep what is younger, such as 365d; at least 1d
    #[arg(long, value_name = "AGE", value_parser = age)]
    older_than: Duration,
    #[command(flatten)]
    beside: Beside,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

/// Lines of several files, one after the other.
fn lines(files: &[PathBuf]) -> Result<impl Iterator<Item = std::io::Result<String>>> {
    let open = |path: &PathBuf| -> Result<Lines<BufReader<File>>> {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(BufReader::new(file).lines())
    };
    let opened: Vec<_> = files.iter().map(open).collect::<Result<_>>()?;
    Ok(opened.into_iter().flatten())
}

/// Verifies everything, and names the first row of each chain that is not as it must be.
pub(super) async fn verify(context: &Context<'_>, args: VerifyArgs) -> Result<Exit> {
    let mut keys = args.keys;
    if !args.anchors.is_empty() && keys.is_unset(std::env::var_os(master_keys::VARIABLE).as_deref()) {
        // The key of `pintle dev` is beside its database.
        let own = args.beside.data_dir().join(MASTER_KEY);
        keys.master_key_file = Some(own).filter(|path| args.beside.database_url.is_none() && path.exists());
    }
    let masters = master_keys::load(&keys, std::env::var_os(master_keys::VARIABLE)).await?;
    let keyring = Keyring::new(masters, std::sync::Arc::new(SystemAmbient));
    let keys = anchors::verifying_keys(&keyring);
    let anchors = lines(&args.anchors)?;
    let store = args.beside.connect().await?;
    let mut session = store.acquire().await?;
    let report = verify_audit(&mut session, anchors, &keys).await?;
    let out = context.out;
    let whole = report.broken.is_empty();
    if out.json {
        let broken =
            report.broken.iter().map(|one| serde_json::json!({"chain": one.chain, "seq": one.seq, "what": one.what}));
        out.json(&serde_json::json!({
            "whole": whole, "chains": report.chains, "rows": report.rows, "revisions": report.revisions,
            "anchors": report.anchors, "anchors_cut": report.anchors_cut, "broken": broken.collect::<Vec<_>>(),
        }))?;
        return Ok(if whole { Exit::Done } else { Exit::Failed });
    }
    for broken in &report.broken {
        out.line(format_args!("{broken}"))?;
    }
    let counted = format!(
        "{} in {}, {}, {}",
        paint::count(report.rows, "row", "rows"),
        paint::count(report.chains, "chain", "chains"),
        paint::count(report.revisions, "revision", "revisions"),
        paint::count(report.anchors, "anchor", "anchors"),
    );
    if args.anchors.is_empty() {
        out.warn("without --anchors, a chain that was computed anew is not found");
    } else if keys.is_empty() {
        out.warn("without the master key, the signatures of the anchors are not checked");
    }
    if whole {
        out.line(format_args!("the audit is whole: {counted}"))?;
        return Ok(Exit::Done);
    }
    out.line(format_args!("the audit was changed; found good: {counted}"))?;
    Ok(Exit::Failed)
}

/// Cuts off old rows.
pub(super) async fn trim(context: &Context<'_>, args: TrimArgs) -> Result<Exit> {
    let before = context.surroundings.now - args.older_than;
    context.agreed(
        args.yes,
        &format!("Rows of the audit from before {before} will be deleted. This cannot be undone. Go on?"),
    )?;
    let store = args.beside.connect().await?;
    let mut session = store.acquire().await?;
    let cut = retention::cut(&mut session, before, &Who::system()).await?;
    if context.out.json {
        context.out.json(&serde_json::json!({"rows": cut}))?;
    } else {
        context.out.line(format_args!("{} cut off", paint::count(cut, "row was", "rows were")))?;
    }
    Ok(Exit::Done)
}

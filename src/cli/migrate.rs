//! `pintle migrate`: bring the schema up, with a role of its own if you like.

use clap::Args;

use crate::cli::say;
use crate::runtime::settings::DatabaseSettings;
use crate::store::{self, Store, StoreSettings};

/// Settings of `pintle migrate`.
#[derive(Debug, Clone, Args)]
pub struct MigrateSettings {
    #[command(flatten)]
    pub database: DatabaseSettings,
    /// Print the SQL that would run, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

pub(super) async fn run(settings: &MigrateSettings) -> anyhow::Result<()> {
    let store = Store::new(&StoreSettings {
        url: settings.database.database_url.clone(),
        listen_url: settings.database.listen_database_url.clone(),
        connections: 4,
    })?;
    if settings.dry_run {
        let sql = store::pending_sql(&store).await?;
        say(if sql.is_empty() { "-- nothing to do" } else { sql.trim_end() });
        return Ok(());
    }
    let done = store::migrate(&store).await?;
    if done.from == done.to {
        say(&format!("the schema is at level {} already", done.to));
    } else {
        say(&format!("migrated the schema from level {} to {}", done.from, done.to));
    }
    Ok(())
}

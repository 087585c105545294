//! `pintle admin`: what is done beside the database, when nobody can log in.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::{environment, say};
use crate::domain::names::UserName;
use crate::runtime::ambient::SystemAmbient;
use crate::runtime::postgres::{default_data_dir, running_url};
use crate::service::accounts::reset_password;
use crate::service::passwords::Passwords;
use crate::store::{Store, StoreSettings};

/// Commands of `pintle admin`.
#[derive(Debug, Clone, Subcommand)]
pub enum AdminCommand {
    /// Give a user a one-time password; recorded in the access log
    Reset(ResetSettings),
}

/// Settings of `pintle admin reset`.
#[derive(Clone, Args)]
pub struct ResetSettings {
    /// The user's name
    pub name: UserName,
    /// The database; without it that of a running `pintle dev`
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// Data folder of the running `pintle dev`
    #[arg(long, env = "PINTLE_DATA_DIR", value_name = "DIR", conflicts_with = "database_url")]
    pub data_dir: Option<PathBuf>,
}

impl std::fmt::Debug for ResetSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResetSettings").field("name", &self.name).finish_non_exhaustive()
    }
}

pub(super) async fn run(AdminCommand::Reset(settings): &AdminCommand) -> anyhow::Result<()> {
    let url = if let Some(url) = &settings.database_url {
        url.clone()
    } else {
        let data_dir = settings.data_dir.clone().unwrap_or_else(|| default_data_dir(&environment()));
        running_url(&data_dir).await?
    };
    let store = Store::new(&StoreSettings { url, listen_url: None, connections: 4 })?;
    store.locate().await?;
    let password = reset_password(&store, &SystemAmbient, &Passwords::new()?, &settings.name).await?;
    say(&format!("one-time password of {}: {password}", settings.name));
    Ok(())
}

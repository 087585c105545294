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
    #[command(flatten)]
    pub beside: Beside,
}

/// The database that a command works beside.
#[derive(Clone, Args)]
pub struct Beside {
    /// The database; without it that of a running `pintle dev`
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// Data folder of the running `pintle dev`
    #[arg(long, env = "PINTLE_DATA_DIR", value_name = "DIR", conflicts_with = "database_url")]
    pub data_dir: Option<PathBuf>,
}

impl std::fmt::Debug for Beside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A URL may have a password.
        f.debug_struct("Beside").field("data_dir", &self.data_dir).finish_non_exhaustive()
    }
}

impl Beside {
    /// The data folder that is meant when there is no URL.
    pub(super) fn data_dir(&self) -> PathBuf {
        self.data_dir.clone().unwrap_or_else(|| default_data_dir(&environment()))
    }

    /// Connects.
    pub(super) async fn connect(&self) -> anyhow::Result<Store> {
        let url = match &self.database_url {
            Some(url) => url.clone(),
            None => running_url(&self.data_dir()).await?,
        };
        let store = Store::new(&StoreSettings { url, listen_url: None, connections: 4 })?;
        store.locate().await?;
        Ok(store)
    }
}

impl std::fmt::Debug for ResetSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResetSettings").field("name", &self.name).finish_non_exhaustive()
    }
}

pub(super) async fn run(AdminCommand::Reset(settings): &AdminCommand) -> anyhow::Result<()> {
    let store = settings.beside.connect().await?;
    let password = reset_password(&store, &SystemAmbient, &Passwords::default(), &settings.name).await?;
    say(&format!("one-time password of {}: {password}", settings.name));
    Ok(())
}

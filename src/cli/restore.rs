//! `pintle restore`: makes a restored database a history of its own, which instances follow when somebody says so.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use percent_encoding::percent_decode_str;

use crate::cli::{environment, say};
use crate::runtime::postgres::load_dump;
use crate::runtime::settings::DatabaseSettings;
use crate::store::{self, Store, StoreSettings};

/// Settings of `pintle restore`.
#[derive(Debug, Clone, Args)]
pub struct RestoreSettings {
    #[command(flatten)]
    pub database: DatabaseSettings,
    /// A file or folder of `pg_dump`, to load into the database, which must be empty; without it the database is taken as
    /// restored already
    #[arg(value_name = "DUMP")]
    pub dump: Option<PathBuf>,
    /// Let the instances follow the restored store at once, instead of holding it until `pintle resume`
    #[arg(long)]
    pub now: bool,
    /// Folder of PostgreSQL's programs (`psql`, `pg_restore`), when they are not found
    #[arg(long, env = "PINTLE_POSTGRES_BIN", value_name = "DIR")]
    pub postgres_bin: Option<PathBuf>,
}

pub(super) async fn run(settings: &RestoreSettings) -> anyhow::Result<()> {
    let url = &settings.database.database_url;
    let listen_url = settings.database.listen_database_url.clone();
    let has_direct = listen_url.is_some();
    let store = Store::new(&StoreSettings { url: url.clone(), listen_url: listen_url.clone(), connections: 4 })?;
    store.check(has_direct).await?;
    if let Some(dump) = &settings.dump {
        if !store::is_empty(&store).await? {
            bail!("the database is not empty: make a new one and restore {} into it", dump.display());
        }
        let (address, password) = without_password(listen_url.as_ref().unwrap_or(url));
        load_dump(dump, &address, password.as_deref(), settings.postgres_bin.as_deref(), &environment()).await?;
        say(&format!("loaded {}", dump.display()));
    }
    let missing = "the database holds no Pintle store: restore a dump into it, or name the dump";
    store::find_schema_level(&store).await?.context(missing)?;
    let done = store::migrate(&store).await?;
    if done.from != done.to {
        say(&format!("migrated the schema from level {} to {}", done.from, done.to));
    }
    let cursor = store::begin_restored(&store, !settings.now).await?;
    say(&format!("a new epoch begins: {}, after revision {}", cursor.epoch, cursor.revision));
    say(if settings.now {
        "instances follow the restored store as soon as a node serves it"
    } else {
        "the store is held: instances keep what they run until: pintle resume"
    });
    Ok(())
}

/// A URL without its password, and the password.
fn without_password(url: &str) -> (String, Option<String>) {
    let split = || {
        let (scheme, rest) = url.split_once("://")?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at_checked(end)?;
        let (user, hosts) = authority.rsplit_once('@')?;
        let (user, password) = user.split_once(':')?;
        let password = percent_decode_str(password).decode_utf8().ok()?;
        Some((format!("{scheme}://{user}@{hosts}{tail}"), password.into_owned()))
    };
    split().map_or_else(|| (url.to_owned(), None), |(url, password)| (url, Some(password)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_leaves_the_address() {
        let parts = |url| without_password(url);
        let full = "postgres://me:s%40cret@a:5432,b/pintle?sslmode=disable";
        let bare = "postgres://me@a:5432,b/pintle?sslmode=disable";
        assert_eq!(parts(full), (bare.to_owned(), Some("s@cret".to_owned())));
        assert_eq!(parts(bare), (bare.to_owned(), None));
        assert_eq!(parts("postgres:///x?host=%2Frun"), ("postgres:///x?host=%2Frun".to_owned(), None));
    }
}

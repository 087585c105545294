//! Migrations: forward only, safe when several nodes start at once, and readable beforehand.

use sqlx::migrate::{MigrateError, Migrator};

use crate::store::{Conn, Store, StoreError};

static MIGRATOR: Migrator = sqlx::migrate!();

/// What a run of migrations did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// The level before, 0 for an empty database.
    pub from: i64,
    /// The level now.
    pub to: i64,
}

/// The level this binary was built for: the number of its newest migration.
fn own_level() -> i64 {
    MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// Brings the schema to this binary's level. One node works, the others wait and find it done.
pub async fn migrate(store: &Store) -> Result<Migrated, StoreError> {
    let mut connection = store.direct().await?;
    if find_level(&mut connection).await?.is_some() {
        refuse_if_too_old(&mut connection).await?;
    }
    let from = applied_level(&mut connection).await?;
    let mut migrator = copy(&MIGRATOR);
    migrator.set_ignore_missing(true);
    migrator.run(&mut connection).await.map_err(failed)?;
    Ok(Migrated { from, to: applied_level(&mut connection).await? })
}

/// The SQL that [`migrate`] would run.
pub async fn pending_sql(store: &Store) -> Result<String, StoreError> {
    let mut connection = store.direct().await?;
    let from = applied_level(&mut connection).await?;
    let pending = MIGRATOR.iter().filter(|migration| migration.version > from);
    let texts: Vec<String> = pending
        .map(|migration| {
            format!(
                "-- {:04}_{}\n{}\n",
                migration.version,
                migration.description.replace(' ', "_"),
                migration.sql.as_str()
            )
        })
        .collect();
    Ok(texts.concat())
}

/// Refuses a schema that this binary cannot use: one older than itself, or one that needs a newer binary.
pub async fn check_level(store: &Store) -> Result<(), StoreError> {
    let mut connection = store.acquire().await?;
    let Some(level) = find_level(&mut connection).await? else {
        return Err(StoreError::Unfit("the schema is empty: run `pintle migrate` first".to_owned()));
    };
    if level < own_level() {
        return Err(StoreError::Unfit(format!(
            "the schema is at level {level}, this binary needs {}: run `pintle migrate` first",
            own_level()
        )));
    }
    refuse_if_too_old(&mut connection).await
}

/// The level of the schema; none when the database holds no store.
pub async fn find_schema_level(store: &Store) -> Result<Option<i64>, StoreError> {
    find_level(&mut store.direct().await?).await
}

async fn refuse_if_too_old(connection: &mut Conn) -> Result<(), StoreError> {
    let row = sqlx::query!("SELECT oldest_level, oldest_release FROM schema_level").fetch_one(connection).await?;
    if i64::from(row.oldest_level) > own_level() {
        return Err(StoreError::Unfit(format!(
            "the schema needs Pintle {} or newer, this is {}",
            row.oldest_release,
            env!("CARGO_PKG_VERSION")
        )));
    }
    Ok(())
}

async fn find_level(connection: &mut Conn) -> Result<Option<i64>, StoreError> {
    let exists = sqlx::query_scalar!(r#"SELECT to_regclass('schema_level') IS NOT NULL AS "exists!""#)
        .fetch_one(&mut *connection)
        .await?;
    if !exists {
        return Ok(None);
    }
    let level = sqlx::query_scalar!("SELECT level FROM schema_level").fetch_one(connection).await?;
    Ok(Some(i64::from(level)))
}

async fn applied_level(connection: &mut Conn) -> Result<i64, StoreError> {
    Ok(find_level(connection).await?.unwrap_or(0))
}

/// A migration that was cut is run again by the next start; any other failure needs a person.
fn failed(error: MigrateError) -> StoreError {
    let text = format!("a migration failed: {error}");
    let (MigrateError::Execute(cause) | MigrateError::ExecuteMigration(cause, _)) = error else {
        return StoreError::Unfit(text);
    };
    match StoreError::from(cause) {
        StoreError::Unavailable(_) | StoreError::Cut(_) => StoreError::Unavailable(text),
        StoreError::Refused(_)
        | StoreError::Corrupt { .. }
        | StoreError::Trimmed(_)
        | StoreError::NameTaken
        | StoreError::Unfit(_) => StoreError::Unfit(text),
    }
}

fn copy(migrator: &Migrator) -> Migrator {
    Migrator { migrations: migrator.migrations.clone(), ..Migrator::DEFAULT }
}

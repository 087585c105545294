//! What can go wrong with the database, in our words.

use crate::domain::names::NameError;

/// What a pooler must be like.
pub(super) const POOLER: &str = "PgBouncer in transaction mode needs version 1.21 or newer with max_prepared_statements above 0, \
    and a direct address for LISTEN (--listen-database-url)";

/// A failed call to the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database could not be reached; the call did not get there.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// The connection broke during the call: it may or may not have happened.
    #[error("the connection to the database broke during the call: {0}")]
    Cut(String),
    /// The database refused the call; nothing happened.
    #[error("the database refused the call: {0}")]
    Refused(String),
    /// A row breaks an invariant.
    #[error("corrupt row in {table}: {what}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// Which row, and what is wrong with it.
        what: String,
    },
    /// A content that was asked for was trimmed.
    #[error("the content was trimmed: {0}")]
    Trimmed(String),
    /// A name is taken.
    #[error("the name is taken")]
    NameTaken,
    /// The database cannot be used as it is set up.
    #[error("{0}")]
    Unfit(String),
}

impl StoreError {
    pub(super) fn corrupt(table: &'static str, what: impl Into<String>) -> Self {
        Self::Corrupt { table, what: what.into() }
    }

    /// Judges an error of the first connection: waiting does not mend a wrong password, role or database name.
    pub(super) fn knocking(error: &sqlx::Error) -> Self {
        match error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref() {
            Some("28P01" | "28000" | "3D000") => Self::Unfit(format!("the database refuses the connection: {error}")),
            _ => Self::connecting(error),
        }
    }

    /// Judges an error of a connection attempt: nothing can have happened.
    pub(super) fn connecting(error: &sqlx::Error) -> Self {
        match error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref() {
            // A prepared statement of another client: only a pooler can bring that about.
            Some("26000" | "42P05") => Self::Unfit(POOLER.to_owned()),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the driver may add kinds; none of them is a success")]
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                Self::Unavailable(error.to_string())
            }
            sqlx::Error::Database(database) => {
                if database.constraint() == Some("users_name") {
                    return Self::NameTaken;
                }
                match database.code().as_deref().unwrap_or_default() {
                    // The server ends the session: the statement may have committed before it noticed.
                    code if code.starts_with("57P") || code.starts_with("08") => Self::Cut(error.to_string()),
                    // In recovery, or read-only: this is not the primary (any more).
                    "25006" | "55000"
                    // Waited too long for the lock or idled too long with it, was cancelled, or lost against another transaction.
                    | "25P03" | "55P03" | "57014" | "40001" | "40P01" => Self::Unavailable(error.to_string()),
                    // Out of disk, memory or connections.
                    code if code.starts_with("53") => Self::Unavailable(error.to_string()),
                    _ => Self::Refused(error.to_string()),
                }
            }
            sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) => Self::Cut(error.to_string()),
            _ => Self::Refused(error.to_string()),
        }
    }
}

impl From<NameError> for StoreError {
    fn from(error: NameError) -> Self {
        Self::corrupt("changes", error.to_string())
    }
}

//! The audit: rows of the chains, which only grow but for what retention cuts off.

use time::OffsetDateTime;

use crate::domain::audit::{Link, Row};
use crate::store::{Conn, StoreError};

/// What became of rows of a node's chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainOutcome {
    /// They are durable.
    Written,
    /// The chain is not what the node left there.
    Lost,
    /// The database holds another history than its head says; nothing was written.
    Foreign,
}

/// Begins a chain with its first row, which the chain of the store names. May be repeated.
pub async fn begin_chain(conn: &mut Conn, name: &str, first: &Row) -> Result<ChainOutcome, StoreError> {
    let outcome = sqlx::query_scalar!(
        r#"SELECT outcome AS "outcome!" FROM begin_audit_chain($1, $2, $3, $4)"#,
        name,
        &first.body,
        first.hash.0.as_slice(),
        first.at
    );
    Ok(match outcome.fetch_one(conn).await?.as_str() {
        "begun" => ChainOutcome::Written,
        "foreign" => ChainOutcome::Foreign,
        _ => ChainOutcome::Lost,
    })
}

/// Appends rows after the end that they were made after. May be repeated.
pub async fn append_rows(conn: &mut Conn, name: &str, after: Link, rows: &[Row]) -> Result<ChainOutcome, StoreError> {
    let bodies: Vec<&str> = rows.iter().map(|row| row.body.as_str()).collect();
    let hashes: Vec<&[u8]> = rows.iter().map(|row| row.hash.0.as_slice()).collect();
    let moments: Vec<OffsetDateTime> = rows.iter().map(|row| row.at).collect();
    let outcome = sqlx::query_scalar!(
        r#"SELECT outcome AS "outcome!" FROM append_node_audit($1, $2, $3, $4, $5, $6)"#,
        name,
        after.seq.cast_signed(),
        after.hash.0.as_slice(),
        &bodies as &[&str],
        &hashes as &[&[u8]],
        &moments
    );
    Ok(match outcome.fetch_one(conn).await?.as_str() {
        "appended" => ChainOutcome::Written,
        _ => ChainOutcome::Lost,
    })
}

//! The audit: rows of the chains, which only grow but for what retention cuts off.

use sqlx::types::Json;
use time::OffsetDateTime;

use crate::domain::audit::{ChainRow, Link, Row, STORE_CHAIN, StoredRow, Who};
use crate::domain::contents::ContentHash;
use crate::domain::names::{EntryKey, EnvironmentName, NamespaceName};
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

/// A moment of the database that does not move while it is read.
pub type Snapshot<'a> = sqlx::Transaction<'a, sqlx::Postgres>;

/// Begins a snapshot.
pub async fn snapshot(conn: &mut Conn) -> Result<Snapshot<'_>, StoreError> {
    use sqlx::Connection as _;
    Ok(conn.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
}

/// All chains, that of the store first, and up to which revision there are no rows.
pub async fn list_chains(conn: &mut Conn) -> Result<(Vec<ChainRow>, u64), StoreError> {
    let rows = sqlx::query!(
        "SELECT chain, seq, hash, floor_seq, floor_hash, floor_revision FROM audit_chains ORDER BY chain <> 'store', chain"
    );
    let (mut chains, mut floor_revision) = (Vec::new(), 0);
    for row in rows.fetch_all(conn).await? {
        if row.chain == STORE_CHAIN {
            floor_revision = row.floor_revision.cast_unsigned();
        }
        let (end, floor) = (link(row.seq, row.hash)?, link(row.floor_seq, row.floor_hash)?);
        chains.push(ChainRow { name: row.chain, end, floor });
    }
    Ok((chains, floor_revision))
}

fn link(seq: i64, hash: Vec<u8>) -> Result<Link, StoreError> {
    let hash = hash.try_into().map_err(|_| StoreError::corrupt("audit_chains", "a hash of another length"))?;
    Ok(Link { seq: seq.cast_unsigned(), hash: ContentHash(hash) })
}

/// The end of a chain; none when there is no such chain.
pub async fn find_chain_end(conn: &mut Conn, name: &str) -> Result<Option<Link>, StoreError> {
    let row = sqlx::query!("SELECT seq, hash FROM audit_chains WHERE chain = $1", name).fetch_optional(conn).await?;
    row.map(|row| link(row.seq, row.hash)).transpose()
}

/// Chains that have rows and no end.
pub async fn list_endless_chains(conn: &mut Conn) -> Result<Vec<String>, StoreError> {
    let names = sqlx::query_scalar!(
        "SELECT DISTINCT a.chain FROM audit a
         WHERE NOT EXISTS (SELECT FROM audit_chains c WHERE c.chain = a.chain) LIMIT 100"
    );
    Ok(names.fetch_all(conn).await?)
}

/// Rows of a chain after a number, in order, as they are to be checked.
pub async fn chain_rows(conn: &mut Conn, name: &str, after: u64, limit: i64) -> Result<Vec<StoredRow>, StoreError> {
    let rows = sqlx::query!(
        "SELECT seq, body, previous, hash, at, actor, action, environment, namespace, target, revision
         FROM audit WHERE chain = $1 AND seq > $2 ORDER BY seq LIMIT $3",
        name,
        after.cast_signed(),
        limit
    );
    let rows = rows.fetch_all(conn).await?.into_iter().map(|row| StoredRow {
        seq: row.seq.cast_unsigned(),
        body: row.body,
        previous: row.previous,
        hash: row.hash,
        at: row.at,
        columns: [
            ("actor", row.actor),
            ("action", row.action),
            ("environment", row.environment),
            ("namespace", row.namespace),
            ("target", row.target),
            ("revision", row.revision.map(|revision| revision.to_string())),
        ],
    });
    Ok(rows.collect())
}

/// A revision as the history has it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digested {
    /// Its number.
    pub revision: u64,
    /// When it was committed.
    pub at: OffsetDateTime,
    /// By whom.
    pub actor: String,
    /// Which way.
    pub kind: String,
    /// Of what it changed.
    pub digest: String,
}

/// The revisions after one and up to another, in order, with digests of what they changed.
pub async fn digests(conn: &mut Conn, after: u64, upto: u64, limit: i64) -> Result<Vec<Digested>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT revision, at, actor, kind, changes_digest(revision) AS "digest!" FROM revisions
           WHERE revision > $1 AND revision <= $2 ORDER BY revision LIMIT $3"#,
        after.cast_signed(),
        upto.cast_signed(),
        limit
    );
    let digested = rows.fetch_all(conn).await?.into_iter().map(|row| {
        let (revision, digest) = (row.revision.cast_unsigned(), row.digest);
        Digested { revision, at: row.at, actor: row.actor, kind: row.kind, digest }
    });
    Ok(digested.collect())
}

/// The hashes of single rows; rows that are not there are left out.
pub async fn hashes_at(conn: &mut Conn, rows: &[(String, u64)]) -> Result<Vec<(String, u64, Vec<u8>)>, StoreError> {
    let (chains, seqs): (Vec<String>, Vec<i64>) =
        rows.iter().map(|(chain, seq)| (chain.clone(), seq.cast_signed())).unzip();
    let found = sqlx::query!(
        "SELECT chain, seq, hash FROM audit WHERE (chain, seq) IN (SELECT * FROM unnest($1::text[], $2::bigint[]))",
        &chains,
        &seqs
    );
    Ok(found.fetch_all(conn).await?.into_iter().map(|row| (row.chain, row.seq.cast_unsigned(), row.hash)).collect())
}

/// Cuts off rows from before an instant, at most some of each chain. Says how many; they are deleted by [`sweep_audit`].
pub async fn cut_audit(conn: &mut Conn, before: OffsetDateTime, who: &Who) -> Result<u64, StoreError> {
    let cut = sqlx::query_scalar!(r#"SELECT cut AS "cut!" FROM cut_audit($1, $2)"#, before, Json(who) as _);
    Ok(cut.fetch_one(conn).await?.cast_unsigned())
}

/// Deletes rows that were cut off, at most `most`. Says how many.
pub async fn sweep_audit(conn: &mut Conn, most: i64) -> Result<u64, StoreError> {
    let swept = sqlx::query_scalar!(r#"SELECT swept AS "swept!" FROM sweep_audit($1)"#, most);
    Ok(swept.fetch_one(conn).await?.cast_unsigned())
}

/// Which rows to list. Absent means any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// By this actor.
    pub actor: Option<String>,
    /// With this action.
    pub action: Option<String>,
    /// Of this environment.
    pub environment: Option<EnvironmentName>,
    /// Of this namespace.
    pub namespace: Option<NamespaceName>,
    /// With a target that has this text in it.
    pub target: Option<String>,
    /// At or after.
    pub since: Option<OffsetDateTime>,
    /// At or before.
    pub until: Option<OffsetDateTime>,
    /// Before this row, in the order of the list.
    pub before: Option<Position>,
}

/// A row in the order of the list: newest first, over all chains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// When it happened.
    pub at: OffsetDateTime,
    /// Its chain.
    pub chain: String,
    /// Its number in the chain.
    pub seq: u64,
}

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRow {
    /// Where it is.
    pub position: Position,
    /// What it says, as JSON.
    pub body: String,
    /// Its hash.
    pub hash: Vec<u8>,
    /// The environment it belongs to.
    pub environment: Option<EnvironmentName>,
    /// The namespace it belongs to.
    pub namespace: Option<NamespaceName>,
    /// On what.
    pub target: String,
    /// The revision it is about.
    pub revision: Option<u64>,
}

/// Rows that pass the filter, newest first. A publish over several namespaces is of each of them.
pub async fn list_audit(conn: &mut Conn, filter: &AuditFilter, limit: i64) -> Result<Vec<ListedRow>, StoreError> {
    let before = filter.before.as_ref();
    let rows = sqlx::query!(
        r#"SELECT a.chain, a.seq, a.at, a.body, a.hash, a.environment, a.namespace, a.target, a.revision FROM audit a
           WHERE ($1::text IS NULL OR a.actor = $1) AND ($2::text IS NULL OR a.action = $2)
             AND ($3::text IS NULL OR (a.environment = $3 AND ($4::text IS NULL OR a.namespace = $4))
                  OR (a.namespace IS NULL AND a.revision IS NOT NULL AND a.chain = 'store'
                      AND EXISTS (SELECT FROM changes c WHERE c.revision = a.revision AND c.environment = $3
                                  AND ($4::text IS NULL OR c.namespace = $4))))
             AND ($5::text IS NULL OR strpos(a.target, $5) > 0)
             AND ($6::timestamptz IS NULL OR a.at >= $6) AND ($7::timestamptz IS NULL OR a.at <= $7)
             AND ($8::timestamptz IS NULL OR (a.at, a.chain, a.seq) < ($8, $9, $10))
           ORDER BY a.at DESC, a.chain DESC, a.seq DESC LIMIT $11"#,
        filter.actor,
        filter.action,
        filter.environment.as_ref().map(EnvironmentName::as_str),
        filter.namespace.as_ref().map(NamespaceName::as_str),
        filter.target,
        filter.since,
        filter.until,
        before.map(|before| before.at),
        before.map(|before| before.chain.as_str()),
        before.map(|before| before.seq.cast_signed()),
        limit
    );
    // A row that somebody damaged is of no place, and does not hide the others.
    let rows = rows.fetch_all(conn).await?.into_iter().map(|row| ListedRow {
        position: Position { at: row.at, chain: row.chain, seq: row.seq.cast_unsigned() },
        body: row.body,
        hash: row.hash,
        environment: row.environment.and_then(|name| EnvironmentName::parse(&name).ok()),
        namespace: row.namespace.and_then(|name| NamespaceName::parse(&name).ok()),
        target: row.target.unwrap_or_default(),
        revision: row.revision.map(i64::cast_unsigned),
    });
    Ok(rows.collect())
}

/// What revisions touched: an entry, a namespace without a key, or an environment without either.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// The revision.
    pub revision: u64,
    /// The environment.
    pub environment: EnvironmentName,
    /// The namespace.
    pub namespace: Option<NamespaceName>,
    /// The key.
    pub key: Option<EntryKey>,
}

/// What each of these revisions touched.
pub async fn list_touched(conn: &mut Conn, revisions: &[u64]) -> Result<Vec<Touched>, StoreError> {
    let numbers: Vec<i64> = revisions.iter().map(|revision| revision.cast_signed()).collect();
    let rows = sqlx::query!(
        "SELECT DISTINCT revision, environment, namespace, key FROM changes WHERE revision = ANY($1)",
        &numbers
    );
    let rows = rows.fetch_all(conn).await?.into_iter().map(|row| {
        Ok(Touched {
            revision: row.revision.cast_unsigned(),
            environment: EnvironmentName::parse(&row.environment)?,
            namespace: (!row.namespace.is_empty()).then(|| NamespaceName::parse(&row.namespace)).transpose()?,
            key: (!row.key.is_empty()).then(|| EntryKey::parse(&row.key)).transpose()?,
        })
    });
    rows.collect()
}

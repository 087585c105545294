//! When tokens were used, where people logged in, and the codes of browser logins: none of it moves the access number.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::store::{Conn, StoreError};

/// Keeps when tokens were used. Says which were written: a row that a change of access holds is left for the next time, since
/// waiting for several rows could block that change.
pub async fn note_uses(conn: &mut Conn, uses: &[(Uuid, OffsetDateTime)]) -> Result<Vec<Uuid>, StoreError> {
    let (ids, times): (Vec<Uuid>, Vec<OffsetDateTime>) = uses.iter().copied().unzip();
    let written = sqlx::query_scalar!(
        "WITH used AS (SELECT * FROM unnest($1::uuid[], $2::timestamptz[]) AS u(id, at)),
              free AS (SELECT t.id FROM tokens t JOIN used u USING (id) FOR UPDATE OF t SKIP LOCKED)
         UPDATE tokens t SET last_used_at = greatest(t.last_used_at, u.at)
         FROM used u JOIN free f USING (id) WHERE t.id = u.id RETURNING t.id",
        &ids,
        &times
    )
    .fetch_all(conn)
    .await?;
    Ok(written)
}

/// When each token was last used, of those that were.
pub async fn list_uses(conn: &mut Conn) -> Result<Vec<(Uuid, OffsetDateTime)>, StoreError> {
    let rows = sqlx::query!(r#"SELECT id, last_used_at AS "at!" FROM tokens WHERE last_used_at IS NOT NULL"#);
    Ok(rows.fetch_all(conn).await?.into_iter().map(|row| (row.id, row.at)).collect())
}

/// Whether a user logged in from a network since an instant.
pub async fn knows_place(
    conn: &mut Conn,
    user: Uuid,
    network: &str,
    since: OffsetDateTime,
) -> Result<bool, StoreError> {
    let known = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM login_places WHERE user_id = $1 AND network = $2 AND last_at > $3) AS "known!""#,
        user,
        network,
        since
    );
    Ok(known.fetch_one(conn).await?)
}

/// Keeps that a user logged in from a network, and forgets where it was before an instant.
pub async fn keep_place(
    conn: &mut Conn,
    user: Uuid,
    network: &str,
    (at, since): (OffsetDateTime, OffsetDateTime),
) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH old AS (DELETE FROM login_places WHERE user_id = $1 AND network <> $2 AND last_at < $4)
         INSERT INTO login_places (user_id, network, last_at) VALUES ($1, $2, $3)
         ON CONFLICT (user_id, network) DO UPDATE SET last_at = excluded.last_at",
        user,
        network,
        at,
        since
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What a code of a browser login stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginCode {
    /// SHA-256 of the code.
    pub hash: [u8; 32],
    /// Who may log in with it.
    pub user: Uuid,
    /// SHA-256 of what the program that asked for it knows, as PKCE writes it.
    pub challenge: String,
    /// From when on it is refused.
    pub expires_at: OffsetDateTime,
}

/// Keeps a code, and forgets those that nobody used in time.
pub async fn put_login_code(conn: &mut Conn, code: &LoginCode, now: OffsetDateTime) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH old AS (DELETE FROM login_codes WHERE expires_at < $5)
         INSERT INTO login_codes (hash, user_id, challenge, expires_at) VALUES ($1, $2, $3, $4)",
        &code.hash,
        code.user,
        code.challenge,
        code.expires_at,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes a code away, so that it is good for one try; none when there is no such code.
pub async fn take_login_code(conn: &mut Conn, hash: [u8; 32]) -> Result<Option<LoginCode>, StoreError> {
    let row = sqlx::query!("DELETE FROM login_codes WHERE hash = $1 RETURNING user_id, challenge, expires_at", &hash);
    let row = row.fetch_optional(conn).await?;
    Ok(row.map(|row| LoginCode { hash, user: row.user_id, challenge: row.challenge, expires_at: row.expires_at }))
}

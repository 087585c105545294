//! Users, tokens and grants. Every change moves the access number.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::access::{Access, Grant, Role, Token, TokenKind, User};
use crate::domain::contents::ContentHash;
use crate::domain::names::UserName;
use crate::domain::patterns::Pattern;
use crate::domain::revisions::Revision;
use crate::store::{Conn, StoreError};

/// What a login compares with.
#[derive(Clone)]
pub struct AccountRow {
    /// The user.
    pub user: User,
    /// In PHC format.
    pub password_hash: String,
    /// Whether the password must be changed at the next login.
    pub one_time: bool,
}

impl std::fmt::Debug for AccountRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccountRow").field("user", &self.user).finish_non_exhaustive()
    }
}

/// Reads everybody's rights in one snapshot.
pub async fn load_access(conn: &mut Conn) -> Result<Access, StoreError> {
    use sqlx::Connection as _;
    let mut tx = conn.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let number = sqlx::query_scalar!("SELECT access FROM head").fetch_one(&mut *tx).await?;
    let users = sqlx::query!("SELECT id, name, granted_at FROM users").fetch_all(&mut *tx).await?;
    let tokens =
        sqlx::query!("SELECT id, user_id, name, kind, hash, expires_at FROM tokens").fetch_all(&mut *tx).await?;
    let grants = sqlx::query!("SELECT id, user_id, role, environment, namespace, key_prefix FROM grants")
        .fetch_all(&mut *tx)
        .await?;
    tx.rollback().await?;
    let corrupt = |table, id: Uuid, what: &str| StoreError::corrupt(table, format!("{id}: {what}"));
    let users = users
        .into_iter()
        .map(|row| {
            Ok(User {
                id: row.id,
                name: user_name(row.id, &row.name)?,
                granted_at: Revision(row.granted_at.cast_unsigned()),
            })
        })
        .collect::<Result<_, StoreError>>()?;
    let tokens = tokens
        .into_iter()
        .map(|row| {
            let hash = row.hash.try_into().map_err(|_| corrupt("tokens", row.id, "a hash of another length"))?;
            let kind = if row.kind == "session" { TokenKind::Session } else { TokenKind::Api };
            let (id, user, name) = (row.id, row.user_id, row.name);
            Ok(Token { id, user, name, kind, hash: ContentHash(hash), expires_at: row.expires_at })
        })
        .collect::<Result<_, StoreError>>()?;
    let grants = grants
        .into_iter()
        .map(|row| {
            let pattern = |text: &str| Pattern::parse(text).map_err(|e| corrupt("grants", row.id, &e.to_string()));
            Ok(Grant {
                id: row.id,
                user: row.user_id,
                role: Role::find(&row.role).ok_or_else(|| corrupt("grants", row.id, "unknown role"))?,
                environment: pattern(&row.environment)?,
                namespace: pattern(&row.namespace)?,
                key_prefix: row.key_prefix.clone(),
            })
        })
        .collect::<Result<_, StoreError>>()?;
    Ok(Access::new(number.cast_unsigned(), users, tokens, grants))
}

fn user_name(id: Uuid, name: &str) -> Result<UserName, StoreError> {
    UserName::parse(name).map_err(|error| StoreError::corrupt("users", format!("{id}: {error}")))
}

/// Makes the first admin, unless there is a user. Says whether it did.
pub async fn create_first_admin(
    conn: &mut Conn,
    user: &User,
    password_hash: &str,
    one_time: bool,
) -> Result<bool, StoreError> {
    let created = sqlx::query_scalar!(
        r#"SELECT created AS "created!" FROM create_first_admin($1, $2, $3, $4)"#,
        user.id,
        user.name.as_str(),
        password_hash,
        one_time
    )
    .fetch_one(conn)
    .await?;
    Ok(created)
}

/// The account of this name.
pub async fn find_account(conn: &mut Conn, name: &UserName) -> Result<Option<AccountRow>, StoreError> {
    let row =
        sqlx::query!("SELECT id, name, granted_at, password_hash, one_time FROM users WHERE name = $1", name.as_str())
            .fetch_optional(conn)
            .await?;
    row.map(|row| {
        let user = User {
            id: row.id,
            name: user_name(row.id, &row.name)?,
            granted_at: Revision(row.granted_at.cast_unsigned()),
        };
        Ok(AccountRow { user, password_hash: row.password_hash, one_time: row.one_time })
    })
    .transpose()
}

/// Sets a password and ends the user's sessions.
pub async fn set_password(
    conn: &mut Conn,
    actor: &UserName,
    user: Uuid,
    password_hash: &str,
    one_time: bool,
) -> Result<(), StoreError> {
    sqlx::query!("SELECT set_password($1, $2, $3, $4)", actor.as_str(), user, password_hash, one_time)
        .fetch_one(conn)
        .await?;
    Ok(())
}

/// Adds a token.
pub async fn create_token(conn: &mut Conn, actor: &UserName, token: &Token) -> Result<(), StoreError> {
    let kind = match token.kind {
        TokenKind::Session => "session",
        TokenKind::Api => "api",
    };
    sqlx::query!(
        "SELECT create_token($1, $2, $3, $4, $5, $6, $7)",
        actor.as_str(),
        token.id,
        token.user,
        token.name,
        kind,
        token.hash.0.as_slice(),
        token.expires_at as Option<OffsetDateTime>
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}

/// Ends a token of a user. Says whether it was there.
pub async fn revoke_token(conn: &mut Conn, actor: &UserName, token: Uuid, owner: Uuid) -> Result<bool, StoreError> {
    let revoked = sqlx::query_scalar!(
        r#"SELECT revoked AS "revoked!" FROM revoke_token($1, $2, $3)"#,
        actor.as_str(),
        token,
        owner
    )
    .fetch_one(conn)
    .await?;
    Ok(revoked)
}

//! Accounts as a login needs them, and the first admin.

use uuid::Uuid;

use crate::domain::names::UserName;
use crate::store::{Conn, StoreError};

/// What a login compares with.
#[derive(Clone)]
pub struct AccountRow {
    /// The user's id.
    pub id: Uuid,
    /// Its name.
    pub name: UserName,
    /// In PHC format; none when it does not log in with a password.
    pub password_hash: Option<String>,
    /// Whether the password must be changed at the next login.
    pub one_time: bool,
    /// Whether it may not log in.
    pub disabled: bool,
}

impl std::fmt::Debug for AccountRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccountRow").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Makes the first admin, unless there is a user. Says whether it did.
pub async fn create_first_admin(
    conn: &mut Conn,
    (id, name): (Uuid, &UserName),
    password_hash: &str,
    one_time: bool,
) -> Result<bool, StoreError> {
    let created = sqlx::query_scalar!(
        r#"SELECT created AS "created!" FROM create_first_admin($1, $2, $3, $4)"#,
        id,
        name.as_str(),
        password_hash,
        one_time
    )
    .fetch_one(conn)
    .await?;
    Ok(created)
}

/// The account of this name.
pub async fn find_account(conn: &mut Conn, name: &UserName) -> Result<Option<AccountRow>, StoreError> {
    let row = sqlx::query!("SELECT id, password_hash, one_time, disabled FROM users WHERE name = $1", name.as_str());
    Ok(row.fetch_optional(conn).await?.map(|row| AccountRow {
        id: row.id,
        name: name.clone(),
        password_hash: row.password_hash,
        one_time: row.one_time,
        disabled: row.disabled,
    }))
}

//! Users, groups and grants, and who may do what.

use reqwest::Method;
use uuid::Uuid;

use crate::api::access::{AccessBody, AccessDocument, AppliedView, ExplainBody, ExplainView, WhoCanBody, WhoCanView};
use crate::api::grants::{GrantBody, GrantList, HeldGrantView};
use crate::api::groups::{GroupBody, GroupList, GroupView};
use crate::api::users::{NewUserView, OneTimePasswordView, PasswordBody, UserBody, UserChangeBody, UserList, UserView};
use crate::client::{Client, ClientError};
use crate::domain::names::{GroupName, UserName};

/// Which grants to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GrantsQuery {
    /// Held by `user:NAME`, `group:NAME` or `token:ID` itself.
    pub subject: Option<String>,
    /// Covering something of this environment.
    pub environment: Option<String>,
    /// Covering something of this namespace.
    pub namespace: Option<String>,
    /// Of this role.
    pub role: Option<String>,
    /// `next` of the page before.
    pub after: Option<String>,
    /// Grants on the page.
    pub limit: Option<u32>,
}

impl Client {
    /// A page of the grants that the caller may see.
    pub async fn list_grants(&self, query: &GrantsQuery) -> Result<GrantList, ClientError> {
        let call = self
            .read(["api", "v1", "grants"])
            .query("subject", query.subject.as_ref())
            .query("environment", query.environment.as_ref())
            .query("namespace", query.namespace.as_ref())
            .query("role", query.role.as_ref())
            .query("after", query.after.as_ref())
            .query("limit", query.limit);
        self.fetch(call).await
    }

    /// Gives a role. Giving it twice changes nothing, so a lost answer is asked for again.
    pub async fn create_grant(&self, body: &GrantBody) -> Result<HeldGrantView, ClientError> {
        self.fetch(self.write(Method::POST, ["api", "v1", "grants"]).json(body)?).await
    }

    /// Takes a grant away.
    pub async fn revoke_grant(&self, id: Uuid) -> Result<(), ClientError> {
        self.send(self.write(Method::DELETE, ["api", "v1", "grants", &id.to_string()]).once()).await.map(drop)
    }

    /// A page of all groups.
    pub async fn list_groups(&self, after: Option<&str>) -> Result<GroupList, ClientError> {
        self.fetch(self.read(["api", "v1", "groups"]).query("after", after).query("limit", Some(1000))).await
    }

    /// One group.
    pub async fn get_group(&self, name: &GroupName) -> Result<GroupView, ClientError> {
        self.fetch(self.read(["api", "v1", "groups", name.as_str()])).await
    }

    /// Replaces the members of a group that are kept at the server.
    pub async fn put_group(&self, name: &GroupName, body: &GroupBody) -> Result<GroupView, ClientError> {
        self.fetch(self.write(Method::PUT, ["api", "v1", "groups", name.as_str()]).json(body)?).await
    }

    /// Takes everything from a group.
    pub async fn delete_group(&self, name: &GroupName) -> Result<(), ClientError> {
        self.send(self.write(Method::DELETE, ["api", "v1", "groups", name.as_str()]).once()).await.map(drop)
    }

    /// A page of all users.
    pub async fn list_users(&self, after: Option<&str>) -> Result<UserList, ClientError> {
        self.fetch(self.read(["api", "v1", "users"]).query("after", after).query("limit", Some(1000))).await
    }

    /// Makes a user.
    pub async fn create_user(&self, body: &UserBody) -> Result<NewUserView, ClientError> {
        self.fetch(self.write(Method::POST, ["api", "v1", "users"]).once().json(body)?).await
    }

    /// Disables a user, or enables it again.
    pub async fn put_user(&self, name: &UserName, body: &UserChangeBody) -> Result<UserView, ClientError> {
        self.fetch(self.write(Method::PUT, ["api", "v1", "users", name.as_str()]).json(body)?).await
    }

    /// Gives a person a one-time password.
    pub async fn reset_password(&self, name: &UserName) -> Result<OneTimePasswordView, ClientError> {
        self.fetch(self.write(Method::POST, ["api", "v1", "users", name.as_str(), "password"]).once()).await
    }

    /// Changes the caller's own password.
    pub async fn change_password(&self, body: &PasswordBody) -> Result<(), ClientError> {
        self.send(self.write(Method::PUT, ["api", "v1", "password"]).once().json(body)?).await.map(drop)
    }

    /// Whether somebody may do something, and why.
    pub async fn explain(&self, body: &ExplainBody) -> Result<ExplainView, ClientError> {
        self.fetch(self.write(Method::POST, ["api", "v1", "access", "explain"]).json(body)?).await
    }

    /// Who may do something.
    pub async fn who_can(&self, body: &WhoCanBody) -> Result<WhoCanView, ClientError> {
        self.fetch(self.write(Method::POST, ["api", "v1", "access", "who-can"]).json(body)?).await
    }

    /// All groups and grants.
    pub async fn export_access(&self) -> Result<AccessDocument, ClientError> {
        self.fetch(self.read(["api", "v1", "access"])).await
    }

    /// Makes groups and grants what they shall be.
    pub async fn apply_access(&self, body: &AccessBody) -> Result<AppliedView, ClientError> {
        self.fetch(self.write(Method::PUT, ["api", "v1", "access"]).json(body)?).await
    }
}

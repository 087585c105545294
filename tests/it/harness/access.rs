//! Rights as tests give them beside the API: scoped tokens and groups.

use pintle::domain::access::{Allowance, Grant, LOCAL, Place, Role, Subject, Token, TokenKind};
use pintle::domain::names::GroupName;
use pintle::runtime::ambient::SystemAmbient;
use pintle::service::ambient::Ambient as _;
use pintle::service::tokens::TokenText;
use pintle::store::Op;
use sqlx::Connection as _;
use uuid::Uuid;

use super::actors::Actor;
use super::app::{App, Grants, change_access};

impl App {
    /// Writes changes of access, whoever might make them.
    pub(crate) async fn change(&self, ops: Vec<Op>) {
        let mut connection = self.database.connect().await;
        change_access(&mut connection, ops).await;
        connection.close().await.unwrap();
        self.refresh().await;
    }

    /// The id of a user.
    pub(crate) async fn user_id(&self, name: &str) -> Uuid {
        let mut connection = self.database.connect().await;
        let find = sqlx::query_scalar::<_, Uuid>("SELECT id FROM users WHERE name = $1").bind(name);
        find.fetch_one(&mut connection).await.unwrap()
    }

    /// The same user with a session, and the session's id.
    pub(crate) async fn session(&self, actor: &Actor) -> (Actor, Uuid) {
        self.token(actor, TokenKind::Session, None).await
    }

    /// The same user with a token whose scope is these roles, and the token's id.
    pub(crate) async fn scoped(&self, actor: &Actor, scope: Grants<'_>) -> (Actor, Uuid) {
        self.token(actor, TokenKind::Api, Some(scope)).await
    }

    async fn token(&self, actor: &Actor, kind: TokenKind, scope: Option<Grants<'_>>) -> (Actor, Uuid) {
        let text = TokenText::new(SystemAmbient.id(), SystemAmbient.secret());
        let token = Token {
            id: text.id(),
            user: self.user_id(&actor.name).await,
            name: "by a test".to_owned(),
            kind,
            hash: text.hash(),
            scoped: scope.is_some(),
            created_at: SystemAmbient.now(),
            expires_at: None,
            last_used_at: None,
            address: None,
            agent: None,
        };
        let mut ops = vec![Op::CreateToken((&token).into())];
        ops.extend(scope.into_iter().flatten().map(|given| held_by(Subject::Token(token.id), *given)));
        self.change(ops).await;
        (actor.with_token(&text.reveal()), token.id)
    }

    /// Puts a user into a group.
    pub(crate) async fn join(&self, name: &str, group: &str) {
        let (group_name, user_id) = (GroupName::parse(group).unwrap(), self.user_id(name).await);
        self.change(vec![Op::AddMember { group_name, user_id, source: LOCAL.to_owned() }]).await;
    }

    /// Gives a role to a group.
    pub(crate) async fn grant_group(&self, group: &str, given: (&str, &str, &str, &str)) {
        self.change(vec![held_by(Subject::Group(GroupName::parse(group).unwrap()), given)]).await;
    }
}

/// A role that somebody holds.
pub(crate) fn held_by(subject: Subject, (role, environment, namespace, prefix): (&str, &str, &str, &str)) -> Op {
    let place = Place::parse(environment, namespace, prefix).unwrap();
    let allowance = Allowance::Role(Role::find(role).unwrap());
    Op::Grant((&Grant { id: SystemAmbient.id(), subject, allowance, place }).into())
}

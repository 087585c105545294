//! A store with its nodes, for one test.

use std::sync::LazyLock;

use clap::Parser;
use pintle::cli::node::{self, Node};
use pintle::domain::access::{Grant, Place, Role, Token, TokenKind, UserKind};
use pintle::domain::audit::{Event, Who};
use pintle::domain::names::UserName;
use pintle::runtime::lifecycle::Lifecycle;
use pintle::runtime::settings::NodeSettings;
use pintle::service::ambient::Ambient as _;
use pintle::service::tokens::TokenText;
use pintle::store::{self, Op, Step, StoreSettings};
use sqlx::Connection as _;
use tempfile::NamedTempFile;
use uuid::Uuid;

use super::actors::Actor;
use super::database::{Database, Server};
use super::logs::Errors;

/// Of the first admin.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

#[derive(Debug, Parser)]
struct Settings {
    #[command(flatten)]
    node: NodeSettings,
}

/// A flag of the harness alone: no master key, where every other node has the same one.
pub(crate) const NO_MASTER_KEY: &str = "--no-master-key";

/// The master key of all nodes that a test gives no other.
pub(crate) const MASTER_KEY_TEXT: &str = "5e1f0b9a3c7d24868b1c0ffee2d4a69780b3c5d7e9f1a2c4d6e8f0a1b3c5d7e9";

/// The file with it.
static MASTER_KEY: LazyLock<NamedTempFile> = LazyLock::new(|| {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), MASTER_KEY_TEXT).unwrap();
    file
});

/// The settings of a node, from the flags that a test cares about.
pub(crate) fn settings(flags: &[&str]) -> NodeSettings {
    let common = ["it", "--listen", "127.0.0.1:0", "--database-connections", "4"];
    let keyed = flags.iter().any(|flag| *flag == NO_MASTER_KEY || flag.starts_with("--master-key"));
    let key = ["--master-key-file", MASTER_KEY.path().to_str().unwrap()];
    let own = flags.iter().copied().filter(|flag| *flag != NO_MASTER_KEY);
    Settings::parse_from(common.into_iter().chain(if keyed { [].iter() } else { key.iter() }.copied()).chain(own)).node
}

/// A node in this process.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) node: Node,
    pub(crate) lifecycle: Lifecycle,
}

impl Running {
    pub(crate) async fn start(database: &Database, flags: &[&str]) -> Self {
        Self::listening(database, "127.0.0.1:0", flags).await
    }

    /// The same at an address of the test's choice.
    pub(crate) async fn listening(database: &Database, at: &str, flags: &[&str]) -> Self {
        let lifecycle = Lifecycle::default();
        let settings = NodeSettings { listen: at.parse().unwrap(), ..settings(flags) };
        let at = StoreSettings { url: database.url().to_owned(), listen_url: None, connections: 4 };
        let node = node::start(&settings, &at, true, &lifecycle).await.unwrap();
        Self { node, lifecycle }
    }

    /// Makes the node catch up with the database.
    pub(crate) async fn refresh(&self) {
        self.node.app.service.pump.refresh().await.unwrap();
    }

    /// Drains the node and asserts that no task of it failed.
    pub(crate) async fn finish(self) {
        self.lifecycle.soft.cancel();
        self.node.finish(&self.lifecycle).await.unwrap();
    }
}

/// A right to give to a new actor: role, environments, namespaces, key prefix.
pub(crate) type Grants<'a> = &'a [(&'a str, &'a str, &'a str, &'a str)];

/// A store of its own, one node that serves it, and the first admin.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) database: Database,
    first: Running,
    others: Vec<Running>,
    admin: Actor,
    errors: Errors,
}

impl App {
    /// A fresh store with one node.
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// The same, with flags for the node.
    pub(crate) async fn with(flags: &[&str]) -> Self {
        Self::on(Server::shared(), flags).await
    }

    /// The same, on a server of the test's own.
    pub(crate) async fn on(server: &'static Server, flags: &[&str]) -> Self {
        let errors = Errors::collect();
        let database = server.create_database().await;
        let preset = ["--admin-password", PASSWORD];
        let first = Running::start(&database, &[&preset, flags].concat()).await;
        let admin = Actor::new("admin", &first.node.url(), "").log_in(PASSWORD).await;
        Self { database, first, others: Vec::new(), admin, errors }
    }

    /// The first admin: may manage and publish everything.
    pub(crate) fn admin(&self) -> &Actor {
        &self.admin
    }

    /// The first node.
    pub(crate) fn node(&self) -> &Running {
        &self.first
    }

    /// The nodes that were started later.
    pub(crate) fn others(&self) -> &[Running] {
        &self.others
    }

    /// Somebody without a token.
    pub(crate) fn anonymous(&self) -> Actor {
        Actor::new("anonymous", &self.first.node.url(), "")
    }

    /// Starts one more node on the same store, and gives the admin as a caller of it.
    pub(crate) async fn second_node(&mut self) -> Actor {
        let node = Running::start(&self.database, &[]).await;
        let actor = self.admin.at(&node.node.url());
        self.others.push(node);
        actor
    }

    /// A new user with these rights, and a token.
    pub(crate) async fn user(&self, name: &str, grants: Grants<'_>) -> Actor {
        self.user_of(UserKind::Person, name, grants).await
    }

    /// A new service with these rights, and a token.
    pub(crate) async fn service(&self, name: &str, grants: Grants<'_>) -> Actor {
        self.user_of(UserKind::Service, name, grants).await
    }

    async fn user_of(&self, kind: UserKind, name: &str, grants: Grants<'_>) -> Actor {
        let ambient = pintle::runtime::ambient::SystemAmbient;
        let mut connection = self.database.connect().await;
        let id = ambient.id();
        let text = TokenText::new(ambient.id(), ambient.secret());
        let token = Token {
            id: text.id(),
            user: id,
            name: "test".to_owned(),
            kind: TokenKind::Api,
            hash: text.hash(),
            scoped: false,
            created_at: ambient.now(),
            expires_at: None,
            last_used_at: None,
            address: None,
            agent: None,
        };
        let one_time = false;
        let made = UserName::parse(name).unwrap();
        let mut ops = vec![
            Op::CreateUser { id, name: made, kind, password_hash: None, one_time, provider: None, subject: None },
            Op::CreateToken((&token).into()),
        ];
        ops.extend(grants.iter().map(|grant| role(id, *grant)));
        change_access(&mut connection, ops).await;
        connection.close().await.unwrap();
        self.refresh().await;
        Actor::new(name, &self.first.node.url(), &text.reveal())
    }

    /// Takes the grants of a user on a namespace away.
    pub(crate) async fn revoke(&self, name: &str, namespace: &str) {
        let mut connection = self.database.connect().await;
        let find = "SELECT g.id FROM grants g JOIN users u ON u.id = g.user_id WHERE u.name = $1 AND g.namespace = $2";
        let found = sqlx::query_scalar::<_, Uuid>(find).bind(name).bind(namespace);
        let ops = found.fetch_all(&mut connection).await.unwrap().into_iter().map(|id| Op::RevokeGrant { id });
        change_access(&mut connection, ops.collect()).await;
        self.refresh().await;
    }

    /// Gives a user one more grant.
    pub(crate) async fn grant(&self, name: &str, grant: (&str, &str, &str, &str)) {
        let mut connection = self.database.connect().await;
        let find = sqlx::query_scalar::<_, Uuid>("SELECT id FROM users WHERE name = $1").bind(name);
        let user = find.fetch_one(&mut connection).await.unwrap();
        change_access(&mut connection, vec![role(user, grant)]).await;
        self.refresh().await;
    }

    /// Changes access past the API.
    pub(crate) async fn change_access(&self, ops: Vec<Op>) {
        let mut connection = self.database.connect().await;
        change_access(&mut connection, ops).await;
        self.refresh().await;
    }

    /// Makes every node catch up with the database.
    pub(crate) async fn refresh(&self) {
        for node in std::iter::once(&self.first).chain(&self.others) {
            node.refresh().await;
        }
    }

    /// Drains the node that was started last.
    pub(crate) async fn stop_second_node(&mut self) {
        if let Some(node) = self.others.pop() {
            node.finish().await;
        }
    }

    /// Somebody who may read a namespace.
    pub(crate) async fn viewer(&self, namespace: &str) -> Actor {
        self.user("vera", &[("viewer", "*", namespace, "")]).await
    }

    /// A program that may run on a namespace.
    pub(crate) async fn agent(&self, namespace: &str) -> Actor {
        self.user("anna", &[("agent", "*", namespace, "")]).await
    }

    /// Somebody who may publish to a namespace.
    pub(crate) async fn publisher(&self, namespace: &str) -> Actor {
        self.user("paul", &[("publisher", "*", namespace, "")]).await
    }

    /// Somebody who may roll back and freeze everything, and publish nothing.
    pub(crate) async fn operator(&self) -> Actor {
        self.user("olga", &[("operator", "*", "*", "")]).await
    }

    /// Somebody who may manage everything, and publish nothing.
    pub(crate) async fn manager(&self) -> Actor {
        self.user("mona", &[("admin", "*", "*", "")]).await
    }

    /// Somebody with a token and no rights.
    pub(crate) async fn stranger(&self) -> Actor {
        self.user("sven", &[]).await
    }

    /// Takes the errors that were logged, which would fail the test.
    pub(crate) fn take_errors(&self) -> Vec<String> {
        self.errors.take()
    }

    /// The same for a test that makes nodes log errors: at least one was.
    pub(crate) async fn finish_with_errors(self) {
        let errors = self.errors.take();
        assert!(!errors.is_empty(), "no error was logged");
        self.finish().await;
    }

    /// Drains every node; asserts that no task failed and no error was logged.
    pub(crate) async fn finish(self) {
        for node in self.others {
            node.finish().await;
        }
        self.first.finish().await;
        assert_eq!(self.errors.take(), Vec::<String>::new(), "errors were logged");
        self.database.drop().await;
    }
}

/// A grant of a role to a user.
fn role(user: Uuid, (role, environment, namespace, prefix): (&str, &str, &str, &str)) -> Op {
    let id = pintle::runtime::ambient::SystemAmbient.id();
    let place = Place::parse(environment, namespace, prefix).unwrap();
    Op::Grant((&Grant::of_user(id, user, Role::find(role).unwrap(), place)).into())
}

pub(super) async fn change_access(connection: &mut sqlx::PgConnection, ops: Vec<Op>) {
    let step = |op| Step { event: Event::new("change_by_test", "users"), op };
    let steps: Vec<Step> = ops.into_iter().map(step).collect();
    store::change_access(connection, None, &Who::system(), &steps).await.unwrap();
}

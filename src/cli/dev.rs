//! `pintle dev`: a node with a private PostgreSQL, from nothing to the first pushed change.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use crate::cli::node::{self, Node};
use crate::cli::{environment, say};
use crate::domain::access::Caller;
use crate::domain::changes::{EnvironmentAttributes, NamespaceAttributes, Tier};
use crate::domain::names::{EnvironmentName, NamespaceName, UserName};
use crate::runtime::ambient::SystemAmbient;
use crate::runtime::lifecycle::Lifecycle;
use crate::runtime::master_keys;
use crate::runtime::postgres::{Options, PrivatePostgres, default_data_dir};
use crate::runtime::settings::DevSettings;
use crate::service::ambient::Ambient as _;
use crate::service::tokens::{ListedToken, TokenRequest, TokenText};
use crate::service::{Service, WriteContext};
use crate::store::StoreSettings;

/// The environment and namespace that the first publish command goes to.
const FIRST_ENVIRONMENT: &str = "dev";
const FIRST_NAMESPACE: &str = "hello";
/// Name of the token in the printed publish command, and of its file in the data folder.
const QUICKSTART: &str = "quickstart-token";
/// The master key's file in the data folder, beside the database: a copy of the database alone opens no secret.
pub(super) const MASTER_KEY: &str = "master-key";

/// Serves until stopped, with a PostgreSQL of its own.
pub(super) async fn run(settings: &DevSettings) -> anyhow::Result<()> {
    let lifecycle = Lifecycle::default();
    lifecycle.listen_to_signals()?;
    node::refuse_bad_listen(&settings.node).await?;
    let data_dir = settings.data_dir.clone().unwrap_or_else(|| default_data_dir(&environment()));
    let options = Options { data_dir, binaries: settings.postgres_bin.clone(), environment: environment() };
    let postgres = tokio::select! {
        postgres = PrivatePostgres::start(&options) => postgres?,
        () = lifecycle.soft.cancelled() => return Ok(()),
    };
    let data_dir = std::path::absolute(&options.data_dir)?;
    let database =
        StoreSettings { url: postgres.url(), listen_url: None, connections: settings.node.database_connections };
    let (stop, stopped) = (oneshot::channel(), oneshot::channel());
    let keeper = keep(postgres, options, stop.1, stopped.0);
    lifecycle.spawn("postgres", &lifecycle.workers, keeper);
    let result = serve(settings, &database, &data_dir, &lifecycle).await;
    lifecycle.soft.cancel();
    lifecycle.workers.cancel();
    let _ = stop.0.send(());
    let _ = stopped.1.await;
    result
}

async fn serve(
    settings: &DevSettings,
    database: &StoreSettings,
    data_dir: &Path,
    lifecycle: &Lifecycle,
) -> anyhow::Result<()> {
    let mut settings = settings.node.clone();
    if settings.keys.is_unset(std::env::var_os(master_keys::VARIABLE).as_deref()) {
        settings.keys.master_key_file = Some(own_master_key(data_dir)?);
    }
    let node = tokio::select! {
        node = node::start(&settings, database, true, lifecycle) => node?,
        () = lifecycle.soft.cancelled() => return Ok(()),
    };
    greet(&node, data_dir).await?;
    node.finish(lifecycle).await
}

/// The master key in the data folder, which is made at the first start.
fn own_master_key(data_dir: &Path) -> anyhow::Result<PathBuf> {
    let path = data_dir.join(MASTER_KEY);
    if path.exists() {
        return Ok(path);
    }
    let write = || {
        let fresh = path.with_extension("new");
        let mut file = private_file(&fresh)?;
        let text = Zeroizing::new(hex::encode(*Zeroizing::new(SystemAmbient.secret())));
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&fresh, &path)?;
        File::open(data_dir)?.sync_all()
    };
    write().with_context(|| format!("cannot make the master key {}", path.display()))?;
    Ok(path)
}

/// Starts PostgreSQL again whenever it dies, until told to stop it.
async fn keep(
    mut postgres: PrivatePostgres,
    options: Options,
    mut stop: oneshot::Receiver<()>,
    stopped: oneshot::Sender<()>,
) {
    loop {
        tokio::select! {
            _ = &mut stop => break,
            exit = postgres.exited() => tracing::warn!(%exit, "PostgreSQL ended by itself; starting it again"),
        }
        drop(postgres);
        postgres = loop {
            match PrivatePostgres::start(&options).await {
                Ok(postgres) => break postgres,
                Err(error) => tracing::error!(%error, "PostgreSQL does not start; trying again"),
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(1)) => (),
                _ = &mut stop => {
                    let _ = stopped.send(());
                    return;
                },
            }
        };
    }
    if let Err(error) = postgres.stop().await {
        tracing::error!(%error, "PostgreSQL did not stop");
    }
    let _ = stopped.send(());
}

/// Says where the node is, who may log in, and how to publish the first change.
async fn greet(node: &Node, data_dir: &Path) -> anyhow::Result<()> {
    let url = node.url();
    let shown = data_dir.display();
    say(&format!("address:        {url}"));
    match node.first_admin.as_ref().map(|admin| &admin.one_time_password) {
        Some(Some(password)) => {
            say("user:           admin");
            say(&format!("password:       {password} (one-time: pintle login asks for a new one)"));
        }
        Some(None) => say("user:           admin, with the password that was preset"),
        None => say(&format!("lost password:  pintle admin reset admin --data-dir {shown}")),
    }
    if let Some(token_file) = quickstart(node, data_dir).await? {
        say("publish:");
        say(&format!(
            "  curl -X PUT -H \"Authorization: Bearer $(cat {})\" \\\n    --data-binary 'greeting: hello' \\\n    \
             {url}/api/v1/environments/{FIRST_ENVIRONMENT}/namespaces/{FIRST_NAMESPACE}/entries/application.yaml",
            token_file.display()
        ));
    }
    say(&format!("pintle is ready: {url}"));
    Ok(())
}

/// Makes what the printed command needs: a place to publish to, on the first start, and a token in a private file.
async fn quickstart(node: &Node, data_dir: &Path) -> anyhow::Result<Option<PathBuf>> {
    let service = &node.app.service;
    let state = service.state()?;
    let admin = UserName::parse("admin")?;
    let Some(user) = state.access.find_user_by_name(&admin).cloned() else { return Ok(None) };
    let caller = Caller::of_node(user);
    if node.first_admin.is_some() && state.head.0 == 0 {
        let (environment, namespace) =
            (EnvironmentName::parse(FIRST_ENVIRONMENT)?, NamespaceName::parse(FIRST_NAMESPACE)?);
        let context = || WriteContext { message: "first start".to_owned(), ..WriteContext::default() };
        let attributes = EnvironmentAttributes { tier: Some(Tier::Dev), ..EnvironmentAttributes::default() };
        let permit = service.may_manage(&caller, &environment)?;
        service.put_environment(&permit, environment.clone(), attributes, None, context()).await?;
        let permit = service.may_manage_namespace(&caller, &environment, &namespace)?;
        let at = (environment, namespace);
        service.put_namespace(&permit, at, NamespaceAttributes::default(), None, context()).await?;
    }
    let path = data_dir.join(QUICKSTART);
    let listed = service.list_tokens(&caller, None)?;
    if let Ok(text) = std::fs::read_to_string(&path)
        && is_good(service, &listed, &text)
    {
        return Ok(Some(path));
    }
    for old in listed.into_iter().filter(|listed| listed.token.name == QUICKSTART) {
        service.revoke_token(&caller, old.token.id).await?;
    }
    let request = TokenRequest { name: QUICKSTART.to_owned(), days: Some(1), ..TokenRequest::default() };
    let token = service.create_token(&caller, request).await?;
    let mut file = private_file(&path).with_context(|| format!("cannot write {}", path.display()))?;
    file.write_all(token.text.reveal().as_bytes())?;
    Ok(Some(path))
}

/// Whether the token of an earlier start has half of its day left: whoever works with it goes on after a restart.
fn is_good(service: &Service, listed: &[ListedToken], text: &str) -> bool {
    let Some(shown) = TokenText::parse(text) else { return false };
    let until = service.ambient.now() + Duration::from_hours(12);
    listed.iter().any(|one| shown.belongs_to(&one.token) && one.token.expires_at.is_none_or(|ends| ends > until))
}

fn private_file(path: &Path) -> std::io::Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

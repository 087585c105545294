//! `pintle serve`: a node on a database of yours.

use crate::cli::{node, say};
use crate::runtime::lifecycle::Lifecycle;
use crate::runtime::settings::ServeSettings;
use crate::store::StoreSettings;

/// Serves until stopped.
pub(super) async fn run(settings: &ServeSettings) -> anyhow::Result<()> {
    let lifecycle = Lifecycle::default();
    lifecycle.listen_to_signals()?;
    let database = StoreSettings {
        url: settings.database.database_url.clone(),
        listen_url: settings.database.listen_database_url.clone(),
        connections: settings.node.database_connections,
    };
    let node = tokio::select! {
        node = node::start(&settings.node, &database, !settings.no_migrate, &lifecycle) => node?,
        () = lifecycle.soft.cancelled() => return Ok(()),
    };
    if let Some(password) = node.first_admin.as_ref().and_then(|admin| admin.one_time_password.as_ref()) {
        say(&format!("first admin: admin, one-time password: {password}"));
        say(&format!("log in with: pintle login --server {} --user admin", node.url()));
    }
    say(&format!("pintle is ready: {}", node.url()));
    node.finish(&lifecycle).await
}

//! Schemas, roles and settings of the database: what a node starts on, and what it refuses with which words.

use std::process::Command;

use nix::sys::signal::Signal;

use crate::support::node::{Node, log_in, pintle};
use crate::support::postgres::{Cluster, PgBouncer};
use crate::support::{BOUND, Place, Tested, ensure, eventually, tell};

/// Runs `pintle` to its end: whether it succeeded, what it said and what it complained about.
fn run(database_url: &str, arguments: &[&str]) -> Tested<(bool, String, String)> {
    let done = pintle().env("DATABASE_URL", database_url).args(arguments).output()?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok((done.status.success(), text(done.stdout), text(done.stderr)))
}

/// Starts a node that must refuse, and gives its last words.
async fn refused(place: &Place, url: &str, arguments: &[&str]) -> Tested<String> {
    let mut node = Node::new(place, "refused", url)?.with(arguments);
    node.launch()?;
    let ended = node.process_mut()?.ended(BOUND).await;
    let (code, errors) = ended.map_err(|error| format!("{error}: {}", node.log()))?;
    ensure(code == Some(1), || format!("{code:?}: {errors}"))?;
    Ok(errors.lines().last().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_start_at_once_on_an_empty_database_all_come_up() -> Tested {
    let place = Place::new()?;
    let cluster = Cluster::start_new(&place, "pg").await?;
    let names = ["a", "b", "c", "d"];
    let mut nodes = names.iter().map(|name| Node::new(&place, name, &cluster.url())).collect::<Tested<Vec<_>>>()?;
    for node in &mut nodes {
        node.launch()?;
    }
    for node in &mut nodes {
        node.process_mut()?.ready(BOUND).await?;
        let caller = node.set_up().await?;
        let content = node.url();
        caller.publish("who", &content, &content).await?.expect(200)?;
    }
    let facts = "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM grants), (SELECT count(*) FROM epochs),
                        (SELECT level FROM schema_level) = (SELECT max(version) FROM _sqlx_migrations)";
    let facts = cluster.sql(facts)?;
    ensure(facts == "1|2|1|t", || facts)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_shows_the_sql_and_an_old_or_empty_schema_is_not_served() -> Tested {
    let place = Place::new()?;
    let cluster = Cluster::start_new(&place, "pg").await?;
    let url = cluster.url();
    let (done, sql, errors) = run(&url, &["migrate", "--dry-run"])?;
    ensure(done && sql.contains("-- 0001_create_store") && sql.contains("CREATE TABLE head"), || errors)?;
    let objects =
        "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public'";
    let made = cluster.sql(objects)?;
    ensure(made == "0", || format!("a dry run made {made} objects"))?;

    let empty = refused(&place, &url, &["--no-migrate"]).await?;
    ensure(empty.contains("the schema is empty: run `pintle migrate` first"), || empty)?;
    let made = cluster.sql(objects)?;
    ensure(made == "0", || format!("a refused start made {made} objects"))?;

    // What was printed is what is run.
    let by_hand = Cluster::start_new(&place, "by-hand").await?;
    by_hand.sql(&sql)?;
    let (done, said, errors) = run(&url, &["migrate"])?;
    ensure(done && said.starts_with("migrated the schema from level 0 to "), || format!("{said}{errors}"))?;
    let shape = "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
                 WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations' ORDER BY 1, 2";
    ensure(cluster.sql(shape)? == by_hand.sql(shape)?, || "the printed SQL makes another schema".to_owned())?;
    let (_, said, _) = run(&url, &["migrate"])?;
    ensure(said.contains("at level") && said.contains("already"), || said)?;
    let (_, said, _) = run(&url, &["migrate", "--dry-run"])?;
    ensure(said.trim() == "-- nothing to do", || said)?;

    cluster.sql("UPDATE schema_level SET level = level - 1")?;
    let old = refused(&place, &url, &["--no-migrate"]).await?;
    ensure(old.contains("the schema is at level ") && old.contains("run `pintle migrate` first"), || old)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_schema_is_served_unless_it_says_which_release_it_needs() -> Tested {
    let place = Place::new()?;
    let cluster = Cluster::start_new(&place, "pg").await?;
    let mut node = Node::new(&place, "one", &cluster.url())?;
    node.start().await?;
    let caller = node.set_up().await?;
    // The next release migrates: a row that this binary does not know.
    cluster.sql(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES (99, 'of the next release', true, '\\x00', 1);
         UPDATE schema_level SET level = 99; ALTER TABLE revisions ADD COLUMN later text",
    )?;
    caller.publish("still", "served", "running").await?.expect(200)?;
    for arguments in [&["--no-migrate"][..], &[]] {
        let mut behind = Node::new(&place, "behind", &cluster.url())?.with(arguments);
        behind.start().await?;
        let caller = behind.caller(&caller.token)?;
        caller.publish("still", &format!("{arguments:?}"), &format!("{arguments:?}")).await?.expect(200)?;
    }
    cluster.sql("UPDATE schema_level SET oldest_level = 99, oldest_release = '7.1.0'")?;
    for arguments in [&["--no-migrate"][..], &[]] {
        let said = refused(&place, &cluster.url(), arguments).await?;
        ensure(said.contains("the schema needs Pintle 7.1.0 or newer, this is "), || said)?;
    }
    let (done, _, errors) = run(&cluster.url(), &["migrate"])?;
    ensure(!done && errors.contains("7.1.0"), || errors)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_only_has_rights_on_the_tables_can_serve() -> Tested {
    let place = Place::new()?;
    let mut cluster = Cluster::start_new(&place, "pg").await?;
    cluster.sql_in("postgres", "CREATE ROLE pintle_owner LOGIN; CREATE ROLE pintle_app LOGIN")?;
    cluster.sql_in("postgres", "ALTER DATABASE pintle OWNER TO pintle_owner")?;
    // As docs/OPERATING.md has it. What is left out is not needed: no TRUNCATE, no sequences, no rights on the schema.
    cluster.sql(
        "GRANT CREATE ON SCHEMA public TO pintle_owner;
         ALTER DEFAULT PRIVILEGES FOR ROLE pintle_owner GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO pintle_app",
    )?;
    let url = |role: &str| cluster.url().replace("pintle@", &format!("{role}@"));
    let (owner, app) = (url("pintle_owner"), url("pintle_app"));
    let (done, _, errors) = run(&owner, &["migrate"])?;
    ensure(done, || errors)?;
    least_rights(&cluster)?;

    let mut node = Node::new(&place, "app", &app)?.with(&["--no-migrate"]);
    node.start().await?;
    let caller = node.set_up().await?;
    caller.publish("by", "app", "by the app").await?.expect(200)?;
    let before = caller.ready().await?;
    let made = cluster.sql_as("pintle_app", "CREATE TABLE public.mine ()").err();
    ensure(made.is_some(), || "the role may change the schema".to_owned())?;

    // A failover is the node's to record: the same rights do.
    cluster.sql("UPDATE head SET timeline = '000000FF'")?;
    let after = eventually("a new epoch", BOUND, async || {
        Ok(Some(caller.ready().await?).filter(|ready| ready.epoch > before.epoch && ready.writes))
    })
    .await?;
    ensure(after.revision > before.revision + 1_000_000, || format!("{after:?}"))?;
    caller.publish("by", "app again", "by the app again").await?.expect(200)?;
    let password = crate::support::node::PASSWORD;
    log_in(&node.url(), password).await?;
    let (done, said, errors) = run(&app, &["admin", "reset", "admin"])?;
    ensure(done && said.contains("one-time password of admin"), || errors)?;

    // With migrations it says what it lacks, and does not change a schema that needs nothing.
    let mut with = Node::new(&place, "with", &app)?;
    with.launch()?;
    let outcome = tokio::time::timeout(BOUND, with.process_mut()?.ready(BOUND)).await?;
    tell(&format!(
        "roles: serve without --no-migrate under the app's role: {}",
        outcome.map_or_else(|error| error.to_string(), |_| "starts".to_owned())
    ));
    cluster.stop(Signal::SIGINT).await
}

/// Takes every right away that a node does not use; what follows fails when one was missing.
fn least_rights(cluster: &Cluster) -> Tested {
    cluster.sql(
        "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM pintle_app;
         GRANT SELECT ON ALL TABLES IN SCHEMA public TO pintle_app;
         REVOKE ALL ON _sqlx_migrations FROM pintle_app;
         GRANT INSERT ON contents, revisions, changes, idempotency, epochs, redactions, audit, audit_chains TO pintle_app;
         GRANT UPDATE ON head, audit_chains TO pintle_app;
         GRANT DELETE ON idempotency, redactions TO pintle_app;
         GRANT INSERT, UPDATE, DELETE ON users, group_members, grants, tokens, login_codes, login_places, signing_keys,
             data_keys, identity_providers, trusted_issuers, drafts, draft_changes TO pintle_app",
    )?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_would_lose_acknowledged_publishes_is_refused() -> Tested {
    let place = Place::new()?;
    let mut cluster = Cluster::start_new(&place, "pg").await?;
    for name in ["fsync", "full_page_writes", "synchronous_commit"] {
        cluster.stop(Signal::SIGINT).await?;
        cluster.start_with(&[&format!("{name}=off")]).await?;
        let said = refused(&place, &cluster.url(), &[]).await?;
        ensure(
            said.contains(&format!("{name} is off in PostgreSQL: a crash would lose acknowledged publishes")),
            || said,
        )?;
    }
    cluster.stop(Signal::SIGINT).await?;
    cluster.start().await?;
    cluster
        .sql_in("postgres", "CREATE ROLE careless LOGIN SUPERUSER; ALTER ROLE careless SET synchronous_commit = off")?;
    let url = cluster.url().replace("pintle@", "careless@");
    let said = refused(&place, &url, &[]).await?;
    ensure(said.contains("synchronous_commit is off"), || said)?;
    cluster.sql_in("postgres", "CREATE DATABASE latin ENCODING LATIN1 TEMPLATE template0")?;
    let latin = cluster.url().replace("/pintle", "/latin").replace("//latin@", "//pintle@");
    let said = refused(&place, &latin, &[]).await?;
    ensure(said.contains("must have the encoding UTF8, this one has LATIN1"), || said)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_that_mixes_up_sessions_is_refused() -> Tested {
    let Some(version) = pgbouncer_version() else {
        tell("skipped: pgbouncer is not installed, so nobody was told that it is too old");
        return Ok(());
    };
    let place = Place::new()?;
    let cluster = Cluster::start_new(&place, "pg").await?;
    let direct = ["--listen-database-url", &cluster.url()].map(str::to_owned);
    let direct: Vec<&str> = direct.iter().map(String::as_str).collect();
    let sentence = "PgBouncer in transaction mode needs version 1.21 or newer with max_prepared_statements above 0, and a \
                    direct address for LISTEN (--listen-database-url)";
    // Without max_prepared_statements, or before there was such a setting.
    let old = PgBouncer::start(&place, "old", &cluster, "transaction", version >= (1, 21), 0).await?;
    for arguments in [&[][..], &direct] {
        let said = refused(&place, &old.url(), arguments).await?;
        ensure(said.contains(sentence), || format!("{arguments:?}: {said}"))?;
    }
    tell(&format!("pgbouncer {}.{}: transaction mode is refused", version.0, version.1));
    // In session mode it is no different from the database.
    let session = PgBouncer::start(&place, "session", &cluster, "session", false, 0).await?;
    let mut node = Node::new(&place, "behind", &session.url())?;
    node.start().await?;
    node.set_up().await?.publish("by", "session", "by session").await?.expect(200)?;
    if version >= (1, 21) {
        let new = PgBouncer::start(&place, "new", &cluster, "transaction", true, 100).await?;
        let said = refused(&place, &new.url(), &[]).await?;
        ensure(said.contains(sentence), || said)?;
        let mut node = Node::new(&place, "new-node", &new.url())?.with(&direct);
        node.start().await?;
        node.set_up().await?.publish("by", "transaction", "by transaction").await?.expect(200)?;
    }
    Ok(())
}

fn pgbouncer_version() -> Option<(u32, u32)> {
    let done = Command::new("pgbouncer")
        .env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
        .arg("--version")
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    let (major, rest) = text.lines().next()?.strip_prefix("PgBouncer ")?.split_once('.')?;
    let minor = rest.split('.').next()?;
    Some((major.trim().parse().ok()?, minor.trim().parse().ok()?))
}

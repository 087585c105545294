//! Verifying: whatever somebody does to the rows, the chains or the history, it is found and named.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration as StdDuration;

use pintle::domain::audit::{Broken, Event, Who};
use pintle::service::audit::{retention, verify};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use time::{Duration, OffsetDateTime};
use tokio::time::Instant;

use super::{SOON, assert_whole, of_action, rows, verified};
use crate::harness::{App, Running, Server, put};
use crate::program::{PROGRAM, ran};

/// The tables that are tampered with, and how they are put back.
const KEEP: &str = "CREATE TABLE kept_audit AS TABLE audit; CREATE TABLE kept_chains AS TABLE audit_chains;
    CREATE TABLE kept_revisions AS TABLE revisions; CREATE TABLE kept_changes AS TABLE changes;";
const PUT_BACK: &str = "SET session_replication_role = replica;
    DELETE FROM audit; DELETE FROM audit_chains; DELETE FROM changes; DELETE FROM revisions;
    INSERT INTO audit SELECT * FROM kept_audit;
    INSERT INTO audit_chains SELECT * FROM kept_chains;
    INSERT INTO revisions SELECT * FROM kept_revisions; INSERT INTO changes SELECT * FROM kept_changes;
    SET session_replication_role = DEFAULT;";

/// Computes a chain anew from a row on, with its end: what somebody does who knows how.
const COMPUTE_ANEW: &str = "DO $$
    DECLARE r record; last bytea;
    BEGIN
        SELECT previous INTO last FROM audit WHERE chain = 'CHAIN' ORDER BY seq LIMIT 1;
        FOR r IN SELECT * FROM audit WHERE chain = 'CHAIN' ORDER BY seq LOOP
            UPDATE audit SET previous = last, hash = sha256(last || convert_to(body, 'UTF8')),
                actor = body::jsonb->>'actor', target = body::jsonb->>'target'
            WHERE chain = r.chain AND seq = r.seq RETURNING hash INTO last;
        END LOOP;
        UPDATE audit_chains SET hash = last, seq = (SELECT max(seq) FROM audit WHERE chain = 'CHAIN') WHERE chain = 'CHAIN';
    END $$;";

async fn run(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(connection)
        .await
        .unwrap_or_else(|error| panic!("{error}: {sql}"));
}

/// Waits until the end of every chain is anchored.
async fn anchored(app: &App, file: &Path) {
    let started = Instant::now();
    loop {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let mut connection = app.database.connect().await;
        let ends: Vec<String> = sqlx::query_scalar("SELECT encode(hash, 'hex') FROM audit_chains")
            .fetch_all(&mut connection)
            .await
            .unwrap();
        if ends.iter().all(|hash| text.contains(hash.as_str())) {
            return;
        }
        assert!(started.elapsed() < SOON, "{text}");
        tokio::task::yield_now().await;
    }
}

/// A store with some history, whose chains are anchored.
async fn app_with_history(file: &Path) -> App {
    let app = App::with(&["--audit-anchor-file", file.to_str().unwrap(), "--audit-anchor-seconds", "1"]).await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.create_protected("prod").await;
    let paul = app.publisher("orders").await;
    for number in 0..3 {
        paul.write(&format!("dev/orders/{number}.txt"), "x").await.expect(200);
    }
    paul.publish(&[put("dev/orders/a.txt", "a"), put("dev/orders/b.txt", "b")]).await.expect(200);
    let audit = &app.node().node.app.service.audit;
    for number in 0..4 {
        audit.record(&Who::system(), Event::new("reveal", format!("dev/orders/{number}.txt"))).await.unwrap();
    }
    anchored(&app, file).await;
    app
}

/// Where a case must be found.
#[derive(Clone, Copy)]
enum At {
    /// A row of the chain of the store, counted from that of a publish.
    Publish(u64),
    /// The last row of the chain of the store.
    End,
    /// This row of the chain of the store.
    Store(u64),
    /// This row of the chain of the node.
    Node(u64),
    /// The last row of the chain of the node.
    NodeEnd,
    /// Some row of the chain of the store: that of another revision than the publish.
    AnyOfStore,
    /// A chain that no node began.
    MadeUp,
}

/// What somebody does, where it is found, and what is said of it. SEQ, REV and DIGEST are those of a publish by paul; NODE is the
/// chain of the node; ANEW computes the chain of the store anew, and `NODE_ANEW` that of the node.
const CASES: &[(&str, &str, At, &str)] = &[
    (
        "a row changed",
        "UPDATE audit SET body = replace(body, 'paul', 'vera') WHERE chain = 'store' AND seq = SEQ",
        At::Publish(0),
        "it was changed",
    ),
    ("a row deleted", "DELETE FROM audit WHERE chain = 'store' AND seq = SEQ", At::Publish(0), "it was deleted"),
    (
        "rows reordered",
        "UPDATE audit SET seq = -1 WHERE chain = 'store' AND seq = SEQ;
         UPDATE audit SET seq = SEQ WHERE chain = 'store' AND seq = SEQ + 1;
         UPDATE audit SET seq = SEQ + 1 WHERE chain = 'store' AND seq = -1",
        At::Publish(0),
        "it was moved or inserted",
    ),
    (
        "a row inserted, with good hashes of its own",
        "UPDATE audit SET seq = seq + 1000 WHERE chain = 'store' AND seq >= SEQ;
         UPDATE audit SET seq = seq - 999 WHERE chain = 'store' AND seq >= 1000;
         INSERT INTO audit (chain, seq, body, previous, hash, at, actor, action, environment, namespace, target, revision)
         SELECT chain, SEQ, n.body, hash, sha256(hash || convert_to(n.body, 'UTF8')), at,
                actor, action, environment, namespace, target, revision
         FROM audit, replace(body, 'seq\": ' || (SEQ - 1), 'seq\": SEQ') AS n(body) WHERE chain = 'store' AND seq = SEQ - 1;
         UPDATE audit_chains SET seq = seq + 1 WHERE chain = 'store'",
        At::Publish(1),
        "it was moved or inserted",
    ),
    (
        "the tail cut",
        "DELETE FROM audit a USING audit_chains c WHERE c.chain = 'store' AND a.chain = 'store' AND a.seq = c.seq",
        At::End,
        "the tail was cut",
    ),
    (
        "the tail cut, and the end moved",
        "DELETE FROM audit WHERE chain = 'NODE' AND seq > 2;
         UPDATE audit_chains SET seq = 2, hash = (SELECT hash FROM audit WHERE chain = 'NODE' AND seq = 2) WHERE chain = 'NODE'",
        At::Node(3),
        "the tail was cut",
    ),
    (
        "a row changed, and the chain computed anew",
        "UPDATE audit SET body = replace(body, 'paul', 'vera') WHERE chain = 'store' AND seq = SEQ; ANEW",
        At::Publish(0),
        "who did it",
    ),
    (
        "a row and the history changed, and the chain computed anew",
        "UPDATE revisions SET actor = 'vera' WHERE revision = REV;
         UPDATE audit SET body = replace(replace(body, 'paul', 'vera'), 'DIGEST', changes_digest(REV))
         WHERE chain = 'store' AND seq = SEQ; ANEW",
        At::End,
        "the chain was computed anew",
    ),
    (
        "a row of the node changed, and its chain computed anew",
        "UPDATE audit SET body = replace(body, 'dev/orders/1', 'dev/orders/9') WHERE chain = 'NODE'; NODE_ANEW",
        At::NodeEnd,
        "the chain was computed anew",
    ),
    (
        "a whole chain gone",
        "DELETE FROM audit WHERE chain = 'NODE'; DELETE FROM audit_chains WHERE chain = 'NODE'",
        At::Node(1),
        "the chain is missing",
    ),
    ("an end gone", "DELETE FROM audit_chains WHERE chain = 'NODE'", At::Node(1), "its end is missing"),
    (
        "a row added",
        "INSERT INTO audit (chain, seq, body, previous, hash, at) SELECT 'NODE', seq + 1, body, hash, hash, at
         FROM audit WHERE chain = 'NODE' ORDER BY seq DESC LIMIT 1",
        At::Node(6),
        "it was added",
    ),
    (
        "a chain made up",
        "INSERT INTO audit_chains (chain, seq, hash) VALUES ('node.x', 0, decode(repeat('00', 32), 'hex'))",
        At::MadeUp,
        "no row of the store says that the chain began",
    ),
    (
        "the time of a row",
        "UPDATE audit SET at = at - interval '1 day' WHERE chain = 'store' AND seq = SEQ",
        At::Publish(0),
        "its column at",
    ),
    (
        "a column that repeats the row",
        "UPDATE audit SET actor = 'vera' WHERE chain = 'store' AND seq = SEQ",
        At::Publish(0),
        "its column actor",
    ),
    ("who", "UPDATE revisions SET actor = 'vera' WHERE revision = REV", At::Publish(0), "the history was changed"),
    ("when", "UPDATE revisions SET at = at - interval '1 s' WHERE revision = REV", At::Publish(0), "the time of"),
    ("what", "UPDATE changes SET key = 'other' WHERE revision = REV", At::Publish(0), "the history was changed"),
    (
        "how an environment is protected",
        "UPDATE changes SET attributes = attributes - 'tier' WHERE environment = 'prod'",
        At::AnyOfStore,
        "the history was changed",
    ),
    (
        "a revision gone",
        "SET session_replication_role = replica; DELETE FROM revisions WHERE revision = REV",
        At::Publish(0),
        "is not in the history",
    ),
    (
        "a revision more",
        "INSERT INTO revisions SELECT revision + 100, epoch, gen_random_uuid(), at, actor, message, kind, request_id, origin
         FROM revisions ORDER BY revision DESC LIMIT 1",
        At::End,
        "no row tells of revision",
    ),
    (
        "rows cut off, and no row that says so",
        "UPDATE audit_chains SET floor_seq = 2, floor_hash = (SELECT hash FROM audit WHERE chain = 'store' AND seq = 2)
         WHERE chain = 'store'; DELETE FROM audit WHERE chain = 'store' AND seq <= 2",
        At::Store(2),
        "no row of the store says that they were cut off",
    ),
    (
        "where the history of the audit begins",
        "UPDATE audit_chains SET floor_revision = 1000 WHERE chain = 'store'",
        At::AnyOfStore,
        "are said to have had theirs",
    ),
];

#[tokio::test]
async fn every_way_of_tampering_is_found_and_the_first_broken_row_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("anchors");
    let app = app_with_history(&file).await;
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let report = verified(&app, Some(&file)).await;
    assert_eq!(report.broken, []);
    assert!(report.anchors >= 2 && report.revisions >= 7 && report.chains == 2, "{report:?}");
    // The node goes on anchoring what it finds.
    let kept = folder.path().join("kept");
    std::fs::copy(&file, &kept).unwrap();

    let all = rows(&app).await;
    let node = all.iter().find(|row| row["action"] == "reveal").unwrap()["chain"].as_str().unwrap();
    let publish = all.iter().find(|row| row["action"] == "publish").unwrap();
    let seq = publish["seq"].as_u64().unwrap();
    let length = |chain: &str| all.iter().filter(|row| row["chain"] == chain).count() as u64;
    let mut connection = app.database.connect().await;
    run(&mut connection, KEEP).await;
    for (case, sql, at, what) in CASES {
        let sql = sql.replace("NODE_ANEW", &COMPUTE_ANEW.replace("CHAIN", "NODE")).replace("NODE", node);
        let sql = sql.replace("ANEW", &COMPUTE_ANEW.replace("CHAIN", "store")).replace("SEQ", &seq.to_string());
        let sql =
            sql.replace("REV", &publish["revision"].to_string()).replace("DIGEST", publish["digest"].as_str().unwrap());
        run(&mut connection, &sql).await;
        let broken = verified(&app, Some(&kept)).await.broken;
        println!("{case}: {broken:?}");
        let (chain, row) = match at {
            At::Publish(after) => ("store", seq + after),
            At::End => ("store", length("store")),
            At::Store(row) => ("store", *row),
            At::Node(row) => (node, *row),
            At::NodeEnd => (node, length(node)),
            At::MadeUp => ("node.x", 1),
            At::AnyOfStore => ("store", 0),
        };
        let found = |one: &&Broken| one.chain == chain && (one.seq == row || row == 0);
        let found = broken.iter().filter(found).any(|one| one.what.contains(what));
        assert!(found, "{case}: {broken:?}");
        run(&mut connection, PUT_BACK).await;
        assert_eq!(verified(&app, Some(&kept)).await.broken, [], "{case}: put back");
    }
    connection.close().await.unwrap();
    app.finish().await;
}

#[tokio::test]
async fn an_anchor_counts_only_as_it_was_signed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("anchors");
    let app = app_with_history(&file).await;
    let text = std::fs::read_to_string(&file).unwrap();
    let forged = folder.path().join("forged");
    std::fs::write(&forged, text.replacen("\"seq\":", "\"seq\":1", 1)).unwrap();
    let broken = verified(&app, Some(&forged)).await.broken;
    assert!(broken.iter().any(|one| one.what.contains("not signed with this master key")), "{broken:?}");
    std::fs::write(&forged, "nonsense\n").unwrap();
    assert!(verified(&app, Some(&forged)).await.broken[0].what.contains("no anchor"));
    app.finish().await;
}

#[tokio::test]
async fn what_retention_cuts_off_is_told_and_the_rest_is_verified() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("anchors");
    let mut app = app_with_history(&file).await;
    app.second_node().await;
    app.stop_second_node().await;
    let before = rows(&app).await.len();
    let middle = OffsetDateTime::now_utc();
    app.admin().write("dev/orders/later.txt", "x").await.expect(200);
    anchored_store(&app, &file).await;
    let mut connection = app.database.connect().await;
    let who = Who::system();
    assert_eq!(retention::cut(&mut connection, middle - Duration::days(400), &who).await.unwrap(), 0);
    assert!(of_action(&app, "trim_audit").await.is_empty(), "nothing was cut off, and nothing is told");

    let cut = retention::cut(&mut connection, middle, &who).await.unwrap();
    assert_eq!(cut, before as u64);
    let left = rows(&app).await;
    let actions: Vec<&str> = left.iter().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["publish", "trim_audit"]);
    let report = verified(&app, Some(&file)).await;
    assert_eq!(report.broken, []);
    assert!(report.anchors_cut > 0 && report.anchors > 0, "{report:?}");

    // The chain of the node that is gone has no row left, and goes with the next cut; what happens since is kept.
    app.admin().write("dev/orders/latest.txt", "x").await.expect(200);
    let audit = &app.node().node.app.service.audit;
    audit.record(&who, Event::new("reveal", "x")).await.unwrap();
    retention::cut(&mut connection, middle, &who).await.unwrap();
    let trims = of_action(&app, "trim_audit").await;
    assert_eq!(trims.len(), 2);
    assert_eq!(trims[1]["after"]["removed"].as_array().map(Vec::len), Some(1), "{}", trims[1]);
    assert_eq!(verified(&app, Some(&file)).await.broken, []);
    assert_eq!(of_action(&app, "reveal").await.len(), 1);

    run(&mut connection, "DELETE FROM audit WHERE chain = 'store' AND action = 'publish' AND seq = (SELECT min(seq) FROM audit WHERE chain = 'store')").await;
    let broken = verified(&app, None).await.broken;
    assert!(broken[0].what.contains("deleted"), "{broken:?}");
    connection.close().await.unwrap();
    app.finish().await;
}

#[tokio::test]
async fn a_node_that_is_told_to_cuts_off_old_rows_by_itself() {
    let database = Server::shared().create_database().await;
    Running::start(&database, &[]).await.finish().await;
    let mut connection = database.connect().await;
    let age = "UPDATE audit SET at = at - interval '10 days' WHERE chain = 'store';
        UPDATE audit SET body = (body::jsonb || jsonb_build_object('at', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')))::text
        WHERE chain = 'store';";
    run(&mut connection, &format!("{age}{}", COMPUTE_ANEW.replace("CHAIN", "store"))).await;
    let old = database.number("SELECT count(*) FROM audit WHERE chain = 'store'").await;
    let node = Running::start(&database, &["--audit-retention", "9d"]).await;
    let started = Instant::now();
    while database.number("SELECT count(*) FROM audit WHERE action = 'trim_audit'").await == 0
        || database.number("SELECT count(*) FROM audit WHERE at < now() - interval '9 days'").await > 0
    {
        assert!(started.elapsed() < SOON);
        tokio::task::yield_now().await;
    }
    let floor = database.number("SELECT floor_seq FROM audit_chains WHERE chain = 'store'").await;
    assert_eq!(floor, old);
    node.finish().await;
    let report = verify(&mut connection, std::iter::empty(), &[]).await.unwrap();
    assert_eq!(report.broken, []);
    connection.close().await.unwrap();
    database.drop().await;
}

/// Waits until the end of the chain of the store is anchored.
async fn anchored_store(app: &App, file: &Path) {
    let started = Instant::now();
    loop {
        let mut connection = app.database.connect().await;
        let end: String = sqlx::query_scalar("SELECT encode(hash, 'hex') FROM audit_chains WHERE chain = 'store'")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        if std::fs::read_to_string(file).unwrap_or_default().contains(&end) {
            return;
        }
        assert!(started.elapsed() < SOON);
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_node_without_a_master_key_does_not_anchor_and_one_that_stops_anchors_its_last_row() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("anchors");
    let flags = ["--audit-anchor-file", file.to_str().unwrap()];
    let app = App::with(&[&flags[..], &[crate::harness::app::NO_MASTER_KEY]].concat()).await;
    assert_whole(&app).await;
    app.finish().await;
    assert!(!file.exists());

    let database = Server::shared().create_database().await;
    let node = Running::start(&database, &flags).await;
    node.finish().await;
    let end: String = sqlx::query_scalar("SELECT encode(hash, 'hex') FROM audit WHERE action = 'node_stopped'")
        .fetch_one(&mut database.connect().await)
        .await
        .unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(&end), "{text}");
    database.drop().await;
}

fn program(home: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.env_clear().env("HOME", home);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_verifies_trims_and_ends_with_1_when_something_was_changed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("anchors");
    let app = app_with_history(&file).await;
    let key = folder.path().join("key");
    std::fs::write(&key, crate::harness::app::MASTER_KEY_TEXT).unwrap();
    let pintle = |arguments: &[&str]| {
        let mut command = program(folder.path());
        command.env("DATABASE_URL", app.database.url()).args(arguments);
        ran(command, "").unwrap()
    };
    let anchors = ["--anchors", file.to_str().unwrap(), "--master-key-file", key.to_str().unwrap()];
    let verify = [&["audit", "verify"][..], &anchors].concat();
    pintle(&verify).ends_with(0).says("the audit is whole").says("2 chains");
    pintle(&["audit", "verify"]).ends_with(0).complains("without --anchors");
    pintle(&["audit", "trim", "--older-than", "12h", "--yes"]).ends_with(64).complains("at least 1d");
    pintle(&["audit", "trim", "--older-than", "1d", "--yes"]).ends_with(0).says("0 rows were cut off");
    let mut connection = app.database.connect().await;
    run(
        &mut connection,
        "UPDATE audit SET body = replace(body, 'paul', 'vera') WHERE chain = 'store' AND action = 'publish'",
    )
    .await;
    connection.close().await.unwrap();
    pintle(&verify).ends_with(1).says("chain store, row").says("it was changed").says("the audit was changed");
    let json = pintle(&[&verify[..], &["--json"]].concat()).ends_with(1).json().unwrap();
    assert_eq!((&json["whole"], &json["broken"][0]["chain"]), (&false.into(), &"store".into()));

    let admin = |arguments: &[&str]| {
        let mut command = program(folder.path());
        command.env("PINTLE_TOKEN", &app.admin().token).args(["--server", &app.admin().url]).args(arguments);
        ran(command, "").unwrap()
    };
    admin(&["audit", "ls", "--action", "reveal", "-n", "2"])
        .ends_with(0)
        .says("dev/orders/3.txt")
        .complains("there is more");
    let out = folder.path().join("out.csv");
    admin(&["audit", "export", "dev/orders", "-o", out.to_str().unwrap()]).ends_with(0);
    let text = std::fs::read_to_string(&out).unwrap();
    assert!(text.starts_with("at,actor,action,target,") && text.contains("dev/orders/0.txt"), "{text}");
    let json = admin(&["audit", "export", "--format", "json", "--action", "publish"]).ends_with(0).json().unwrap();
    assert_eq!(json.as_array().map(Vec::len), Some(4));
    app.finish().await;
}

#[tokio::test]
async fn a_hundred_thousand_rows_are_verified_in_seconds() {
    let app = App::start().await;
    let mut connection = app.database.connect().await;
    run(&mut connection, "DO $$ BEGIN FOR i IN 1..100 LOOP
        PERFORM append_audit((SELECT array_agg(jsonb_build_object('action', 'note', 'actor', 'vera', 'target', 'dev/orders/' || n)) FROM generate_series(1, 1000) n), clock_timestamp());
        END LOOP; END $$").await;
    connection.close().await.unwrap();
    let started = Instant::now();
    let report = assert_whole(&app).await;
    assert!(report.rows > 100_000, "{report:?}");
    println!("{:?}", started.elapsed());
    assert!(started.elapsed() < StdDuration::from_mins(1), "{:?}", started.elapsed());
    app.finish().await;
}

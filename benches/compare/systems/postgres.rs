//! pgbench on the same PostgreSQL: what the database allows, with nothing of Pintle's around it.

use std::time::Duration;

use crate::load::Sample;
use crate::support::postgres::Cluster;
use crate::support::{Place, Tested};

/// A content that no other publish has.
const CONTENT: &str = "convert_to(rpad(gen_random_uuid()::text, 1024, 'x'), 'UTF8')";

/// One row of 1 KiB in a transaction of its own.
pub(crate) const INSERT: &str = "INSERT INTO bench_rows (body) VALUES (rpad(gen_random_uuid()::text, 1024, 'x'));";

/// Pintle's own committing statement with one publish, from as many clients as there are.
pub(crate) const PUBLISH: &str = "SELECT bench_publish(1);";

/// Makes a database like that of a node that has just been stopped, with what is called in it.
pub(crate) fn prepare(cluster: &Cluster, name: &str) -> Tested {
    cluster.sql_in("postgres", &format!("CREATE DATABASE {name} TEMPLATE pintle"))?;
    cluster.sql_in(name, "CREATE TABLE bench_rows (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text)")?;
    install(cluster, name)
}

/// Makes the function that publishes: it waits for its turn, takes the head, and appends change sets of one entry each,
/// in turn of a thousand. A node would know from its memory which revision had an entry before; here none is named.
pub(crate) fn install(cluster: &Cluster, database: &str) -> Tested {
    let function = format!(
        "CREATE FUNCTION bench_publish(many integer) RETURNS void LANGUAGE plpgsql AS $$
         DECLARE
             h head%ROWTYPE;
             body bytea;
             hash bytea;
             sets jsonb := '[]';
             changes jsonb := '[]';
             hashes bytea[] := '{{}}';
             bodies bytea[] := '{{}}';
             said text;
         BEGIN
             PERFORM lock_store();
             SELECT * INTO STRICT h FROM head;
             FOR n IN 1..many LOOP
                 body := {CONTENT};
                 hash := sha256(body);
                 hashes := hashes || hash;
                 bodies := bodies || body;
                 sets := sets || jsonb_build_object('id', gen_random_uuid(), 'offset', n, 'head_offset', n, 'actor', 'admin',
                     'message', 'bench', 'kind', 'publish', 'request_id', '', 'origin', '{{}}'::jsonb, 'changed', 1);
                 changes := changes || jsonb_build_object('offset', n, 'ordinal', 0, 'item', 'entry', 'environment', 'dev',
                     'namespace', 'app', 'key', 'k' || (h.revision + n) % 1000, 'deleted', false, 'format', 'text',
                     'hash', encode(hash, 'hex'), 'attributes', null, 'previous', 0, 'first_marks', false);
             END LOOP;
             SELECT outcome INTO said FROM commit_change_sets(h.epoch, h.revision, h.access, sets, changes, hashes, bodies);
             IF said <> 'committed' THEN
                 RAISE EXCEPTION 'not committed: %', said;
             END IF;
         END
         $$"
    );
    cluster.sql_in(database, &function).map(drop)
}

/// Runs a statement from so many clients for whole seconds.
pub(crate) fn pgbench(
    place: &Place,
    cluster: &Cluster,
    database: &str,
    statement: &str,
    clients: usize,
    lasting: Duration,
) -> Tested<Sample> {
    let (script, folder) = (place.join("pgbench.sql"), place.join("pgbench"));
    std::fs::write(&script, statement)?;
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir(&folder)?;
    let (script, prefix) = (script.display().to_string(), folder.join("log").display().to_string());
    let (clients, seconds) = (clients.to_string(), lasting.as_secs().max(1));
    let (log, time) = (format!("--log-prefix={prefix}"), seconds.to_string());
    let arguments =
        ["-n", "-M", "prepared", "-l", &log, "-c", &clients, "-j", "1", "-T", &time, "-f", &script, database];
    let said = cluster.client("pgbench", &arguments)?;
    let mut latencies = Vec::new();
    for file in std::fs::read_dir(&folder)? {
        for line in std::fs::read_to_string(file?.path())?.lines() {
            // client, transaction, microseconds, script, time: see pgbench's documentation.
            let micros: f64 = line.split(' ').nth(2).ok_or("an odd line of pgbench")?.parse()?;
            latencies.push(micros / 1000.0);
        }
    }
    let per_second = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse::<f64>().ok());
    let per_second = per_second.ok_or_else(|| format!("pgbench said no rate: {said}"))?;
    let calls = crate::values::count(latencies.len());
    Ok(Sample::of(calls / per_second, latencies))
}

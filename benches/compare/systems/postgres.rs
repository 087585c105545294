//! pgbench on the same PostgreSQL: what the database allows, with nothing of Pintle's around it.

use std::time::Duration;

use crate::load::Sample;
use crate::support::postgres::Cluster;
use crate::support::{Place, Tested};
use crate::values::count;

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

/// Makes the function that publishes: it makes change sets of one entry each, one of a thousand, waits for its turn, takes
/// the head, and appends them. A node would know from its memory which revision had an entry before; here none is named.
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
             FOR n IN 1..many LOOP
                 body := {CONTENT};
                 hash := sha256(body);
                 hashes := hashes || hash;
                 bodies := bodies || body;
                 sets := sets || jsonb_build_object('id', gen_random_uuid(), 'offset', n, 'head_offset', n, 'actor', 'admin',
                     'message', 'bench', 'kind', 'publish', 'request_id', '', 'origin', '{{}}'::jsonb, 'changed', 1);
                 changes := changes || jsonb_build_object('offset', n, 'ordinal', 0, 'item', 'entry', 'environment', 'dev',
                     'namespace', 'app', 'key', 'k' || floor(random() * 1000)::int, 'deleted', false, 'format', 'text',
                     'hash', encode(hash, 'hex'), 'attributes', null, 'previous', 0, 'first_marks', false);
             END LOOP;
             PERFORM lock_store();
             SELECT * INTO STRICT h FROM head;
             SELECT outcome INTO said FROM commit_change_sets(h.epoch, h.revision, h.access, sets, changes, hashes, bodies);
             IF said <> 'committed' THEN
                 RAISE EXCEPTION 'not committed: %', said;
             END IF;
         END
         $$"
    );
    cluster.sql_in(database, &function).map(drop)
}

/// What pgbench did.
pub(crate) struct Ran {
    /// Once its connections were warm: the first calls of each read the catalogue, for all others to wait.
    pub(crate) warm: Sample,
    /// All calls.
    pub(crate) calls: f64,
}

/// Runs a statement from so many clients for whole seconds, after as long to get warm.
pub(crate) fn pgbench(
    place: &Place,
    cluster: &Cluster,
    database: &str,
    statement: &str,
    clients: usize,
    lasting: Duration,
) -> Tested<Ran> {
    let (script, folder) = (place.join("pgbench.sql"), place.join("pgbench"));
    std::fs::write(&script, statement)?;
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir(&folder)?;
    let (script, prefix) = (script.display().to_string(), folder.join("log").display().to_string());
    let (clients, seconds) = (clients.to_string(), lasting.as_secs().max(1));
    let both = (2 * seconds).to_string();
    let log = format!("--log-prefix={prefix}");
    let arguments =
        ["-n", "-M", "prepared", "-l", &log, "-c", &clients, "-j", "1", "-T", &both, "-f", &script, database];
    cluster.client("pgbench", &arguments)?;
    let mut ended = Vec::new();
    for file in std::fs::read_dir(&folder)? {
        for line in std::fs::read_to_string(file?.path())?.lines() {
            // client, transaction, microseconds, script, second and microsecond of the end: see pgbench's documentation.
            let fields: Vec<f64> = line.split(' ').map(str::parse).collect::<Result<_, _>>()?;
            let [_, _, took, _, second, micros, ..] = fields[..] else { return Err("an odd line of pgbench".into()) };
            ended.push((second + micros / 1e6, took / 1000.0));
        }
    }
    let last = ended.iter().map(|(end, _)| *end).fold(0.0, f64::max);
    let lasting = count(usize::try_from(seconds)?);
    let warm: Vec<f64> = ended.iter().filter(|(end, _)| *end > last - lasting).map(|(_, took)| *took).collect();
    Ok(Ran { warm: Sample::of(lasting, warm), calls: count(ended.len()) })
}

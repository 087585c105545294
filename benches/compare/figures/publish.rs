//! Publishes of one entry of 1 KiB, durable, from one and from many.

use super::{Bench, turned};
use crate::load::stream::content;
use crate::load::{Sample, closed_loop};
use crate::measure::cpu_of;
use crate::report::{Figure, Goal};
use crate::support::Tested;
use crate::systems::etcd::Etcd;
use crate::systems::pintle::{ENTRIES, Pintle};
use crate::systems::postgres::{INSERT, PUBLISH, pgbench, prepare};

const PINTLE: &str = "pintle";
const ETCD: &str = "etcd put";
const STATEMENT: &str = "pgbench, our statement";
const ROWS: &str = "pgbench, plain insert";

/// The database of pgbench, beside Pintle's.
const FLOOR: &str = "floor";

pub(crate) async fn measure(bench: &Bench) -> Tested<Figure> {
    let place = &bench.place;
    let mut pintle = Pintle::start(place, "publishes", ENTRIES).await?;
    // A copy of a database wants nobody in it.
    pintle.node.process_mut()?.stop().await?;
    prepare(&pintle.cluster, FLOOR)?;
    pintle.node.start().await?;
    let etcd = Etcd::start(place, "publishes-etcd").await?;

    let mut figure = Figure::new("publish", "Publish one entry of 1 KiB, durable");
    for clients in [1, bench.extent.connections] {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for client in 0..clients {
            ours.push(pintle.writer(turns(client, clients)).await?);
            let mut next = turns(client, clients);
            let put = move || {
                let (key, content) = next();
                (format!("k{key}"), content)
            };
            theirs.push(etcd.writer(put).await?);
        }
        for round in 0..bench.extent.rounds {
            for system in turned(&[PINTLE, STATEMENT, ETCD, ROWS], round) {
                let pids = if system == ETCD { vec![etcd.pid()?] } else { pintle.pids()? };
                let before = cpu_of(&pids)?;
                let (sample, calls) = match system {
                    PINTLE => counted(closed_loop(&mut ours, bench.extent.lasting).await?),
                    ETCD => counted(closed_loop(&mut theirs, bench.extent.lasting).await?),
                    _ => {
                        let statement = if system == STATEMENT { PUBLISH } else { INSERT };
                        let ran = pgbench(place, &pintle.cluster, FLOOR, statement, clients, bench.extent.lasting)?;
                        (ran.warm, ran.calls)
                    }
                };
                let cpu = cpu_of(&pids)? - before;
                figure.add(system, &rate(clients), sample.per_second());
                figure.add(system, &p50(clients), sample.latency(0.5));
                figure.add(system, &format!("{clients} at once: p99, ms"), sample.latency(0.99));
                figure.add(system, &format!("{clients} at once: servers' CPU per commit, µs"), cpu / calls * 1e6);
            }
        }
    }
    let many = rate(bench.extent.connections);
    figure.compare(&many, PINTLE, STATEMENT, Goal::AtLeast(3.0));
    figure.compare(&many, PINTLE, ETCD, Goal::AtLeast(1.0));
    figure.compare(&many, PINTLE, ROWS, Goal::None);
    figure.compare(&p50(1), PINTLE, STATEMENT, Goal::AtMost(1.5));
    Ok(figure)
}

/// A sample with the number of its calls.
fn counted(sample: Sample) -> (Sample, f64) {
    let calls = sample.calls;
    (sample, calls)
}

fn rate(clients: usize) -> String {
    format!("{clients} at once: commits per second")
}

fn p50(clients: usize) -> String {
    format!("{clients} at once: p50, ms")
}

/// The entries of one of several writers, none of which has the same, each time with another content.
pub(crate) fn turns(writer: usize, writers: usize) -> impl FnMut() -> (usize, String) + Send + 'static {
    let (mut key, mut mark) = (writer, 0);
    move || {
        key = if key + writers < ENTRIES { key + writers } else { writer };
        mark += 1;
        (key, content(mark))
    }
}

//! What the size of a store and the length of its history cost.

use tokio::time::Instant;

use super::publish::turns;
use super::{Bench, turned};
use crate::load::closed_loop;
use crate::load::connection::Connection;
use crate::measure::cpu_of;
use crate::report::{Figure, Goal, number};
use crate::support::stalled::memory_of;
use crate::support::{Tested, tell};
use crate::systems::etcd::Etcd;
use crate::systems::pintle::Pintle;
use crate::systems::postgres::install;
use crate::values::mib;

/// Revisions that are made by one call of the committing statement.
const OF_CALL: usize = 500;
/// Connections that read and publish.
const CONNECTIONS: usize = 8;

/// A store of some size.
struct Store {
    what: String,
    system: System,
    entries: usize,
}

enum System {
    Pintle(Box<Pintle>),
    Etcd(Etcd),
}

pub(crate) async fn measure(bench: &Bench) -> Tested<Figure> {
    let mut figure = Figure::new("growth", "Growth: entries and revisions");
    let mut stores = Vec::new();
    for &entries in &bench.extent.entries {
        let what = |system| format!("{system}, {} entries", spaced(entries));
        tell(&format!("  filling stores with {} entries", spaced(entries)));
        let pintle = Pintle::start(&bench.place, &format!("entries-{entries}"), entries).await?;
        stores.push(Store { what: what("pintle"), system: System::Pintle(Box::new(pintle)), entries });
        let etcd = Etcd::start(&bench.place, &format!("entries-etcd-{entries}")).await?;
        etcd.fill(entries).await?;
        stores.push(Store { what: what("etcd"), system: System::Etcd(etcd), entries });
    }
    for &revisions in &bench.extent.revisions {
        tell(&format!("  making a history of {} revisions", spaced(revisions)));
        let mut pintle = Pintle::start(&bench.place, &format!("revisions-{revisions}"), 1_000).await?;
        pintle.node.process_mut()?.stop().await?;
        install(&pintle.cluster, "pintle")?;
        for _ in 0..revisions / OF_CALL {
            pintle.cluster.sql(&format!("SELECT bench_publish({OF_CALL})"))?;
        }
        pintle.node.start().await?;
        let what = format!("pintle, {} revisions", spaced(revisions));
        stores.push(Store { what, system: System::Pintle(Box::new(pintle)), entries: 1_000 });
    }
    for round in 0..bench.extent.rounds {
        for nth in turned(&(0..stores.len()).collect::<Vec<_>>(), round) {
            let Some(store) = stores.get(nth) else { continue };
            load(&mut figure, store, bench).await?;
        }
    }
    for round in 0..bench.extent.rounds {
        for nth in turned(&(0..stores.len()).collect::<Vec<_>>(), round) {
            let Some(store) = stores.get_mut(nth) else { continue };
            restart(&mut figure, store, bench).await?;
        }
    }
    judge(&mut figure, bench);
    Ok(figure)
}

const READ: &str = "CPU per read, µs";
const PUBLISH: &str = "CPU per publish, µs";
const READY: &str = "from the start to ready, ms";
const MEMORY: &str = "memory of its own after the start, MiB";

fn judge(figure: &mut Figure, bench: &Bench) {
    if let Some(&least) = bench.extent.entries.first() {
        let name = format!("pintle, {} entries", spaced(least));
        figure.expect(MEMORY, &name, Goal::AtMost(25.0));
    }
    let name = |size: usize, of: &str| format!("pintle, {} {of}", spaced(size));
    for (sizes, of) in [(&bench.extent.entries, "entries"), (&bench.extent.revisions, "revisions")] {
        let (Some(&least), Some(&most)) = (sizes.first(), sizes.last()) else { continue };
        for metric in [READ, PUBLISH] {
            figure.compare(metric, &name(most, of), &name(least, of), Goal::AtMost(1.2));
        }
    }
    for (size, most) in [(1_000, 300.0), (100_000, 1_500.0)] {
        figure.expect(READY, &name(size, "entries"), Goal::AtMost(most));
    }
}

/// Connections that read all entries, and such that publish.
async fn open(store: &Store) -> Tested<(Vec<Connection>, Vec<Connection>)> {
    let (mut readers, mut writers, entries) = (Vec::new(), Vec::new(), store.entries);
    for nth in 0..CONNECTIONS {
        // A stride that is prime to the sizes goes over all of them.
        let mut key = nth;
        let mut next_key = move || {
            key = (key + 7_919) % entries;
            key
        };
        let mut next = turns(nth, CONNECTIONS);
        let (reader, writer) = match &store.system {
            System::Pintle(pintle) => (pintle.reader(next_key).await?, pintle.writer(next).await?),
            System::Etcd(etcd) => {
                let put = move || {
                    let (key, content) = next();
                    (format!("k{key}"), content)
                };
                (etcd.reader(move || format!("k{}", next_key())).await?, etcd.writer(put).await?)
            }
        };
        readers.push(reader);
        writers.push(writer);
    }
    Ok((readers, writers))
}

fn pids(system: &System) -> Tested<Vec<i32>> {
    match system {
        System::Pintle(pintle) => pintle.pids(),
        System::Etcd(etcd) => Ok(vec![etcd.pid()?]),
    }
}

async fn load(figure: &mut Figure, store: &Store, bench: &Bench) -> Tested {
    let pids = pids(&store.system)?;
    let (mut readers, mut writers) = open(store).await?;
    for (metric, rate, connections) in
        [(READ, "reads per second", &mut readers), (PUBLISH, "publishes per second", &mut writers)]
    {
        let before = cpu_of(&pids)?;
        let sample = closed_loop(connections, bench.extent.lasting / 2).await?;
        let cpu = cpu_of(&pids)? - before;
        figure.add(&store.what, metric, cpu / sample.calls * 1e6);
        figure.add(&store.what, &format!("{CONNECTIONS} connections: {rate}"), sample.per_second());
    }
    Ok(())
}

/// Ends a server and starts it again.
async fn restart(figure: &mut Figure, store: &mut Store, bench: &Bench) -> Tested {
    let (took, pid) = match &mut store.system {
        System::Pintle(pintle) => {
            pintle.node.process_mut()?.stop().await?;
            let begun = Instant::now();
            pintle.node.start().await?;
            (begun.elapsed(), pintle.pid()?)
        }
        System::Etcd(etcd) => {
            etcd.kill()?;
            let begun = Instant::now();
            etcd.start_again(&bench.place).await?;
            (begun.elapsed(), etcd.pid()?)
        }
    };
    figure.add(&store.what, READY, took.as_secs_f64() * 1000.0);
    figure.add(&store.what, MEMORY, mib(memory_of(pid)?));
    Ok(())
}

fn spaced(size: usize) -> String {
    number(crate::values::count(size))
}

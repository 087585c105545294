//! What there is when nothing happens: the size of the program, the memory of a node and an agent, the start.

use super::Bench;
use crate::report::{Figure, Goal};
use crate::support::agent::{Agent, applied};
use crate::support::stalled::memory_of;
use crate::support::{BOUND, Tested, eventually};
use crate::systems::etcd::Etcd;
use crate::systems::pintle::{ENTRIES, Pintle};
use crate::values::mib;

pub(crate) async fn measure(bench: &Bench) -> Tested<Figure> {
    let place = &bench.place;
    let mut figure = Figure::new("idle", "Idle: memory and size");
    let pintle = Pintle::start(place, "idle", ENTRIES).await?;
    let etcd = Etcd::start(place, "idle-etcd").await?;
    etcd.fill(ENTRIES).await?;
    for round in 0..bench.extent.rounds {
        // Nothing of an earlier round tells that this one is there.
        let (name, file) = (format!("idle-agent-{round}"), place.join(&format!("idle-file-{round}")));
        let services = format!(
            "  - name: idle\n    environment: dev\n    namespaces: [app]\n    files: [{{path: {}, key: k0}}]\n",
            file.display()
        );
        let mut agent = Agent::new(place, &name, &pintle.caller, &services)?;
        agent.start()?;
        applied(&pintle.caller, &format!("{name}/idle"), 1).await?;
        eventually("the file", BOUND, async || Ok(file.exists().then_some(()))).await?;
        figure.add("pintle agent", "memory of its own, MiB", mib(memory_of(agent.process()?.pid()?)?));
        agent.stop().await?;
        figure.add(
            "pintle server, 1,000 entries just published",
            "memory of its own, MiB",
            mib(memory_of(pintle.pid()?)?),
        );
        figure.add("etcd, 1,000 keys just put", "memory of its own, MiB", mib(memory_of(etcd.pid()?)?));
    }
    for (name, path) in [("pintle", env!("CARGO_BIN_EXE_pintle").into()), ("etcd", crate::systems::program("etcd")?)] {
        figure.add(name, "size of the program, MiB", mib(std::fs::metadata(path)?.len()));
    }
    figure.expect("memory of its own, MiB", "pintle agent", Goal::AtMost(8.0));
    Ok(figure)
}

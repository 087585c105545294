//! The server is killed and started again, and everybody comes back at once.

use super::{Bench, turned};
use crate::load::stream::Target;
use crate::load::swarm::{Delivered, Swarm};
use crate::report::{Figure, Goal};
use crate::support::{Tested, ensure};
use crate::systems::etcd::Etcd;
use crate::systems::pintle::Pintle;

const PINTLE: &str = "pintle";
const ETCD: &str = "etcd";
const LAST: &str = "from the kill to the last that is back and told, ms";

pub(crate) async fn measure(bench: &Bench) -> Tested<Figure> {
    let place = &bench.place;
    let subscribers = bench.extent.subscribers.iter().copied().max().unwrap_or(0);
    let mut figure = Figure::new("storm", &format!("{subscribers} subscribers back after a kill of the server"));
    let mut pintle = Pintle::start(place, "storm", 1).await?;
    let mut etcd = Etcd::start(place, "storm-etcd").await?;
    let program = std::env::current_exe()?;
    let mut ours = Swarm::open(&program, &pintle.target(), subscribers).await?;
    let mut theirs = Swarm::open(&program, &Target::Etcd { port: etcd.port }, subscribers).await?;
    for round in 0..bench.extent.rounds {
        for system in turned(&[PINTLE, ETCD], round) {
            let swarm = if system == PINTLE { &mut ours } else { &mut theirs };
            // All have a place to go on from.
            swarm.publish().await?;
            if system == PINTLE {
                pintle.node.kill()?;
                swarm.begin_to_return().await?;
                pintle.node.start().await?;
            } else {
                etcd.kill()?;
                swarm.begin_to_return().await?;
                etcd.start_again(place).await?;
            }
            let back = swarm.returned().await?;
            note(&mut figure, system, back)?;
        }
    }
    figure.compare(LAST, PINTLE, ETCD, Goal::None);
    Ok(figure)
}

fn note(figure: &mut Figure, system: &'static str, back: Delivered) -> Tested {
    figure.add(system, "from the kill to the first acknowledged publish, ms", back.acknowledged);
    figure.add(system, "from the kill to the median, ms", back.p50);
    figure.add(system, LAST, back.last);
    figure.add(system, "changes missed", crate::values::count(back.missed));
    ensure(system != PINTLE || back.missed == 0, || format!("{} changes were missed", back.missed))
}

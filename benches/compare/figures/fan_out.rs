//! One change of 1 KiB to thousands of subscribers, and what each of them costs while nothing changes.

use std::path::PathBuf;

use super::{Bench, turned};
use crate::load::stream::{Stream, Target, Told, content};
use crate::load::swarm::Swarm;
use crate::measure::cpu_of;
use crate::report::{Figure, Goal};
use crate::support::stalled::memory_of;
use crate::support::{Tested, ensure};
use crate::systems::etcd::Etcd;
use crate::systems::floor::{Floor, Kind};
use crate::systems::pintle::Pintle;
use crate::values::{count, mib};

const PINTLE: &str = "pintle";
const LOOP: &str = "minimal loop";
const HYPER: &str = "bare hyper";
const ETCD: &str = "etcd";

/// Changes of one system in one round.
const CHANGES: usize = 5;

/// A system with everybody subscribed.
struct Group {
    name: &'static str,
    swarm: Swarm,
    pid: i32,
}

pub(crate) async fn measure(bench: &Bench) -> Tested<(Figure, Figure)> {
    let place = &bench.place;
    let mut deliveries = Figure::new("fan-out", "One change of 1 KiB to many subscribers");
    let mut memory = Figure::new("subscribers", "Memory of a subscriber that nothing is told");
    let most = bench.extent.subscribers.iter().copied().max().unwrap_or(0);
    for &subscribers in &bench.extent.subscribers {
        let pintle = Pintle::start(place, &format!("fan-out-{subscribers}"), 1).await?;
        let etcd = Etcd::start(place, &format!("fan-out-etcd-{subscribers}")).await?;
        let (looping, hyper) = (Floor::start(place, Kind::Loop).await?, Floor::start(place, Kind::Stream).await?);
        let event = event_of(&pintle.target()).await?;
        let floor = |port| Target::Floor { port, event: event.clone() };
        let systems = [
            (PINTLE, pintle.target(), pintle.pid()?),
            (LOOP, floor(looping.port), looping.pid()?),
            (HYPER, floor(hyper.port), hyper.pid()?),
            (ETCD, Target::Etcd { port: etcd.port }, etcd.pid()?),
        ];
        let mut groups = Vec::new();
        for (name, target, pid) in systems {
            let before = memory_of(pid)?;
            let swarm = Swarm::open(&program()?, &target, subscribers).await?;
            if name != LOOP && subscribers == most {
                let each = mib(memory_of(pid)?.saturating_sub(before)) * 1024.0 / count(subscribers);
                memory.add(name, "server's memory for each, KiB", each);
            }
            deliveries.add(name, &format!("{subscribers}: opening all, s"), swarm.opened);
            groups.push(Group { name, swarm, pid });
        }
        let all: Vec<usize> = (0..groups.len()).collect();
        for round in 0..bench.extent.rounds {
            for nth in turned(&all, round) {
                let Some(group) = groups.get_mut(nth) else { continue };
                one_round(&mut deliveries, group, subscribers).await?;
            }
        }
        judge(&mut deliveries, subscribers, most);
    }
    memory.compare("server's memory for each, KiB", PINTLE, HYPER, Goal::AtMost(1.3));
    memory.compare("server's memory for each, KiB", PINTLE, ETCD, Goal::None);
    Ok((deliveries, memory))
}

fn program() -> Tested<PathBuf> {
    Ok(std::env::current_exe()?)
}

async fn one_round(figure: &mut Figure, group: &mut Group, subscribers: usize) -> Tested {
    let before = cpu_of(&[group.pid])?;
    for _ in 0..CHANGES {
        let delivered = group.swarm.publish().await?;
        ensure(delivered.missed + delivered.repeated == 0, || format!("{}: {delivered:?}", group.name))?;
        let mut add = |what: &str, value| figure.add(group.name, &format!("{subscribers}: {what}"), value);
        add("first, ms", delivered.first);
        add("p50, ms", delivered.p50);
        add("p99, ms", delivered.p99);
        add("last, ms", delivered.last);
        add("deliveries per second", count(subscribers) / delivered.last * 1000.0);
    }
    let each = (cpu_of(&[group.pid])? - before) / count(subscribers * CHANGES);
    figure.add(group.name, &format!("{subscribers}: server's CPU per delivery, µs"), each * 1e6);
    Ok(())
}

/// The goals are for the largest number.
fn judge(figure: &mut Figure, subscribers: usize, most: usize) {
    let goal = |goal| if subscribers == most { goal } else { Goal::None };
    figure.compare(&format!("{subscribers}: last, ms"), PINTLE, LOOP, goal(Goal::AtMost(1.1)));
    figure.compare(&format!("{subscribers}: server's CPU per delivery, µs"), PINTLE, LOOP, goal(Goal::AtMost(1.5)));
    figure.compare(&format!("{subscribers}: last, ms"), PINTLE, ETCD, Goal::None);
}

/// What Pintle writes for a change, which the floors write as well.
async fn event_of(target: &Target) -> Tested<String> {
    let mut stream = Stream::open(target, std::net::Ipv4Addr::LOCALHOST, None).await?;
    stream.keep_events();
    while !matches!(stream.next().await?, Told::Open(_)) {}
    target.publish(0).await?;
    while !matches!(stream.next().await?, Told::Change(_)) {}
    let event = stream.last_event();
    ensure(event.contains(&content(0)), || format!("no change: {event}"))?;
    Ok(event)
}

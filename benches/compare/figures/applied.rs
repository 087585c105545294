//! From a publish to the files on the disks of agents, and to the receipts that the store has of them.

use std::fmt::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pintle::api::instances::InstanceList;

use super::Bench;
use crate::load::stream::content;
use crate::report::{Figure, Goal};
use crate::support::agent::Agent;
use crate::support::{BOUND, Tested, eventually};
use crate::systems::pintle::Pintle;
use crate::values::{count, quantile, sorted};

/// Changes of one round.
const CHANGES: u64 = 4;

pub(crate) async fn measure(bench: &Bench) -> Tested<Figure> {
    let (place, extent) = (&bench.place, &bench.extent);
    let pintle = Pintle::start(place, "applied", 1).await?;
    let (mut agents, mut files) = (Vec::new(), Vec::new());
    for nth in 0..extent.agents {
        let (mut services, folder) = (String::new(), place.join(&format!("files-{nth}")));
        std::fs::create_dir(&folder)?;
        for service in 0..extent.services_of_agent {
            let file = folder.join(service.to_string());
            let _ = write!(
                services,
                "  - name: s{service}\n    environment: dev\n    namespaces: [app]\n    files: [{{path: {}, key: k0}}]\n",
                file.display()
            );
            files.push(file);
        }
        let mut agent = Agent::new(place, &format!("agent-{nth}"), &pintle.caller, &services)?;
        agent.start()?;
        agents.push(agent);
    }
    let first = pintle.caller.ready().await?.revision;
    receipts(&pintle, files.len(), first).await?;

    let title = format!("Publish to applied, {} instances in {} agents", files.len(), agents.len());
    let mut figure = Figure::new("applied", &title);
    for round in 0..u64::try_from(extent.rounds)? {
        let (mut on_disk, mut stored) = (Vec::new(), Vec::new());
        for change in 0..CHANGES {
            let nth = 1 + round * CHANGES + change;
            let text = content(nth);
            let sent = wall_clock()?;
            let answer = pintle.caller.publish("k0", &text, &format!("applied-{nth}")).await?.expect(200)?;
            let at = receipts(&pintle, files.len(), answer.revision).await?;
            stored.extend(at.into_iter().map(|at| (at - sent) * 1000.0));
            for file in &files {
                on_disk.push((renamed(file, &text)? - sent) * 1000.0);
            }
        }
        let (on_disk, stored) = (sorted(on_disk), sorted(stored));
        for (what, values) in [("on disk", &on_disk), ("receipt stored", &stored)] {
            for (name, part) in [("p50", 0.5), ("p99", 0.99), ("last", 1.0)] {
                figure.add("pintle", &format!("{what}, {name}, ms"), quantile(values, part));
            }
        }
    }
    figure.expect("receipt stored, p99, ms", "pintle", Goal::None);
    for agent in &mut agents {
        agent.stop().await?;
    }
    Ok(figure)
}

/// Waits until so many instances have said that they run a revision, and gives when the store had each receipt.
async fn receipts(pintle: &Pintle, wanted: usize, revision: u64) -> Tested<Vec<f64>> {
    eventually("all receipts", BOUND, async || {
        let (mut when, mut after) = (Vec::new(), None::<String>);
        loop {
            let after_this = after.take().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let path = format!("/api/v1/environments/dev/instances?limit=500{after_this}");
            let page: InstanceList = pintle.caller.get_json(&path).await?;
            let done = page.instances.iter().filter(|one| one.revision >= Some(revision));
            when.extend(done.filter_map(|one| one.applied_at).map(seconds));
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        Ok((when.len() == wanted).then_some(when))
    })
    .await
}

fn seconds(at: time::OffsetDateTime) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a microsecond of the year 2255 is not needed")]
    let micros = (at.unix_timestamp_nanos() / 1000) as f64;
    micros / 1e6
}

/// The clock that the files and the database, on the same machine, are stamped by.
#[expect(clippy::disallowed_methods, reason = "it is what is measured here")]
fn wall_clock() -> Tested<f64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64())
}

/// When a file got its name, which changes the time of its inode; the kernel takes that from its last tick.
fn renamed(file: &PathBuf, text: &str) -> Tested<f64> {
    crate::support::ensure(std::fs::read_to_string(file)? == text, || format!("{} is another one", file.display()))?;
    let about = std::fs::metadata(file)?;
    let whole = Duration::from_secs(about.ctime().try_into()?);
    Ok((whole + Duration::from_nanos(about.ctime_nsec().try_into()?)).as_secs_f64().max(count(0)))
}

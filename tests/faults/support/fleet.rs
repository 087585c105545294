//! Agents that keep entries as files, and what lies on their disks.

use std::path::PathBuf;
use std::time::Duration;

use pintle::domain::contents::ContentHash;

use super::agent::{Agent, instance};
use super::harm::{Counts, Pace, Until, count};
use super::http::Caller;
use super::node::tail;
use super::seen::{Contents, FileSet};
use super::writers::{KEYS, NAMESPACES};
use super::{BOUND, Dice, Place, Tested, ensure, eventually, tell};

/// Files that are the same for so long are not in the middle of a change.
const STILL: Duration = Duration::from_secs(1);

/// One service: its number, the namespace it shows, and where.
#[derive(Debug)]
struct Service {
    host: usize,
    id: String,
    namespace: &'static str,
    folder: PathBuf,
}

impl Service {
    fn files(&self) -> Tested<Contents> {
        let mut files = Contents::new();
        for key in 0..KEYS {
            let content = std::fs::read(self.folder.join(format!("k{key}")))?;
            files.insert(format!("{}/k{key}", self.namespace), ContentHash::of(&content).to_string());
        }
        Ok(files)
    }
}

/// Agents, each a process with several services.
#[derive(Debug)]
pub(crate) struct Fleet {
    agents: Vec<Agent>,
    services: Vec<Service>,
}

impl Fleet {
    /// Starts an agent by each of the programs, which run that many services together, each with all entries of one namespace
    /// as files.
    pub(crate) fn start(
        place: &Place,
        programs: &[Option<PathBuf>],
        services: usize,
        ports: &[u16],
        token: &str,
    ) -> Tested<Self> {
        let servers: Vec<_> = ports.iter().map(|port| format!("'http://127.0.0.1:{port}'")).collect();
        let mut this = Self { agents: Vec::new(), services: Vec::new() };
        let mut blocks = vec![String::new(); programs.len()];
        for (number, namespace) in (0..services).zip(NAMESPACES.into_iter().cycle()) {
            let (host, folder) = (number % programs.len(), place.join(&format!("files{number}")));
            std::fs::create_dir_all(&folder)?;
            let file = |key: u64| format!("      - {{path: {}/k{key}, key: k{key}}}\n", folder.display());
            let block = format!(
                "  - name: s{number}\n    environment: dev\n    namespaces: [{namespace}]\n    \
                 quiescence: {{min: 200ms, max: 2s}}\n    files:\n{}",
                (0..KEYS).map(file).collect::<String>()
            );
            blocks.get_mut(host).ok_or("no agent")?.push_str(&block);
            this.services.push(Service { host, id: format!("host{host}/s{number}"), namespace, folder });
        }
        for (number, (services, program)) in blocks.iter().zip(programs).enumerate() {
            let mut agent = Agent::of_servers(place, &format!("host{number}"), token, (&servers.join(", "), services))?;
            agent.run_by(program.clone());
            agent.start()?;
            this.agents.push(agent);
        }
        Ok(this)
    }

    /// The ends of their logs.
    pub(crate) fn logs(&self) -> String {
        self.agents.iter().map(|agent| tail(&agent.log())).collect::<Vec<_>>().join("\n--\n")
    }

    /// Kills one agent after the other, and looks at the files of each before.
    pub(crate) async fn kill(
        &mut self,
        nodes: &[Caller],
        mut dice: Dice,
        pace: Pace,
        mut until: Until,
        counts: &Counts,
    ) -> Tested<Vec<FileSet>> {
        let mut sets = Vec::new();
        while until.pause(pace.draw(&mut dice)).await {
            let host = usize::try_from(dice.below(self.agents.len() as u64))?;
            let node = usize::try_from(dice.below(nodes.len() as u64))?;
            sets.extend(self.look(host, nodes.get(node).ok_or("no node")?).await?);
            let agent = self.agents.get_mut(host).ok_or("no agent")?;
            agent.kill()?;
            count(&counts.agents);
            agent.start()?;
            // What it was killed in is mended before it answers.
            eventually("the agent answers", BOUND, async || {
                Ok(agent.command(&["status"])?.status.success().then_some(()))
            })
            .await?;
        }
        Ok(sets)
    }

    /// The files of the services of one agent, those that did not change while they were looked at.
    async fn look(&self, host: usize, node: &Caller) -> Tested<Vec<FileSet>> {
        let mut before = Vec::new();
        for service in self.services.iter().filter(|service| service.host == host) {
            // The node may be down, and the files may not be there yet.
            let said = instance(node, &service.id).await.ok().and_then(|view| view.revision);
            if let Ok(files) = service.files() {
                before.push((service, files, said));
            }
        }
        tokio::time::sleep(STILL).await;
        let still = before.into_iter().filter(|(service, files, _)| service.files().is_ok_and(|now| now == *files));
        let sets =
            still.map(|(service, files, said)| FileSet { service: service.id.clone(), files, said, last: false });
        Ok(sets.collect())
    }

    /// Waits until all services said that they run a revision, and gives their files; of those that never do, too.
    pub(crate) async fn settle(&self, node: &Caller, revision: u64) -> Tested<Vec<FileSet>> {
        let all = eventually("all services are at the end", BOUND, async || {
            for service in &self.services {
                let said = instance(node, &service.id).await?.revision;
                ensure(said >= Some(revision), || format!("{} runs {said:?}", service.id))?;
            }
            Ok(Some(()))
        });
        if let Err(error) = all.await {
            tell(&error.to_string());
        }
        let mut sets = Vec::new();
        for service in &self.services {
            let said = instance(node, &service.id).await.ok().and_then(|view| view.revision);
            let files = service.files().unwrap_or_default();
            sets.push(FileSet { service: service.id.clone(), files, said, last: true });
        }
        Ok(sets)
    }
}

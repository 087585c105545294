//! `--wait`, `wait` and `instances`: the real program, with instances whose receipts the test sends.

use std::process::Child;

use pintle::api::instances::{InstanceBody, ReceiptBody, ReceiptsBody, Stage};
use pintle::client::{Client, Server, Token};
use pintle::domain::names::{EnvironmentName, InstanceId};

use crate::program::{Actor, Node, Ran, Tested};

/// Instances of `dev` that run on `orders`.
struct Fleet {
    client: Client,
    epoch: u64,
}

fn dev() -> EnvironmentName {
    EnvironmentName::parse("dev").unwrap()
}

impl Fleet {
    async fn of(actor: &Actor) -> Tested<Self> {
        let token = actor.does(&["token", "create", "fleet"])?.out;
        let client = Client::new(Server::parse(&actor.server)?, Some(&Token::parse(&token)?))?;
        let epoch = client.get_ready().await?.epoch;
        Ok(Self { client, epoch })
    }

    async fn joins(&self, id: &str) -> Tested {
        let (service, namespaces) = ("orders".to_owned(), vec!["orders".to_owned()]);
        let body = InstanceBody { service, namespaces, ..InstanceBody::default() };
        self.client.put_instance(&dev(), &InstanceId::parse(id)?, &body).await?;
        Ok(())
    }

    async fn tells(&self, id: &str, revision: u64, stage: Stage) -> Tested {
        let rejected = stage == Stage::Rejected;
        let receipt = ReceiptBody {
            epoch: self.epoch,
            revision,
            stage,
            reason: rejected.then(|| "the check failed".to_owned()),
            output: rejected.then(|| "nginx: [emerg] unexpected end of file\n".to_owned()),
            missing: Vec::new(),
            unhealthy: false,
            broken: false,
        };
        let body = ReceiptsBody { receipts: vec![receipt] };
        Ok(self.client.send_receipts(&dev(), &InstanceId::parse(id)?, &body).await?)
    }

    /// The revision that comes after `head`, once it is there.
    async fn next(&self, head: u64) -> Tested<u64> {
        loop {
            let now = self.client.get_ready().await?.revision;
            if now > head {
                return Ok(now);
            }
            tokio::task::yield_now().await;
        }
    }

    async fn head(&self) -> Tested<u64> {
        Ok(self.client.get_ready().await?.revision)
    }
}

/// Starts `put dev/orders/a.yaml` with some options.
fn puts(actor: &Actor, content: &str, options: &[&str]) -> Tested<Child> {
    let mut command = actor.command(&[&["put", "dev/orders/a.yaml"], options].concat());
    let mut child = command.spawn()?;
    std::io::Write::write_all(&mut child.stdin.take().ok_or("no input")?, content.as_bytes())?;
    Ok(child)
}

fn ended(child: Child) -> Tested<Ran> {
    let output = child.wait_with_output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Ran { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publish_waits_for_its_instances_and_names_those_in_the_way() -> Tested {
    let node = Node::start()?;
    let ann = node.admin()?;
    ann.does(&["ns", "create", "dev/orders"])?;
    let alone = ann.run(&["put", "dev/orders/a.yaml", "--wait", "100%"], "port: 1\n")?.ends_with(0);
    alone.complains("no instance is there");
    let few = ["--wait", "100%", "--min", "1", "--timeout", "100ms"];
    ended(puts(&ann, "port: 2\n", &few)?)?.ends_with(5).complains("--min wants 1");

    let fleet = Fleet::of(&ann).await?;
    fleet.joins("web-1/orders").await?;
    fleet.joins("web-2/orders").await?;
    let head = fleet.head().await?;
    let waiting = puts(&ann, "port: 3\n", &["--wait", "100%", "--min", "2"])?;
    let revision = fleet.next(head).await?;
    fleet.tells("web-1/orders", revision, Stage::Applied).await?;
    fleet.tells("web-2/orders", revision, Stage::Applied).await?;
    ended(waiting)?.ends_with(0).says(&format!("revision {revision}: 1 change")).complains("applied by 2 of 2");
    ann.does(&["wait", &revision.to_string()])?;

    let waiting = puts(&ann, "port: 4\n", &["--wait", "100%"])?;
    let revision = fleet.next(revision).await?;
    fleet.tells("web-1/orders", revision, Stage::Applied).await?;
    fleet.tells("web-2/orders", revision, Stage::Rejected).await?;
    let rejected = ended(waiting)?.ends_with(4).complains("dev web-2/orders: rejected revision");
    rejected.complains("the check failed").complains("    nginx: [emerg]");
    ann.does(&["wait", &revision.to_string(), "--wait", "50%"])?;

    let late = ended(puts(&ann, "port: 5\n", &["--wait", "100%", "--timeout", "100ms"])?)?.ends_with(5);
    late.complains("not reached in time: 0 of 2 instances, 2 missing").complains("nothing heard; runs revision");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_ends_the_waiting_for_what_it_takes_back() -> Tested {
    let node = Node::start()?;
    let ann = node.admin()?;
    ann.does(&["ns", "create", "dev/orders"])?;
    ann.puts("dev/orders/a.yaml", "port: 1\n")?;
    let fleet = Fleet::of(&ann).await?;
    fleet.joins("web-1").await?;
    let head = fleet.head().await?;
    let waiting = puts(&ann, "port: 2\n", &["--wait", "100%"])?;
    let revision = fleet.next(head).await?;
    let back = ["rollback", "dev/orders", "--to", &head.to_string(), "--yes", "--wait", "100%", "--timeout", "100ms"];
    ann.run(&back, "")?.ends_with(5).complains("dev web-1: nothing heard; has not applied anything");
    ended(waiting)?.ends_with(6).complains(&format!("revision {revision} was taken back by revision {}", revision + 1));
    ann.run(&["wait", &revision.to_string()], "")?.ends_with(6);
    ann.run(&["wait", "1000"], "")?.ends_with(5).complains("not_found");
    ann.run(&["put", "dev/orders/a.yaml", "--min", "1"], "x: 1\n")?.ends_with(64).complains("--wait");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn people_see_who_runs_what_now_and_then() -> Tested {
    let node = Node::start()?;
    let ann = node.admin()?;
    ann.does(&["ns", "create", "dev/orders"])?;
    ann.puts("dev/orders/a.yaml", "port: 1\n")?;
    let fleet = Fleet::of(&ann).await?;
    for id in ["web-1/orders", "web-2/orders"] {
        fleet.joins(id).await?;
        fleet.tells(id, fleet.head().await?, Stage::Applied).await?;
    }
    let first = fleet.head().await?;
    ann.puts("dev/orders/a.yaml", "port: 2\n")?;
    fleet.tells("web-2/orders", first + 1, Stage::Rejected).await?;
    let table = ann.does(&["instances", "dev"])?.says("web-1/orders  late      1 behind");
    table.says("web-2/orders  late      rejected, 1 behind");
    let one = ann.does(&["instances", "dev", "--state", "rejected", "--json"])?.json()?;
    assert_eq!(one["instances"].as_array().ok_or("no list")?.len(), 1, "{one}");
    let shown = ann.does(&["instances", "show", "dev", "web-2/orders"])?.says("the check failed");
    shown.says(&format!("runs        revision {first}")).says("  nginx: [emerg]");
    ann.does(&["instances", "show", "dev", "web-2/orders", "--at", "1h"])?.says("unknown");
    ann.run(&["instances", "show", "dev", "web-3"], "")?.ends_with(5);
    ann.run(&["instances", "dev", "--state", "fine"], "")?.ends_with(64);
    ann.run(&["instances"], "")?.ends_with(64).complains("ENV");
    Ok(())
}

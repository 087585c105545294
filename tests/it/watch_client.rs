//! The client's watch and its mirror against real nodes, and `pintle watch`.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pintle::client::watch::{Event, Mirror, Outage, Subscription, Watcher};
use pintle::client::{Client, EntriesQuery, Server, Token};
use pintle::domain::names::{EnvironmentName, NamespaceName};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{Actor, App, Running, delete, put};
use crate::program::{Node, Tested};

/// Nothing here takes longer on any machine that is not stuck.
const BOUND: Duration = Duration::from_mins(1);

fn subscription(namespaces: &[&str]) -> Subscription {
    Subscription {
        environment: EnvironmentName::parse("dev").unwrap(),
        namespaces: namespaces.iter().map(|name| NamespaceName::parse(name).unwrap()).collect(),
        instance: None,
        reveal: false,
    }
}

fn watcher(clients: Vec<Client>, mirror: &Mirror) -> Watcher {
    Watcher::new(clients, mirror.subscription().clone(), mirror.cursor(), mirror.have()).unwrap()
}

async fn next(watcher: &mut Watcher) -> Event {
    tokio::time::timeout(BOUND, watcher.next()).await.unwrap().unwrap()
}

/// Follows until everything up to a revision is held, and gives the revisions of the changes on the way.
async fn follow(watcher: &mut Watcher, mirror: &mut Mirror, upto: u64) -> Vec<u64> {
    let mut seen = Vec::new();
    while mirror.cursor().is_none_or(|cursor| cursor.revision.0 < upto) {
        let event = next(watcher).await;
        mirror.apply(&event);
        assert!(!matches!(event, Event::Reset(_)), "{event:?}");
        if let Event::Change(change) = event {
            seen.push(change.cursor.revision.0);
        }
    }
    seen
}

/// What the store has, in the shape of a mirror.
async fn stored(actor: &Actor, namespaces: &[&str]) -> BTreeMap<(String, String), String> {
    let mut all = BTreeMap::new();
    for namespace in namespaces {
        let (environment, name) = (EnvironmentName::parse("dev").unwrap(), NamespaceName::parse(namespace).unwrap());
        let query = EntriesQuery { content: true, ..EntriesQuery::default() };
        let listing = actor.client().list_all_entries(&environment, &name, &query).await.unwrap();
        all.extend(listing.entries.into_iter().map(|entry| ((entry.namespace, entry.key), entry.hash)));
    }
    all
}

fn held(mirror: &Mirror) -> BTreeMap<(String, String), String> {
    let one = |((namespace, key), hash): (&(NamespaceName, _), &pintle::client::watch::Held)| {
        ((namespace.to_string(), ToString::to_string(key)), hash.hash.to_string())
    };
    mirror.entries().iter().map(one).collect()
}

fn revision(answer: crate::harness::Answer) -> u64 {
    answer.ok()["revision"].as_u64().unwrap()
}

/// An address that stays while the node behind it changes.
struct Door {
    address: SocketAddr,
    behind: Arc<Mutex<Option<SocketAddr>>>,
}

impl Door {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, behind) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(None)));
        let door = Self { address, behind: Arc::clone(&behind) };
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let target: Option<SocketAddr> = *behind.lock().unwrap();
                tokio::spawn(async move {
                    if let Some(target) = target
                        && let Ok(mut node) = TcpStream::connect(target).await
                    {
                        let _ = tokio::io::copy_bidirectional(&mut stream, &mut node).await;
                    }
                });
            }
        });
        door
    }

    fn leads_to(&self, url: Option<&str>) {
        let address = url.map(|url| url.trim_start_matches("http://").trim_end_matches('/').parse().unwrap());
        *self.behind.lock().unwrap() = address;
    }

    fn client(&self, actor: &Actor) -> Client {
        let server = Server::parse(&format!("http://{}", self.address)).unwrap();
        Client::new(server, Some(&Token::parse(&actor.token).unwrap())).unwrap()
    }
}

#[tokio::test]
async fn a_watch_goes_on_over_a_restart_of_its_server() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.write("dev/orders/a", "1").await.expect(200);
    let (door, node) = (Door::open().await, Running::start(&app.database, &[]).await);
    door.leads_to(Some(&node.node.url()));
    let mut mirror = Mirror::new(subscription(&["orders"]));
    let mut watcher = watcher(vec![door.client(admin)], &mirror);
    let first = admin.head().await;
    follow(&mut watcher, &mut mirror, first).await;

    let live = revision(admin.write("dev/orders/a", "2").await);
    assert_eq!(follow(&mut watcher, &mut mirror, live).await, [live]);

    door.leads_to(None);
    // A stream that nobody reads would only end with the patience of the node.
    let ((), outage) = tokio::join!(node.finish(), async {
        loop {
            if let Event::Lost { outage, .. } = next(&mut watcher).await {
                return outage;
            }
        }
    });
    assert_eq!(outage, Outage::Bye);
    let mut missed = vec![revision(admin.write("dev/orders/b", "3").await)];
    missed.push(revision(admin.publish(&[delete("dev/orders/a"), put("dev/orders/c", "4")]).await));
    let node = Running::start(&app.database, &[]).await;
    door.leads_to(Some(&node.node.url()));
    assert_eq!(follow(&mut watcher, &mut mirror, missed[1]).await, missed);
    assert_eq!(held(&mirror), stored(admin, &["orders"]).await);
    drop(watcher);
    node.finish().await;
    app.finish().await;
}

#[tokio::test]
async fn a_watch_turns_to_the_second_server() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let mut nodes = vec![Running::start(&app.database, &[]).await, Running::start(&app.database, &[]).await];
    let mut mirror = Mirror::new(subscription(&["orders"]));
    let clients = nodes.iter().map(|node| admin.at(&node.node.url()).client()).collect();
    let mut watcher = watcher(clients, &mirror);
    let Event::Connected { server } = next(&mut watcher).await else { panic!("not connected") };
    let first = admin.head().await;
    follow(&mut watcher, &mut mirror, first).await;

    let at = nodes.iter().position(|node| node.node.url().trim_end_matches('/') == server).unwrap();
    let ((), _) = tokio::join!(nodes.remove(at).finish(), next(&mut watcher));
    let wanted = revision(admin.write("dev/orders/a", "1").await);
    assert_eq!(follow(&mut watcher, &mut mirror, wanted).await, [wanted]);
    drop(watcher);
    for node in nodes {
        node.finish().await;
    }
    app.finish().await;
}

#[tokio::test]
async fn large_contents_and_a_snapshot_in_parts_arrive_whole_and_are_kept() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.create("dev/web").await;
    let big = "é".repeat(100 * 1024);
    admin.write("dev/orders/folder/a-big-one.txt", big.clone()).await.expect(200);
    for number in 0..64 {
        let content = format!("{number} ").repeat(48 * 1024 / 3);
        admin.write(&format!("dev/web/{number}.txt"), content).await.expect(200);
    }
    let names = ["orders", "web"];
    let mut mirror = Mirror::new(subscription(&names));
    let mut live = watcher(vec![admin.client()], &mirror);
    let head = admin.head().await;
    follow(&mut live, &mut mirror, head).await;
    assert_eq!(held(&mirror), stored(admin, &names).await);
    let bytes: usize = mirror.entries().values().map(|held| held.bytes.len()).sum();
    assert!(bytes > 3 * 1024 * 1024, "{bytes}");

    // A large content of a change as well.
    let wanted = revision(admin.write("dev/orders/folder/a-big-one.txt", format!("{big}!")).await);
    follow(&mut live, &mut mirror, wanted).await;
    assert_eq!(held(&mirror), stored(admin, &names).await);

    // A later start goes on from the file, and with contents alone only what differs is told.
    let folder = tempfile::tempdir().unwrap();
    mirror.save(&folder.path().join("mirror")).unwrap();
    let mut kept = Mirror::load(&folder.path().join("mirror"), &subscription(&names)).unwrap().unwrap();
    assert_eq!(kept, mirror);
    admin.publish(&[delete("dev/web/1.txt"), put("dev/web/2.txt", "2")]).await.expect(200);
    let mut told = Watcher::new(vec![admin.client()], subscription(&names), None, kept.have()).unwrap();
    let snapshot = loop {
        let event = next(&mut told).await;
        kept.apply(&event);
        if let Event::Snapshot(snapshot) = event {
            break snapshot;
        }
    };
    assert!(snapshot.partial);
    assert_eq!((snapshot.entries.len(), snapshot.absent.len()), (1, 1), "{:?}", snapshot.absent);
    assert_eq!(held(&kept), stored(admin, &names).await);
    drop((live, told));
    app.finish().await;
}

#[tokio::test]
async fn a_refused_watch_is_an_outage_and_a_wrong_one_an_error() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let stranger = app.stranger().await;
    let mut refused = watcher(vec![stranger.client()], &Mirror::new(subscription(&["orders"])));
    let event = next(&mut refused).await;
    assert!(
        matches!(&event, Event::Lost { outage: Outage::Refused(problem), .. } if problem.status == 404),
        "{event:?}"
    );
    let mut wrong = watcher(vec![admin.client()], &Mirror::new(subscription(&[])));
    assert_eq!(wrong.next().await.unwrap_err().problem().unwrap().status, 400);
    app.finish().await;
}

#[test]
fn the_command_prints_what_happens_until_it_is_interrupted() -> Tested {
    let node = Node::start()?;
    let ann = node.admin()?;
    ann.does(&["ns", "create", "dev/orders"])?;
    ann.puts("dev/orders/a.yaml", "port: 1\n")?;

    let once = ann.does(&["watch", "dev", "orders", "--once", "--content"])?.says("1 entry").says("orders/a.yaml");
    once.says("port: 1");
    let snapshot = ann.does(&["watch", "dev/orders", "--snapshot", "--json"])?.json()?;
    assert_eq!(snapshot["event"], "snapshot");
    assert_eq!(snapshot["data"]["entries"][0]["key"], "a.yaml");
    assert_eq!(snapshot["data"]["entries"][0]["content"], Value::Null);
    let after = snapshot["id"].as_str().ok_or("no id")?;

    let mut json = ann.command(&["watch", "dev", "orders", "--json", "--content", "--after", after]).spawn()?;
    let mut people = ann.command(&["watch", "dev", "orders"]).spawn()?;
    let mut lines = BufReader::new(people.stdout.take().ok_or("no output")?).lines();
    let first = lines.next().ok_or("ended")??;
    assert!(first.starts_with("snapshot of revision"), "{first}");
    ann.run(&["put", "dev/orders/b.yaml", "-m", "because"], "port: 2\n")?.ends_with(0);
    let mut told = String::new();
    while !told.contains("+ orders/b.yaml") {
        told += &(lines.next().ok_or("ended")?? + "\n");
    }
    assert!(told.contains("publish by admin") && told.contains("because"), "{told}");
    let mut line = String::new();
    BufReader::new(json.stdout.as_mut().ok_or("no output")?).read_line(&mut line)?;
    let change: Value = serde_json::from_str(&line)?;
    assert_eq!((&change["event"], &change["data"]["changes"][0]["content"]), (&"change".into(), &"port: 2\n".into()));

    for mut child in [json, people] {
        kill(Pid::from_raw(i32::try_from(child.id())?), Signal::SIGINT)?;
        let status = child.wait()?;
        let mut complaint = String::new();
        child.stderr.take().ok_or("no errors")?.read_to_string(&mut complaint)?;
        assert!(status.success() && complaint.is_empty(), "{status} {complaint}");
    }

    ann.run(&["watch", "dev", "nothing-that-anybody-granted", "--once"], "")?.ends_with(0).says("0 entries");
    ann.run(&["watch", "nowhere", "orders"], "")?.ends_with(5);
    ann.run(&["watch", "dev"], "")?.ends_with(64).complains("name the namespaces");
    Ok(())
}

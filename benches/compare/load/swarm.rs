//! Thousands of subscribers, in a process of their own: it opens them, and then does what it is told line by line.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines, stdin};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::stream::{Stream, Target, Told};
use crate::support::{Dice, Tested};
use crate::values::{quantile, sorted};

/// How many are on their way to be opened at the same time.
const AT_ONCE: usize = 128;
/// Connections of one source address, well below the number of its ports.
const OF_ADDRESS: usize = 2_500;
/// The longest for any step of all of them.
const ALL: Duration = Duration::from_mins(2);
/// The longest pause before a broken subscription is opened again.
const PAUSE: Duration = Duration::from_millis(100);

/// What a swarm does.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum Order {
    /// Make this change and wait until all have it.
    Publish(u64),
    /// The server is gone: come back, make this change as soon as that works, and wait until all have it.
    Return(u64),
}

/// When the others had a change after it was sent, in milliseconds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Delivered {
    pub(crate) acknowledged: f64,
    pub(crate) first: f64,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) last: f64,
    /// Changes that somebody did not get, or got twice, since the beginning.
    pub(crate) missed: usize,
    pub(crate) repeated: usize,
}

/// How long the opening of all took.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Opened {
    seconds: f64,
}

/// A swarm at work; dropping it ends it.
#[derive(Debug)]
pub(crate) struct Swarm {
    _process: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    next_mark: u64,
    /// How long the opening of all took, in seconds.
    pub(crate) opened: f64,
}

impl Swarm {
    /// Opens so many subscriptions.
    pub(crate) async fn open(program: &Path, target: &Target, subscribers: usize) -> Tested<Self> {
        let mut command = Command::new(program);
        command.arg("swarm").arg(serde_json::to_string(target)?).arg(subscribers.to_string());
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let orders = process.stdin.take().ok_or("no input")?;
        let mut answers = BufReader::new(process.stdout.take().ok_or("no output")?).lines();
        let Opened { seconds } = answer(&mut answers).await?;
        Ok(Self { _process: process, orders, answers, next_mark: 1, opened: seconds })
    }

    pub(crate) async fn publish(&mut self) -> Tested<Delivered> {
        let mark = self.mark();
        self.order(Order::Publish(mark)).await?;
        answer(&mut self.answers).await
    }

    /// Counts from now, when the server is just gone, until all are back and have a change made after it came back.
    pub(crate) async fn begin_to_return(&mut self) -> Tested {
        let mark = self.mark();
        self.order(Order::Return(mark)).await
    }

    pub(crate) async fn returned(&mut self) -> Tested<Delivered> {
        answer(&mut self.answers).await
    }

    fn mark(&mut self) -> u64 {
        self.next_mark += 1;
        self.next_mark
    }

    async fn order(&mut self, order: Order) -> Tested {
        let line = format!("{}\n", serde_json::to_string(&order)?);
        Ok(self.orders.write_all(line.as_bytes()).await?)
    }
}

async fn answer<T: DeserializeOwned>(answers: &mut Lines<BufReader<ChildStdout>>) -> Tested<T> {
    let line = timeout(ALL * 2, answers.next_line()).await??;
    Ok(serde_json::from_str(&line.ok_or("the swarm ended; its errors are above")?)?)
}

/// Something that a subscriber has to say.
enum Said {
    Open,
    Change { mark: u64, before: Option<u64>, at: Instant },
}

/// The process itself.
pub(crate) async fn run(target: Target, subscribers: usize) -> Tested {
    // A subscriber never waits for whoever counts.
    let (say, mut said) = mpsc::unbounded_channel();
    let (target, gate) = (Arc::new(target), Arc::new(Semaphore::new(AT_ONCE)));
    let (begun, mut all) = (Instant::now(), JoinSet::new());
    target.publish(1).await?;
    for number in 0..subscribers {
        let from = Ipv4Addr::new(127, 0, 0, u8::try_from(2 + number / OF_ADDRESS)?);
        let seed = u64::try_from(number)?;
        all.spawn(subscribe(Arc::clone(&target), from, Arc::clone(&gate), say.clone(), Dice::new(seed)));
    }
    let mut open = 0;
    let opening = async {
        while open < subscribers {
            if let Some(Said::Open) = said.recv().await {
                open += 1;
            }
        }
    };
    timeout(ALL, opening).await?;
    tell(&Opened { seconds: begun.elapsed().as_secs_f64() })?;

    let mut counted = Counted::default();
    let mut orders = BufReader::new(stdin()).lines();
    while let Some(line) = orders.next_line().await? {
        let sent = Instant::now();
        let mark = match serde_json::from_str(&line)? {
            Order::Publish(mark) => {
                target.publish(mark).await?;
                mark
            }
            Order::Return(mark) => {
                publish_when_back(&target, mark).await?;
                mark
            }
        };
        let acknowledged = sent.elapsed();
        let delivered = timeout(ALL, counted.collect(&mut said, mark, subscribers)).await??;
        let after: Vec<f64> = delivered.iter().map(|at| at.duration_since(sent).as_secs_f64() * 1000.0).collect();
        let after = sorted(after);
        tell(&Delivered {
            acknowledged: acknowledged.as_secs_f64() * 1000.0,
            first: quantile(&after, 0.0),
            p50: quantile(&after, 0.5),
            p99: quantile(&after, 0.99),
            last: quantile(&after, 1.0),
            missed: counted.missed,
            repeated: counted.repeated,
        })?;
    }
    Ok(())
}

/// What is wrong with what all of them got, since the beginning.
#[derive(Debug, Default)]
struct Counted {
    missed: usize,
    repeated: usize,
}

impl Counted {
    /// Waits until all have a change, and says when each had it.
    async fn collect(
        &mut self,
        said: &mut mpsc::UnboundedReceiver<Said>,
        wanted: u64,
        all: usize,
    ) -> Tested<Vec<Instant>> {
        let mut when = Vec::with_capacity(all);
        while when.len() < all {
            let Some(Said::Change { mark, before, at }) = said.recv().await else { continue };
            match before {
                Some(before) if mark <= before => self.repeated += 1,
                Some(before) if mark > before + 1 => self.missed += 1,
                _ => {}
            }
            if mark == wanted {
                when.push(at);
            }
        }
        Ok(when)
    }
}

/// The first publish to go through, of one every few milliseconds.
async fn publish_when_back(target: &Target, mark: u64) -> Tested {
    let back = async {
        while target.publish(mark).await.is_err() {
            sleep(PAUSE / 10).await;
        }
    };
    Ok(timeout(ALL, back).await?)
}

/// One subscriber for as long as the process lives.
async fn subscribe(
    target: Arc<Target>,
    from: Ipv4Addr,
    gate: Arc<Semaphore>,
    say: mpsc::UnboundedSender<Said>,
    mut dice: Dice,
) {
    let (mut cursor, mut last, mut was_open) = (None, None, false);
    loop {
        let broken: Tested = async {
            let mut stream = {
                let _place = gate.acquire().await?;
                Stream::open(&target, from, cursor.clone()).await?
            };
            loop {
                let told = stream.next().await?;
                cursor.clone_from(&stream.cursor);
                match told {
                    Told::Open(mark) => {
                        last = last.max(mark);
                        if !was_open {
                            say.send(Said::Open)?;
                        }
                        was_open = true;
                    }
                    Told::Change(mark) => {
                        say.send(Said::Change { mark, before: last, at: Instant::now() })?;
                        last = last.max(Some(mark));
                    }
                }
            }
        }
        .await;
        if let Err(error) = broken
            && !was_open
        {
            crate::support::tell(&format!("a subscription: {error}"));
        }
        sleep(dice.between(PAUSE / 10, PAUSE)).await;
    }
}

fn tell(answer: &impl Serialize) -> Tested {
    use std::io::Write as _;
    let line = serde_json::to_string(answer)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

//! The one generator of load that every system gets: connections that each make one call after the other.

pub(crate) mod connection;
pub(crate) mod etcd;
pub(crate) mod stream;
pub(crate) mod swarm;

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::support::Tested;
use crate::values::{count, quantile, sorted};

use connection::Connection;

/// What a while of load came to.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) calls: f64,
    pub(crate) seconds: f64,
    /// Of each call, in milliseconds, ascending.
    latencies: Vec<f64>,
}

impl Sample {
    pub(crate) fn of(seconds: f64, latencies: Vec<f64>) -> Self {
        Self { calls: count(latencies.len()), seconds, latencies: sorted(latencies) }
    }

    pub(crate) fn per_second(&self) -> f64 {
        self.calls / self.seconds
    }

    pub(crate) fn latency(&self, part: f64) -> f64 {
        quantile(&self.latencies, part)
    }
}

/// Each connection calls as soon as it has its answer, until the time is over. A call that fails fails all.
pub(crate) async fn closed_loop(connections: &mut Vec<Connection>, lasting: Duration) -> Tested<Sample> {
    for connection in connections.iter_mut() {
        connection.renew().await?;
    }
    let (begun, mut all) = (Instant::now(), JoinSet::new());
    for mut connection in connections.drain(..) {
        all.spawn(async move {
            let mut latencies = Vec::new();
            let mut now = Instant::now();
            while now.duration_since(begun) < lasting {
                connection.call().await?;
                let answered = Instant::now();
                latencies.push(answered.duration_since(now).as_secs_f64() * 1000.0);
                now = answered;
            }
            Tested::Ok((connection, latencies))
        });
    }
    let mut latencies = Vec::new();
    while let Some(done) = all.join_next().await {
        let (connection, of_one) = done??;
        connections.push(connection);
        latencies.extend(of_one);
    }
    Ok(Sample::of(begun.elapsed().as_secs_f64(), latencies))
}

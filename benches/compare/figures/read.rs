//! Reads of one entry of 1 KiB.

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;

use super::{Bench, turned};
use crate::load::connection::Connection;
use crate::load::stream::content;
use crate::load::{Sample, closed_loop};
use crate::measure::cpu_of;
use crate::report::{Figure, Goal};
use crate::support::Tested;
use crate::systems::etcd::Etcd;
use crate::systems::floor::{Floor, Kind};
use crate::systems::nginx::Nginx;
use crate::systems::pintle::Pintle;

const RATE: &str = "reads per second";
const P99: &str = "p99, ms";
const CPU: &str = "server's CPU per read, µs";

/// What a system has open, and the process that answers.
struct Reader {
    name: &'static str,
    connections: Vec<Connection>,
    pid: i32,
}

pub(crate) async fn measure(bench: &Bench) -> Tested<Figure> {
    let place = &bench.place;
    let pintle = Pintle::start(place, "reads", 1).await?;
    let (hyper, nginx) = (Floor::start(place, Kind::Answer).await?, Nginx::start(place, &content(0)).await?);
    let etcd = Etcd::start(place, "reads-etcd").await?;
    etcd.writer(|| ("k0".to_owned(), content(0))).await?.call().await?;
    etcd.expect("k0", &content(0)).await?;

    let mut readers = [
        Reader { name: "pintle", connections: Vec::new(), pid: pintle.pid()? },
        Reader { name: "bare hyper", connections: Vec::new(), pid: hyper.pid()? },
        Reader { name: "nginx, a file", connections: Vec::new(), pid: nginx.pid()? },
        Reader { name: "etcd, serializable", connections: Vec::new(), pid: etcd.pid()? },
    ];
    let plain = |port, path: &'static str| {
        Connection::http1(port, move || Ok(Request::get(path).header("host", "floor").body(Full::new(Bytes::new()))?))
    };
    for _ in 0..bench.extent.connections {
        let opened = [
            pintle.reader(|| 0).await?,
            plain(hyper.port, "/").await?,
            plain(nginx.port, "/file").await?,
            etcd.reader(|| "k0".to_owned()).await?,
        ];
        for (reader, connection) in readers.iter_mut().zip(opened) {
            reader.connections.push(connection);
        }
    }

    let mut figure = Figure::new("read", &format!("Read one entry of 1 KiB, {} connections", bench.extent.connections));
    let all: Vec<usize> = (0..readers.len()).collect();
    for round in 0..bench.extent.rounds {
        for nth in turned(&all, round) {
            let Some(reader) = readers.get_mut(nth) else { continue };
            let before = cpu_of(&[reader.pid])?;
            let sample: Sample = closed_loop(&mut reader.connections, bench.extent.lasting).await?;
            let cpu = cpu_of(&[reader.pid])? - before;
            figure.add(reader.name, RATE, sample.per_second());
            figure.add(reader.name, P99, sample.latency(0.99));
            figure.add(reader.name, CPU, cpu / sample.calls * 1e6);
        }
    }
    figure.compare(RATE, "pintle", "bare hyper", Goal::AtLeast(0.75));
    figure.compare(CPU, "pintle", "bare hyper", Goal::AtMost(1.5));
    figure.compare(RATE, "pintle", "etcd, serializable", Goal::AtLeast(5.0));
    figure.compare(RATE, "pintle", "nginx, a file", Goal::None);
    Ok(figure)
}

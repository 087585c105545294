//! Pintle beside its peers and beside what the machine allows, measured in the same run: `make bench`.

mod figures;
mod load;
mod measure;
mod plot;
mod report;
#[expect(dead_code, reason = "the fault tests use all of it")]
#[path = "../../tests/faults/support/mod.rs"]
mod support;
mod systems;
mod values;

use std::io::{Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Parser, Subcommand};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::time::Instant;

use figures::{Bench, Extent};
use report::{Figure, Report};
use support::{Place, Tested, tell};
use systems::floor::Kind;

/// Measures Pintle beside its peers and beside what the machine allows.
#[derive(Debug, Parser)]
struct Options {
    /// One short round, to see that everything can be measured.
    #[arg(long)]
    smoke: bool,
    /// Where to write results.json, results.md and a picture of each figure.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// What cargo says to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
    /// What to measure; everything when none is named.
    #[arg(value_parser = ALL)]
    figures: Vec<String>,
    #[command(subcommand)]
    part: Option<Part>,
}

/// What other processes of a run do.
#[derive(Debug, Subcommand)]
#[command(subcommand_negates_reqs = true)]
enum Part {
    #[command(hide = true)]
    Floor { kind: Kind },
    #[command(hide = true)]
    Swarm { target: String, subscribers: usize },
}

/// All figures, in the order in which they are measured.
const ALL: [&str; 6] = ["read", "publish", "fan-out", "storm", "applied", "growth"];

#[tokio::main]
async fn main() -> Tested {
    let options = Options::parse();
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    match options.part {
        Some(Part::Floor { kind }) => systems::floor::run(kind).await,
        Some(Part::Swarm { target, subscribers }) => {
            load::swarm::run(serde_json::from_str(&target)?, subscribers).await
        }
        None => compare(options).await,
    }
}

async fn compare(options: Options) -> Tested {
    let begun = Instant::now();
    let extent = if options.smoke { Extent::smoke() } else { Extent::full() };
    let bench = Bench { extent, place: Place::new()? };
    let mut report = Report { facts: facts(&bench)?, figures: Vec::new() };
    for name in
        ALL.into_iter().filter(|&name| options.figures.is_empty() || options.figures.iter().any(|one| one == name))
    {
        let began = Instant::now();
        tell(&format!("measuring {name}"));
        report.figures.extend(measure(name, &bench).await.map_err(|error| format!("{name}: {error}"))?);
        tell(&format!("  {name} took {} s", began.elapsed().as_secs()));
    }
    report.facts.push(("took".to_owned(), format!("{} s", begun.elapsed().as_secs())));
    write!(std::io::stdout(), "{}", report.markdown())?;
    options.out.map_or(Ok(()), |folder| save(&report, &folder))
}

fn save(report: &Report, folder: &Path) -> Tested {
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("results.json"), serde_json::to_string_pretty(report)? + "\n")?;
    std::fs::write(folder.join("results.md"), report.markdown())?;
    for figure in &report.figures {
        std::fs::write(folder.join(format!("{}.svg", figure.name)), plot::svg(figure))?;
    }
    Ok(())
}

async fn measure(name: &str, bench: &Bench) -> Tested<Vec<Figure>> {
    Ok(match name {
        "read" => vec![figures::read::measure(bench).await?],
        "publish" => vec![figures::publish::measure(bench).await?],
        "fan-out" => {
            let (deliveries, memory) = figures::fan_out::measure(bench).await?;
            vec![deliveries, memory, figures::idle::measure(bench).await?]
        }
        "storm" => vec![figures::storm::measure(bench).await?],
        "applied" => vec![figures::applied::measure(bench).await?],
        _ => vec![figures::growth::measure(bench).await?],
    })
}

/// What the figures were measured on and with.
fn facts(bench: &Bench) -> Tested<Vec<(String, String)>> {
    let cpu = std::fs::read_to_string("/proc/cpuinfo")?;
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown", |(_, name)| name);
    let cores = std::thread::available_parallelism()?;
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let memory = std::fs::read_to_string("/proc/meminfo")?;
    let memory = memory.lines().next().and_then(|line| line.split_whitespace().nth(1)).unwrap_or("0").parse::<u64>()?
        / 1024
        / 1024;
    let build = if cfg!(debug_assertions) { "debug" } else { "release" };
    let (least, median, most) = sync_millis(&bench.place)?;
    let postgres = systems::version(&support::postgres::programs()?.join("postgres"), "--version")?;
    let etcd = systems::version(&systems::program("etcd")?, "--version")?;
    let nginx = systems::version(&systems::program("nginx")?, "-v")?;
    Ok([
        ("machine", format!("{cores} cores of {model}, {memory} GiB, Linux {}", kernel.trim())),
        ("fdatasync of 1 KiB, ms", format!("{least:.3} least, {median:.3} median, {most:.3} most of 200")),
        ("versions", format!("pintle {} ({build} build), {postgres}, {etcd}, {nginx}", env!("CARGO_PKG_VERSION"))),
        ("rounds", format!("{}, of {:?} each where load lasts", bench.extent.rounds, bench.extent.lasting)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec())
}

/// What it costs on this disk that a KiB is durable.
fn sync_millis(place: &Place) -> Tested<(f64, f64, f64)> {
    let mut file = std::fs::File::create(place.join("sync"))?;
    let mut took = Vec::new();
    for _ in 0..200 {
        file.rewind()?;
        file.write_all(&[7; 1024])?;
        let begun = Instant::now();
        file.sync_data()?;
        took.push(Duration::as_secs_f64(&begun.elapsed()) * 1000.0);
    }
    Ok(report::spread(&took))
}

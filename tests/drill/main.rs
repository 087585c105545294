//! The drill: crashes, faults and agents for minutes, against real nodes and a real PostgreSQL, judged by what clients saw.
//!
//! `scripts/drill.sh` builds and runs it. It ends with 1 when anything is wrong.

mod rounds;
#[path = "../faults/support/mod.rs"]
#[expect(dead_code, reason = "the tests of faults use the rest of it")]
mod support;
mod table;
mod upgrade;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

use support::{Dice, Tested, tell};

/// Breaks everything around Pintle and judges what its clients saw.
#[derive(Debug, Parser)]
struct Options {
    /// Repeats the choices of another run; how threads and processes meet is not repeated.
    #[arg(long, global = true)]
    seed: Option<u64>,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Rounds of everything at once.
    Run {
        /// How long there are faults, in seconds; what begins and ends a round comes on top.
        #[arg(long, default_value_t = 600)]
        seconds: u64,
        /// The program to drill instead of the one that was built with this.
        #[arg(long)]
        program: Option<PathBuf>,
        /// One short round with few of everything.
        #[arg(long)]
        smoke: bool,
    },
    /// An earlier version and this one on one database.
    Upgrade {
        /// The program of the earlier version.
        #[arg(long)]
        previous: PathBuf,
        /// How long each step lasts, in seconds.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
    },
}

fn main() -> ExitCode {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build();
    let done = runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(unless_stopped(drill(options))));
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            tell(&format!("the drill could not be finished: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Whoever stops the drill stops everything that it started.
async fn unless_stopped(drill: impl Future<Output = Tested<bool>>) -> Tested<bool> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        done = drill => done,
        _ = terminate.recv() => Err("stopped".into()),
        _ = interrupt.recv() => Err("stopped".into()),
    }
}

async fn drill(options: Options) -> Tested<bool> {
    let seed = match options.seed {
        Some(seed) => seed,
        None => Dice::seed()?,
    };
    tell(&format!("drill: seed {seed}"));
    match options.what {
        What::Run { seconds, program, smoke } => rounds::run(seed, Duration::from_secs(seconds), program, smoke).await,
        What::Upgrade { previous, seconds } => upgrade::run(seed, &previous, Duration::from_secs(seconds)).await,
    }
}

//! The `pintle` program: arguments in, exit code out.

fn main() -> std::process::ExitCode {
    pintle::cli::run(std::env::args_os())
}

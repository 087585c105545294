mod cli;
mod docs;
mod private_postgres;
mod program;

mod cli;
mod private_postgres;

//! Settings: flags, `PINTLE_*` variables, or a file; parsed once. `--help` is the reference.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::domain::limits::Limits;
use crate::runtime::age;
use crate::runtime::telemetry::LogFormat;
use crate::service::audit::retention::YOUNGEST;
use crate::service::sessions::SessionLimits;

/// Settings of every command that runs a node.
#[derive(Debug, Clone, Args)]
pub struct NodeSettings {
    /// Address to serve on; port 0 takes a free one and prints it
    #[arg(long, env = "PINTLE_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDR")]
    pub listen: SocketAddr,
    /// Serve metrics, without a token, on an address of its own
    #[arg(long, env = "PINTLE_METRICS_LISTEN", value_name = "ADDR")]
    pub metrics_listen: Option<SocketAddr>,
    #[command(flatten)]
    pub transport: TransportSettings,
    /// Password of the first admin, set on an empty store instead of a one-time password
    #[arg(long, env = "PINTLE_ADMIN_PASSWORD", hide_env_values = true, value_name = "PASSWORD")]
    pub admin_password: Option<String>,
    /// Connections to the database, at most
    #[arg(long, env = "PINTLE_DATABASE_CONNECTIONS", default_value_t = 16, value_name = "N", value_parser = clap::value_parser!(u32).range(4..=1000))]
    pub database_connections: u32,
    #[command(flatten)]
    pub keys: KeySettings,
    #[command(flatten)]
    pub audit: AuditSettings,
    #[command(flatten)]
    pub log: LogSettings,
    #[command(flatten)]
    pub sessions: SessionSettings,
    #[command(flatten)]
    pub limits: LimitSettings,
}

/// An age after which rows of the audit may go: each of them was anchored long before.
pub fn retention(text: &str) -> Result<Duration, String> {
    let age = age::parse(text).map_err(|error| error.to_string())?;
    if age >= YOUNGEST { Ok(age) } else { Err("must be at least 1d".to_owned()) }
}

/// What becomes of the audit.
#[derive(Debug, Clone, Args)]
pub struct AuditSettings {
    /// Append the signed ends of the audit's chains to a file, for `pintle audit verify`; best kept on another machine
    #[arg(long, env = "PINTLE_AUDIT_ANCHOR_FILE", value_name = "FILE")]
    pub audit_anchor_file: Option<PathBuf>,
    /// How often they are signed, and written to the log
    #[arg(long, env = "PINTLE_AUDIT_ANCHOR_SECONDS", default_value_t = 60, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub audit_anchor_seconds: u64,
    /// Cut off rows of the audit that are older, such as `365d` [default: keep all]
    #[arg(long, env = "PINTLE_AUDIT_RETENTION", value_name = "AGE", value_parser = retention)]
    pub audit_retention: Option<Duration>,
}

/// How callers reach a node.
#[derive(Debug, Clone, Args)]
pub struct TransportSettings {
    /// Serve HTTPS with the certificate chain in this PEM file; read again when it changes
    #[arg(long, env = "PINTLE_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// The private key of the certificate, as PEM
    #[arg(long, env = "PINTLE_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// Serve behind proxies in these networks, which end TLS: their X-Forwarded-For, -Proto and -Prefix are believed, and calls
    /// that do not come through them are refused
    #[arg(long, env = "PINTLE_BEHIND_PROXY", value_delimiter = ',', value_name = "CIDR")]
    pub behind_proxy: Vec<String>,
    /// Serve plain HTTP on an address that others can reach
    #[arg(long, env = "PINTLE_INSECURE")]
    pub insecure: bool,
    /// The address that people and programs use, such as `https://example.com/pintle` [default: the listen address]
    #[arg(long, env = "PINTLE_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// Connections at once; further ones are told to come back. Never more than the limit of open files allows
    #[arg(long, env = "PINTLE_MAX_CONNECTIONS", default_value_t = 20_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_connections: u32,
    /// How long the head of a request may take
    #[arg(long, env = "PINTLE_HEAD_TIMEOUT_SECONDS", default_value_t = 10, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub head_timeout_seconds: u64,
    /// How long nothing of a body may come
    #[arg(long, env = "PINTLE_BODY_TIMEOUT_SECONDS", default_value_t = 30, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub body_timeout_seconds: u64,
}

/// Where the master key is. The key itself is no flag, since everybody on the machine can see those.
#[derive(Debug, Clone, Default, Args)]
pub struct KeySettings {
    /// The master key: 32 bytes as hex or base64, also taken from `PINTLE_MASTER_KEY`
    #[arg(long, env = "PINTLE_MASTER_KEY_FILE", value_name = "FILE")]
    pub master_key_file: Option<PathBuf>,
    /// A shell command that prints the master key within 10 s
    #[arg(long, env = "PINTLE_MASTER_KEY_COMMAND", value_name = "COMMAND")]
    pub master_key_command: Option<String>,
    /// A master key from before, which only opens what it sealed; may be given several times
    #[arg(long, env = "PINTLE_OLD_MASTER_KEY_FILE", value_name = "FILE", value_delimiter = ',')]
    pub old_master_key_file: Vec<PathBuf>,
}

impl KeySettings {
    /// Whether nothing says where the current master key is, neither they nor the variable.
    #[must_use]
    pub fn is_unset(&self, variable: Option<&std::ffi::OsStr>) -> bool {
        let Self { master_key_file, master_key_command, old_master_key_file: _ } = self;
        master_key_file.is_none() && master_key_command.is_none() && variable.is_none_or(std::ffi::OsStr::is_empty)
    }
}

/// How long logins last.
#[derive(Debug, Clone, Args)]
pub struct SessionSettings {
    /// End the session of a browser that nobody used for so long, at least 1m
    #[arg(long, env = "PINTLE_SESSION_IDLE", default_value = "30m", value_name = "AGE", value_parser = session)]
    pub session_idle: Duration,
    /// End every login after so long, at least 1m
    #[arg(long, env = "PINTLE_SESSION_MAX", default_value = "8h", value_name = "AGE", value_parser = session)]
    pub session_max: Duration,
}

impl SessionSettings {
    /// As the service has them.
    #[must_use]
    pub fn limits(&self) -> SessionLimits {
        let whole = |age: Duration| time::Duration::seconds(i64::try_from(age.as_secs()).unwrap_or(i64::MAX));
        SessionLimits { idle: whole(self.session_idle), longest: whole(self.session_max) }
    }
}

/// An age that a session may have.
fn session(text: &str) -> Result<Duration, String> {
    let age = age::parse(text).map_err(|error| error.to_string())?;
    if age < Duration::from_mins(1) { Err("must be at least 1m".to_owned()) } else { Ok(age) }
}

/// How to log.
#[derive(Debug, Clone, Args)]
pub struct LogSettings {
    /// Logs for people, or one JSON object a line
    #[arg(long, env = "PINTLE_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// What to log, such as `info` or `pintle=debug,info`
    #[arg(
        long,
        env = "PINTLE_LOG",
        default_value = "info,sqlx=error,sqlx_core=error,sqlx::query=warn",
        value_name = "FILTER"
    )]
    pub log: String,
    /// Where to send traces, as OTLP over HTTP
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", hide = true)]
    pub otlp_endpoint: Option<String>,
}

/// The limits, in the units of their names.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitSettings {
    /// One entry's content
    #[arg(long, env = "PINTLE_MAX_ENTRY_BYTES", default_value_t = Limits::default().entry_bytes, value_name = "BYTES")]
    pub max_entry_bytes: u64,
    /// All contents of one change set
    #[arg(long, env = "PINTLE_MAX_CHANGE_SET_BYTES", default_value_t = Limits::default().change_set_bytes, value_name = "BYTES")]
    pub max_change_set_bytes: u64,
    /// Changes that a client may send in one change set
    #[arg(long, env = "PINTLE_MAX_CHANGE_SET_ENTRIES", default_value_t = Limits::default().change_set_entries, value_name = "N")]
    pub max_change_set_entries: usize,
    /// Changes that a rollback, revert or deletion may make
    #[arg(long, env = "PINTLE_MAX_COMPUTED_ENTRIES", default_value_t = Limits::default().computed_entries, value_name = "N")]
    pub max_computed_entries: usize,
    /// Entries in one namespace
    #[arg(long, env = "PINTLE_MAX_NAMESPACE_ENTRIES", default_value_t = Limits::default().namespace_entries, value_name = "N")]
    pub max_namespace_entries: u64,
    /// Current contents of one namespace
    #[arg(long, env = "PINTLE_MAX_NAMESPACE_BYTES", default_value_t = Limits::default().namespace_bytes, value_name = "BYTES")]
    pub max_namespace_bytes: u64,
    /// Current contents of the whole store, held in memory by every node
    #[arg(long, env = "PINTLE_MAX_STORE_BYTES", default_value_t = Limits::default().store_bytes, value_name = "BYTES")]
    pub max_store_bytes: u64,
    /// A message
    #[arg(long, env = "PINTLE_MAX_MESSAGE_BYTES", default_value_t = Limits::default().message_bytes, value_name = "BYTES")]
    pub max_message_bytes: usize,
    /// How long rights may be judged as last seen while the database is away
    #[arg(long, env = "PINTLE_ACCESS_MAX_STALE_SECONDS", default_value_t = Limits::default().access_max_stale.as_secs(), value_name = "SECONDS")]
    pub access_max_stale_seconds: u64,
    /// Trim the history: this many revisions stay readable [default: all]
    #[arg(long, env = "PINTLE_HISTORY_MAX_REVISIONS", value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub history_max_revisions: Option<u64>,
    /// Trim the history: what was there so long ago, such as `90d`, and since stays readable [default: all]
    #[arg(long, env = "PINTLE_HISTORY_MAX_AGE", value_name = "AGE", value_parser = age::parse)]
    pub history_max_age: Option<Duration>,
}

impl LimitSettings {
    /// As the domain has them.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits {
            entry_bytes: self.max_entry_bytes,
            change_set_bytes: self.max_change_set_bytes,
            change_set_entries: self.max_change_set_entries,
            computed_entries: self.max_computed_entries,
            namespace_entries: self.max_namespace_entries,
            namespace_bytes: self.max_namespace_bytes,
            store_bytes: self.max_store_bytes,
            message_bytes: self.max_message_bytes,
            access_max_stale: Duration::from_secs(self.access_max_stale_seconds),
            history_revisions: self.history_max_revisions,
            history_age: self.history_max_age,
            ..Limits::default()
        }
    }
}

/// Where the database is.
#[derive(Clone, Args)]
pub struct DatabaseSettings {
    /// The PostgreSQL database; several hosts are tried in order for the writable one
    #[arg(long, alias = "database", env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: String,
    /// A direct address for LISTEN and migrations, where the database is behind PgBouncer
    #[arg(long, env = "PINTLE_LISTEN_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub listen_database_url: Option<String>,
}

impl std::fmt::Debug for DatabaseSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DatabaseSettings").finish_non_exhaustive()
    }
}

/// Settings of `pintle serve`.
#[derive(Debug, Clone, Args)]
pub struct ServeSettings {
    #[command(flatten)]
    pub database: DatabaseSettings,
    /// Do not migrate; refuse to start on an old schema
    #[arg(long, env = "PINTLE_NO_MIGRATE")]
    pub no_migrate: bool,
    #[command(flatten)]
    pub node: NodeSettings,
    /// Read settings from a TOML file: the flags' names, without dashes in front
    #[arg(long, env = "PINTLE_SETTINGS", value_name = "FILE")]
    pub settings: Option<PathBuf>,
}

/// Settings of `pintle dev`.
#[derive(Debug, Clone, Args)]
pub struct DevSettings {
    /// Folder of the private PostgreSQL, kept between runs [default: ~/.local/share/pintle, as root /var/lib/pintle]
    #[arg(long, env = "PINTLE_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Folder of PostgreSQL's programs, when they are not found
    #[arg(long, env = "PINTLE_POSTGRES_BIN", value_name = "DIR")]
    pub postgres_bin: Option<PathBuf>,
    #[command(flatten)]
    pub node: NodeSettings,
    /// Read settings from a TOML file: the flags' names, without dashes in front
    #[arg(long, env = "PINTLE_SETTINGS", value_name = "FILE")]
    pub settings: Option<PathBuf>,
}

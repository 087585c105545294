//! The instruments of a node, by their Prometheus names.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// One served request.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    /// GET, PUT and so on.
    pub method: &'static str,
    /// The route's pattern, never the path.
    pub route: Arc<str>,
    /// The status of the answer.
    pub status: u16,
}

/// One route.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RouteLabels {
    /// GET, PUT and so on.
    pub method: &'static str,
    /// The route's pattern, never the path.
    pub route: Arc<str>,
}

/// What became of a change set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
#[expect(non_camel_case_types, reason = "label values are written in lower case")]
pub enum Outcome {
    /// It is a revision.
    committed,
    /// Everything was there already.
    unchanged,
    /// It was judged and refused.
    refused,
    /// The database could not be reached; nothing was applied.
    unavailable,
    /// The commit was cut and could not be looked up.
    unknown,
}

/// Label of [`Metrics::publishes`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct OutcomeLabels {
    /// What became of it.
    pub outcome: Outcome,
}

/// Label of [`Metrics::watch_resets`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ReasonLabels {
    /// Why continuity was lost.
    pub reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabels {
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InstanceLabels {
    env: String,
    namespace: String,
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FileLabels {
    file: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BuildLabels {
    version: &'static str,
}

/// Every instrument of a node.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Answered requests.
    pub requests: Family<RequestLabels, Counter>,
    /// Seconds from the first byte of a request to the head of its answer.
    pub request_seconds: Family<RouteLabels, Histogram>,
    /// Open connections of callers.
    pub http_connections: Gauge,
    /// Change sets by what became of them.
    pub publishes: Family<OutcomeLabels, Counter>,
    /// Seconds of one commit statement.
    pub commit_seconds: Histogram,
    /// Change sets in one commit statement.
    pub batch_size: Histogram,
    /// The newest revision that the store was seen to have.
    pub head_revision: Gauge,
    /// The newest revision that this node answers from.
    pub node_revision: Gauge,
    /// The difference.
    pub lag: Gauge,
    /// The history.
    pub epoch: Gauge,
    /// 1 while the database answers.
    pub database_up: Gauge,
    /// Bytes of current contents.
    pub store_bytes: Gauge,
    /// Current entries.
    pub store_entries: Gauge,
    /// `max_store_bytes`.
    pub store_bytes_limit: Gauge,
    /// Acknowledged revisions that a failover or restore lost.
    pub lost: Counter,
    /// Open watches.
    pub watch_streams: Gauge,
    /// Events and parts of events that were given out.
    pub watch_frames: Counter,
    /// Watches that were told to begin anew, by reason.
    pub watch_resets: Family<ReasonLabels, Counter>,
    /// Watches that were cut since they did not read.
    pub watch_stalled: Counter,
    /// Rows of the audit that this node wrote.
    pub audit_rows: Counter,
    /// Events that found no place on their way to the audit.
    pub audit_dropped: Counter,
    /// Events that wait to be written.
    pub audit_waiting: Gauge,
    instances: Family<InstanceLabels, Gauge>,
    certificates: Family<FileLabels, Gauge>,
    connections: Family<StateLabels, Gauge>,
    memory: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let seconds = || Histogram::new(exponential_buckets(0.000_25, 2.0, 16));
        let metrics = Self {
            registry: Registry::with_prefix("pintle"),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.000_25, 2.0, 16))),
            http_connections: Gauge::default(),
            publishes: Family::default(),
            commit_seconds: seconds(),
            batch_size: Histogram::new(exponential_buckets(1.0, 2.0, 8)),
            head_revision: Gauge::default(),
            node_revision: Gauge::default(),
            lag: Gauge::default(),
            epoch: Gauge::default(),
            database_up: Gauge::default(),
            store_bytes: Gauge::default(),
            store_entries: Gauge::default(),
            store_bytes_limit: Gauge::default(),
            lost: Counter::default(),
            watch_streams: Gauge::default(),
            watch_frames: Counter::default(),
            watch_resets: Family::default(),
            watch_stalled: Counter::default(),
            audit_rows: Counter::default(),
            audit_dropped: Counter::default(),
            audit_waiting: Gauge::default(),
            instances: Family::default(),
            certificates: Family::default(),
            connections: Family::default(),
            memory: Gauge::default(),
        };
        metrics.registered()
    }
}

impl Metrics {
    fn registered(mut self) -> Self {
        let r = &mut self.registry;
        r.register("http_requests", "Answered requests", self.requests.clone());
        r.register("http_request_duration_seconds", "Time to the head of the answer", self.request_seconds.clone());
        r.register("http_connections", "Open connections of callers", self.http_connections.clone());
        r.register("publishes", "Change sets by what became of them", self.publishes.clone());
        r.register("commit_duration_seconds", "Time of one commit statement", self.commit_seconds.clone());
        r.register("commit_batch_size", "Change sets in one commit statement", self.batch_size.clone());
        r.register("head_revision", "Newest revision the store was seen to have", self.head_revision.clone());
        r.register("node_revision", "Newest revision this node answers from", self.node_revision.clone());
        r.register("node_lag_revisions", "Revisions this node is behind", self.lag.clone());
        r.register("epoch", "The history", self.epoch.clone());
        r.register("database_up", "1 while the database answers", self.database_up.clone());
        r.register("store_bytes", "Bytes of current contents", self.store_bytes.clone());
        r.register("store_entries", "Current entries", self.store_entries.clone());
        r.register("store_bytes_limit", "Limit of store_bytes", self.store_bytes_limit.clone());
        r.register("lost_revisions", "Acknowledged revisions lost by a failover or restore", self.lost.clone());
        r.register("watch_streams", "Open watches", self.watch_streams.clone());
        r.register("watch_frames", "Events and parts of events given out", self.watch_frames.clone());
        r.register("watch_resets", "Watches told to begin anew, by reason", self.watch_resets.clone());
        r.register("watch_stalled", "Watches cut since they did not read", self.watch_stalled.clone());
        r.register("audit_rows", "Rows of the audit written by this node", self.audit_rows.clone());
        r.register("audit_dropped", "Events that found no place on their way to the audit", self.audit_dropped.clone());
        r.register("audit_waiting", "Events that wait to be written to the audit", self.audit_waiting.clone());
        r.register("instances", "Instances that are there, by how they stand", self.instances.clone());
        let ends = "When the certificate ends, as Unix time";
        r.register("tls_certificate_expiry_seconds", ends, self.certificates.clone());
        r.register("pool_connections", "Connections to the database", self.connections.clone());
        r.register("process_resident_memory_bytes", "Resident memory", self.memory.clone());
        let build = Family::<BuildLabels, Gauge>::default();
        build.get_or_create(&BuildLabels { version: env!("CARGO_PKG_VERSION") }).set(1);
        r.register("build", "The release that runs", build);
        self
    }

    /// Counts an answered request, and how long its answer took.
    pub fn count_request(&self, method: &'static str, route: Arc<str>, status: u16, elapsed: Duration) {
        let labels = RouteLabels { method, route };
        self.request_seconds.get_or_create(&labels).observe(elapsed.as_secs_f64());
        let RouteLabels { method, route } = labels;
        self.requests.get_or_create(&RequestLabels { method, route, status }).inc();
    }

    /// Counts a change set.
    pub fn count_publish(&self, outcome: Outcome) {
        self.publishes.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// Sets how many instances stand how, by environment, namespace and state.
    pub fn set_instances(&self, counts: impl IntoIterator<Item = ((String, String, &'static str), i64)>) {
        for ((env, namespace, state), count) in counts {
            self.instances.get_or_create(&InstanceLabels { env, namespace, state }).set(count);
        }
    }

    /// Sets when the certificate in a file ends, as Unix time.
    pub fn set_certificate_end(&self, file: &str, seconds: i64) {
        self.certificates.get_or_create(&FileLabels { file: file.to_owned() }).set(seconds);
    }

    /// Everything in the text format, with what is read at the moment of asking: the pool as (used, idle)
    /// connections, and resident memory in bytes.
    #[must_use]
    pub fn render(&self, pool: (u32, u32), memory: u64) -> String {
        let (used, idle) = pool;
        self.connections.get_or_create(&StateLabels { state: "used" }).set(i64::from(used));
        self.connections.get_or_create(&StateLabels { state: "idle" }).set(i64::from(idle));
        self.memory.set(memory.cast_signed());
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

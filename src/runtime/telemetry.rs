//! Logs for people or as JSON lines on standard error, and traces to an OTLP endpoint when one is set.

use std::io::IsTerminal as _;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, Registry, fmt};

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Keeps the exporter alive; sends what is left when dropped.
#[derive(Debug)]
pub struct Telemetry {
    provider: Option<SdkTracerProvider>,
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(provider) = self.provider.take() {
            // At the end of the process there is nobody left to tell.
            let _ = provider.shutdown();
        }
    }
}

/// Starts logs, and traces when `traces` says that an OTLP endpoint is set.
pub fn start(format: LogFormat, filter: &str, traces: bool) -> Result<Telemetry, String> {
    let filter = EnvFilter::try_new(filter).map_err(|error| format!("--log: {error}"))?;
    let text = fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let logs = match format {
        LogFormat::Text => text.boxed(),
        LogFormat::Json => fmt::layer().json().flatten_event(true).with_writer(std::io::stderr).boxed(),
    };
    let provider = if traces { Some(exporter()?) } else { None };
    let spans = provider.as_ref().map(|provider| {
        opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
        tracing_opentelemetry::layer().with_tracer(provider.tracer("pintle"))
    });
    Registry::default().with(filter).with(logs).with(spans).try_init().map_err(|error| error.to_string())?;
    Ok(Telemetry { provider })
}

/// The exporter reads the standard `OTEL_*` variables. Its blocking client must be made outside any async runtime.
fn exporter() -> Result<SdkTracerProvider, String> {
    let build = || SpanExporter::builder().with_http().build().map_err(|error| format!("OTLP exporter: {error}"));
    let exporter = std::thread::spawn(build).join().map_err(|_| "the OTLP exporter failed to start".to_owned())??;
    let resource = Resource::builder().with_service_name("pintle").build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}

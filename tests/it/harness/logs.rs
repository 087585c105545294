//! What the nodes of a test log: shown when the test fails, and an error fails it.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, SubscriberExt as _};

/// The errors logged since a test began.
#[derive(Debug, Clone, Default)]
pub(crate) struct Errors(Arc<Mutex<Vec<String>>>);

impl Errors {
    /// Collects from this thread, which runs the whole test: its runtime, its nodes and its actors.
    pub(crate) fn collect() -> Self {
        let errors = Self::default();
        let shown = tracing_subscriber::fmt::layer().with_test_writer().without_time().with_filter(LevelFilter::WARN);
        let subscriber =
            tracing_subscriber::registry().with(shown).with(errors.clone().with_filter(LevelFilter::ERROR));
        // For as long as the thread lives; the next test of the same thread replaces it.
        std::mem::forget(tracing::subscriber::set_default(subscriber));
        errors
    }

    /// Takes what was logged.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl<S: Subscriber> Layer<S> for Errors {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() == Level::ERROR {
            let mut line = Line(String::new());
            event.record(&mut line);
            self.0.lock().unwrap().push(line.0);
        }
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, "{}={value:?} ", field.name()).unwrap();
    }
}

/// All that is logged, at the loudest level, fields included.
#[derive(Debug, Clone, Default)]
pub(crate) struct Everything(Arc<Mutex<String>>);

impl Everything {
    /// Listens on this thread, until what is returned is dropped.
    pub(crate) fn listen(&self) -> tracing::subscriber::DefaultGuard {
        let subscriber = tracing_subscriber::registry().with(self.clone().with_filter(LevelFilter::TRACE));
        tracing::subscriber::set_default(subscriber)
    }

    /// Takes what was logged.
    pub(crate) fn take(&self) -> String {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl<S: Subscriber> Layer<S> for Everything {
    fn on_new_span(&self, span: &tracing::span::Attributes<'_>, _: &tracing::Id, _: Context<'_, S>) {
        let mut line = Line(String::new());
        span.record(&mut line);
        writeln!(self.0.lock().unwrap(), "{} {}", span.metadata().name(), line.0).unwrap();
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        writeln!(self.0.lock().unwrap(), "{} {}", event.metadata().target(), line.0).unwrap();
    }
}

//! Templates: `MiniJinja` over the effective view of a block, without any way out of it.
//!
//! A template sees `entry("key")` (the text), `value("key", "/json/pointer" or a property's name)`, `values("key")` (the whole
//! document), `keys("prefix")`, its labels as `labels.zone`, `id`, `service` and `environment`. Beside what `MiniJinja` brings there are
//! `required(value, "message")`, `tojson`, `toyaml`, `b64encode` and `b64decode`, each as a filter and as a function. Nothing is
//! escaped. Line ends after blocks and blanks before them are dropped; the last line end of the template is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value};

use crate::agent::layers::{Effective, Found, Place, UNTOLD};
use crate::agent::values;
use crate::domain::formats;
use crate::domain::names::EntryKey;

/// Most bytes that a template may make.
pub const OUTPUT_MAX: usize = 16 * 1024 * 1024;
/// Most steps that a rendering may take: seconds of work.
const FUEL: u64 = 10_000_000;

/// A template whose syntax is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    name: Arc<str>,
    text: Arc<str>,
    strict: bool,
}

/// What a template may know besides the entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The labels of the block.
    pub labels: BTreeMap<String, String>,
    /// The id of the instance.
    pub id: String,
    /// Its service.
    pub service: String,
    /// Its environment.
    pub environment: String,
}

/// What a rendering looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reads {
    /// Entries that it named.
    pub named: BTreeSet<Place>,
    /// Entries that it came upon by `keys`.
    pub listed: BTreeSet<Place>,
    /// Keys that it named and no layer has.
    pub absent: BTreeSet<EntryKey>,
}

/// What a template has become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The bytes.
    pub content: Vec<u8>,
    /// What it looked at.
    pub reads: Reads,
}

/// Why a template cannot be rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    /// The template, the line and what is wrong there.
    pub message: String,
    /// Keys that it named and no layer has.
    pub absent: BTreeSet<EntryKey>,
}

impl Template {
    /// Takes a template; `name` is what messages call it. Unless it is `strict` an undefined value is nothing instead of an error.
    ///
    /// # Errors
    /// The first thing that is wrong with its syntax, with its line.
    pub fn compile(name: &str, text: &str, strict: bool) -> Result<Self, TemplateError> {
        let environment = environment(strict);
        match environment.template_from_named_str(name, text) {
            Ok(_) => Ok(Self { name: name.into(), text: text.into(), strict }),
            Err(error) => Err(TemplateError { message: told(name, &error), absent: BTreeSet::new() }),
        }
    }

    /// Renders it over a view.
    ///
    /// # Errors
    /// What is wrong, with the line: an undefined value, a missing required one, an entry that is not of its format, or one of the
    /// bounds.
    pub fn render(&self, view: &Arc<Effective>, identity: &Identity) -> Result<Rendered, TemplateError> {
        let reads = Arc::new(Mutex::new(Reads::default()));
        let mut environment = environment(self.strict);
        add_entries(&mut environment, view, &reads);
        let context = minijinja::context! {
            labels => Value::from(identity.labels.clone()),
            id => identity.id.as_str(),
            service => identity.service.as_str(),
            environment => identity.environment.as_str(),
        };
        let mut output = Output(Vec::new());
        let outcome = environment
            .template_from_named_str(&self.name, &self.text)
            .and_then(|template| template.render_captured_to(context, &mut output).map(|_| ()));
        drop(environment);
        let reads = std::mem::take(&mut *reads.lock().unwrap_or_else(PoisonError::into_inner));
        match outcome {
            Ok(()) => Ok(Rendered { content: output.0, reads }),
            Err(error) => {
                let sealed = reads.named.iter().filter_map(|place| view.at(place)).filter(Found::is_sealed);
                let (shut, revealed): (Vec<_>, Vec<_>) = sealed.partition(|found| found.usable().is_err());
                if let Some(Err(missing)) = shut.first().map(Found::usable) {
                    return Err(TemplateError { message: format!("{}: {missing}", self.name), absent: reads.absent });
                }
                if !revealed.is_empty() {
                    let place = error
                        .line()
                        .map_or_else(|| self.name.to_string(), |line| format!("{}, line {line}", self.name));
                    return Err(TemplateError { message: format!("{place}: {UNTOLD}"), absent: reads.absent });
                }
                let mut message = told(&self.name, &error);
                if error.kind() == ErrorKind::UndefinedError && !reads.absent.is_empty() {
                    let keys: Vec<_> = reads.absent.iter().map(EntryKey::as_str).collect();
                    message = format!("{message}; no layer has {}", keys.join(", "));
                }
                Err(TemplateError { message, absent: reads.absent })
            }
        }
    }
}

/// The name, the line and what is wrong, with the innermost reason.
fn told(name: &str, error: &Error) -> String {
    let place = error.line().map_or_else(|| name.to_owned(), |line| format!("{name}, line {line}"));
    let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    let mut source = std::error::Error::source(error);
    let mut reason = String::new();
    while let Some(cause) = source {
        reason = format!(": {cause}");
        source = cause.source();
    }
    if error.kind() == ErrorKind::UndefinedError {
        format!("{place}: undefined value{}", named(error))
    } else if error.kind() == ErrorKind::OutOfFuel {
        format!("{place}: it takes more than {FUEL} steps")
    } else {
        format!("{place}: {detail}{reason}")
    }
}

fn named(error: &Error) -> String {
    let text = error.template_source().zip(error.range()).and_then(|(source, range)| source.get(range));
    text.filter(|text| !text.is_empty()).map(|text| format!(" `{text}`")).unwrap_or_default()
}

/// Where the output goes, up to its bound.
struct Output(Vec<u8>);

impl io::Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > OUTPUT_MAX {
            return Err(io::Error::other(format!("it makes more than {} MiB", OUTPUT_MAX >> 20)));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn environment<'a>(strict: bool) -> Environment<'a> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_undefined_behavior(if strict { UndefinedBehavior::Strict } else { UndefinedBehavior::Chainable });
    environment.set_fuel(Some(FUEL));
    environment.set_debug(true);
    if let Ok(syntax) =
        SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()
    {
        environment.set_syntax(syntax);
    }
    environment.add_function("required", required);
    environment.add_filter("required", required);
    environment.add_function("tojson", to_json);
    environment.add_filter("tojson", to_json);
    environment.add_function("toyaml", to_yaml);
    environment.add_filter("toyaml", to_yaml);
    environment.add_function("b64encode", encode);
    environment.add_filter("b64encode", encode);
    environment.add_function("b64decode", decode);
    environment.add_filter("b64decode", decode);
    environment
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}

fn required(value: Value, message: Option<String>) -> Result<Value, Error> {
    let empty = value.is_undefined() || value.is_none() || value.as_str().is_some_and(str::is_empty);
    if empty {
        return Err(invalid(message.unwrap_or_else(|| "a required value is not there".to_owned())));
    }
    Ok(value)
}

fn to_json(value: &Value) -> Result<String, Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    serde_json::to_string(value).map_err(|error| invalid(error.to_string()))
}

fn to_yaml(value: &Value) -> Result<String, Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    let text = serde_saphyr::to_string(value).map_err(|error| invalid(error.to_string()))?;
    Ok(text.trim_end_matches('\n').to_owned())
}

fn encode(value: &Value) -> Result<String, Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    Ok(match value.as_bytes() {
        Some(bytes) => STANDARD.encode(bytes),
        None => STANDARD.encode(value.to_string()),
    })
}

fn decode(text: &str) -> Result<Value, Error> {
    let bytes = STANDARD.decode(text.trim()).map_err(|error| invalid(format!("it is not base64: {error}")))?;
    Ok(String::from_utf8(bytes).map_or_else(|error| Value::from_bytes(error.into_bytes()), Value::from))
}

/// What the functions over entries share.
#[derive(Clone)]
struct Entries {
    view: Arc<Effective>,
    reads: Arc<Mutex<Reads>>,
}

impl Entries {
    fn reads(&self) -> std::sync::MutexGuard<'_, Reads> {
        // What a panicking reader left is still a set.
        self.reads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks a key up, with the outcome written down; undefined when no layer has it.
    fn read(
        &self,
        key: &str,
        take: impl FnOnce(formats::Format, &[u8]) -> Result<Value, Error>,
    ) -> Result<Value, Error> {
        let key = EntryKey::parse(key).map_err(|error| invalid(format!("{key:?}: {error}")))?;
        let Some(found) = self.view.find(&key) else {
            self.reads().absent.insert(key);
            return Ok(Value::UNDEFINED);
        };
        self.reads().named.insert(found.place.clone());
        let content = found.usable().map_err(|error| invalid(error.to_string()))?;
        take(found.held.format, content).map_err(|error| match error.detail() {
            Some(detail) => invalid(format!("{}: {detail}", found.place)),
            None => error,
        })
    }

    fn text(&self, key: &str) -> Result<Value, Error> {
        self.read(key, |_, content| {
            Ok(std::str::from_utf8(content).map_or_else(|_| Value::from_bytes(content.to_vec()), Value::from))
        })
    }

    fn document(&self, key: &str) -> Result<Value, Error> {
        self.read(key, |format, content| {
            let values = values::read(format, content).map_err(invalid)?;
            Ok(values::to_template(&values))
        })
    }

    fn value(&self, key: &str, path: &str) -> Result<Value, Error> {
        self.read(key, |format, content| {
            let values = values::read(format, content).map_err(invalid)?;
            Ok(values::at(&values, path).map_or(Value::UNDEFINED, values::to_template))
        })
    }

    fn keys(&self, prefix: Option<&str>) -> Vec<String> {
        let keys = self.view.keys(prefix.unwrap_or_default());
        let places = keys.iter().filter_map(|key| self.view.find(key)).map(|found| found.place.clone());
        self.reads().listed.extend(places);
        keys.into_iter().map(|key| key.as_str().to_owned()).collect()
    }
}

fn add_entries(environment: &mut Environment<'_>, view: &Arc<Effective>, reads: &Arc<Mutex<Reads>>) {
    let entries = Entries { view: view.clone(), reads: reads.clone() };
    let (text, document, value) = (entries.clone(), entries.clone(), entries.clone());
    environment.add_function("entry", move |key: &str| text.text(key));
    environment.add_function("values", move |key: &str| document.document(key));
    environment.add_function("value", move |key: &str, path: &str| value.value(key, path));
    environment.add_function("keys", move |prefix: Option<&str>| entries.keys(prefix));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::layers::tests::{key_of, place_of, view};

    fn identity() -> Identity {
        let labels = BTreeMap::from([("zone".to_owned(), "a".to_owned())]);
        Identity { labels, id: "h/web".to_owned(), service: "web".to_owned(), environment: "prod".to_owned() }
    }

    fn render(text: &str, strict: bool) -> Result<Rendered, TemplateError> {
        let entries = [
            ("shared/db.yaml", "host: wrong"),
            ("orders/db.yaml", "host: db-1\nport: 5432\nratio: 1.10\nlist: [1, a]\nbig: 12345678901234567890123\n"),
            ("orders/app.properties", "a.b = c <d> & \"e\"\n"),
            ("orders/routes/b.conf", "two"),
            ("orders/routes/a.conf", "one"),
            ("orders/broken.json", "{"),
        ];
        let view = Arc::new(view(&["shared", "orders"], &entries));
        Template::compile("t.j2", text, strict)?.render(&view, &identity())
    }

    fn text(template: &str) -> String {
        String::from_utf8(render(template, true).unwrap_or_else(|error| panic!("{template}: {error}")).content).unwrap()
    }

    fn fault(template: &str) -> String {
        render(template, true).unwrap_err().message
    }

    #[test]
    fn entries_and_values_are_functions() {
        assert_eq!(text("{{ value('db.yaml', '/host') }}:{{ value('db.yaml', '/port') + 1 }}\n"), "db-1:5433\n");
        assert_eq!(
            text("{{ value('db.yaml', '/ratio') }} {{ value('db.yaml', '/big') }}"),
            "1.10 12345678901234567890123"
        );
        assert_eq!(text("{{ value('app.properties', 'a.b') }}"), "c <d> & \"e\"");
        assert_eq!(text("{{ values('db.yaml').list[1] }}{{ entry('routes/a.conf') }}"), "aone");
        assert_eq!(
            text("{% for k in keys('routes/') %}\n  {{ k }}={{ entry(k) }}\n{% endfor %}\n"),
            "  routes/a.conf=one\n  routes/b.conf=two\n"
        );
        assert_eq!(text("{{ labels.zone }} {{ id }} {{ service }} {{ environment }}"), "a h/web web prod");
    }

    #[test]
    fn filters_write_other_formats() {
        assert_eq!(text("{{ values('db.yaml').list | tojson }}{{ tojson('<&>') }}"), "[1,\"a\"]\"<&>\"");
        assert_eq!(text("{{ {'a': [1, 'yes']} | toyaml }}"), "a:\n- 1\n- \"yes\"");
        assert_eq!(text("{{ 'ä' | b64encode }} {{ 'w6Q=' | b64decode }}"), "w6Q= ä");
        assert_eq!(text("{{ entry('none') | default('x') }}{{ value('db.yaml', '/none') | default(1) }}"), "x1");
        assert_eq!(text("{{ entry('routes/a.conf') | required('m') }}"), "one");
    }

    #[test]
    fn an_undefined_value_is_an_error_with_its_line_unless_allowed() {
        let error = render("a\n{{ value('none.yaml', '/x') }}\n", true).unwrap_err();
        assert!(error.message.starts_with("t.j2, line 2: undefined value"), "{}", error.message);
        assert!(error.message.ends_with("; no layer has none.yaml"), "{}", error.message);
        assert_eq!(error.absent, BTreeSet::from([key_of("none.yaml")]));
        assert!(fault("{{ nothing }}").contains("line 1: undefined value `nothing`"), "{}", fault("{{ nothing }}"));
        assert_eq!(render("a{{ nothing.at.all }}b", false).unwrap().content, b"ab");
    }

    #[test]
    fn faults_name_the_template_the_line_and_the_reason() {
        assert_eq!(fault("\n{{ required(entry('none'), 'set none in orders') }}"), "t.j2, line 2: set none in orders");
        assert!(fault("{{ entry('broken.json') }}").contains("orders/broken.json is not json: line 1"));
        assert!(fault("{{ values('routes/a.conf') }}").contains("orders/routes/a.conf: text has no values"));
        assert!(fault("{% if %}").starts_with("t.j2, line 1: "), "{}", fault("{% if %}"));
        assert!(fault("{{ 'x' | b64decode }}").contains("it is not base64"));
        assert!(fault("{% include 'x' %}").starts_with("t.j2, line 1: "));
    }

    #[test]
    fn a_rendering_is_bounded() {
        let long = fault("{% for i in range(900) %}{% for j in range(900) %}{{ 'x' * 100 }}{% endfor %}{% endfor %}");
        assert!(long.contains("16 MiB"), "{long}");
        let slow =
            fault("{% for i in range(99999) %}{% for j in range(99999) %}{% set x = i %}{% endfor %}{% endfor %}");
        assert!(slow.contains("steps"), "{slow}");
    }

    #[test]
    fn what_was_looked_at_is_told() {
        let reads =
            render("{% for k in keys('routes/') %}{{ entry(k) }}{% endfor %}{{ value('db.yaml', '/host') }}", true)
                .unwrap()
                .reads;
        let routes = BTreeSet::from([place_of("orders/routes/a.conf"), place_of("orders/routes/b.conf")]);
        assert_eq!(reads.listed, routes);
        assert!(
            reads.named.contains(&place_of("orders/db.yaml")) && !reads.named.contains(&place_of("shared/db.yaml"))
        );
        assert_eq!(
            render("{{ entry('none') | default('') }}", true).unwrap().reads.absent,
            BTreeSet::from([key_of("none")])
        );
    }
}

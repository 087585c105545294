//! What was measured: one value a round for each system, ratios within the rounds, and the goals they are held against.

use serde::Serialize;

use super::values::{quantile, sorted};

/// What a value should be.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Goal {
    AtLeast(f64),
    AtMost(f64),
    /// Shown for comparison.
    None,
}

impl Goal {
    fn is_met(self, value: f64) -> Option<bool> {
        match self {
            Self::AtLeast(least) => Some(value >= least),
            Self::AtMost(most) => Some(value <= most),
            Self::None => None,
        }
    }
}

/// Values of one system, one a round.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Series {
    pub(crate) metric: String,
    pub(crate) system: String,
    pub(crate) values: Vec<f64>,
}

/// Values that were made of two systems in the same round, or of one, with what they should be.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Verdict {
    pub(crate) what: String,
    pub(crate) values: Vec<f64>,
    pub(crate) goal: Goal,
    /// Whether the median does.
    pub(crate) met: Option<bool>,
}

/// One figure: what was measured in the same rounds.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    pub(crate) title: String,
    pub(crate) series: Vec<Series>,
    pub(crate) verdicts: Vec<Verdict>,
}

impl Figure {
    pub(crate) fn new(name: &'static str, title: &str) -> Self {
        Self { name, title: title.to_owned(), series: Vec::new(), verdicts: Vec::new() }
    }

    /// Adds the value of a round.
    pub(crate) fn add(&mut self, system: &str, metric: &str, value: f64) {
        let known = self.series.iter_mut().find(|series| series.metric == metric && series.system == system);
        if let Some(series) = known {
            series.values.push(value);
        } else {
            let (metric, system) = (metric.to_owned(), system.to_owned());
            self.series.push(Series { metric, system, values: vec![value] });
        }
    }

    pub(crate) fn values(&self, system: &str, metric: &str) -> &[f64] {
        let found = self.series.iter().find(|series| series.metric == metric && series.system == system);
        found.map_or(&[], |series| &series.values)
    }

    /// Divides one system's values by another's, round by round.
    pub(crate) fn compare(&mut self, metric: &str, system: &str, with: &str, goal: Goal) {
        self.divide((system, metric), (with, metric), goal);
    }

    /// Divides values by values, round by round.
    pub(crate) fn divide(&mut self, over: (&str, &str), under: (&str, &str), goal: Goal) {
        let pairs = self.values(over.0, over.1).iter().zip(self.values(under.0, under.1));
        let values = pairs.map(|(over, under)| over / under).collect();
        let what = if over.1 == under.1 {
            format!("{}: {} / {}", over.1, over.0, under.0)
        } else {
            format!("{} {} / {} {}", over.0, over.1, under.0, under.1)
        };
        self.judge(what, values, goal);
    }

    /// Holds one system's own values against a goal.
    pub(crate) fn expect(&mut self, metric: &str, system: &str, goal: Goal) {
        let values = self.values(system, metric).to_vec();
        self.judge(format!("{metric}: {system}"), values, goal);
    }

    fn judge(&mut self, what: String, values: Vec<f64>, goal: Goal) {
        if !values.is_empty() {
            let met = goal.is_met(spread(&values).1);
            self.verdicts.push(Verdict { what, values, goal, met });
        }
    }
}

/// The least, the median and the most.
pub(crate) fn spread(values: &[f64]) -> (f64, f64, f64) {
    let values = sorted(values.to_vec());
    (quantile(&values, 0.0), quantile(&values, 0.5), quantile(&values, 1.0))
}

/// All of a run.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    /// The machine, the versions, and how it was measured, as name and value.
    pub(crate) facts: Vec<(String, String)>,
    pub(crate) figures: Vec<Figure>,
}

impl Report {
    /// Tables of Markdown, as docs/BENCHMARKS.md shows them.
    pub(crate) fn markdown(&self) -> String {
        let mut lines = vec!["| | |".to_owned(), "|---|---|".to_owned()];
        lines.extend(self.facts.iter().map(|(name, value)| format!("| {name} | {value} |")));
        for figure in &self.figures {
            lines.push(format!("\n### {}\n", figure.title));
            lines.push("| what | system | min | median | max |\n|---|---|--:|--:|--:|".to_owned());
            for Series { metric, system, values } in &figure.series {
                lines.push(format!("| {metric} | {system} | {} |", columns(values)));
            }
            if !figure.verdicts.is_empty() {
                lines.push("\n| ratio or limit | goal | min | median | max | |\n|---|---|--:|--:|--:|---|".to_owned());
            }
            for Verdict { what, values, goal, met } in &figure.verdicts {
                let goal = match goal {
                    Goal::AtLeast(least) => format!("at least {}", number(*least)),
                    Goal::AtMost(most) => format!("at most {}", number(*most)),
                    Goal::None => String::new(),
                };
                let verdict = met.map_or("", |met| if met { "holds" } else { "**missed**" });
                lines.push(format!("| {what} | {goal} | {} | {verdict} |", columns(values)));
            }
            lines.push(format!("\n![{}](../bench/{}.svg)", figure.title, figure.name));
        }
        lines.join("\n") + "\n"
    }
}

fn columns(values: &[f64]) -> String {
    let (least, median, most) = spread(values);
    format!("{} | {} | {}", number(least), number(median), number(most))
}

/// Three digits that count.
pub(crate) fn number(value: f64) -> String {
    let digits = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 3,
    };
    let text = format!("{value:.digits$}");
    let (whole, part) = text.split_once('.').map_or((text.as_str(), None), |(whole, part)| (whole, Some(part)));
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |whole| ("-", whole));
    let first = whole.len() % 3;
    let mut groups: Vec<&str> = Vec::new();
    if first > 0 {
        groups.push(&whole[..first]);
    }
    groups.extend((first..whole.len()).step_by(3).map(|at| &whole[at..at + 3]));
    format!("{sign}{}{}", groups.join(","), part.map(|part| format!(".{part}")).unwrap_or_default())
}

//! A picture of a figure: a bar for each system and metric, from the least to the most, with the median on it.

use std::fmt::Write as _;

use super::report::{Figure, Series, number, spread};
use super::values::count;

const WIDTH: f64 = 760.0;
const LABELS: f64 = 330.0;
const NUMBERS: f64 = 90.0;
const ROW: f64 = 22.0;
const HEAD: f64 = 40.0;

/// An SVG that stands by itself. Each metric has a scale of its own, from zero.
pub(crate) fn svg(figure: &Figure) -> String {
    let mut metrics: Vec<&str> = Vec::new();
    for series in &figure.series {
        if !metrics.contains(&series.metric.as_str()) {
            metrics.push(&series.metric);
        }
    }
    let (mut body, mut y) = (String::new(), HEAD);
    for metric in metrics {
        let rows: Vec<&Series> = figure.series.iter().filter(|series| series.metric == metric).collect();
        let most = rows.iter().map(|series| spread(&series.values).2).fold(f64::MIN_POSITIVE, f64::max);
        let _ = writeln!(body, "<text x=\"8\" y=\"{:.0}\" class=\"m\">{}</text>", y + 15.0, escaped(metric));
        y += ROW;
        for series in rows {
            row(&mut body, series, most, y);
            y += ROW;
        }
        y += ROW / 2.0;
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH:.0} {y:.0}\" role=\"img\" aria-label=\"{title}\">\n\
         <style>text{{font:13px sans-serif;fill:#1c2230}}.t{{font-weight:600;font-size:16px}}.m{{font-weight:600}}.n{{text-anchor:end}}\
         .b{{fill:#7f9bd1}}.p{{fill:#2f6f4f}}.s{{stroke:#1c2230;stroke-width:1.5}}</style>\n\
         <rect width=\"{WIDTH:.0}\" height=\"{y:.0}\" fill=\"#fff\"/>\n<text x=\"8\" y=\"24\" class=\"t\">{title}</text>\n{body}</svg>\n",
        title = escaped(&figure.title),
    )
}

fn row(body: &mut String, series: &Series, scale: f64, y: f64) {
    let (least, median, most) = spread(&series.values);
    let x = |value: f64| LABELS + (WIDTH - LABELS - NUMBERS) * (value / scale).clamp(0.0, 1.0);
    let class = if series.system.starts_with("pintle") { "p" } else { "b" };
    let _ = writeln!(
        body,
        "<text x=\"20\" y=\"{text:.0}\">{system}</text><rect x=\"{LABELS:.0}\" y=\"{top:.0}\" width=\"{width:.1}\" height=\"14\" class=\"{class}\"/>\
         <line x1=\"{from:.1}\" x2=\"{to:.1}\" y1=\"{middle:.0}\" y2=\"{middle:.0}\" class=\"s\"/>\
         <text x=\"{end:.0}\" y=\"{text:.0}\" class=\"n\">{number}</text>",
        text = y + 13.0,
        system = escaped(&series.system),
        top = y + 2.0,
        width = (x(median) - LABELS).max(count(1)),
        from = x(least),
        to = x(most),
        middle = y + 9.0,
        end = WIDTH - 8.0,
        number = number(median),
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

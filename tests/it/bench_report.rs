//! The parts of the benchmarks that only reckon and write: `cargo bench` runs no unit tests, so they run here.

#![expect(dead_code, reason = "the benchmarks use all of it")]

#[path = "../../benches/compare/plot.rs"]
mod plot;
#[path = "../../benches/compare/report.rs"]
mod report;
#[path = "../../benches/compare/values.rs"]
mod values;

use plot::svg;
use report::{Figure, Goal, number};
use values::{quantile, sorted};

#[test]
fn quantiles_are_values_that_were_there() {
    let values = sorted((1..=100).rev().map(f64::from).collect());
    assert_eq!([0.0, 0.5, 1.0].map(|part| number(quantile(&values, part))), ["1.00", "51.0", "100"]);
    assert!(quantile(&[], 0.5).is_nan());
}

#[test]
fn ratios_are_made_within_rounds_and_judged_by_their_median() {
    let mut figure = Figure::new("reads", "Reads");
    for (ours, theirs) in [(10.0, 5.0), (30.0, 10.0), (4.0, 4.0)] {
        figure.add("ours", "per second", ours);
        figure.add("theirs", "per second", theirs);
    }
    figure.compare("per second", "ours", "theirs", Goal::AtLeast(2.5));
    let verdict = figure.verdicts.first().unwrap();
    assert_eq!((verdict.values.as_slice(), verdict.met), ([2.0, 3.0, 1.0].as_slice(), Some(false)));
    figure.compare("never measured", "ours", "theirs", Goal::AtLeast(1.0));
    assert_eq!(figure.verdicts.len(), 1);
}

#[test]
fn numbers_are_short() {
    assert_eq!(
        [1_234_567.0, 999.9, 12.34, 0.123_4, -1.5].map(number),
        ["1,234,567", "1,000", "12.3", "0.123", "-1.50"]
    );
}

#[test]
fn a_picture_has_every_system_and_its_median() {
    let mut figure = Figure::new("reads", "Reads & more");
    for value in [1.0, 5.0, 3.0] {
        figure.add("pintle", "per second", value);
        figure.add("a <peer>", "per second", value * 2.0);
    }
    let svg = svg(&figure);
    assert!(svg.contains("Reads &amp; more") && svg.contains("a &lt;peer>"), "{svg}");
    assert!(svg.contains(">3.00</text>") && svg.contains(">6.00</text>"), "{svg}");
}

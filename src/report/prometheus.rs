//! Metrics for the textfile collector of Prometheus's node exporter.
//!
//! A label may hold any text; what could steer a terminal is escaped in it, as people read the file and the alerts.
//!
//! Source: the text exposition format 0.0.4, and Prometheus's conventions for names (base units, a unit at the end).

use std::fmt::Write;

use crate::text::escape;

/// A metric: its name and its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// One sentence without a full stop.
    pub help: &'static str,
}

/// Metrics, each with its series. All are gauges: what the last run saw.
#[derive(Debug, Default)]
pub struct Metrics {
    families: Vec<(Metric, Vec<(String, String)>)>,
}

impl Metrics {
    /// Sets one series; the later of two with the same labels counts.
    pub fn set(&mut self, metric: Metric, labels: &[(&str, &str)], value: impl Into<Value>) {
        let at = self.families.iter().position(|(known, _)| *known == metric).unwrap_or_else(|| {
            self.families.push((metric, Vec::new()));
            self.families.len() - 1
        });
        let (labels, value) = (braces(labels), value.into().0);
        let Some((_, series)) = self.families.get_mut(at) else { return };
        match series.iter_mut().find(|(other, _)| *other == labels) {
            Some((_, old)) => *old = value,
            None => series.push((labels, value)),
        }
    }

    /// The file.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (Metric { name, help }, series) in &self.families {
            // Writing to a String does not fail.
            let _ = writeln!(text, "# HELP {name} {}", help.replace('\\', "\\\\").replace('\n', "\\n"));
            let _ = writeln!(text, "# TYPE {name} gauge");
            for (labels, value) in series {
                let _ = writeln!(text, "{name}{labels} {value}");
            }
        }
        text
    }
}

/// The value of a series as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value(String);

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Value(value.to_string())
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Value(value.to_string())
    }
}

/// The value of a series in a file written by [`Metrics::text`], if it is there and a finite number.
pub fn value_of(text: &str, metric: Metric, labels: &[(&str, &str)]) -> Option<f64> {
    let start = format!("{}{} ", metric.name, braces(labels));
    let value = text.lines().find_map(|line| line.strip_prefix(start.as_str()))?;
    value.trim().parse().ok().filter(|value: &f64| value.is_finite())
}

fn braces(labels: &[(&str, &str)]) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let label = |(name, value): &(&str, &str)| {
        let value = escape(value).replace('\\', "\\\\").replace('"', "\\\"");
        format!("{name}=\"{value}\"")
    };
    format!("{{{}}}", labels.iter().map(label).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ONE: Metric = Metric { name: "wikifarm_one_seconds", help: "One, \\ and\nmore" };
    const TWO: Metric = Metric { name: "wikifarm_two", help: "Two" };

    #[test]
    fn series_of_a_metric_stand_together_and_labels_are_escaped() {
        let mut metrics = Metrics::default();
        metrics.set(ONE, &[("store", "moin-1.9:/a \"b\"\\\n")], 1.5);
        metrics.set(TWO, &[], 7);
        metrics.set(ONE, &[("store", "x"), ("wikis", "a,b")], 3.0);
        metrics.set(TWO, &[], 8);
        assert_eq!(
            metrics.text(),
            "# HELP wikifarm_one_seconds One, \\\\ and\\nmore\n# TYPE wikifarm_one_seconds gauge\n\
             wikifarm_one_seconds{store=\"moin-1.9:/a \\\"b\\\"\\\\\\\\u{a}\"} 1.5\n\
             wikifarm_one_seconds{store=\"x\",wikis=\"a,b\"} 3\n\
             # HELP wikifarm_two Two\n# TYPE wikifarm_two gauge\nwikifarm_two 8\n"
        );
    }

    #[test]
    fn what_is_not_there_or_no_number_is_not_read_back() {
        let text = "wikifarm_two{command=\"prune\"} 12.5\nwikifarm_two{command=\"stats\"} NaN\n";
        assert_eq!(value_of(text, TWO, &[("command", "prune")]), Some(12.5));
        assert_eq!(value_of(text, TWO, &[("command", "stats")]), None);
        assert_eq!(value_of(text, TWO, &[("command", "verify")]), None);
        assert_eq!(value_of(text, TWO, &[]), None);
    }

    proptest! {
        #[test]
        fn a_value_is_read_back_whatever_the_label_and_the_rest(label in ".*", other in ".*", value in 0u64..1 << 50) {
            prop_assume!(label != other);
            let mut metrics = Metrics::default();
            metrics.set(ONE, &[("store", &other)], 1);
            metrics.set(ONE, &[("store", &label)], value);
            #[expect(clippy::cast_precision_loss, reason = "below 2^50")]
            let expected = value as f64;
            // A carriage return ends no line in this format.
            prop_assert_eq!(value_of(&metrics.text(), ONE, &[("store", &label)]), Some(expected));
        }
    }
}

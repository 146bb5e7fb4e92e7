//! `wikifarm cookie simulate` predicts each recorded step of a farm in which browsers differ.

use std::collections::{BTreeMap, HashMap};
use std::fs;

use serde_json::Value;

use crate::support::{Place, fixtures};

/// A `Cookie` header with session ids numbered in order of appearance.
fn numbered(header: &Value, known: &mut HashMap<String, usize>) -> Option<String> {
    let number = |pair: &str| {
        let (name, id) = pair.split_once('=').unwrap();
        // `simulate` shortens ids.
        let id = id.get(..8).unwrap_or(id).to_owned();
        let next = known.len() + 1;
        format!("{name}=session{}", known.entry(id).or_insert(next))
    };
    header.as_str().map(|header| header.split("; ").map(number).collect::<Vec<_>>().join("; "))
}

#[test]
fn simulate_predicts_each_step_that_two_browsers_took_with_acted_and_real_wikis() {
    let directory = fixtures().join("browser");
    let text = fs::read_to_string(directory.join("two-browsers.jsonl")).unwrap();
    let mut runs: BTreeMap<(String, bool), Vec<Value>> = BTreeMap::new();
    for row in text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let browser = row["browser"].as_str().unwrap().split(' ').next().unwrap().to_lowercase();
        runs.entry((browser, row["server"] == "acted")).or_default().push(row);
    }
    let place = Place::farm(&fs::read_to_string(directory.join("two-browsers.toml")).unwrap());
    let mut predicted = Vec::new();
    for ((browser, acted), rows) in &runs {
        let command = format!("cookie simulate --browser {browser} --format json");
        let steps = rows.iter().map(|row| row["step"].as_str().unwrap());
        let run = steps.fold(place.wikifarm(&command), |run, step| run.arg(step));
        let played: Value = serde_json::from_str(&run.any_stdout().run().stdout).unwrap();
        let (mut ids, mut theirs) = (HashMap::new(), HashMap::new());
        for (row, step) in rows.iter().zip(played["steps"].as_array().unwrap()) {
            let at = format!("{browser}, acted {acted}: {}", row["step"]);
            assert_eq!(numbered(&step["cookie"], &mut ids), numbered(&row["cookie"], &mut theirs), "{at}");
            assert_eq!(step["seen"]["user"], row["sees"], "{at}");
        }
        predicted.push((browser.as_str(), *acted, rows.len()));
    }
    let each = [("chromium", false, 8), ("chromium", true, 8), ("firefox", false, 8), ("firefox", true, 8)];
    assert_eq!(predicted, each);
}

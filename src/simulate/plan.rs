//! Checks a whole script before the first step runs.

use std::collections::BTreeMap;
use std::path::Path;

use super::script::{Line, ScriptError, Step, parse};
use super::wiki::{Bad, Goal, find};
use crate::farm::{Farm, same_address};

/// Loads a farm file that a script names, or returns why that fails.
pub type LoadFarm<'a> = &'a dyn Fn(&Path) -> Result<Farm, String>;

/// The steps of a script, each with its target.
#[derive(Debug)]
pub struct Plan {
    pub(super) lines: Vec<(Line, Option<Goal>)>,
    assumptions: Vec<String>,
}

/// The addresses that several wikis share, each with a sentence about it.
fn by_address(farm: &Farm) -> BTreeMap<String, String> {
    let described = |(url, names): (String, Vec<&str>)| {
        let same_address = same_address(&url, &names);
        (url, same_address)
    };
    farm.shared_addresses().into_iter().map(described).collect()
}

impl Plan {
    /// Reads a script and finds the target of each step in `farm`, or after a `reconfigure` in the new farm.
    ///
    /// # Errors
    /// Every line that is not a step or has no target, in order.
    pub fn new<'a>(
        script: impl IntoIterator<Item = &'a str>,
        farm: &Farm,
        load: LoadFarm<'_>,
    ) -> Result<Plan, Vec<ScriptError>> {
        let (lines, mut errors) = parse(script);
        let mut plan = Plan { lines: Vec::with_capacity(lines.len()), assumptions: Vec::new() };
        let mut newer: Option<Farm> = None;
        let mut shared_addresses = by_address(farm);
        for line in lines {
            let number = line.number;
            let found: Result<_, Bad> = match &line.step {
                Step::Login { wiki, .. }
                | Step::Visit { wiki }
                | Step::Logout { wiki }
                | Step::ChangePassword { wiki }
                | Step::SwitchUser { wiki, .. }
                | Step::Expect { wiki, .. } => find(newer.as_ref().unwrap_or(farm), wiki).map(Some),
                Step::Reconfigure(file) => load(file)
                    .map(|farm| {
                        shared_addresses = by_address(&farm);
                        newer = Some(farm);
                        None
                    })
                    .map_err(Bad::from),
                Step::Wait(_) | Step::RestartBrowser => Ok(None),
            };
            let found = match (found, &line.step) {
                (Ok(Some(Goal::Elsewhere(target))), step) if !matches!(step, Step::Visit { .. }) => {
                    Err(format!("{target} is not a wiki: only `visit` works there").into())
                }
                (found, _) => found,
            };
            match found {
                Ok(goal) => {
                    if let Some(Goal::Wiki(site, ..)) = &goal {
                        plan.assume(site.assumptions());
                        let same_address = shared_addresses.get(&site.root.to_string());
                        plan.assume(
                            same_address
                                .map(|same_address| format!("{same_address}: assuming {}", site.name)),
                        );
                    }
                    plan.lines.push((line, goal));
                }
                Err(Bad { message, help }) => errors.push(ScriptError { number, message, help }),
            }
        }
        errors.sort_by_key(|error| error.number);
        if errors.is_empty() { Ok(plan) } else { Err(errors) }
    }

    fn assume(&mut self, assumptions: impl IntoIterator<Item = String>) {
        for assumption in assumptions {
            if !self.assumptions.contains(&assumption) {
                self.assumptions.push(assumption);
            }
        }
    }

    /// What the plan assumes because the farm files do not give it.
    pub fn assumptions(&self) -> &[String] {
        &self.assumptions
    }

    /// The number of steps.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there are no steps.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

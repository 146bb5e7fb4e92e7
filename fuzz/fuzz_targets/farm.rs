//! Any text as a farm file: it is read or refused, checked, predicted and fixed, without a panic.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use wikifarm::browser::{BuiltinSuffixes, SharedSuffixes};
use wikifarm::farm::Farm;
use wikifarm::lint::{Overrides, RealDisk, Severity, Wanted, check, fix};
use wikifarm::location::RealDirectories;
use wikifarm::report::findings;
use wikifarm::sharing::{As, Model};

fuzz_target!(|text: &str| {
    match Farm::parse(Path::new("/nonexistent/farm.toml"), text.to_owned()) {
        Err(errors) => assert!(!findings::syntax(&errors, false, None).is_empty()),
        Ok(farm) => {
            let suffixes: SharedSuffixes = std::sync::Arc::new(BuiltinSuffixes);
            let found = check(&farm, &RealDisk, &suffixes, &Overrides::default());
            let _ = findings::human(&farm.source, &found, true, None);
            let model = Model::new(&farm, &RealDirectories::default(), &suffixes);
            for from in model.sites() {
                for to in model.sites() {
                    let _ = model.pair(from, to, As::User);
                }
            }
            for unsafe_fixes in [false, true] {
                let farm = Farm::parse(Path::new("/nonexistent/farm.toml"), text.to_owned()).unwrap();
                let (sound, wanted) = (farm.sound(), Wanted { min_severity: Severity::Note, unsafe_fixes });
                let fixed = fix(farm, &RealDisk, &suffixes, &Overrides::default(), wanted);
                assert!(fixed.farm.sound() || !sound);
                assert!(!fixed.fixed.is_empty() || fixed.farm.source.text() == text);
            }
        }
    }
});

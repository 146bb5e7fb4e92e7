//! Rules about Python files; their reader, [`crate::pyconfig::read`], finds the problems.

use crate::lint::finding::Severity::{Error, Warning};
use crate::lint::rule::{Look, Rule, rule};

const FAMILY: &str = "python";

pub(super) const RULES: &[Rule] = &[
    rule!("python-syntax", FAMILY, Error, Look::Parser).fatal(),
    rule!("dynamic-setting", FAMILY, Error, Look::Parser).fatal(),
    rule!("missing-config", FAMILY, Error, Look::Parser).fatal(),
    rule!("regex-mismatch", FAMILY, Error, Look::Parser).fatal(),
    rule!("unreachable-wiki", FAMILY, Warning, Look::Parser),
    rule!("import-cycle", FAMILY, Warning, Look::Parser),
];

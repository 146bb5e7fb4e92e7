//! wikifarm-rules(7) and wikifarm-json(7), from the pages of the rules, docs/json.md, and the schemas.

#![expect(clippy::indexing_slicing, reason = "a JSON value without the key gives null")]

use serde_json::Value;

use super::roff::Roff;
use crate::cli::schema;
use crate::lint;

/// wikifarm-rules(7).
pub(super) fn rules() -> String {
    let mut page = Roff::new("wikifarm-rules", 7, "rules of wikifarm config check");
    page.section("DESCRIPTION");
    page.text(
        "`wikifarm config check` applies these rules to a farm file. `wikifarm config rules NAME` prints a rule with \
         examples. The table `[lint]` of `farm.toml`(5) allows, warns about, or denies a rule by name.",
    );
    let mut family = "";
    for rule in lint::rules() {
        if family != rule.family {
            family = rule.family;
            page.section(&format!("{} RULES", family.to_uppercase()));
        }
        let severity = rule.severity.name();
        let text = [rule.page.section("What it does"), rule.page.section("Why it matters")].join("\n\n");
        let help = format!("Severity: {severity}.\n\n{text}\n\nSuggestion: {}", rule.page.suggestion());
        page.item(rule.name, &help);
    }
    page.section("SEE ALSO");
    page.text("wikifarm(1), wikifarm-config-check(1), wikifarm-config-rules(1), farm.toml(5)");
    page.finish()
}

/// wikifarm-json(7).
pub(super) fn json() -> String {
    let mut page = Roff::new("wikifarm-json", 7, "JSON output of wikifarm");
    page.section("DESCRIPTION");
    page.text(
        "With `--format json`, a command prints one JSON document, an object that begins with `\"schema\": 1`. The number \
         increases when programs that read the documents must change. Names are snake_case; states and reasons are \
         kebab-case values. Times are unix seconds with an RFC 3339 twin, such as `expires` and `expires_at`. A field \
         without a value is null. A dry run uses `would_delete`, `would_revoke`, or `would_copy`.\n\n`wikifarm schema COMMAND` prints the JSON Schema of a \
         command's documents.",
    );
    page.section("DOCUMENTS");
    for (command, schema) in schema::all() {
        let document = schema(command).to_value();
        page.part(&format!("wikifarm {command}"));
        page.text(document["description"].as_str().unwrap_or_default());
        fields(&document, &document, &mut page);
        for (name, part) in document["$defs"].as_object().into_iter().flatten() {
            if part["properties"].is_object() {
                page.text(&format!("Fields of `{name}`:"));
                fields(part, &document, &mut page);
            }
        }
    }
    page.section("SEE ALSO");
    page.text("wikifarm(1), wikifarm-schema(1)");
    page.finish()
}

/// The fields of an object that have a description.
fn fields(object: &Value, document: &Value, page: &mut Roff) {
    for (name, field) in object["properties"].as_object().into_iter().flatten() {
        let text = described(field).or_else(|| described(definition(field, document)?));
        if let Some(text) = text {
            page.item(&format!("{name} ({})", type_of(field)), text);
        }
    }
}

/// The type of a field, in a few words: its JSON types, or the name of the object.
fn type_of(field: &Value) -> String {
    let object = |reference: &str| reference.rsplit('/').next().unwrap_or_default().to_owned();
    match (&field["type"], field["$ref"].as_str(), field["anyOf"].as_array()) {
        (Value::String(one), ..) if one == "array" => format!("list of {}", type_of(&field["items"])),
        (Value::String(one), ..) => one.clone(),
        (Value::Array(several), ..) => {
            several.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or ")
        }
        (_, Some(reference), _) => object(reference),
        (.., Some(several)) => several.iter().map(type_of).collect::<Vec<_>>().join(" or "),
        _ => "any".to_owned(),
    }
}

fn described(field: &Value) -> Option<&str> {
    field["description"].as_str()
}

/// What a field, or each element of it, refers to.
fn definition<'a>(field: &Value, document: &'a Value) -> Option<&'a Value> {
    let reference = field["$ref"].as_str().or_else(|| field["items"]["$ref"].as_str())?;
    document.pointer(reference.strip_prefix('#')?)
}

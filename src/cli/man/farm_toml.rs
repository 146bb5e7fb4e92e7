//! farm.toml(5), from the tables that the parser itself goes by.

#![expect(clippy::indexing_slicing, reason = "a JSON value without the key gives null")]

use serde_json::Value;

use super::roff::Roff;
use crate::farm::Key;
use crate::moin::{Behavior, Version};
use crate::schema;

const DESCRIPTION: &str = "A farm file describes the wikis of a MoinMoin farm for `wikifarm`(1), in TOML. Setting names are \
MoinMoin's own. A wiki's table overrides its group, the group overrides `[farm]`, and `[farm]` overrides \
the default of the wiki's MoinMoin version. Paths are relative to the directory of the farm file.\n\n\
wikifarm reads the file that `--farm` names, else `WIKIFARM_FILE`, else `./farm.toml`, else `/etc/wikifarm/farm.toml`. \
`wikifarm config check` checks it. `wikifarm config show` prints the settings of each wiki and their origins.";

/// The tables beside those of settings, with the key of each in the schema.
const TABLES: [(&str, &str); 4] =
    [("prune", "[prune]"), ("share", "[[share]]"), ("migrate", "[migrate]"), ("lint", "[lint]")];

/// A key of such a table.
struct Own {
    name: &'static str,
    kind: &'static str,
    /// The default, if the schema has none.
    default: Option<&'static str>,
    example: &'static str,
}

const fn own(
    name: &'static str,
    kind: &'static str,
    default: Option<&'static str>,
    example: &'static str,
) -> Own {
    Own { name, kind, default, example }
}

const DURATION: &str = "a duration such as \"12h\"";
const RULES: &str = "a list of rules and families";

/// The keys of these tables.
const OWN: [Own; 17] = [
    own("grace", DURATION, None, "\"2h\""),
    own("idle", DURATION, None, "\"90d\""),
    own("no_expires", DURATION, None, "\"2d\""),
    own("anonymous", DURATION, None, "\"1h\""),
    own("stale_temp", DURATION, None, "\"12h\""),
    own("unreadable", DURATION, None, "\"30d\""),
    own("max_delete", "a count such as 500, or a share such as \"50%\"", None, "\"20%\""),
    own("index", "true, false, or a directory", Some("true"), "\"/var/cache/wikifarm\""),
    own("wikis", "a list of wikis", None, "[\"docs\", \"plans\"]"),
    own("allow_globals", "a list of classes and modules", Some("[]"), "[\"shop.Basket\", \"poll.*\"]"),
    own("allow", RULES, Some("[]"), "[\"missing-directory\"]"),
    own("warn", RULES, Some("[]"), "[\"log-out-trap\"]"),
    own("deny", RULES, Some("[]"), "[\"security\"]"),
    own("group", "the name of a group", None, "\"lab\""),
    own("unset", "a list of settings", Some("[]"), "[\"cookie_domain\"]"),
    own("lint", "a table with allow, warn, and deny", None, "{ allow = [\"missing-directory\"] }"),
    own("other_hosts", "a list of hosts", Some("[]"), "[\"www.example.org\"]"),
];

/// The keys of `[farm]` and of `[wikis.NAME]` that are not settings of wikis.
const NO_SETTINGS: [&str; 4] = ["group", "unset", "lint", "other_hosts"];

/// The page.
pub(super) fn page() -> String {
    let mut page = Roff::new("farm.toml", 5, "description of a MoinMoin wiki farm");
    page.section("DESCRIPTION");
    page.text(DESCRIPTION);
    page.section("TABLES");
    tables(&mut page);
    page.section("SETTINGS OF WIKIS");
    page.text("`[wikis.NAME]` accepts all these settings. `[farm]` and `[groups.NAME]` accept the settings that are marked as inherited.");
    Key::all().for_each(|key| setting(key, &mut page));
    let document = schema::document();
    page.section("OTHER KEYS");
    page.text(
        "`[wikis.NAME]` also accepts group, unset, and lint, `[groups.NAME]` group and unset, and `[farm]` other_hosts.",
    );
    let tables = [&document["properties"]["wikis"]["additionalProperties"], &document["properties"]["farm"]];
    for (name, key) in NO_SETTINGS
        .iter()
        .filter_map(|name| tables.iter().find_map(|table| Some((*name, table["properties"].get(*name)?))))
    {
        policy(name, key, &mut page);
    }
    for (key, title) in TABLES {
        page.section(&format!("TABLE {title}"));
        let table = &document["properties"][key];
        let keys = table.get("items").unwrap_or(table)["properties"].as_object();
        keys.into_iter().flatten().for_each(|(name, key)| policy(name, key, &mut page));
    }
    page.section("EXAMPLES");
    page.text("Two wikis that share a login, and one that does not:");
    page.example(include_str!("example.toml"));
    page.section("SEE ALSO");
    page.text("wikifarm(1), wikifarm-config-check(1), wikifarm-config-show(1), wikifarm-rules(7)");
    page.finish()
}

fn tables(page: &mut Roff) {
    for (table, text) in [
        ("moin", "The MoinMoin version of all wikis, unless a group or a wiki sets another version."),
        (
            "[farm]",
            "Settings that every wiki inherits. `other_hosts` lists hosts without a wiki that receive the cookies of a wide `cookie_domain`.",
        ),
        (
            "[groups.NAME]",
            "Settings of the wikis that name the group. A group can name a parent with `group`.",
        ),
        (
            "[wikis.NAME]",
            "A wiki. NAME is its name in `wikis` of farmconfig.py. `group` names its group, and `unset` lists settings that it does not inherit.",
        ),
        (
            "[[share]]",
            "Wikis that should share a login. Wikis without a common `[[share]]` should have separate logins.",
        ),
        ("[prune]", "The policy of `wikifarm session prune`."),
        ("[migrate]", "Settings of `wikifarm session migrate`."),
        ("[lint]", "Levels of the rules of `wikifarm config check`."),
    ] {
        page.item(table, text);
    }
}

fn setting(key: Key, page: &mut Roff) {
    let mut text = format!("{}.\n\nType: {}.", capital(key.about()), key.kind().describe());
    if key == Key::Url {
        text += " Required.";
    }
    if key.inheritable() {
        text += " Inherited.";
    }
    if let Some(default) = default(key) {
        text += &format!(" Default: {default}.");
    }
    for (versions, why) in spans(|version| key.ignored_by(version)) {
        text += &format!("\n\nIgnored by MoinMoin {versions}: {why}.");
    }
    text += &format!("\n\nExample: `{} = {}`", key.name(), key.row().example);
    page.item(key.name(), &text);
}

/// The default, or each with the versions that have it.
fn default(key: Key) -> Option<String> {
    let spans = spans(|version| key.default_in(version));
    match spans.as_slice() {
        [] => None,
        [(_, default)] => Some(format!("`{default}`")),
        _ => {
            Some(spans.iter().map(|(span, text)| format!("`{text}` ({span})")).collect::<Vec<_>>().join(", "))
        }
    }
}

/// The first and the last version of 2.0.
const FIRST_2_0: &str = "2.0.0a1";
const LAST_2_0: &str = "2.0-dev";

/// The versions for which `text` has the same answer, and the answer.
fn spans(text: impl Fn(Behavior) -> Option<&'static str>) -> Vec<(String, &'static str)> {
    let mut spans: Vec<(String, String, &str)> = Vec::new();
    for version in Version::names().filter_map(|name| name.parse::<Version>().ok()).filter(|v| v.is_precise())
    {
        let Some(text) = text(version.behavior()) else { continue };
        let name = version.to_string();
        match spans.last_mut().filter(|(_, _, last)| *last == text) {
            Some((_, last, _)) => *last = name,
            None => spans.push((name.clone(), name, text)),
        }
    }
    let named = |first: String, last: String| match (first.as_str(), last.as_str()) {
        (first, last) if first == last => first.to_owned(),
        // All of 2.0.
        (FIRST_2_0, LAST_2_0) => "2.0".to_owned(),
        (first, LAST_2_0) => format!("{first} to 2.0"),
        (first, last) => format!("{first} to {last}"),
    };
    spans.into_iter().map(|(first, last, text)| (named(first, last), text)).collect()
}

/// A key of a policy; the schema has its meaning.
fn policy(name: &str, key: &Value, page: &mut Roff) {
    let Some(own) = OWN.iter().find(|own| own.name == name) else { return };
    let about = key["description"].as_str().unwrap_or_default();
    let default = key.get("default").map(Value::to_string).or(own.default.map(str::to_owned));
    let default = default.map_or_else(String::new, |default| format!(" Default: `{default}`."));
    let Own { kind, example, .. } = own;
    let text = format!("{}.\n\nType: {kind}.{default}\n\nExample: `{name} = {example}`", capital(about));
    page.item(name, &text);
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::farm::{Farm, Table};

    const THIRD: &str = "[wikis.third]\nurl = \"https://third.example.org/\"\n";

    #[test]
    fn page_has_a_type_and_an_accepted_example_for_each_key_of_a_policy() {
        let wiki = |name| format!("[wikis.{name}]\nurl = \"https://{name}.example.org/\"\n");
        let head = format!("moin = \"1.9.11\"\n{}{}", wiki("docs"), wiki("plans"));
        let tables = [Table::Prune, Table::Share, Table::Migrate, Table::Lint];
        let mut keys = 0;
        for ((_, title), table) in TABLES.iter().zip(tables) {
            for name in table.own() {
                let own = OWN.iter().find(|own| own.name == *name).unwrap_or_else(|| panic!("{name}"));
                let problems = |value: &str| {
                    let text = format!("{head}{title}\n{name} = {value}\n");
                    Farm::parse(Path::new("farm.toml"), text).unwrap().problems
                };
                assert_eq!(problems(own.example), [], "{name}");
                assert_eq!(own.default.map_or_else(Vec::new, problems), [], "{name}");
                assert_ne!(problems("1979-05-27"), [], "{name}");
                keys += 1;
            }
        }
        for name in NO_SETTINGS {
            let own = OWN.iter().find(|own| own.name == name).unwrap_or_else(|| panic!("{name}"));
            let (farm, wiki) = match name {
                "other_hosts" => (format!("{name} = {}\n", own.example), String::new()),
                _ => (String::new(), format!("{name} = {}\n", own.example)),
            };
            let group = if name == "group" { "[groups.lab]\n" } else { "" };
            let text = format!("[farm]\ncookie_domain = \".example.org\"\n{farm}{group}{THIRD}{wiki}");
            assert_eq!(Farm::parse(Path::new("farm.toml"), text).unwrap().problems, [], "{name}");
            keys += 1;
        }
        assert_eq!(keys, OWN.len());
        assert!(!page().contains("(string"));
    }
}

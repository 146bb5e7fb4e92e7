//! Maps old session ids to new ones, and writes configurations with which a web server replaces old ids in the cookies of
//! returning browsers, so that new ids log nobody out.
//!
//! Servers treat some keys specially. A map contains only ids that the server looks up unchanged; the others are in
//! [`CookieMap::left_out`].
//!
//! Sources: `ngx_http_map_module`, `mod_rewrite`, and `mod_headers`. [`Duplicate`] is about two cookies with the same name.

use std::collections::HashMap;
use std::fmt::Write as _;

use crate::browser::MAX_LIFETIME;
use crate::moin::Duplicate;
use crate::store::{Expires, Facts, Fields};

/// The old and the new id of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The id at the source.
    pub old: String,
    /// The id at the target.
    pub new: String,
    /// The expiry in unix seconds; `None` if unknown.
    pub ends: Option<i64>,
}

impl Pair {
    /// For a session with these bytes.
    pub(super) fn of(old: &str, new: &str, bytes: &[u8]) -> Pair {
        let ends = match Facts::from_bytes(bytes, Fields::default()).map(|facts| facts.expires) {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the cast saturates, and `drop_after` bounds the value"
            )]
            Ok(Expires::At(time)) => Some(time.ceil() as i64),
            _ => None,
        };
        Pair { old: old.to_owned(), new: new.to_owned(), ends }
    }
}

/// The kind of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum MapKind {
    /// For nginx: one file to include.
    Nginx,
    /// For Apache: a file to include, and a file with ids.
    Apache,
    /// For other programs.
    Json,
}

impl MapKind {
    /// The name on the command line.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Why a map of this kind can't contain some ids.
    pub fn limit(self) -> &'static str {
        match self {
            MapKind::Nginx => "nginx ignores case, and accepts only letters, digits, and _",
            MapKind::Apache | MapKind::Json => "ids may have only letters, digits, and _",
        }
    }

    /// The pairs that a map of this kind can contain, and the others.
    fn split(self, pairs: Vec<Pair>) -> (Vec<Pair>, Vec<Pair>) {
        if self == MapKind::Json {
            return (pairs, Vec::new());
        }
        let mut times: HashMap<String, usize> = HashMap::new();
        for pair in &pairs {
            *times.entry(self.key(&pair.old)).or_default() += 1;
        }
        let alone = |id: &str| times.get(&self.key(id)) == Some(&1);
        pairs.into_iter().partition(|pair| is_word(&pair.old) && is_word(&pair.new) && alone(&pair.old))
    }

    /// The key that the server compares.
    fn key(self, id: &str) -> String {
        if self == MapKind::Nginx { id.to_ascii_lowercase() } else { id.to_owned() }
    }
}

/// Words that are options instead of keys at the start of a line in an nginx map.
const OPTIONS: [&str; 4] = ["default", "hostnames", "include", "volatile"];

/// Whether every server accepts an id as a key, and the pattern for the Cookie header finds it.
fn is_word(id: &str) -> bool {
    !id.is_empty()
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !OPTIONS.contains(&id)
}

/// A map of old ids to new.
#[derive(Debug, Clone)]
pub struct CookieMap {
    /// The name of the cookie with an old id.
    pub old_name: String,
    /// The name of the cookie with a new id.
    pub new_name: String,
    /// Which of two cookies with the old name the old wiki picks.
    pub picks: Duplicate,
    /// The ids.
    pub pairs: Vec<Pair>,
    /// The ids that this kind of map can't contain.
    pub left_out: Vec<Pair>,
    /// The current time in unix seconds.
    pub now: i64,
}

/// Whether a cookie name can be written unchanged into the configuration of a web server.
pub fn is_plain_name(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

impl CookieMap {
    /// A sorted map, without ids that stay the same, and without ids that this kind of map can't contain.
    pub fn new(
        kind: MapKind,
        names: (String, String),
        picks: Duplicate,
        mut pairs: Vec<Pair>,
        now: i64,
    ) -> CookieMap {
        let (old_name, new_name) = names;
        if old_name == new_name {
            pairs.retain(|pair| pair.old != pair.new);
        }
        pairs.sort_unstable_by(|a, b| a.old.cmp(&b.old));
        // A session that was copied twice is in the list twice.
        pairs.dedup_by(|a, b| a.old == b.old);
        let (pairs, left_out) = kind.split(pairs);
        CookieMap { old_name, new_name, picks, pairs, left_out, now }
    }

    /// When the last old cookie or its session has expired, in unix seconds. The old wiki sets no more cookies, and browsers
    /// keep a cookie for at most 400 days.
    pub fn drop_after(&self) -> i64 {
        #[expect(clippy::cast_possible_truncation, reason = "a small whole number")]
        let cap = self.now.saturating_add(MAX_LIFETIME as i64);
        let ends = self.pairs.iter().map(|pair| pair.ends.map_or(cap, |ends| ends.min(cap)));
        ends.max().unwrap_or(self.now).max(self.now)
    }

    fn drop_day(&self) -> String {
        let after = jiff::Timestamp::from_second(self.drop_after());
        // The map is needed on this day.
        after.map_or_else(
            |_| "400 days".to_owned(),
            |after| after.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y-%m-%d").to_string(),
        )
    }

    /// The head of every file.
    fn head(&self) -> String {
        let CookieMap { old_name, new_name, pairs, .. } = self;
        let day = self.drop_day();
        format!(
            "# Written by `wikifarm session migrate`. The migrated sessions have new ids. This file replaces {old_name}=OLD with\n\
             # {new_name}=NEW in requests, until the wiki has set its own cookie.\n\
             # SECRET: this file has {} session ids. Each id is a login.\n\
             # Delete this file after {day}: the last old cookie or session has then expired. Browsers keep a cookie\n\
             # for at most 400 days.\n",
            pairs.len()
        )
    }

    /// A pattern for a Cookie header: text before the old cookie, its value, text after it.
    fn pattern(&self) -> String {
        let before = match self.picks {
            Duplicate::Last => ".*;\\s*|",
            Duplicate::First => "|.*?;\\s*",
        };
        format!("^({before}){}=\"?([A-Za-z0-9_]+)\"?(\\s*|\\s*;.*)$", escaped(&self.old_name))
    }

    /// A pattern for a cookie that the new wiki has set.
    fn answered(&self) -> String {
        // If both names are the same, the length of the id shows the difference.
        let value = match self.pairs.first() {
            Some(pair) if self.old_name == self.new_name => {
                format!("\"?[A-Za-z0-9_]{{{}}}\"?(\\s*;|\\s*$)", pair.new.len())
            }
            _ => String::new(),
        };
        format!("(^|;\\s*){}={value}", escaped(&self.new_name))
    }

    /// The file for nginx. `label` is part of the names of its variables.
    pub fn nginx(&self, label: &str) -> String {
        let var = format!("$wikifarm_{label}");
        let (pattern, answered) = (self.pattern(), self.answered());
        let quoted = |pattern: &str| pattern.replace('"', "\\\"");
        let (pattern, answered) = (quoted(&pattern), quoted(&answered));
        let size =
            self.pairs.len().saturating_mul(2).max(2048).checked_next_power_of_two().unwrap_or(1 << 21);
        let mut text = self.head();
        let _ = write!(
            text,
            "#\n\
             # Include this file in http {{ }}. In each location of the new wiki, add one of:\n\
             #\n\
             #   proxy_set_header Cookie {var};\n\
             #   fastcgi_param HTTP_COOKIE {var};    # or uwsgi_param, scgi_param\n\
             #\n\
             # A proxy_set_header in a location overrides all outer ones: repeat them there. The maps use regular\n\
             # expressions, which change $1. If a location ~ (..) uses $1, name the group: (?<page>..).\n\
             # If nginx reports a duplicate directive, delete the line here and use at least the same value in yours.\n\
             map_hash_max_size {size};\n\
             map_hash_bucket_size 1024;\n\n\
             # Requests with a cookie of the new wiki stay unchanged.\n\
             map $http_cookie {var}_old {{\n\
             \x20   default \"\";\n\
             \x20   \"~{answered}\" \"\";\n\
             \x20   \"~{pattern}\" $2;\n\
             }}\n\
             map $http_cookie {var}_before {{\n\
             \x20   default \"\";\n\
             \x20   \"~{pattern}\" $1;\n\
             }}\n\
             map $http_cookie {var}_after {{\n\
             \x20   default \"\";\n\
             \x20   \"~{pattern}\" $3;\n\
             }}\n\
             map {var}_new {var} {{\n\
             \x20   default \"${{wikifarm_{label}_before}}{}=${{wikifarm_{label}_new}}${{wikifarm_{label}_after}}\";\n\
             \x20   \"\" $http_cookie;\n\
             }}\n\
             map {var}_old {var}_new {{\n\
             \x20   default \"\";\n",
            self.new_name
        );
        for pair in &self.pairs {
            let _ = writeln!(text, "    {} {};", pair.old, pair.new);
        }
        text.push_str("}\n");
        text
    }

    /// The file for Apache. The ids are in the file `ids`; see [`CookieMap::apache_ids`].
    pub fn apache(&self, label: &str, ids: &str) -> String {
        let name = format!("wikifarm_{label}");
        // Not every version accepts an escaped quote in quotes.
        let quoted = |pattern: &str| pattern.replace('"', "\\x22");
        let (pattern, answered) = (quoted(&self.pattern()), quoted(&self.answered()));
        let mut text = self.head();
        let _ = write!(
            text,
            "#\n\
             # Run `a2enmod rewrite headers`, and include this file in the <VirtualHost> of the new wiki. Apache reads the\n\
             # ids as its own user: chgrp www-data {ids} && chmod 640 {ids}\n\
             # For thousands of ids, build a database, and replace \"txt:...\" below by \"dbm:\" and its path:\n\
             #   httxt2dbm -i {ids} -o {ids}.dbm\n\
             RewriteEngine On\n\
             RewriteMap {name} \"txt:{ids}\"\n\
             # Requests with a cookie of the new wiki stay unchanged.\n\
             RewriteCond \"%{{HTTP_COOKIE}}\" \"!{answered}\"\n\
             RewriteCond \"%{{HTTP_COOKIE}}\" \"{pattern}\"\n\
             RewriteCond \"${{{name}:%2}}\" \"^([A-Za-z0-9_]+)$\"\n\
             RewriteRule \"^\" \"-\" [E={name}:%1]\n\
             RequestHeader edit Cookie \"{pattern}\" \"$1{}=%{{{name}}}e$3\" env={name}\n",
            self.new_name
        );
        text
    }

    /// The ids for Apache's `RewriteMap`.
    pub fn apache_ids(&self) -> String {
        let mut text = self.head();
        for pair in &self.pairs {
            let _ = writeln!(text, "{} {}", pair.old, pair.new);
        }
        text
    }

    /// The map as JSON, an object that begins with `"schema": 1` like every document of wikifarm.
    pub fn json(&self) -> String {
        let ids: serde_json::Map<String, serde_json::Value> =
            self.pairs.iter().map(|pair| (pair.old.clone(), pair.new.clone().into())).collect();
        let map = serde_json::json!({
            "schema": 1,
            "old_name": self.old_name,
            "new_name": self.new_name,
            "drop_after": self.drop_day(),
            "ids": ids,
        });
        format!("{map:#}\n")
    }
}

/// Escapes a cookie name for a regular expression.
fn escaped(name: &str) -> String {
    name.chars()
        .flat_map(|c| (!c.is_ascii_alphanumeric() && c != '_').then_some('\\').into_iter().chain([c]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    fn map(picks: Duplicate, ends: &[Option<i64>]) -> CookieMap {
        let pair = |(number, ends): (usize, &Option<i64>)| Pair {
            old: format!("{number:032}"),
            new: format!("{number:040}"),
            ends: *ends,
        };
        let pairs = ends.iter().enumerate().map(pair).collect();
        let names = ("MOIN_SESSION".into(), "MOIN_SESSION_my-lab".into());
        CookieMap::new(MapKind::Nginx, names, picks, pairs, 0)
    }

    #[test]
    fn drop_after_is_the_end_of_the_last_cookie_or_session() {
        let after = |ends: &[Option<i64>]| map(Duplicate::Last, ends).drop_after();
        assert_eq!(after(&[]), 0);
        assert_eq!(after(&[Some(5 * DAY), Some(9 * DAY)]), 9 * DAY);
        assert_eq!(after(&[Some(5 * DAY), Some(3650 * DAY)]), 400 * DAY);
        assert_eq!(after(&[Some(5 * DAY), None]), 400 * DAY);
        assert_eq!(after(&[Some(-5)]), 0);
        assert!(
            map(Duplicate::Last, &[Some(9 * DAY)]).nginx("x").contains("Delete this file after 1970-01-10:")
        );
    }

    #[test]
    fn unchanged_ids_are_in_the_map_only_if_the_name_changes() {
        let pairs = || vec![Pair { old: "a".into(), new: "a".into(), ends: None }];
        let with = |new: &str| {
            let names = ("x".into(), new.into());
            CookieMap::new(MapKind::Json, names, Duplicate::Last, pairs(), 0).pairs.len()
        };
        assert_eq!((with("x"), with("y")), (0, 1));
    }

    #[test]
    fn cookie_names_are_escaped() {
        let map = map(Duplicate::First, &[None]);
        assert!(map.nginx("x").contains("\"~(^|;\\s*)MOIN_SESSION_my\\-lab=\" \"\";"));
        assert!(map.apache("x", "ids").contains("\"^(|.*?;\\s*)MOIN_SESSION=\\x22?([A-Za-z0-9_]+)"));
        assert!(is_plain_name("MOIN_SESSION_443_ROOT") && !is_plain_name("a$b") && !is_plain_name(""));
    }

    #[test]
    fn map_omits_ids_that_its_server_would_misread() {
        let left_out = |kind: MapKind, ids: &[&str]| -> Vec<String> {
            let pair = |old: &&str| Pair { old: (*old).to_owned(), new: "n".repeat(40), ends: None };
            let names = ("x".into(), "y".into());
            let map = CookieMap::new(kind, names, Duplicate::Last, ids.iter().map(pair).collect(), 0);
            assert_eq!(map.pairs.len() + map.left_out.len(), ids.len());
            map.left_out.into_iter().map(|pair| pair.old).collect()
        };
        let cases = ["abc", "ABC", "aBd", "abe"];
        assert_eq!(left_out(MapKind::Nginx, &cases), ["ABC", "abc"]);
        assert_eq!(left_out(MapKind::Apache, &cases), [""; 0]);
        let hostile = ["#x", "a;b", "default", "hostnames", "include", "volatile", "x y", "{", "~a", "é"];
        for kind in [MapKind::Nginx, MapKind::Apache] {
            assert_eq!(left_out(kind, &hostile), hostile, "{}", kind.name());
        }
        assert_eq!(left_out(MapKind::Json, &[&cases[..], &hostile[..]].concat()), [""; 0]);
    }
}

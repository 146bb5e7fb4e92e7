//! Which new id an old one has become, and what a web server needs to put the one in place of the other in the cookies
//! of people who come back, so that new ids log nobody out.
//!
//! A server reads a key by its own rules, so a map holds only ids that the server looks up as they are written; the others
//! are in [`CookieMap::left_out`].
//!
//! Sources: `ngx_http_map_module`, `mod_rewrite` and `mod_headers`; which of two cookies of one name a wiki takes:
//! [`Duplicate`].

use std::collections::HashMap;
use std::fmt::Write as _;

use crate::browser::MAX_LIFETIME;
use crate::moin::Duplicate;
use crate::store::{Expires, Facts, Fields};

/// A session under its old id and its new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// Its id at the source.
    pub old: String,
    /// Its id at the target.
    pub new: String,
    /// When it ends, in unix seconds; `None` where that is not known.
    pub ends: Option<i64>,
}

impl Pair {
    /// Of a session with these bytes.
    pub(super) fn of(old: &str, new: &str, bytes: &[u8]) -> Pair {
        let ends = match Facts::from_bytes(bytes, Fields::default()).map(|facts| facts.expires) {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "what is out of range saturates, and is bounded below"
            )]
            Ok(Expires::At(time)) => Some(time.ceil() as i64),
            _ => None,
        };
        Pair { old: old.to_owned(), new: new.to_owned(), ends }
    }
}

/// For whom a map is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum MapKind {
    /// nginx: one file to include.
    Nginx,
    /// Apache: a file to include, and the ids in a second one.
    Apache,
    /// A program of the admin's own.
    Json,
}

impl MapKind {
    /// As on the command line.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Why a map of this kind can't hold some ids.
    pub fn limit(self) -> &'static str {
        match self {
            MapKind::Nginx => {
                "nginx looks ids up without regard to case, and knows letters, digits and _ only"
            }
            MapKind::Apache | MapKind::Json => "a cookie's id is letters, digits and _ only",
        }
    }

    /// The pairs that a map of this kind can hold, and the others.
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

    /// What the server compares in place of an id.
    fn key(self, id: &str) -> String {
        if self == MapKind::Nginx { id.to_ascii_lowercase() } else { id.to_owned() }
    }
}

/// Words that are no keys but options where they stand first in a line of an nginx map.
const OPTIONS: [&str; 4] = ["default", "hostnames", "include", "volatile"];

/// Whether an id is one key for every server, and found by the pattern over the Cookie header.
fn is_word(id: &str) -> bool {
    !id.is_empty()
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !OPTIONS.contains(&id)
}

/// A map of old ids to new.
#[derive(Debug, Clone)]
pub struct CookieMap {
    /// The name of the cookie that holds an old id.
    pub old_name: String,
    /// The name of the cookie that holds a new id.
    pub new_name: String,
    /// Which of two cookies of the old name the old wiki took.
    pub takes: Duplicate,
    /// The ids.
    pub pairs: Vec<Pair>,
    /// The ids that this kind of map can't hold.
    pub left_out: Vec<Pair>,
    /// The time to judge by, in unix seconds.
    pub now: i64,
}

/// Whether a cookie of that name can be written into a web server's configuration as it is.
pub fn is_plain_name(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

impl CookieMap {
    /// A map in order, without ids that stay the same and ids that this kind of map can't hold.
    pub fn new(
        kind: MapKind,
        names: (String, String),
        takes: Duplicate,
        mut pairs: Vec<Pair>,
        now: i64,
    ) -> CookieMap {
        let (old_name, new_name) = names;
        if old_name == new_name {
            pairs.retain(|pair| pair.old != pair.new);
        }
        pairs.sort_unstable_by(|a, b| a.old.cmp(&b.old));
        // One that was copied again, as it changed meanwhile, is told twice.
        pairs.dedup_by(|a, b| a.old == b.old);
        let (pairs, left_out) = kind.split(pairs);
        CookieMap { old_name, new_name, takes, pairs, left_out, now }
    }

    /// When no browser has an old cookie any more, or none with a session that has not ended, in unix seconds. The old
    /// wiki sets none from now on, and browsers keep none for more than 400 days.
    pub fn drop_after(&self) -> i64 {
        #[expect(clippy::cast_possible_truncation, reason = "a small whole number")]
        let cap = self.now.saturating_add(MAX_LIFETIME as i64);
        let ends = self.pairs.iter().map(|pair| pair.ends.map_or(cap, |ends| ends.min(cap)));
        ends.max().unwrap_or(self.now).max(self.now)
    }

    fn drop_day(&self) -> String {
        let after = jiff::Timestamp::from_second(self.drop_after());
        // The whole day is still needed.
        after.map_or_else(
            |_| "400 days".to_owned(),
            |after| after.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y-%m-%d").to_string(),
        )
    }

    /// What begins every file.
    fn head(&self) -> String {
        let CookieMap { old_name, new_name, pairs, .. } = self;
        let day = self.drop_day();
        format!(
            "# Written by wikifarm session migrate. Sessions that were moved have new ids: this puts {new_name}=NEW in\n\
             # place of {old_name}=OLD in what browsers send, until the wiki has set its own cookie.\n\
             # {} ids, each as good as a password: keep this file from others.\n\
             # Drop it after {day}: then the last old cookie or session has ended (browsers keep no cookie for more\n\
             # than 400 days).\n",
            pairs.len()
        )
    }

    /// A pattern over a whole Cookie header: before the old cookie, its value, after it.
    fn pattern(&self) -> String {
        let before = match self.takes {
            Duplicate::Last => ".*;\\s*|",
            Duplicate::First => "|.*?;\\s*",
        };
        format!("^({before}){}=\"?([A-Za-z0-9_]+)\"?(\\s*|\\s*;.*)$", escaped(&self.old_name))
    }

    /// A pattern that finds a cookie which the new wiki has set.
    fn answered(&self) -> String {
        // Where the name is the same, the form of the id tells.
        let value = match self.pairs.first() {
            Some(pair) if self.old_name == self.new_name => {
                format!("\"?[A-Za-z0-9_]{{{}}}\"?(\\s*;|\\s*$)", pair.new.len())
            }
            _ => String::new(),
        };
        format!("(^|;\\s*){}={value}", escaped(&self.new_name))
    }

    /// A file for nginx; `label` goes into the names of its variables.
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
             # Include it in http {{ }}, and in each location that leads to the new wiki say one of\n\
             #\n\
             #   proxy_set_header Cookie {var};\n\
             #   fastcgi_param HTTP_COOKIE {var};    # uwsgi_param, scgi_param: the same\n\
             #\n\
             # A proxy_set_header in a location takes the place of all those around it: repeat them there. These maps use\n\
             # regular expressions: where a location ~ (..) needs its $1 later, name the group, as in (?<page>..).\n\
             # If nginx says that one of the next two is duplicate, drop it here, and let yours be at least as large.\n\
             map_hash_max_size {size};\n\
             map_hash_bucket_size 1024;\n\n\
             # Nothing to do where the new wiki's own cookie is there.\n\
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

    /// The file for Apache; the ids are in the file `ids`, see [`CookieMap::apache_ids`].
    pub fn apache(&self, label: &str, ids: &str) -> String {
        let name = format!("wikifarm_{label}");
        // A quote escaped in quotes is not understood everywhere.
        let quoted = |pattern: &str| pattern.replace('"', "\\x22");
        let (pattern, answered) = (quoted(&self.pattern()), quoted(&self.answered()));
        let mut text = self.head();
        let _ = write!(
            text,
            "#\n\
             # Include it in the <VirtualHost> of the new wiki, after a2enmod rewrite headers. Apache reads the ids while it\n\
             # serves, as its own user: chgrp www-data {ids} && chmod 640 {ids}\n\
             # For more than some thousand ids, make a database of them, and write dbm: with its path in place of txt: below:\n\
             #   httxt2dbm -i {ids} -o {ids}.dbm\n\
             RewriteEngine On\n\
             RewriteMap {name} \"txt:{ids}\"\n\
             # Nothing to do where the new wiki's own cookie is there.\n\
             RewriteCond \"%{{HTTP_COOKIE}}\" \"!{answered}\"\n\
             RewriteCond \"%{{HTTP_COOKIE}}\" \"{pattern}\"\n\
             RewriteCond \"${{{name}:%2}}\" \"^([A-Za-z0-9_]+)$\"\n\
             RewriteRule \"^\" \"-\" [E={name}:%1]\n\
             RequestHeader edit Cookie \"{pattern}\" \"$1{}=%{{{name}}}e$3\" env={name}\n",
            self.new_name
        );
        text
    }

    /// The ids as Apache's `RewriteMap` reads them.
    pub fn apache_ids(&self) -> String {
        let mut text = self.head();
        for pair in &self.pairs {
            let _ = writeln!(text, "{} {}", pair.old, pair.new);
        }
        text
    }

    /// For programs.
    pub fn json(&self) -> String {
        let ids: serde_json::Map<String, serde_json::Value> =
            self.pairs.iter().map(|pair| (pair.old.clone(), pair.new.clone().into())).collect();
        let map = serde_json::json!({
            "wikifarm_cookie_map": 1,
            "old_name": self.old_name,
            "new_name": self.new_name,
            "drop_after": self.drop_day(),
            "ids": ids,
        });
        format!("{map:#}\n")
    }
}

/// A cookie's name in a regular expression.
fn escaped(name: &str) -> String {
    name.chars()
        .flat_map(|c| (!c.is_ascii_alphanumeric() && c != '_').then_some('\\').into_iter().chain([c]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    fn map(takes: Duplicate, ends: &[Option<i64>]) -> CookieMap {
        let pair = |(number, ends): (usize, &Option<i64>)| Pair {
            old: format!("{number:032}"),
            new: format!("{number:040}"),
            ends: *ends,
        };
        let pairs = ends.iter().enumerate().map(pair).collect();
        let names = ("MOIN_SESSION".into(), "MOIN_SESSION_my-lab".into());
        CookieMap::new(MapKind::Nginx, names, takes, pairs, 0)
    }

    #[test]
    fn it_can_be_dropped_when_the_last_cookie_or_session_has_ended() {
        let after = |ends: &[Option<i64>]| map(Duplicate::Last, ends).drop_after();
        assert_eq!(after(&[]), 0);
        assert_eq!(after(&[Some(5 * DAY), Some(9 * DAY)]), 9 * DAY);
        assert_eq!(after(&[Some(5 * DAY), Some(3650 * DAY)]), 400 * DAY);
        assert_eq!(after(&[Some(5 * DAY), None]), 400 * DAY);
        assert_eq!(after(&[Some(-5)]), 0);
        assert!(map(Duplicate::Last, &[Some(9 * DAY)]).nginx("x").contains("Drop it after 1970-01-10:"));
    }

    #[test]
    fn ids_that_stay_matter_only_where_the_name_changes() {
        let pairs = || vec![Pair { old: "a".into(), new: "a".into(), ends: None }];
        let with = |new: &str| {
            let names = ("x".into(), new.into());
            CookieMap::new(MapKind::Json, names, Duplicate::Last, pairs(), 0).pairs.len()
        };
        assert_eq!((with("x"), with("y")), (0, 1));
    }

    #[test]
    fn names_are_taken_literally() {
        let map = map(Duplicate::First, &[None]);
        assert!(map.nginx("x").contains("\"~(^|;\\s*)MOIN_SESSION_my\\-lab=\" \"\";"));
        assert!(map.apache("x", "ids").contains("\"^(|.*?;\\s*)MOIN_SESSION=\\x22?([A-Za-z0-9_]+)"));
        assert!(is_plain_name("MOIN_SESSION_443_ROOT") && !is_plain_name("a$b") && !is_plain_name(""));
    }

    #[test]
    fn a_map_leaves_out_ids_that_its_server_reads_as_something_else() {
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

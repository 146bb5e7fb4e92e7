//! Hides passwords in addresses. No message, log, or excerpt may show them.

use std::borrow::Cow;
use std::ops::Range;

use url::Url;

use super::options::option;
use super::redis::RedisLocation;

/// A range of bytes in a text.
type Span = Range<usize>;

/// The possible secrets in a text with addresses: before `@`, in unknown options, in place of a port. A valid address has
/// none. In an invalid one, this hides too much rather than too little, up to the end of the line.
pub fn secrets(text: &str) -> Vec<Span> {
    let mut found: Vec<Span> = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        for (colon, _) in line.match_indices(':') {
            let (before, behind) = line.split_at(colon);
            let scheme = before.rsplit(|c: char| !(c.is_ascii_alphanumeric() || "+.-".contains(c))).next();
            let scheme = scheme.unwrap_or_default();
            let address = line.get(colon - scheme.len()..).unwrap_or_default();
            let meant = !scheme.is_empty() && behind.starts_with("://");
            if meant || RedisLocation::is_meant(address.as_bytes()) {
                let start = offset + colon - scheme.len();
                let of_address = in_address(address.trim_end(), scheme.len() + 1);
                found.extend(of_address.map(|span| start + span.start..start + span.end));
            }
        }
        offset += line.len();
    }
    found.sort_by_key(|span| span.start);
    found.dedup_by(|next, last| {
        let within = next.start <= last.end;
        if within {
            last.end = last.end.max(next.end);
        }
        within
    });
    found
}

/// The secrets of an address and the rest of its line. The scheme ends at `scheme`.
fn in_address(address: &str, scheme: usize) -> impl Iterator<Item = Span> {
    let quoted = address.split(['"', '\'']).next().unwrap_or_default();
    let redis = RedisLocation::is_meant(address.as_bytes());
    let web = ["http:", "https:"]
        .iter()
        .any(|web| address.get(..scheme).is_some_and(|scheme| scheme.eq_ignore_ascii_case(web)));
    let plain = match redis {
        true => RedisLocation::parse(quoted).is_ok(),
        false => Url::parse(quoted).is_ok_and(|url| url.password().is_none()),
    };
    let slashes = address.bytes().skip(scheme).take_while(|byte| *byte == b'/').count();
    let start = scheme + slashes.min(2);
    let rest = address.get(start..).unwrap_or_default();
    let user = (!plain).then(|| in_front(rest)).flatten();
    let option = if redis && plain || web { None } else { unknown_option(rest) };
    let port = if plain || web || user.is_some() { None } else { no_port(rest) };
    [user, option, port].into_iter().flatten().map(move |span| start + span.start..start + span.end)
}

/// The text before the last `@`, without the user name.
fn in_front(rest: &str) -> Option<Span> {
    let end = rest.rfind('@')?;
    let all = rest.get(..end)?;
    let mark = all.find([':', '/', '?', '#'])?;
    let start = if all.get(mark..)?.starts_with(':') { mark + 1 } else { 0 };
    Some(start..end)
}

/// The text from the value of the first unknown option on.
fn unknown_option(rest: &str) -> Option<Span> {
    let mut start = rest.find('?')? + 1;
    for part in rest.get(start..)?.split('&') {
        match part.split_once('=') {
            Some((name, _)) if option(name).is_some() => {}
            Some((name, _)) => return Some(start + name.len() + 1..rest.len()),
            None => return Some(start..rest.len()),
        }
        start += part.len() + 1;
    }
    None
}

/// The text in place of a port, as if the host were missing.
fn no_port(rest: &str) -> Option<Span> {
    let authority = rest.split(['/', '?', '#', '"', '\'']).next()?;
    let host = authority.rfind(']').unwrap_or(0);
    let start = host + authority.get(host..)?.find(':')? + 1;
    let port = authority.get(start..)?;
    // Help texts contain redis://HOST:PORT/DB.
    let fits = port == "PORT" || port.bytes().all(|byte| byte.is_ascii_digit());
    (!fits).then_some(start..rest.len())
}

/// The text with a star for every byte of a secret, so that offsets stay the same.
pub fn hidden(text: &str) -> Cow<'_, str> {
    replaced(text, |secret| "*".repeat(secret.len()))
}

/// The text with `…` in place of each secret.
pub fn shortened(text: &str) -> Cow<'_, str> {
    replaced(text, |_| "…".to_owned())
}

fn replaced(text: &str, with: impl Fn(&str) -> String) -> Cow<'_, str> {
    let secrets = secrets(text);
    if secrets.is_empty() {
        return Cow::Borrowed(text);
    }
    let (mut shown, mut end) = (String::with_capacity(text.len()), 0);
    for secret in secrets {
        shown.push_str(text.get(end..secret.start).unwrap_or_default());
        shown.push_str(&with(text.get(secret.clone()).unwrap_or_default()));
        end = secret.end;
    }
    shown.push_str(text.get(end..).unwrap_or_default());
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn possible_password_is_not_shown() {
        for (text, shown) in [
            ("redis://u:geheim@h/0", "redis://u:…@h/0"),
            ("rediss://u:p@ss@h:1/0?prefix=a", "rediss://u:…@h:1/0?prefix=a"),
            ("redis://u:1/geheim@h", "redis://u:…@h"),
            ("redis://:geheim?@h", "redis://:…"),
            ("redis://ge/heim:x@h", "redis://…@h"),
            ("redis:u:geheim@h", "redis:u:…@h"),
            ("redis://u:geheim/0", "redis://u:…"),
            ("redis://:geheim", "redis://:…"),
            ("redis://h/0?password=geheim&db=1", "redis://h/0?password=…"),
            ("redis://h/0?password=ge@heim", "redis://…"),
            ("redis://h/0?key_file=/k&geheim", "redis://h/0?key_file=/k&…"),
            ("REDIS://u:geheim@h", "REDIS://u:…@h"),
            ("mysql://root:geheim@db/x?a=geheim", "mysql://root:…@db/x?a=…"),
            ("https://u:geheim@h/", "https://u:…@h/"),
            ("a = 'redis://u:geh'eim@h/0' # b", "a = 'redis://u:…@h/0' # b"),
            ("a = \"redis://u:geheim@h\"\r\nb", "a = \"redis://u:…@h\"\r\nb"),
        ] {
            assert_eq!(shortened(text), shown);
            assert_eq!(hidden(text).len(), text.len());
        }
    }

    #[test]
    fn address_without_password_is_shown() {
        for text in [
            "redis://wiki@h:1/0?prefix=a@b&key_file=/k",
            "redis+unix:///run/redis.sock?user=wiki",
            "write redis://HOST:PORT/DB, or leave it out",
            "a = \"redis://wiki@h/0\" # of bob@example.org: x",
            "redis://[::1]:7000/x",
            "moin-1.9:/srv//a:b@c",
            "sqlite:/srv/s.db?keyfile=x",
            "/srv//a:b@c",
            "https://h:80/a@b?c=d",
            "see http://h/ and mail a:b@c",
            "a: b",
        ] {
            assert_eq!(hidden(text), text);
        }
    }

    proptest! {
        #[test]
        fn the_length_stays(text in "(redis|https)://[ -~é]{0,30}") {
            prop_assert_eq!(hidden(&text).len(), text.len());
        }
    }
}

//! The spelling of a Set-Cookie header, which depends on the version of MoinMoin.

/// The attributes of a header, as written.
fn attributes(header: &str) -> impl Iterator<Item = (&str, &str)> + Clone {
    header.split(';').skip(1).map(|part| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        (name.trim(), value.trim())
    })
}

/// The differences in attributes that both headers have, each as predicted and as sent: their names and order, and the form
/// of the date.
pub(super) fn spelling(predicted: &str, sent: &str) -> Vec<(String, String)> {
    let common = |of: &str, other: &str| -> Vec<String> {
        let has = |name: &str| attributes(other).any(|(known, _)| known.eq_ignore_ascii_case(name));
        attributes(of).map(|(name, _)| name).filter(|name| has(name)).map(str::to_owned).collect()
    };
    let date = |header: &str| {
        let mut all = attributes(header);
        all.find(|(name, _)| name.eq_ignore_ascii_case("expires")).map(|(_, date)| date.to_owned())
    };
    let mut found = Vec::new();
    let (expected, written) = (common(predicted, sent), common(sent, predicted));
    if expected != written {
        found.push((expected.join("; "), written.join("; ")));
    }
    if let (Some(expected), Some(written)) = (date(predicted), date(sent))
        && form(&expected) != form(&written)
    {
        found.push((expected, written));
    }
    found
}

/// The form of a date: 9 for each digit, and for each word whether it has three letters.
fn form(date: &str) -> String {
    let mut form = String::new();
    for part in date.split_inclusive(|c: char| !c.is_ascii_alphabetic()) {
        let word = part.trim_end_matches(|c: char| !c.is_ascii_alphabetic());
        form.push_str(match word.len() {
            0 => "",
            3 => "Aaa",
            _ => "Aaaa",
        });
        form.extend(
            part.chars()
                .filter(|c| !c.is_ascii_alphabetic())
                .map(|c| if c.is_ascii_digit() { '9' } else { c }),
        );
    }
    form
}

//! `'…' % values` and `'…'.format(…)`.

use super::value::Val;

/// Which value a place in a template wants.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wanted<'a> {
    /// The next one, counted from 0.
    Next(usize),
    /// The one of that name.
    Name(&'a str),
}

/// What a template failed at: a value, or the template itself.
type Failed = Option<Val>;

/// Fills `%s`, `%d`, `%(name)s` and their like; `value` gives the values.
pub(super) fn percent<'a>(
    template: &'a str,
    value: &mut dyn FnMut(Wanted<'a>) -> Result<Val, Val>,
) -> Result<String, Failed> {
    let mut out = String::new();
    let mut rest = template;
    let mut next = 0;
    while let Some((before, behind)) = rest.split_once('%') {
        out.push_str(before);
        let (wanted, behind) = match behind.strip_prefix('(') {
            Some(named) => {
                let (name, behind) = named.split_once(')').ok_or(None)?;
                (Wanted::Name(name), behind)
            }
            None => (Wanted::Next(next), behind),
        };
        let end = behind.find(|c: char| c.is_ascii_alphabetic() || c == '%').ok_or(None)?;
        let (flags, behind) = behind.split_at(end);
        let mut letters = behind.chars();
        let letter = letters.next().ok_or(None)?;
        rest = letters.as_str();
        if letter == '%' && flags.is_empty() {
            out.push('%');
            continue;
        }
        let val = value(wanted).map_err(Some)?;
        next += usize::from(matches!(wanted, Wanted::Next(_)));
        out.push_str(&converted(&val, flags, letter).ok_or(None)?);
    }
    out.push_str(rest);
    Ok(out)
}

/// One value as `%…` has it.
fn converted(val: &Val, flags: &str, letter: char) -> Option<String> {
    let (zero, width) = match flags.strip_prefix('0') {
        Some(width) => (true, width),
        None => (false, flags),
    };
    let width = if width.is_empty() { 0 } else { width.parse::<usize>().ok().filter(|it| *it < 100)? };
    let text = match letter {
        's' => display(val)?,
        'd' | 'i' => val.int()?.to_string(),
        'x' => format!("{:x}", val.int().filter(|it| *it >= 0)?),
        'o' => format!("{:o}", val.int().filter(|it| *it >= 0)?),
        _ => return None,
    };
    let text_is_number = letter != 's';
    Some(match zero && text_is_number {
        true if text.starts_with('-') && width > 0 => return None,
        true => format!("{text:0>width$}"),
        false => format!("{text:>width$}"),
    })
}

/// Fills `{}`, `{0}` and `{name}`, without formats.
pub(super) fn braces<'a>(
    template: &'a str,
    value: &mut dyn FnMut(Wanted<'a>) -> Result<Val, Val>,
) -> Result<String, Failed> {
    let mut out = String::new();
    let mut rest = template;
    let mut next = 0;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, behind) = rest.split_at(at);
        out.push_str(before);
        if let Some(behind) = behind.strip_prefix("{{").or_else(|| behind.strip_prefix("}}")) {
            out.push(if rest.get(at..=at) == Some("{") { '{' } else { '}' });
            rest = behind;
            continue;
        }
        let (name, behind) = behind.strip_prefix('{').and_then(|it| it.split_once('}')).ok_or(None)?;
        let wanted = match name {
            "" => {
                next += 1;
                Wanted::Next(next - 1)
            }
            _ if name.bytes().all(|byte| byte.is_ascii_digit()) => {
                Wanted::Next(name.parse().map_err(|_| None)?)
            }
            _ if name.chars().all(|c| c == '_' || c.is_alphanumeric()) => Wanted::Name(name),
            _ => return Err(None),
        };
        let val = value(wanted).map_err(Some)?;
        out.push_str(&display(&val).ok_or(None)?);
        rest = behind;
    }
    out.push_str(rest);
    Ok(out)
}

/// What `str()` makes of a plain value.
pub(super) fn display(val: &Val) -> Option<String> {
    Some(match val {
        Val::None => "None".to_owned(),
        Val::Bool(true) => "True".to_owned(),
        Val::Bool(false) => "False".to_owned(),
        Val::Int(number) => number.to_string(),
        // Numbers that both Pythons write alike.
        Val::Float(number) if number.abs() < 1e11 && (number.abs() >= 1e-4 || *number == 0.0) => {
            let text = number.to_string();
            match text.contains('.') {
                true if text.len() <= 12 => text,
                true => return None,
                false => format!("{text}.0"),
            }
        }
        Val::Str(text) => text.text.to_string(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn give(wanted: Wanted<'_>) -> Result<Val, Val> {
        Ok(match wanted {
            Wanted::Next(0) => Val::text("wiki", false),
            Wanted::Next(at) => Val::Int(i64::try_from(at).unwrap()),
            Wanted::Name(name) => Val::text(name.to_uppercase(), false),
        })
    }

    #[test]
    fn percent_signs() {
        let percent = |template: &'static str| percent(template, &mut give).ok();
        assert_eq!(percent("^https?://%s/%d%%$").unwrap(), "^https?://wiki/1%$");
        assert_eq!(percent("%(a)s/%(b)s").unwrap(), "A/B");
        assert_eq!(percent("%5s|%03d").unwrap(), " wiki|001");
        assert_eq!(
            [percent("%"), percent("%(a"), percent("%d"), percent("%.2f"), percent("%*s")],
            [const { None }; 5]
        );
    }

    #[test]
    fn curly_brackets() {
        let braces = |template: &'static str| braces(template, &mut give).ok();
        assert_eq!(braces("{}/{}/{{{name}}}{0}").unwrap(), "wiki/1/{NAME}wiki");
        assert_eq!([braces("{"), braces("}"), braces("{a.b}"), braces("{:>3}")], [const { None }; 4]);
    }
}

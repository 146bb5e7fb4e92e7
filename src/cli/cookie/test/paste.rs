//! Pasted headers: with their name before them, from the output of curl, or from a browser's tools.

/// The `Set-Cookie` values in pasted text.
///
/// Text without a header name is one value, byte for byte. In other text, each line with a name counts: `Set-Cookie` is
/// one value, `Cookie` is one value for each pair.
pub(super) fn headers(pasted: &[u8]) -> Vec<Vec<u8>> {
    let named: Vec<_> = pasted.split(|byte| *byte == b'\n').filter_map(named).collect();
    if named.is_empty() {
        return vec![pasted.to_vec()];
    }
    let mut headers = Vec::new();
    for (name, value) in named {
        match name {
            Name::SetCookie => headers.push(value.to_vec()),
            // A Cookie header has no attributes. With some, it is a Set-Cookie header under the wrong name.
            Name::Cookie if value.split(|byte| *byte == b';').skip(1).any(is_attribute) => {
                headers.push(value.to_vec())
            }
            Name::Cookie => {
                headers.extend(value.split(|byte| *byte == b';').map(|pair| pair.trim_ascii().to_vec()))
            }
        }
    }
    headers
}

enum Name {
    SetCookie,
    Cookie,
}

/// The header of a line that begins with a header name, perhaps after curl's `<` or `>`.
fn named(line: &[u8]) -> Option<(Name, &[u8])> {
    let line = line.trim_ascii_start();
    let line = match line {
        [b'<' | b'>', rest @ ..] => rest.trim_ascii_start(),
        line => line,
    };
    [(&b"set-cookie:"[..], Name::SetCookie), (&b"cookie:"[..], Name::Cookie)].into_iter().find_map(
        |(text, name)| {
            let (head, value) = line.split_at_checked(text.len())?;
            head.eq_ignore_ascii_case(text).then(|| (name, value.trim_ascii()))
        },
    )
}

fn is_attribute(part: &[u8]) -> bool {
    let name = part.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii();
    ["domain", "path", "expires", "max-age", "secure", "httponly", "samesite", "partitioned", "priority"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pasted: &str) -> Vec<String> {
        headers(pasted.as_bytes()).into_iter().map(|header| String::from_utf8(header).unwrap()).collect()
    }

    #[test]
    fn headers_strips_names_in_any_case_and_the_marks_of_curl() {
        for before in [
            "",
            "Set-Cookie: ",
            "set-cookie:",
            "SET-COOKIE:\t",
            "< set-cookie: ",
            "<set-cookie: ",
            "  Set-Cookie: ",
            "Cookie: ",
        ] {
            assert_eq!(read(&format!("{before}a=b; Path=/")), ["a=b; Path=/"], "{before:?}");
        }
        assert_eq!(read("set-cookie: a=b\r"), ["a=b"]);
        assert_eq!(read("set-cookie:"), [""]);
    }

    #[test]
    fn headers_of_a_cookie_line_has_one_for_each_cookie() {
        assert_eq!(read("Cookie: a=1; b=2;c"), ["a=1", "b=2", "c"]);
        assert_eq!(read("> cookie: a=1; b=2"), ["a=1", "b=2"]);
    }

    #[test]
    fn headers_of_curl_output_has_the_cookies_only() {
        let printed =
            "HTTP/2 200 \r\nserver: nginx\r\nset-cookie: a=1; Path=/\r\nSet-Cookie: b=2\r\n\r\n<html>";
        assert_eq!(read(printed), ["a=1; Path=/", "b=2"]);
    }

    #[test]
    fn headers_of_other_text_is_the_text() {
        for header in ["a=b", "", " a = b ", "a=b\nPath=/", "cookie=1; Path=/", "x: y", "a=set-cookie: b"] {
            assert_eq!(read(header), [header]);
        }
    }
}

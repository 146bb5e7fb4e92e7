//! The content of one file: the session in a readable form, and what is needed to restore the same bytes.

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::pickle::{self, JsonForm, Tree};
use crate::store::facts::{Expires, Facts, Fields};

/// The maximum size of a file in bytes. Each session of up to [`MAX_FILE`](crate::sys::MAX_FILE) bytes fits, at least
/// as base64.
pub(super) const LARGEST: u64 = 32 * 1024 * 1024;

/// The version of the form.
const VERSION: u32 = 1;

/// The file of one session.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// The version of the form.
    wikifarm_session: u32,
    /// Only for people. The value in `value` counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    /// Only for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    /// The session came without an owner, for example from a database. So the owner of the file is not part of the
    /// session.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    no_owner: bool,
    /// The session came without a mode.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    no_mode: bool,
    /// The value in its JSON form.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
    /// The values in the memo of the pickle.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    memo: Vec<u32>,
    #[serde(default, skip_serializing_if = "is_zero")]
    memo_start: u32,
    /// The pickle in base64, if `value` does not give the same bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pickle: Option<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// The properties that a session did not have at its source. The file has them, but they are not part of the
/// session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Without {
    pub(super) owner: bool,
    pub(super) mode: bool,
}

/// The text of a file for any bytes. If the text would be larger than the maximum, it has only the pickle.
pub(super) fn text(bytes: &[u8], without: Without) -> Vec<u8> {
    let tree = pickle::read(bytes).ok();
    let facts = tree.as_ref().and_then(|tree| Facts::from_tree(tree, Fields::default()).ok());
    let form = tree.as_ref().and_then(JsonForm::of);
    let same = form.as_ref().is_some_and(|form| {
        form.tree().ok().and_then(|tree| pickle::write(&tree).ok()).is_some_and(|again| again == bytes)
    });
    let file = File {
        wikifarm_session: VERSION,
        expires_at: facts.as_ref().and_then(|facts| match facts.expires {
            // In seconds, as in `session list`.
            #[expect(
                clippy::cast_possible_truncation,
                reason = "what is out of range saturates, and is no time"
            )]
            Expires::At(time) => jiff::Timestamp::from_second(time as i64).ok().map(|at| at.to_string()),
            _ => None,
        }),
        user_id: facts.and_then(|facts| facts.user).map(|user| user.id),
        no_owner: without.owner,
        no_mode: without.mode,
        memo: form.as_ref().map_or(Vec::new(), |form| form.memo.clone()),
        memo_start: form.as_ref().map_or(0, |form| form.memo_start),
        value: form.map(|form| form.value),
        pickle: (!same).then(|| STANDARD.encode(bytes)),
    };
    let mut text = Bounded(Vec::new());
    if serde_json::to_writer_pretty(&mut text, &file).is_err() {
        drop(file);
        let pickle = Some(STANDARD.encode(bytes));
        let alone = File {
            wikifarm_session: VERSION,
            expires_at: None,
            user_id: None,
            no_owner: without.owner,
            no_mode: without.mode,
            value: None,
            memo: Vec::new(),
            memo_start: 0,
            pickle,
        };
        text.0 = serde_json::to_vec_pretty(&alone).unwrap_or_default();
    }
    text.0.push(b'\n');
    text.0
}

/// A text with a maximum size.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = self.0.len() + bytes.len() + 1;
        if u64::try_from(length).is_ok_and(|length| length > LARGEST) {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The pickle in a file, and the properties that the session did not have.
///
/// # Errors
///
/// The problem with the file, without any part of the session.
pub(super) fn pickle_of(text: &[u8]) -> Result<(Vec<u8>, Without), String> {
    let file: File = serde_json::from_slice(text).map_err(|error| {
        format!("not a session in JSON (line {}, column {})", error.line(), error.column())
    })?;
    if file.wikifarm_session != VERSION {
        return Err(format!(
            "session in version {} of the JSON form; this wikifarm supports {VERSION}",
            file.wikifarm_session
        ));
    }
    let without = Without { owner: file.no_owner, mode: file.no_mode };
    let tree: Option<Tree> = match file.value {
        Some(value) => {
            let form = JsonForm { value, memo: file.memo, memo_start: file.memo_start };
            Some(form.tree().map_err(|error| error.to_string())?)
        }
        None => None,
    };
    match (file.pickle, tree) {
        (Some(kept), tree) => {
            let bytes = STANDARD.decode(kept).map_err(|_| "\"pickle\" is not base64".to_owned())?;
            let other = |tree: &Tree| !pickle::read(&bytes).is_ok_and(|read| read == *tree);
            if tree.as_ref().is_some_and(other) {
                return Err("\"value\" and \"pickle\" differ: delete \"pickle\" after a change".to_owned());
            }
            Ok((bytes, without))
        }
        (None, Some(tree)) => {
            let bytes = pickle::write(&tree).map_err(|error| error.to_string())?;
            Ok((bytes, without))
        }
        (None, None) => Err("has neither \"value\" nor \"pickle\"".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(bytes: &[u8]) -> Vec<u8> {
        super::text(bytes, Without::default())
    }

    fn pickle_of(text: &[u8]) -> Result<Vec<u8>, String> {
        super::pickle_of(text).map(|(bytes, _)| bytes)
    }

    #[test]
    fn session_is_readable_and_restored() {
        let bytes = b"\x80\x02}q\x01(U\x07expiresJ\0NrSU\x07user.idU\x0512.34u.";
        let text = text(bytes);
        let wanted = concat!(
            "{\n  \"wikifarm_session\": 1,\n  \"expires_at\": \"2014-05-13T16:53:20Z\",\n  \"user_id\": \"12.34\",\n",
            "  \"value\": {\n    \"dict\": {\n      \"expires\": 1400000000,\n      \"user.id\": \"12.34\"\n    }\n  },\n",
            "  \"memo\": [\n    0\n  ],\n  \"memo_start\": 1\n}\n"
        );
        assert_eq!(String::from_utf8(text.clone()).unwrap(), wanted);
        assert_eq!(pickle_of(&text).unwrap(), bytes);
        let changed = wanted.replace("12.34", "56.78");
        assert!(pickle_of(changed.as_bytes()).unwrap().windows(5).any(|five| five == b"56.78"));
    }

    #[test]
    fn change_of_value_beside_pickle_is_an_error() {
        let kept = String::from_utf8(text(b"(dS'a'\nI1\ns.")).unwrap();
        assert!(kept.contains("\"pickle\""));
        assert_eq!(pickle_of(kept.as_bytes()).unwrap(), b"(dS'a'\nI1\ns.");
        assert!(pickle_of(kept.replace("\"a\": 1", "\"a\": 2").as_bytes()).unwrap_err().contains("differ"));
        for (text, why) in [
            ("", "not a session in JSON"),
            ("{}", "not a session in JSON"),
            ("{\"wikifarm_session\": 2}", "version 2"),
            ("{\"wikifarm_session\": 1}", "neither"),
            ("{\"wikifarm_session\": 1, \"pickle\": \"!\"}", "not base64"),
            ("{\"wikifarm_session\": 1, \"value\": 1.5}", "not the JSON form"),
            ("{\"wikifarm_session\": 1, \"else\": 1}", "not a session in JSON"),
        ] {
            assert!(pickle_of(text.as_bytes()).unwrap_err().contains(why), "{text}");
        }
    }

    #[test]
    fn missing_owner_and_mode_are_restored() {
        for without in [Without { owner: true, mode: true }, Without { owner: true, mode: false }] {
            assert_eq!(super::pickle_of(&super::text(b"(d.", without)).unwrap().1, without);
        }
    }

    #[test]
    fn too_long_value_is_kept_as_pickle_only() {
        // Each NUL takes six characters in JSON.
        let nuls = vec![0; 6_000_000];
        let bytes = [&b"\x80\x02}U\x01aT"[..], &6_000_000_u32.to_le_bytes(), &nuls, b"s."].concat();
        let text = text(&bytes);
        assert!(text.len() < 9_000_000, "{}", text.len());
        assert!(text.starts_with(b"{\n  \"wikifarm_session\": 1,\n  \"pickle\": \""));
        assert!(pickle_of(&text).unwrap() == bytes);
    }

    proptest! {
        #[test]
        fn any_bytes_are_restored(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            prop_assert_eq!(pickle_of(&text(&bytes)).unwrap(), bytes);
        }
    }
}

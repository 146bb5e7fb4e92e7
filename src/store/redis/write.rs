//! Writing sessions: many to a script, and many scripts to a pipeline.

use std::io;

use crate::store::facts::{Expires, Facts, Fields};
use crate::store::name::EntryName;
use crate::store::writable::{NewSession, Room, Written, stamp_of};

use super::{Entry, RedisStore, VERSION, modified, nanos};

/// KEYS: both keys of each session. ARGV, for each: `new` or `over`, what is there now, the pickle, when it ends (ms, or
/// empty), how many words of the hash follow, and these, fields and values. For each 0: there is one, or another;
/// 1: written; 2: over already, so it is gone again.
const WRITE: &str = "
local told, at = {}, 1
for number = 1, #KEYS, 2 do
  local pickle, meta = KEYS[number], KEYS[number + 1]
  local how, old, new, ends, words = unpack(ARGV, at, at + 4)
  local first = at + 5
  at = first + tonumber(words)
  local set = {'SET', pickle, new}
  if ends ~= '' then set[4], set[5] = 'PXAT', ends end
  if how == 'new' then set[#set + 1] = 'NX' end
  local done = (how == 'new' or redis.call('GET', pickle) == old) and redis.call(unpack(set))
  if done then
    redis.call('DEL', meta)
    if redis.call('EXISTS', pickle) == 0 then
      done = 2
    else
      redis.call('HSET', meta, unpack(ARGV, first, at - 1))
      if ends ~= '' then redis.call('PEXPIREAT', meta, ends) end
      done = 1
    end
  end
  told[#told + 1] = done or 0
end
return told";

/// A script writes no more sessions, so that the server answers others in between,
const MANY: usize = 100;

/// nor more bytes, unless it is of one.
const MUCH: usize = 1024 * 1024;

/// One call of the script.
#[derive(Default)]
struct Call {
    keys: Vec<String>,
    words: Vec<Vec<u8>>,
    bytes: usize,
}

impl Call {
    fn command(&self) -> redis::Cmd {
        let mut command = redis::cmd("EVAL");
        command.arg(WRITE).arg(self.keys.len()).arg(&self.keys).arg(&self.words);
        command
    }
}

impl RedisStore {
    /// Adds a session to a call; false where what it replaces has changed.
    fn add(&self, call: &mut Call, new: &NewSession, now: Option<&Entry>) -> bool {
        let (how, old) = match (new.instead_of, now) {
            (None, _) => ("new", &[][..]),
            (Some(stamp), Some(Entry::Raw(raw))) if raw.stamp == stamp => ("over", raw.bytes.as_slice()),
            _ => return false,
        };
        let facts = Facts::from_bytes(&new.bytes, Fields::default()).ok();
        let expires = match facts.as_ref().map(|facts| facts.expires) {
            Some(Expires::At(time)) => Some(time),
            _ => None,
        };
        let mut fields: Vec<Vec<u8>> =
            vec![b"modified_ns".to_vec(), nanos(new.modified).to_string().into_bytes()];
        if let Some(expires) = expires {
            fields.extend([b"expires".to_vec(), format!("{expires:?}").into_bytes()]);
        }
        if let Some(user) = facts.and_then(|facts| facts.user) {
            fields.extend([b"user_id".to_vec(), user.id.into_bytes()]);
        }
        if let Some(key) = &self.key {
            fields.extend([b"seal".to_vec(), key.seal(&new.id, &new.bytes)]);
        }
        let end = expires.and_then(milliseconds).map_or(String::new(), |end| end.to_string());
        call.keys.extend(self.keys(&new.id));
        call.bytes += new.bytes.len() + old.len();
        call.words.extend([how.into(), old.to_vec(), new.bytes.clone(), end.into_bytes()]);
        call.words.push(fields.len().to_string().into_bytes());
        call.words.extend(fields);
        true
    }

    pub(super) fn write_all(&self, batch: &[&NewSession]) -> Result<Vec<io::Result<Written>>, String> {
        let replaced: Vec<EntryName> =
            batch.iter().filter(|new| new.instead_of.is_some()).map(|new| new.id).collect();
        // They are no more than what was read to decide that they are replaced.
        let mut there = self.fetch(&replaced, &Room::new(usize::MAX))?.into_iter();
        let mut pipe = redis::pipe();
        pipe.cmd("SET").arg(format!("{}version", self.prefix)).arg(VERSION).ignore();
        let mut asked = Vec::with_capacity(batch.len());
        let mut call = Call::default();
        for new in batch {
            let now = if new.instead_of.is_some() { there.next().flatten() } else { None };
            asked.push(self.add(&mut call, new, now.as_ref()));
            if call.keys.len() >= 2 * MANY || call.bytes >= MUCH {
                pipe.add_command(std::mem::take(&mut call).command());
            }
        }
        if !call.keys.is_empty() {
            pipe.add_command(call.command());
        }
        let answers: Vec<Vec<i64>> = self.server.ask(|to| pipe.query(to))?;
        let mut answers = answers.into_iter().flatten();
        let written = |(new, asked): (&&NewSession, bool)| {
            let answer = if asked { answers.next() } else { Some(0) };
            match answer {
                Some(1) => {
                    let modified = modified(nanos(new.modified));
                    Ok(Written::Done(stamp_of(&new.bytes, modified)))
                }
                Some(0) if new.instead_of.is_some() => Ok(Written::Changed),
                Some(0) => Ok(Written::Exists),
                Some(2) => Err(io::Error::other("it has expired, and Redis drops such at once")),
                _ => Err(io::Error::other("Redis did not say what became of it")),
            }
        };
        Ok(batch.iter().zip(asked).map(written).collect())
    }
}

/// When a session ends, in milliseconds since 1970; `None` where that is beyond what Redis counts.
#[expect(
    clippy::cast_possible_truncation,
    reason = "it is within bounds, and halves of a millisecond do not matter"
)]
fn milliseconds(expires: f64) -> Option<i64> {
    let end = expires * 1000.0;
    (end < 9e15).then(|| (end.max(1.0)) as i64)
}

//! Writing sessions: many to a script, and many scripts to a pipeline.

use std::io;

use redis::{Connection, RedisResult};

use crate::store::facts::{Expires, Facts, Fields};
use crate::store::name::EntryName;
use crate::store::writable::{NewSession, Room, Written, stamp_of};

use super::{Entry, RedisStore, VERSION, modified, nanos};

/// KEYS: both keys of each session. ARGV, for each: `new` or `over`, what is there now, the pickle, when it ends (ms, or
/// empty), how many words of the hash follow, and these, fields and values. For each 0: there is one, or another;
/// 1: written; 2: over already, so it is gone again.
///
/// A hash that was there before, with fields that are not ours to keep, has one that is not new: all have `modified_ns`.
const WRITE: &str = "
local call, told, at = redis.call, {}, 1
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for number = 1, #KEYS, 2 do
  local pickle, meta, ends = KEYS[number], KEYS[number + 1], ARGV[at + 3]
  local first, done = at + 5, true
  local words = tonumber(ARGV[at + 4])
  if ARGV[at] == 'new' then
    if ends == '' then done = call('SET', pickle, ARGV[at + 2], 'NX')
    else done = call('SET', pickle, ARGV[at + 2], 'NX', 'PXAT', ends) end
  elseif call('GET', pickle) ~= ARGV[at + 1] then done = false
  elseif ends == '' then call('SET', pickle, ARGV[at + 2])
  else call('SET', pickle, ARGV[at + 2], 'PXAT', ends) end
  at = first + words
  if not done then
    told[#told + 1] = 0
  elseif ends ~= '' and tonumber(ends) <= now then
    call('DEL', pickle, meta)
    told[#told + 1] = 2
  else
    if call('HSET', meta, unpack(ARGV, first, at - 1)) * 2 < words then
      call('DEL', meta)
      call('HSET', meta, unpack(ARGV, first, at - 1))
    end
    if ends ~= '' then call('PEXPIREAT', meta, ends) end
    told[#told + 1] = 1
  end
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
        let there = self.fetch(&replaced, &Room::new(usize::MAX))?;
        let (answers, asked) = self.server.ask(|to| self.ask_all(to, batch, &there))?;
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

impl RedisStore {
    /// Asks for all to be written, each call while the server is at the one before, and then takes the answers: one a
    /// session, but for those that are not even asked about.
    fn ask_all(
        &self,
        to: &mut Connection,
        batch: &[&NewSession],
        there: &[Option<Entry>],
    ) -> RedisResult<(Vec<Vec<i64>>, Vec<bool>)> {
        let mut there = there.iter();
        let mut asked = Vec::with_capacity(batch.len());
        let mut set = redis::cmd("SET");
        set.arg(format!("{}version", self.prefix)).arg(VERSION);
        to.send_packed_command(&set.get_packed_command())?;
        let (mut calls, mut call) = (0, Call::default());
        for (number, new) in (1..).zip(batch) {
            let now = if new.instead_of.is_some() { there.next().and_then(Option::as_ref) } else { None };
            asked.push(self.add(&mut call, new, now));
            let full = call.keys.len() >= 2 * MANY || call.bytes >= MUCH || number == batch.len();
            if full && !call.keys.is_empty() {
                to.send_packed_command(&std::mem::take(&mut call).command().get_packed_command())?;
                calls += 1;
            }
        }
        // All answers are taken, whatever they say: the next question must not get one of them.
        let mut answers = vec![to.recv_response()];
        for _ in 0..calls {
            if let Some(Err(error)) = answers.last()
                && (error.is_io_error() || error.is_unrecoverable_error())
            {
                break;
            }
            answers.push(to.recv_response());
        }
        let mut told = Vec::with_capacity(calls);
        for (number, answer) in answers.into_iter().enumerate() {
            let answer = answer?.extract_error()?;
            if number > 0 {
                told.push(redis::from_redis_value(answer)?);
            }
        }
        Ok((told, asked))
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

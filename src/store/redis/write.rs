//! Writing sessions: many to a script, and many scripts to a pipeline.

use std::io;

use redis::RedisResult;

use crate::store::facts::{Expires, Facts, Fields};
use crate::store::mac::{Covered, MacVersion};
use crate::store::name::EntryName;
use crate::store::writable::{FreeSpace, Modified, NewSession, Written, stamp_of};

use super::trouble::Trouble;
use super::wire::Wire;
use super::{Entry, RedisStore};

/// KEYS: the key of what was done, and the keys of each session: of its pickle, of what goes with it, and of its tombstone. ARGV: the number of this call; and for each session: `new` or `over`, what is there now, the pickle, when it ends (ms, or
/// empty), how many words of the hash follow, and these, fields and values. A digit for each, 0: there is one, or another;
/// 1: written; 2: over already, so it is gone again; 3: it was ended, and is not written.
///
/// A hash that was there before, with fields that are not ours to keep, has one that is not new: all have `modified_ns`.
const WRITE: &str = "
local call, told, at = redis.call, {}, 2
local before = call('HGET', KEYS[1], ARGV[1])
if before then return before end
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for number = 2, #KEYS, 3 do
  local pickle, meta, ends = KEYS[number], KEYS[number + 1], ARGV[at + 3]
  local ended = call('EXISTS', KEYS[number + 2]) == 1
  local first, done = at + 5, true
  local words = tonumber(ARGV[at + 4])
  if ended then done = false
  elseif ARGV[at] == 'new' then
    if ends == '' then done = call('SET', pickle, ARGV[at + 2], 'NX')
    else done = call('SET', pickle, ARGV[at + 2], 'NX', 'PXAT', ends) end
  elseif call('GET', pickle) ~= ARGV[at + 1] then done = false
  elseif ends == '' then call('SET', pickle, ARGV[at + 2])
  else call('SET', pickle, ARGV[at + 2], 'PXAT', ends) end
  at = first + words
  if not done then
    told[#told + 1] = ended and 3 or 0
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
local answer = table.concat(told)
redis.pcall('HSET', KEYS[1], ARGV[1], answer)
redis.pcall('PEXPIRE', KEYS[1], 600000)
return answer";

/// A script writes no more sessions, so that the server answers others in between,
const MANY: usize = 100;

/// nor more bytes, unless it is of one.
const MUCH: usize = 1024 * 1024;

/// One call of the script.
#[derive(Default)]
struct Call<'a> {
    sessions: Vec<Told<'a>>,
    bytes: usize,
}

/// What the script is told of a session.
struct Told<'a> {
    new: &'a NewSession,
    /// What it takes the place of.
    old: Option<&'a [u8]>,
    end: Option<i64>,
    fields: Vec<(&'static str, Vec<u8>)>,
}

impl Call<'_> {
    fn packed(&self, store: &RedisStore, done: &str, number: usize) -> Vec<u8> {
        let mut command = redis::cmd("EVAL");
        command.arg(WRITE).arg(1 + 3 * self.sessions.len()).arg(done);
        for session in &self.sessions {
            command.arg(&store.keys(&session.new.id));
        }
        command.arg(number);
        for Told { new, old, end, fields } in &self.sessions {
            command
                .arg(if old.is_some() { "over" } else { "new" })
                .arg(old.unwrap_or_default())
                .arg(&new.bytes);
            match end {
                Some(end) => command.arg(end),
                None => command.arg(""),
            };
            command.arg(2 * fields.len());
            for (name, value) in fields {
                command.arg(name).arg(value);
            }
        }
        command.get_packed_command()
    }
}

impl RedisStore {
    /// What the script is to be told of a session; `None` where what it replaces has changed.
    fn told<'a>(&self, new: &'a NewSession, now: Option<&'a Entry>) -> Option<Told<'a>> {
        let old = match (new.instead_of, now) {
            (None, _) => None,
            (Some(stamp), Some(Entry::Raw(raw))) if raw.stamp == stamp => Some(raw.bytes.as_slice()),
            _ => return None,
        };
        let facts = Facts::from_bytes(&new.bytes, Fields::default()).ok();
        let expires = match facts.as_ref().map(|facts| facts.expires) {
            // -0.0 has other bytes than 0.0.
            Some(Expires::At(time)) => Some(time + 0.0),
            _ => None,
        };
        let modified_ns = new.modified.to_nanos();
        let mut fields = vec![("modified_ns", modified_ns.to_string().into_bytes())];
        if let Some(expires) = expires {
            fields.push(("expires", format!("{expires:?}").into_bytes()));
        }
        if let Some(user) = facts.and_then(|facts| facts.user) {
            fields.push(("user_id", user.id.into_bytes()));
        }
        if let Some(key) = &self.key {
            let covered = Covered { id: &new.id, bytes: &new.bytes, modified_ns, expires };
            let mac = if self.version == "1" { MacVersion::One } else { MacVersion::Two };
            fields.push(("seal", key.mac(mac, &covered)));
        }
        Some(Told { new, old, end: expires.and_then(milliseconds), fields })
    }

    pub(super) fn write_all(&self, batch: &[&NewSession]) -> Result<Vec<io::Result<Written>>, Trouble> {
        let replaced: Vec<EntryName> =
            batch.iter().filter(|new| new.instead_of.is_some()).map(|new| new.id).collect();
        // They are no more than what was read to decide that they are replaced.
        let there = self.fetch(&replaced, &FreeSpace::new(usize::MAX))?;
        let done = self.done.of_batch();
        let (answers, asked) = self.server.ask(|to| self.ask_all(to, batch, &there, &done))?;
        let mut answers = answers.into_iter().flatten();
        let written = |(new, asked): (&&NewSession, bool)| {
            let answer = if asked { answers.next() } else { Some(b'0') };
            match answer {
                Some(b'1') => {
                    let modified = Modified::from_nanos(new.modified.to_nanos());
                    Ok(Written::Done(stamp_of(&new.bytes, modified)))
                }
                Some(b'0') if new.instead_of.is_some() => Ok(Written::Changed),
                Some(b'3') => Ok(Written::Changed),
                Some(b'0') => Ok(Written::Exists),
                Some(b'2') => Err(io::Error::other("expired: Redis drops expired sessions at once")),
                _ => Err(io::Error::other("no answer from Redis for this session")),
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
        to: &mut Wire,
        batch: &[&NewSession],
        there: &[Option<Entry>],
        done: &str,
    ) -> RedisResult<(Vec<Vec<u8>>, Vec<bool>)> {
        let mut there = there.iter();
        let mut asked = Vec::with_capacity(batch.len());
        let mut set = redis::cmd("SET");
        // Where a wiki upgrades it meanwhile, it stays upgraded.
        set.arg(format!("{}version", self.prefix)).arg(self.version).arg("NX");
        to.send_packed_command(&set.get_packed_command())?;
        let (mut calls, mut call) = (0, Call::default());
        for (number, new) in (1..).zip(batch) {
            let now = if new.instead_of.is_some() { there.next().and_then(Option::as_ref) } else { None };
            let told = self.told(new, now);
            asked.push(told.is_some());
            call.bytes +=
                told.as_ref().map_or(0, |told| told.new.bytes.len() + told.old.map_or(0, <[u8]>::len));
            call.sessions.extend(told);
            let full = call.sessions.len() >= MANY || call.bytes >= MUCH || number == batch.len();
            if full && !call.sessions.is_empty() {
                to.send_packed_command(&std::mem::take(&mut call).packed(self, done, calls))?;
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
pub(super) fn milliseconds(expires: f64) -> Option<i64> {
    let end = expires * 1000.0;
    (end < 9e15).then(|| (end.max(1.0)) as i64)
}

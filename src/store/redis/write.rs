//! Writes sessions: many per script, and many scripts per pipeline.

use std::io;

use redis::RedisResult;

use crate::store::facts::{Expires, Facts, Fields};
use crate::store::mac::{Covered, MacVersion};
use crate::store::name::EntryName;
use crate::store::writable::{FreeSpace, Modified, NewSession, Written, stamp_of};

use super::trouble::Trouble;
use super::wire::Wire;
use super::{Entry, RedisStore};

/// KEYS: the key with the last change, and the keys of each session: its pickle, its metadata and its tombstone.
/// ARGV: the number of this call, and for each session: `new` or `over`, the current pickle, the new pickle, the
/// expiry (ms or empty), the number of arguments for the hash, and the fields and values of the hash. Returns a digit
/// for each session: 0 if there is one already or it has changed, 1 if it was written, 2 if it has expired and was
/// removed at once, 3 if it has a tombstone and was not written.
///
/// If the hash exists already, HSET adds fewer new fields, because each hash has `modified_ns`. The script then deletes and
/// writes it again, so that unknown fields are not kept.
const WRITE: &str = "
local call, results, at = redis.call, {}, 2
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
    results[#results + 1] = ended and 3 or 0
  elseif ends ~= '' and tonumber(ends) <= now then
    call('DEL', pickle, meta)
    results[#results + 1] = 2
  else
    if call('HSET', meta, unpack(ARGV, first, at - 1)) * 2 < words then
      call('DEL', meta)
      call('HSET', meta, unpack(ARGV, first, at - 1))
    end
    if ends ~= '' then call('PEXPIREAT', meta, ends) end
    results[#results + 1] = 1
  end
end
local answer = table.concat(results)
redis.pcall('HSET', KEYS[1], ARGV[1], answer)
redis.pcall('PEXPIRE', KEYS[1], 600000)
return answer";

/// The maximum number of sessions per script, so that the server answers other clients in between.
const MANY: usize = 100;

/// The maximum number of bytes per script, unless it writes one session.
const MUCH: usize = 1024 * 1024;

/// One call of the script.
#[derive(Default)]
struct Call<'a> {
    sessions: Vec<SessionArgs<'a>>,
    bytes: usize,
}

/// The arguments for one session.
struct SessionArgs<'a> {
    new: &'a NewSession,
    /// The session that it replaces.
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
        for SessionArgs { new, old, end, fields } in &self.sessions {
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
    /// The arguments for a session. `None` if the replaced one has changed.
    fn arguments<'a>(&self, new: &'a NewSession, now: Option<&'a Entry>) -> Option<SessionArgs<'a>> {
        let old = match (new.instead_of, now) {
            (None, _) => None,
            (Some(stamp), Some(Entry::Raw(raw))) if raw.stamp == stamp => Some(raw.bytes.as_slice()),
            _ => return None,
        };
        let facts = Facts::from_bytes(&new.bytes, Fields::default()).ok();
        let expires = match facts.as_ref().map(|facts| facts.expires) {
            // The bytes of -0.0 and 0.0 differ.
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
        Some(SessionArgs { new, old, end: expires.and_then(milliseconds), fields })
    }

    pub(super) fn write_all(&self, batch: &[&NewSession]) -> Result<Vec<io::Result<Written>>, Trouble> {
        let replaced: Vec<EntryName> =
            batch.iter().filter(|new| new.instead_of.is_some()).map(|new| new.id).collect();
        // Their size is at most that of the read session.
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
    /// Writes all sessions. Sends each call while the server works on the previous one, then reads the answers: one
    /// for each session that was sent.
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
        // If a wiki upgrades the store meanwhile, it stays upgraded.
        set.arg(format!("{}version", self.prefix)).arg(self.version).arg("NX");
        to.send_packed_command(&set.get_packed_command())?;
        let (mut calls, mut call) = (0, Call::default());
        for (number, new) in (1..).zip(batch) {
            let now = if new.instead_of.is_some() { there.next().and_then(Option::as_ref) } else { None };
            let arguments = self.arguments(new, now);
            asked.push(arguments.is_some());
            call.bytes += arguments
                .as_ref()
                .map_or(0, |session| session.new.bytes.len() + session.old.map_or(0, <[u8]>::len));
            call.sessions.extend(arguments);
            let full = call.sessions.len() >= MANY || call.bytes >= MUCH || number == batch.len();
            if full && !call.sessions.is_empty() {
                to.send_packed_command(&std::mem::take(&mut call).packed(self, done, calls))?;
                calls += 1;
            }
        }
        // Read all answers even after an error, because the next request must not get one of them.
        let mut answers = vec![to.recv_response()];
        for _ in 0..calls {
            if let Some(Err(error)) = answers.last()
                && (error.is_io_error() || error.is_unrecoverable_error())
            {
                break;
            }
            answers.push(to.recv_response());
        }
        let mut results = Vec::with_capacity(calls);
        for (number, answer) in answers.into_iter().enumerate() {
            let answer = answer?.extract_error()?;
            if number > 0 {
                results.push(redis::from_redis_value(answer)?);
            }
        }
        Ok((results, asked))
    }
}

/// The expiry in unix milliseconds. `None` if Redis can't count so far.
#[expect(
    clippy::cast_possible_truncation,
    reason = "it is within bounds, and halves of a millisecond do not matter"
)]
pub(super) fn milliseconds(expires: f64) -> Option<i64> {
    let end = expires * 1000.0;
    (end < 9e15).then(|| (end.max(1.0)) as i64)
}

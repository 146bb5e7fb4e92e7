# -*- coding: utf-8 -*-
"""Sessions in SQLite and Redis, with the same tables, keys and MACs as wikifarm.

Needs Python 2.7 and its standard library, and for Redis the package ``redis``, 3.5 or later. Does not use MoinMoin: see
``wikifarm_session19`` and ``wikifarm_session18``. The tests also run under Python 3, where ids are text.

A session is a pickle, and someone who can choose a pickle can run code where it is unpickled. So no pickle is loaded
without a valid MAC by the key of the wikis: an HMAC-SHA256 over the store, the id, the times and the pickle. A record
whose MAC is not valid is not loaded, replaced or removed: another machine may have the right key.
"""
import errno
import hashlib
import hmac
import logging
import os
import re
import sqlite3
import stat
import struct
import threading
import time
from collections import namedtuple

try:
    import cPickle as pickle
    from urllib import unquote
    from urlparse import parse_qsl, urlsplit
    text_type, numbers = unicode, (int, long, float)
except ImportError:
    import pickle
    from urllib.parse import parse_qsl, unquote, urlsplit
    text_type, numbers = str, (int, float)

log = logging.getLogger(__name__)

SHORTEST_KEY = 16
LONGEST_SECRET = 4096
MAX_PICKLE = 16 * 1024 * 1024

# PRAGMA application_id ("wkfm") and user_version; the value of the key <prefix>version. Version 1 has no tombstones, and
# its MACs cover only the id and the pickle. A store of version 1 is upgraded when a wiki opens it.
APPLICATION = 0x776b666d
VERSION = 2

# Seconds. Browsers keep a cookie for at most 400 days after the last visit: a record that was not written for longer has
# expired, and so has a tombstone.
LONGEST_LIFE = 401 * 24 * 3600
# The shortest life of a tombstone: a request that is still running can save late.
SHORTEST_TOMBSTONE = 3600
# Seconds to wait for Redis, unless the address says `timeout=`.
TIMEOUT = 2.0
# After Redis failed, no request asks it for this time plus the timeout.
PAUSE = 3
# One message of each kind in this many seconds.
QUIET = 60
# How many times a write is tried again if another request writes the same session.
TRIES = 10

TOMBSTONES = """
    CREATE TABLE tombstone (
        id TEXT PRIMARY KEY NOT NULL,
        ends REAL NOT NULL
    );
"""

SCHEMA = """
    CREATE TABLE session (
        id TEXT PRIMARY KEY NOT NULL,
        pickle BLOB NOT NULL,
        modified_ns INTEGER NOT NULL,
        expires REAL,
        user_id TEXT,
        seal BLOB
    );
    CREATE INDEX session_expires ON session (expires);
    CREATE INDEX session_user ON session (user_id);
""" + TOMBSTONES

# The answer to a login or logout if the session is read-only, and the seconds until the browser may try again.
CLOSED = ('You cannot log in or out now, because the wiki cannot read or save your session. Nothing was changed. Try again in a '
          'minute. If you see this page again, tell the administrator: the log of the wiki contains the reason.')
RETRY = 60

# What a store has under an id: nothing; a session with a valid MAC; a tombstone or an expired session; a record whose MAC
# is not valid.
NONE, OURS, ENDED, FOREIGN = 'none', 'ours', 'ended', 'foreign'

# The pickle, its MAC, and the times, which the MAC covers too.
Record = namedtuple('Record', 'data seal modified_ns expires')


class StoreError(Exception):
    """The store cannot be used. The message contains the reason and the fix."""


class Unavailable(StoreError):
    """The store cannot be reached or written at the moment."""


def read_secret(path):
    """The content of a secret file, without white space at both ends. Refuses a file that all users can read or write."""
    # With O_NONBLOCK a FIFO does not block the wiki.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), 'rb') as f:
        found = os.fstat(f.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise StoreError('%s: not a regular file' % path)
        if found.st_mode & 0o007:
            raise StoreError('%s: every local user can read or write it (mode %04o): run `chmod o=`'
                             % (path, stat.S_IMODE(found.st_mode)))
        if found.st_size > LONGEST_SECRET:
            raise StoreError('%s: too large for a key or password: %d bytes, expected at most %d'
                             % (path, found.st_size, LONGEST_SECRET))
        return f.read(LONGEST_SECRET).strip(b' \t\n\r\f')


def open_store(address):
    """Returns the store for an address as in the farm file: ``sqlite:FILE?key_file=KEY`` or ``redis://HOST:PORT/DB?key_file=KEY``,
    also ``rediss://..`` and ``redis+unix:///SOCKET?..``, with ``prefix=``, ``password_file=`` and ``timeout=``, for a socket
    also with ``db=`` and ``user=``, for TLS with ``ca_file=``, ``cert_file=`` and ``cert_key_file=``.

    Reads the key, but opens no connection yet: a configuration is loaded before processes are forked.
    """
    if address.startswith('sqlite:'):
        rest = address[len('sqlite:'):]
        # A `?` that is not followed by NAME= is part of the file name.
        option = re.search(r'\?([A-Za-z0-9_-]+)=', rest)
        if option and option.group(1) != 'key_file':
            raise StoreError('sqlite:%s: unknown option %s: expected key_file' % (rest[:option.start()], option.group(1)))
        path, key_file = (rest[:option.start()], rest[option.end():]) if option else (rest, '')
        return SQLiteStore(path, _key(address, key_file), key_file)
    parts = urlsplit(address)
    if parts.scheme not in ('redis', 'rediss', 'redis+unix'):
        raise StoreError('unknown kind of store: %s: expected sqlite:FILE?key_file=KEY or redis://HOST:PORT/DB?key_file=KEY'
                         % parts.scheme)
    if parts.password is not None:
        raise StoreError('an address must not contain a password: put it into a file and use ?password_file=FILE')
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    key_file = options.pop('key_file', '')
    key = _key(address, key_file)
    connect = {}
    if parts.scheme == 'redis+unix':
        if parts.username:
            raise StoreError('the user of a socket is an option: use redis+unix:///SOCKET?user=USER')
        connect['unix_socket_path'] = unquote(parts.path)
        connect['db'] = int(options.pop('db', '') or 0)
        user = options.pop('user', '')
        if user:
            connect['username'] = user
    else:
        connect['host'] = parts.hostname
        connect['port'] = parts.port or 6379
        connect['db'] = int(parts.path.lstrip('/') or 0)
        if parts.scheme == 'rediss':
            connect.update(_tls(options))
    if parts.username:
        connect['username'] = unquote(parts.username)
    if 'password_file' in options:
        connect['password'] = _text(read_secret(options.pop('password_file')))
    prefix = options.pop('prefix', 'wikifarm:')
    if re.search(r'[\x00-\x1f\x7f]', prefix):
        raise StoreError('prefix must not contain control characters')
    timeout = _timeout(options.pop('timeout', None))
    if options:
        # Their values may be secrets.
        raise StoreError('%s: unknown option %s' % (address.partition('?')[0], ', '.join(sorted(options))))
    return RedisStore(connect, prefix, key, key_file, timeout)


def _tls(options):
    """The TLS settings for redis-py. Without ``ca_file``, the CAs of the system are trusted."""
    connect = {'ssl': True, 'ssl_cert_reqs': 'required', 'ssl_check_hostname': True}
    for option, name in (('ca_file', 'ssl_ca_certs'), ('cert_file', 'ssl_certfile'), ('cert_key_file', 'ssl_keyfile')):
        if option in options:
            connect[name] = options.pop(option)
    if ('ssl_certfile' in connect) != ('ssl_keyfile' in connect):
        raise StoreError('cert_file and cert_key_file must be used together')
    return connect


def _timeout(given):
    """Parses seconds as wikifarm does."""
    if given is None:
        return TIMEOUT
    if not re.match(r'[0-9]{1,3}(\.[0-9]{1,3})?\Z', given) or not 0.1 <= float(given) <= 600:
        raise StoreError('invalid timeout %s: expected 0.1 to 600 seconds' % given)
    return float(given)


def _key(address, key_file):
    if not key_file:
        raise StoreError('%s: the address has no key: add ?key_file=FILE; make the file with '
                         '`head -c 32 /dev/urandom | base64`' % address.partition('?')[0])
    key = read_secret(key_file)
    if len(key) < SHORTEST_KEY:
        raise StoreError('%s: key of %d bytes, expected at least %d' % (key_file, len(key), SHORTEST_KEY))
    return key


def _bytes(text):
    return text if isinstance(text, bytes) else text.encode('utf-8')


def _text(data):
    """The type of ids and names: byte strings in Python 2, text in Python 3."""
    return data if isinstance(data, str) else data.decode('utf-8', 'replace')


def _blob(value):
    """The bytes of an SQLite column. In Python 2 they are a buffer."""
    if value is None or isinstance(value, bytes):
        return value
    return bytes(value) if str is bytes else b''


def _loads(data):
    """Loads a pickle of a wiki."""
    # Python 3 would decode the byte strings of Python 2 as ASCII.
    return pickle.loads(data) if str is bytes else pickle.loads(data, encoding='latin-1')


def _is_time(value):
    return isinstance(value, numbers) and not isinstance(value, bool) and abs(value) < 1e15


class Store(object):
    """The base class of all stores. Ids have the type `str`; the caller checks their form."""

    def __init__(self, place, scope, key, key_file):
        self.place = place
        self._scope = _bytes(scope)
        self._key = key
        self._key_file = key_file
        self._local = threading.local()
        self._lock = threading.Lock()
        self._logged = {}
        self._retry_at = 0
        self._pause = PAUSE

    def seal(self, sid, data, modified_ns, expires):
        """The MAC of a record, version 2: a byte 2, then the HMAC over the store, id, times and pickle."""
        end = b'-' if expires is None else b'+' + struct.pack('>d', expires)
        covered = [b'wikifarm-mac-2', self._scope, _bytes(sid), struct.pack('>q', modified_ns) + end + data]
        return b'\x02' + hmac.new(self._key, b'\0'.join(covered), hashlib.sha256).digest()

    def seal_1(self, sid, data):
        """The MAC of a record, version 1. It stays valid until the session is written again."""
        return hmac.new(self._key, _bytes(sid) + b'\0' + data, hashlib.sha256).digest()

    def verifies(self, sid, record):
        """Whether a record has a valid MAC by our key."""
        data, seal, modified_ns, expires = record
        if not isinstance(seal, bytes) or not isinstance(data, bytes):
            return False
        if len(seal) == 32:
            return hmac.compare_digest(self.seal_1(sid, data), seal)
        try:
            return hmac.compare_digest(self.seal(sid, data, modified_ns, expires), seal)
        except (struct.error, TypeError, OverflowError):
            # A wiki writes no such times.
            return False

    def connection(self):
        """The connection of this thread in this process. A connection is not used after a fork."""
        if getattr(self._local, 'pid', None) != os.getpid():
            # Close the old connection first: SQLite counts the locks of all connections of a process together, and
            # after a fork it would count locks that only the parent holds.
            self._local.connection = None
            self._local.connection = self._connect()
            self._local.pid = os.getpid()
        return self._local.connection

    def log_once(self, kind, text, *values):
        """Logs at most one line of each kind in a minute."""
        now = time.time()
        with self._lock:
            if 0 <= now - self._logged.get(kind, -QUIET) < QUIET:
                return
            self._logged[kind] = now
        log.error(text, *values)

    def _ask(self, work):
        """Calls `work` with a connection and returns its result. Raises Unavailable."""
        self._begin()
        failures = ()
        try:
            try:
                failures = self._failures()
                answer = work(self.connection())
            except self._lost():
                # A restarted server has dropped the connection: try once more over a new one.
                self._local.pid = None
                answer = work(self.connection())
        except (StoreError, OSError, IOError) + failures as error:
            self._local.pid = None
            self._failed(error)
            self.log_once('unavailable', '%s: sessions are unavailable: %s; visitors are anonymous, and nobody can log in or out',
                          self.place, error)
            raise Unavailable('%s: sessions are unavailable: %s' % (self.place, error))
        self._retry_at = 0
        return answer

    def _begin(self):
        """Raises Unavailable if the store failed a moment ago. One request in each pause tries again."""
        with self._lock:
            now = time.time()
            if 0 < self._retry_at - now <= self._pause:
                raise Unavailable('%s: sessions are unavailable' % self.place)
            if self._retry_at:
                self._retry_at = now + self._pause

    def _failed(self, error):
        """Remembers that the store failed."""

    def _lost(self):
        """The errors after which to try a new connection."""
        return ()

    def find(self, sid):
        """What the store has under an id, and the session as a dict if its MAC is valid. Raises Unavailable."""
        ended, record = self._ask(lambda connection: self._fetch_whole(connection, sid))
        # Log only the start of an id: someone who knows a whole id is logged in.
        if ended:
            if record is not None:
                self.log_once('put back', 'session %s...: has a tombstone, but was put back; it is not loaded', sid[:8])
            return ENDED, None
        if record is None:
            return NONE, None
        if not self.verifies(sid, record):
            self._foreign(sid)
            return FOREIGN, None
        if record.modified_ns / 1e9 + LONGEST_LIFE < time.time():
            return ENDED, None
        value = self._value(sid, record)
        return (NONE, None) if value is None else (OURS, value)

    def _fetch_whole(self, connection, sid):
        """Reads a record. Reads it again if it may be mixed from an old and a new record."""
        for _ in range(3):
            ended, record = self._fetch(connection, sid)
            if record is None or self.verifies(sid, record):
                break
        return ended, record

    def load(self, sid):
        """The session as a dict, or None if there is none with a valid MAC."""
        return self.find(sid)[1]

    def _value(self, sid, record):
        try:
            value = _loads(record.data)
        except Exception as error:
            log.warning('session %s...: invalid pickle: %s', sid[:8], error)
            return None
        return value if isinstance(value, dict) else None

    def _foreign(self, sid):
        self.log_once('foreign', '%s: session %s...: the MAC does not match the key in %s: the session is not changed, and its '
                      'visitor is anonymous; compare the key with that of the other wikis and run `wikifarm session verify`',
                      self.place, sid[:8], self._key_file)

    def save(self, sid, value):
        """Saves a session. Returns False if it is not saved: it has a tombstone or is too large, or the MAC of the old record
        is not valid. Raises Unavailable."""
        data = pickle.dumps(value, 2)
        if len(data) > MAX_PICKLE:
            log.error('session %s...: not saved: larger than 16 MiB', sid[:8])
            return False
        expires = value.get('expires')
        # The bytes of -0.0 and 0.0 differ.
        expires = float(expires) + 0.0 if _is_time(expires) else None
        user = value.get('user.id')
        if isinstance(user, bytes):
            user = user.decode('utf-8', 'replace')
        elif not isinstance(user, text_type):
            user = None
        modified_ns = int(time.time() * 1e9)
        record = Record(data, self.seal(sid, data, modified_ns, expires), modified_ns, expires)

        def decide(ended, old):
            if ended:
                log.info('session %s...: not saved: it was ended in the meantime', sid[:8])
                return None
            if old is not None and not self.verifies(sid, old):
                self._foreign(sid)
                return None
            return record, user
        return self._ask(lambda connection: self._put(connection, sid, decide))

    def delete(self, sid):
        """Removes a session if its MAC is valid. If a user was logged in, a tombstone stays until the session would have
        expired; returns True then. Raises Unavailable."""
        def decide(ended, old):
            if old is None:
                return False, None
            if not self.verifies(sid, old):
                self._foreign(sid)
                return False, None
            now = time.time()
            over = old.expires is not None and old.expires <= now
            if ended or over or 'user.id' not in (self._value(sid, old) or ()):
                return True, None
            end = now + LONGEST_LIFE if old.expires is None else max(old.expires, now + SHORTEST_TOMBSTONE)
            return True, min(end, now + LONGEST_LIFE)
        return self._ask(lambda connection: self._remove(connection, sid, decide))

    def answers(self):
        """Whether the store can be reached at the moment."""
        try:
            self._ask(self._ping)
            return True
        except Unavailable:
            return False


class SQLiteStore(Store):
    """Sessions in the rows of one database."""

    def __init__(self, path, key, key_file):
        # No prefix of Redis gives the same scope.
        Store.__init__(self, 'sqlite:' + path, 'sqlite:', key, key_file)
        self.path = path

    def _connect(self):
        try:
            # Only the owner can read it.
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except OSError as error:
            if error.errno != errno.EEXIST:
                raise
        connection = sqlite3.connect(self.path, timeout=10, isolation_level=None, check_same_thread=False)
        if str is bytes:
            connection.text_factory = str
        number = lambda name: connection.execute('PRAGMA %s' % name).fetchone()[0]

        def make(schema):
            for statement in schema.split(';')[:-1]:
                connection.execute(statement)
            connection.execute('PRAGMA user_version = %d' % VERSION)
        if not number('user_version') and not number('application_id') and not number('schema_version'):
            connection.execute('PRAGMA journal_mode = WAL')
            connection.execute('BEGIN IMMEDIATE')
            # Another process may have made the tables meanwhile.
            if not number('schema_version'):
                make(SCHEMA)
                connection.execute('PRAGMA application_id = %d' % APPLICATION)
            connection.execute('COMMIT')
        if number('application_id') != APPLICATION:
            raise StoreError('%s: this database belongs to another program' % self.path)
        if number('user_version') == 1:
            connection.execute('BEGIN IMMEDIATE')
            if number('user_version') == 1:
                make(TOMBSTONES)
            connection.execute('COMMIT')
        if number('user_version') != VERSION:
            raise StoreError('%s: the database has version %s, and this module supports %s: install the modules of the wikifarm '
                             'that made it'
                             % (self.path, number('user_version'), VERSION))
        return connection

    def _failures(self):
        return (sqlite3.Error,)

    def _ping(self, connection):
        connection.execute('SELECT 1').fetchone()

    def _fetch(self, connection, sid):
        ended = connection.execute('SELECT 1 FROM tombstone WHERE id = ? AND ends > ?', (sid, time.time())).fetchone()
        row = connection.execute('SELECT pickle, seal, modified_ns, expires FROM session WHERE id = ?', (sid,)).fetchone()
        return ended is not None, row and self._record(row)

    def _record(self, row):
        data, seal, modified_ns, expires = row
        if isinstance(modified_ns, float) or not isinstance(modified_ns, numbers) or not isinstance(expires, (float, type(None))):
            # A wiki writes no such times.
            seal, modified_ns, expires = None, 0, None
        return Record(_blob(data), _blob(seal), modified_ns, expires)

    def _transaction(self, connection, work):
        connection.execute('BEGIN IMMEDIATE')
        try:
            answer = work()
            connection.execute('COMMIT')
            return answer
        except BaseException:
            try:
                connection.execute('ROLLBACK')
            except sqlite3.Error:
                # SQLite has already rolled it back.
                pass
            raise

    def _put(self, connection, sid, decide):
        def work():
            wanted = decide(*self._fetch(connection, sid))
            if wanted is None:
                return False
            record, user = wanted
            connection.execute(
                'INSERT OR REPLACE INTO session (id, pickle, modified_ns, expires, user_id, seal) VALUES (?, ?, ?, ?, ?, ?)',
                (sid, sqlite3.Binary(record.data), record.modified_ns, record.expires, user, sqlite3.Binary(record.seal)))
            return True
        return self._transaction(connection, work)

    def _remove(self, connection, sid, decide):
        def work():
            remove, end = decide(*self._fetch(connection, sid))
            if remove:
                connection.execute('DELETE FROM session WHERE id = ?', (sid,))
            if end is not None:
                connection.execute('INSERT OR REPLACE INTO tombstone (id, ends) VALUES (?, ?)', (sid, end))
            return end is not None
        return self._transaction(connection, work)

    def ids(self):
        """The ids of all sessions."""
        query = 'SELECT id FROM session ORDER BY id'
        return self._ask(lambda connection: [_text(row[0]) for row in connection.execute(query)])

    def remove_expired(self, now):
        """Removes at most 1,000 sessions, and all tombstones, that expired before `now`. Raises Unavailable."""
        def work(connection):
            query = 'SELECT id, pickle, seal, modified_ns, expires FROM session WHERE expires < ? LIMIT 1000'
            for row in connection.execute(query, (now,)).fetchall():
                if self.verifies(row[0], self._record(row[1:])):
                    connection.execute('DELETE FROM session WHERE id = ?', (row[0],))
            connection.execute('DELETE FROM tombstone WHERE ends < ?', (now,))
        self._ask(lambda connection: self._transaction(connection, lambda: work(connection)))


class RedisStore(Store):
    """Sessions in the keys of a server: <prefix>s:<id> has the pickle, <prefix>m:<id> the MAC and times, <prefix>t:<id> the
    tombstone, <prefix>version the version."""

    def __init__(self, connect, prefix, key, key_file, timeout):
        place = connect.get('unix_socket_path') or '%s:%s' % (connect['host'], connect['port'])
        Store.__init__(self, 'redis %s/%s %s' % (place, connect['db'], prefix), 'redis:' + prefix, key, key_file)
        self._settings = connect
        self._prefix = prefix
        self._timeout = timeout
        self._pause = PAUSE + timeout

    def _connect(self):
        import redis
        settings = dict(self._settings, socket_timeout=self._timeout, socket_connect_timeout=self._timeout)
        try:
            from redis.backoff import NoBackoff
            from redis.retry import Retry
            # From 6.0 on, redis-py tries four times and waits in between.
            settings['retry'] = Retry(NoBackoff(), 0)
        except ImportError:
            # 3.5 does not try again.
            pass
        connection = redis.StrictRedis(**settings)
        key = self._prefix + 'version'
        version = connection.get(key)
        if version is None:
            connection.setnx(key, VERSION)
            version = connection.get(key)
        version = version and _text(version)
        if version == '1':
            connection.set(key, VERSION)
        elif version != str(VERSION):
            raise StoreError('the keys have version %r, and this module supports %s: install the modules of the wikifarm that made '
                             'them'
                             % (version, VERSION))
        return connection

    def _failures(self):
        try:
            import redis
        except ImportError:
            raise StoreError('the package redis is not installed: install it (version 3.5 for Python 2.7)')
        return (redis.RedisError,)

    def _lost(self):
        try:
            import redis
        except ImportError:
            return ()
        return redis.ConnectionError

    def _failed(self, error):
        try:
            import redis
        except ImportError:
            return
        # After an error answer, the next request can ask the server again.
        if isinstance(error, (redis.ConnectionError, redis.TimeoutError, OSError, IOError)):
            with self._lock:
                self._retry_at = time.time() + self._pause

    def _ping(self, connection):
        connection.ping()

    def _keys(self, sid):
        return [self._prefix + kind + sid for kind in ('s:', 'm:', 't:')]

    def _read(self, pipe, sid):
        session, meta, tombstone = self._keys(sid)
        pipe.get(session)
        pipe.hmget(meta, 'seal', 'modified_ns', 'expires')
        pipe.exists(tombstone)

    def _record(self, answers):
        data, (seal, modified_ns, expires), ended = answers
        if data is None:
            return bool(ended), None
        try:
            modified_ns = int(modified_ns or 0)
            expires = None if expires is None else float(expires)
        except ValueError:
            # A wiki writes no such times.
            seal, modified_ns, expires = None, 0, None
        return bool(ended), Record(data, seal, modified_ns, expires)

    def _fetch(self, connection, sid):
        # No transaction, because a full server refuses those.
        pipe = connection.pipeline(transaction=False)
        self._read(pipe, sid)
        return self._record(pipe.execute())

    def _change(self, connection, sid, queue):
        """Lets `queue` decide about the record and queue its commands. Tries again if another request writes meanwhile."""
        import redis
        session, meta, tombstone = self._keys(sid)
        for _ in range(TRIES):
            with connection.pipeline(transaction=True) as pipe:
                try:
                    pipe.watch(session, meta, tombstone)
                    found = self._record([pipe.get(session), pipe.hmget(meta, 'seal', 'modified_ns', 'expires'),
                                          pipe.exists(tombstone)])
                    pipe.multi()
                    answer = queue(pipe, *found)
                    pipe.execute()
                    return answer
                except redis.WatchError:
                    continue
        raise StoreError('session %s...: other requests keep writing it' % sid[:8])

    def _put(self, connection, sid, decide):
        session, meta, _ = self._keys(sid)

        def queue(pipe, ended, old):
            wanted = decide(ended, old)
            if wanted is None:
                return False
            record, user = wanted
            pipe.set(session, record.data)
            pipe.delete(meta)
            pipe.hset(meta, 'modified_ns', record.modified_ns)
            pipe.hset(meta, 'seal', record.seal)
            if user is not None:
                pipe.hset(meta, 'user_id', user.encode('utf-8'))
            if record.expires is not None:
                pipe.hset(meta, 'expires', repr(record.expires))
                # The server removes both when the session expires.
                for key in (session, meta):
                    pipe.execute_command('PEXPIREAT', key, int(record.expires * 1000))
            return True
        return self._change(connection, sid, queue)

    def _remove(self, connection, sid, decide):
        session, meta, tombstone = self._keys(sid)

        def queue(pipe, ended, old):
            remove, end = decide(ended, old)
            if remove:
                pipe.delete(session, meta)
            if end is not None:
                pipe.set(tombstone, repr(end))
                pipe.execute_command('PEXPIREAT', tombstone, int(end * 1000))
            return end is not None
        import redis
        try:
            return self._change(connection, sid, queue)
        except redis.ResponseError as error:
            if 'maxmemory' not in str(error):
                raise
            # The server is full. A logout without a tombstone is better than no logout.
            if decide(*self._fetch(connection, sid))[0]:
                connection.delete(session, meta)
            return False

    def ids(self):
        """The ids of all sessions."""
        begin = self._prefix + 's:'
        # Escape the special characters of patterns.
        pattern = ''.join('\\' + c if c in '*?[]\\^' else c for c in begin) + '*'
        length = len(_bytes(begin))
        return self._ask(lambda connection: sorted(set(
            _text(key[length:]) for key in connection.scan_iter(match=pattern, count=1000))))

    def remove_expired(self, now):
        """Does nothing: the server removes expired sessions."""

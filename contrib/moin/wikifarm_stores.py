# -*- coding: utf-8 -*-
"""Sessions in SQLite and Redis as wikifarm has them: the same tables, keys and seals.

Python 2.7 and its standard library; for Redis also the package ``redis``, 3.5 or later. Knows nothing of MoinMoin: see
``wikifarm_session19`` and ``wikifarm_session18``.

A session is a pickle, and whoever can choose a pickle can run code where it is unpickled. So nothing is unpickled
that does not carry the seal of whoever has the key: an HMAC-SHA256 over the id, a zero byte and the pickle.
"""
import errno
import hashlib
import hmac
import logging
import os
import re
import sqlite3
import stat
import threading
import time
import urllib
import urlparse

import cPickle as pickle

log = logging.getLogger(__name__)

SHORTEST_KEY = 16
LONGEST_SECRET = 4096
MAX_PICKLE = 16 * 1024 * 1024

# PRAGMA application_id ("wkfm") and user_version; the value of the key <prefix>version.
APPLICATION = 0x776b666d
VERSION = 1

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
"""


class StoreError(Exception):
    """A store that cannot be used; says why, and what to do."""


def read_secret(path):
    """What a file holds that not everybody may read, less white space at both ends."""
    with open(path, 'rb') as f:
        found = os.fstat(f.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise StoreError('%s: no regular file' % path)
        if found.st_mode & 0o007:
            raise StoreError('%s: everybody can read or write it (mode %04o): chmod o= it'
                             % (path, stat.S_IMODE(found.st_mode)))
        return f.read(LONGEST_SECRET).strip(' \t\n\r\f')


def open_store(address):
    """The store of an address as in the farm file: ``sqlite:FILE?key_file=KEY`` or ``redis://HOST:PORT/DB?key_file=KEY``,
    also ``rediss://..`` and ``redis+unix:///SOCKET?..``, with ``prefix=`` and ``password_file=``, for a socket also with
    ``db=`` and ``user=``, for TLS with ``ca_file=``, ``cert_file=`` and ``cert_key_file=``.

    Opens nothing yet, so that a configuration can be loaded before processes are forked; but reads the key.
    """
    if address.startswith('sqlite:'):
        rest = address[len('sqlite:'):]
        # A `?` without NAME= behind it is part of the file's name.
        option = re.search(r'\?([A-Za-z0-9_-]+)=', rest)
        if option and option.group(1) != 'key_file':
            raise StoreError('sqlite:%s: unknown option %s: expected key_file' % (rest[:option.start()], option.group(1)))
        path, key_file = (rest[:option.start()], rest[option.end():]) if option else (rest, '')
        return SQLiteStore(path, _key(address, key_file))
    parts = urlparse.urlsplit(address)
    if parts.scheme not in ('redis', 'rediss', 'redis+unix'):
        raise StoreError('%s: expected sqlite:FILE?key_file=KEY or redis://HOST:PORT/DB?key_file=KEY' % parts.scheme)
    if parts.password is not None:
        raise StoreError('a password in an address is seen by others: put it into a file, and say ?password_file=FILE')
    options = dict(urlparse.parse_qsl(parts.query, keep_blank_values=True))
    key = _key(address, options.pop('key_file', ''))
    connect = {}
    if parts.scheme == 'redis+unix':
        if parts.username:
            raise StoreError('a socket takes the user as an option: say redis+unix:///SOCKET?user=USER')
        connect['unix_socket_path'] = urllib.unquote(parts.path)
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
        connect['username'] = urllib.unquote(parts.username)
    if 'password_file' in options:
        connect['password'] = read_secret(options.pop('password_file'))
    prefix = options.pop('prefix', 'wikifarm:')
    if options:
        # Their values may be secrets.
        raise StoreError('%s: unknown option %s' % (address.partition('?')[0], ', '.join(sorted(options))))
    return RedisStore(connect, prefix, key)


def _tls(options):
    """What redis-py wants to be told of TLS. Without ``ca_file`` the system's authorities are trusted."""
    connect = {'ssl': True, 'ssl_cert_reqs': 'required', 'ssl_check_hostname': True}
    for option, name in (('ca_file', 'ssl_ca_certs'), ('cert_file', 'ssl_certfile'), ('cert_key_file', 'ssl_keyfile')):
        if option in options:
            connect[name] = options.pop(option)
    if ('ssl_certfile' in connect) != ('ssl_keyfile' in connect):
        raise StoreError('cert_file and cert_key_file go together: one is missing')
    return connect


def _key(address, key_file):
    if not key_file:
        raise StoreError('%s: names no key: say ?key_file=FILE, a file of random bytes made with '
                         '`head -c 32 /dev/urandom | base64`' % address.partition('?')[0])
    key = read_secret(key_file)
    if len(key) < SHORTEST_KEY:
        raise StoreError('%s: a key of %d bytes, expected at least %d' % (key_file, len(key), SHORTEST_KEY))
    return key


class Store(object):
    """What all stores have in common. Ids are byte strings; who calls has seen to their form."""

    def __init__(self, key):
        self._key = key
        self._local = threading.local()

    def seal(self, sid, data):
        """The seal of a session with that pickle."""
        return hmac.new(self._key, sid + '\0' + data, hashlib.sha256).digest()

    def connection(self):
        """A connection of this thread in this process: none outlives a fork."""
        if getattr(self._local, 'pid', None) != os.getpid():
            self._local.connection = self._connect()
            self._local.pid = os.getpid()
        return self._local.connection

    def load(self, sid):
        """The session as a dict; None where there is none, or none that may be trusted."""
        found = self._fetch(sid)
        if found is None:
            return None
        data, seal = found
        # Only the beginning of an id is ever logged: who knows it all is logged in.
        if seal is None or not hmac.compare_digest(self.seal(sid, data), seal):
            log.warning('session %s...: no seal, or not of our key; it is not unpickled', sid[:8])
            return None
        try:
            value = pickle.loads(data)
        except Exception as error:
            log.warning('session %s...: does not unpickle: %s', sid[:8], error)
            return None
        return value if isinstance(value, dict) else None

    def save(self, sid, value):
        """Puts a session there, in place of what was there."""
        data = pickle.dumps(value, 2)
        if len(data) > MAX_PICKLE:
            log.error('session %s...: larger than 16 MiB, and not saved', sid[:8])
            return
        expires = value.get('expires')
        if isinstance(expires, bool) or not isinstance(expires, (int, long, float)):
            expires = None
        elif not abs(expires) < 1e15:
            expires = None
        user = value.get('user.id')
        if isinstance(user, str):
            user = user.decode('utf-8', 'replace')
        elif not isinstance(user, unicode):
            user = None
        self._put(sid, data, int(time.time() * 1e9), None if expires is None else float(expires), user,
                  self.seal(sid, data))


class SQLiteStore(Store):
    """Rows of one database."""

    def __init__(self, path, key):
        Store.__init__(self, key)
        self.path = path

    def _connect(self):
        try:
            # For its owner alone.
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except OSError as error:
            if error.errno != errno.EEXIST:
                raise
        connection = sqlite3.connect(self.path, timeout=10, isolation_level=None, check_same_thread=False)
        connection.text_factory = str
        number = lambda name: connection.execute('PRAGMA %s' % name).fetchone()[0]
        if not number('user_version') and not number('application_id') and not number('schema_version'):
            connection.execute('PRAGMA journal_mode = WAL')
            connection.execute('BEGIN IMMEDIATE')
            # Another process may have been quicker.
            if not number('schema_version'):
                for statement in SCHEMA.split(';')[:-1]:
                    connection.execute(statement)
                connection.execute('PRAGMA application_id = %d' % APPLICATION)
                connection.execute('PRAGMA user_version = %d' % VERSION)
            connection.execute('COMMIT')
        if number('application_id') != APPLICATION:
            raise StoreError('%s: a database of another program' % self.path)
        if number('user_version') != VERSION:
            raise StoreError('%s: a database of version %s, expected %s' % (self.path, number('user_version'), VERSION))
        return connection

    def _fetch(self, sid):
        found = self.connection().execute('SELECT pickle, seal FROM session WHERE id = ?', (sid,)).fetchone()
        if found is None:
            return None
        data, seal = found
        return str(data), None if seal is None else str(seal)

    def _put(self, sid, data, modified_ns, expires, user, seal):
        self.connection().execute(
            'INSERT OR REPLACE INTO session (id, pickle, modified_ns, expires, user_id, seal) VALUES (?, ?, ?, ?, ?, ?)',
            (sid, sqlite3.Binary(data), modified_ns, expires, user, sqlite3.Binary(seal)))

    def delete(self, sid):
        """Removes a session, if it is there."""
        self.connection().execute('DELETE FROM session WHERE id = ?', (sid,))

    def ids(self):
        """The ids of all sessions."""
        return [row[0] for row in self.connection().execute('SELECT id FROM session ORDER BY id')]

    def remove_expired(self, now):
        """Removes the sessions that ended before `now`."""
        self.connection().execute('DELETE FROM session WHERE expires < ?', (now,))


class RedisStore(Store):
    """Keys of a server: <prefix>s:<id> with the pickle, <prefix>m:<id> with what is known of it, <prefix>version."""

    def __init__(self, connect, prefix, key):
        Store.__init__(self, key)
        self._settings = connect
        self._prefix = prefix

    def _connect(self):
        import redis
        connection = redis.StrictRedis(socket_timeout=60, socket_connect_timeout=5, **self._settings)
        connection.setnx(self._prefix + 'version', VERSION)
        version = connection.get(self._prefix + 'version')
        if version != str(VERSION):
            raise StoreError('keys of version %r, expected %s' % (version, VERSION))
        return connection

    def _keys(self, sid):
        return self._prefix + 's:' + sid, self._prefix + 'm:' + sid

    def _fetch(self, sid):
        session, meta = self._keys(sid)
        # Both at once, as they are written.
        pipe = self.connection().pipeline(transaction=True)
        pipe.get(session)
        pipe.hget(meta, 'seal')
        data, seal = pipe.execute()
        return None if data is None else (data, seal)

    def _put(self, sid, data, modified_ns, expires, user, seal):
        session, meta = self._keys(sid)
        pipe = self.connection().pipeline(transaction=True)
        pipe.set(session, data)
        pipe.delete(meta)
        pipe.hset(meta, 'modified_ns', modified_ns)
        pipe.hset(meta, 'seal', seal)
        if user is not None:
            pipe.hset(meta, 'user_id', user.encode('utf-8'))
        if expires is not None:
            pipe.hset(meta, 'expires', repr(expires))
            # The server drops both when the session ends.
            for key in (session, meta):
                pipe.execute_command('PEXPIREAT', key, int(expires * 1000))
        pipe.execute()

    def delete(self, sid):
        """Removes a session, if it is there."""
        self.connection().delete(*self._keys(sid))

    def ids(self):
        """The ids of all sessions."""
        begin = self._prefix + 's:'
        # What means something in a pattern means itself here.
        pattern = ''.join('\\' + c if c in '*?[]\\^' else c for c in begin) + '*'
        return sorted(set(key[len(begin):] for key in self.connection().scan_iter(match=pattern, count=1000)))

    def remove_expired(self, now):
        """Nothing to do: the server does it."""

# -*- coding: utf-8 -*-
"""Tests of the stores and the MAC, under Python 2.7 or 3: python -m unittest -v test_wikifarm_stores

WIKIFARM_REDIS names the socket of a Redis server. Without it, the tests of Redis fail.
"""
import hashlib
import hmac
import logging
import os
import pickle
import shutil
import socket
import sqlite3
import tempfile
import threading
import time
import unittest
from binascii import hexlify

import wikifarm_stores
from wikifarm_stores import ENDED, FOREIGN, NONE, OURS, StoreError, Unavailable, open_store

ID = 'a' * 40
OTHER = 'b' * 40
OLD_ID = '_' * 32
LIVE = {'user.id': '1.2.3', 'expires': 4000000000}


class Evil(object):
    def __reduce__(self):
        return open, (Evil.path, 'w')


class Lines(logging.Handler):
    """Collects the log messages."""

    def __init__(self):
        logging.Handler.__init__(self)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


class Place(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)
        self.key_file = self.file('key', b'0123456789abcdef\n')
        Evil.path = os.path.join(self.dir, 'evil')
        handler = Lines()
        self.lines = handler.lines
        wikifarm_stores.log.propagate = False
        wikifarm_stores.log.addHandler(handler)
        self.addCleanup(wikifarm_stores.log.removeHandler, handler)

    def file(self, name, text, mode=0o600):
        path = os.path.join(self.dir, name)
        with open(path, 'wb') as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    def raises(self, why, work, *args):
        with self.assertRaises(StoreError) as raised:
            work(*args)
        self.assertIn(why, str(raised.exception))
        return str(raised.exception)


class InSQLite(Place):
    def setUp(self):
        Place.setUp(self)
        self.path = os.path.join(self.dir, 'sessions.db')
        self.address = 'sqlite:%s?key_file=%s' % (self.path, self.key_file)

    def run_sql(self, statement, *values):
        connection = sqlite3.connect(self.path)
        try:
            rows = connection.execute(statement, values).fetchall()
            connection.commit()
            return rows
        finally:
            connection.close()

    def plant(self, sid, data, seal, modified_ns=1, expires=None):
        seal = None if seal is None else sqlite3.Binary(seal)
        self.run_sql('INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?, NULL, ?)',
                     sid, sqlite3.Binary(data), modified_ns, expires, seal)

    def planted(self):
        return self.run_sql('SELECT id, hex(pickle), modified_ns FROM session ORDER BY id')

    def tombstones(self):
        return dict(self.run_sql('SELECT id, ends FROM tombstone'))


class InRedis(Place):
    def setUp(self):
        Place.setUp(self)
        import redis
        self.socket = os.environ['WIKIFARM_REDIS']
        self.redis = redis.StrictRedis(unix_socket_path=self.socket)
        self.redis.flushall()
        self.address = 'redis+unix://%s?prefix=a*b:&key_file=%s' % (self.socket, self.key_file)

    def plant(self, sid, data, seal, modified_ns=1, expires=None):
        self.redis.set('a*b:s:' + sid, data)
        self.redis.delete('a*b:m:' + sid)
        self.redis.hset('a*b:m:' + sid, 'modified_ns', modified_ns)
        if expires is not None:
            self.redis.hset('a*b:m:' + sid, 'expires', repr(expires))
        if seal is not None:
            self.redis.hset('a*b:m:' + sid, 'seal', seal)

    def planted(self):
        return [(key, self.redis.get(key)) for key in sorted(self.redis.keys('a[*]b:s:*'))]

    def tombstones(self):
        keys = self.redis.keys('a[*]b:t:*')
        return dict((key[6:].decode(), time.time() + self.redis.ttl(key)) for key in keys)


class OfAnyStore(object):
    """The tests that every store passes."""

    def other_key(self):
        """The same store as on a machine with a wrong key."""
        return open_store(self.address.replace(self.key_file, self.file('wrong', b'fedcba9876543210')))

    def test_loaded_session_has_the_saved_types(self):
        store = open_store(self.address)
        value = {'expires': int(time.time()) + 60, 'user.id': '1.2.3', 'trail': [u'Lab:P\xe4ge'], 'a': ('x', 2 ** 70, '\xff')}
        self.assertIsNone(store.load(ID))
        self.assertTrue(store.save(ID, value))
        self.assertEqual(store.load(ID), value)
        self.assertEqual([type(item) for item in store.load(ID)['a']], [str, type(2 ** 70), str])
        self.assertEqual(store.ids(), [ID])
        store.save(ID, {'expires': 4e9})
        self.assertEqual(store.load(ID), {'expires': 4e9})
        store.delete(ID)
        store.delete(ID)
        self.assertEqual((store.find(ID), store.ids()), ((NONE, None), []))

    def test_record_without_a_valid_mac_is_not_unpickled(self):
        store = open_store(self.address)
        store.save(ID, {'a': 1})
        now = int(time.time() * 1e9)
        evil = pickle.dumps({'a': Evil()}, 2)
        theirs = hmac.new(b'another key of theirs', ID.encode() + b'\0' + evil, hashlib.sha256).digest()
        sealed = store.seal(ID, evil, now, 4e9)
        for seal, modified, expires in ((None, now, 4e9), (b'', now, 4e9), (b'x' * 32, now, 4e9), (b'x' * 33, now, 4e9),
                                        (theirs, now, 4e9), (store.seal(OTHER, evil, now, 4e9), now, 4e9),
                                        (store.seal_1(OTHER, evil), now, 4e9), (sealed[1:], now, 4e9),
                                        (sealed, now + 1, 4e9), (sealed, now, 4e9 + 1), (sealed, now, None)):
            self.plant(ID, evil, seal, modified, expires)
            self.assertEqual(store.find(ID), (FOREIGN, None))
            self.assertFalse(os.path.exists(Evil.path))
        # With our MAC, the pickle is loaded, so the test can fail.
        self.plant(ID, evil, sealed, now, 4e9)
        store.load(ID)
        self.assertTrue(os.path.exists(Evil.path))

    def test_wrong_key_replaces_and_removes_no_session(self):
        store, wrong = open_store(self.address), self.other_key()
        store.save(ID, LIVE)
        before = self.planted()
        for _ in range(3):
            self.assertEqual(wrong.find(ID), (FOREIGN, None))
            self.assertFalse(wrong.save(ID, {'a': 1}))
            self.assertFalse(wrong.delete(ID))
            wrong.remove_expired(4e9 + 1)
        self.assertEqual((self.planted(), store.load(ID), self.tombstones()), (before, LIVE, {}))
        self.assertEqual(len(self.lines), 1, self.lines)
        self.assertIn('the MAC does not match the key in %s/wrong' % self.dir, self.lines[0])
        self.assertNotIn(ID, self.lines[0])
        # A record without a MAC is also kept.
        self.plant(ID, b'(d.', None)
        before = self.planted()
        self.assertFalse(store.save(ID, LIVE))
        self.assertFalse(store.delete(ID))
        self.assertEqual(self.planted(), before)
        # A new session is saved.
        self.assertTrue(wrong.save(OTHER, LIVE))

    def test_mac_of_version_1_is_valid_until_the_session_is_saved(self):
        store = open_store(self.address)
        store.ids()
        data = pickle.dumps({'user.id': '1.2.3', 'expires': 4e9}, 2)
        self.plant(ID, data, store.seal_1(ID, data), int(time.time() * 1e9), 4e9)
        self.assertEqual(store.find(ID)[0], OURS)
        self.assertTrue(store.save(ID, LIVE))
        self.assertEqual(store.load(ID), LIVE)
        # The new MAC is not valid with another prefix or in another kind of store.
        for scope in (b'redis:', b'sqlite:', b'redis:other:'):
            now, other = int(time.time() * 1e9), open_store(self.address)
            if scope != store._scope:
                other._scope = scope
                self.plant(OTHER, data, other.seal(OTHER, data, now, 4e9), now, 4e9)
                self.assertEqual((other.find(OTHER)[0], store.find(OTHER)[0]), (OURS, FOREIGN))

    def test_ended_session_is_not_loaded_saved_or_restored(self):
        store = open_store(self.address)
        store.save(ID, LIVE)
        data, now = pickle.dumps(LIVE, 2), int(time.time() * 1e9)
        self.assertTrue(store.delete(ID))
        self.assertEqual(store.find(ID), (ENDED, None))
        # A request that is still running saves late.
        self.assertFalse(store.save(ID, LIVE))
        self.assertEqual(self.planted(), [])
        # Another program restores an old record.
        self.plant(ID, data, store.seal(ID, data, now, 4e9), now, 4e9)
        self.assertEqual(store.find(ID), (ENDED, None))
        self.assertIn('was put back', self.lines[-1])
        self.assertFalse(store.save(ID, LIVE))
        store.delete(ID)
        self.assertEqual((self.planted(), list(self.tombstones())), ([], [ID]))

    def test_tombstone_lasts_as_long_as_the_session_within_limits(self):
        store = open_store(self.address)
        now, day = time.time(), 24 * 3600
        for expires, lasts in ((now + 5 * day, 5 * day), (now + 60, 3600), (4e9, 401 * day), (None, 401 * day)):
            self.assertTrue(store.save(ID, {'user.id': '1.2.3', 'expires': expires}))
            self.assertTrue(store.delete(ID))
            self.assertAlmostEqual(self.tombstones()[ID], now + lasts, delta=10)
            self.forget(ID)
        # Anonymous sessions, expired sessions, and unknown ids get no tombstone, so nobody can fill the store with tombstones.
        store.save(ID, {'trail': [], 'expires': 4e9})
        self.assertFalse(store.delete(ID))
        store.save(ID, {'user.id': '1.2.3', 'expires': now - 5})
        self.assertFalse(store.delete(ID))
        self.assertFalse(store.delete(OTHER))
        self.assertEqual((self.tombstones(), self.planted()), ({}, []))

    def test_record_not_written_for_401_days_is_expired(self):
        store = open_store(self.address)
        store.ids()
        data = pickle.dumps({'user.id': '1.2.3'}, 2)
        for days, state in ((400, OURS), (402, ENDED)):
            modified = int((time.time() - days * 24 * 3600) * 1e9)
            self.plant(ID, data, store.seal(ID, data, modified, None), modified)
            self.assertEqual(store.find(ID)[0], state)

    def test_record_that_does_not_unpickle_is_not_a_session(self):
        store = open_store(self.address)
        self.assertEqual(store.ids(), [])
        now = int(time.time() * 1e9)
        for data in (b'x', b'junk', pickle.dumps([1], 2)):
            self.plant(ID, data, store.seal(ID, data, now, None), now)
            self.assertIsNone(store.load(ID))

    def test_threads_and_forks_have_their_own_connections(self):
        store = open_store(self.address)
        store.save(ID, {'a': 0})
        failed = []

        def work(number):
            try:
                for round in range(20):
                    store.save('%040x' % number, {'n': number, 'round': round})
                    assert store.load('%040x' % number) == {'n': number, 'round': round}
                # A joined thread may still be closing its connection in SQLite. A fork would copy its locks.
                store.connection().close()
            except Exception as error:
                failed.append(error)
        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        child = os.fork()
        if not child:
            work(99)
            os._exit(len(failed))
        self.assertEqual((os.waitpid(child, 0)[1], failed), (0, []))
        self.assertEqual(len(store.ids()), 6)


class OfSQLite(OfAnyStore, InSQLite):
    def forget(self, sid):
        self.run_sql('DELETE FROM tombstone WHERE id = ?', sid)

    def test_new_database_is_private(self):
        open_store(self.address).ids()
        self.assertEqual(os.stat(self.path).st_mode & 0o777, 0o600)

    def test_foreign_database_is_refused_and_not_changed(self):
        for statement, why in (('CREATE TABLE t (x)', 'another program'),
                               ('PRAGMA user_version = 2', 'another program'),
                               ('PRAGMA application_id = %d; PRAGMA user_version = 9' % wikifarm_stores.APPLICATION, 'version 9')):
            if os.path.exists(self.path):
                os.unlink(self.path)
            connection = sqlite3.connect(self.path)
            connection.executescript(statement)
            connection.close()
            self.raises('sessions are unavailable', open_store(self.address).ids)
            self.assertIn(why, self.lines[-1])

    def test_database_of_version_1_is_upgraded_and_keeps_its_sessions(self):
        connection = sqlite3.connect(self.path)
        connection.executescript(wikifarm_stores.SCHEMA.replace(wikifarm_stores.TOMBSTONES, '') + '''
            PRAGMA application_id = %d; PRAGMA user_version = 1''' % wikifarm_stores.APPLICATION)
        connection.close()
        store, data = open_store(self.address), pickle.dumps(LIVE, 2)
        self.plant(ID, data, store.seal_1(ID, data), int(time.time() * 1e9), 4e9)
        self.assertEqual(store.load(ID), LIVE)
        self.assertEqual(self.run_sql('PRAGMA user_version'), [(2,)])
        self.assertTrue(store.delete(ID))

    def test_unusable_database_is_unavailable(self):
        store = open_store('sqlite:%s/none/s.db?key_file=%s' % (self.dir, self.key_file))
        for _ in range(3):
            self.raises('sessions are unavailable', store.find, ID)
        self.assertEqual(len(self.lines), 1, self.lines)

    def test_expired_sessions_and_tombstones_are_removed(self):
        store = open_store(self.address)
        store.save(OLD_ID, {'expires': time.time() - 5, 'a': 1})
        store.save(ID, LIVE)
        self.run_sql('INSERT INTO tombstone VALUES (?, 5)', OTHER)
        self.run_sql('INSERT INTO tombstone VALUES (?, 4e9)', 'c' * 40)
        self.assertEqual(store.find(OTHER), (NONE, None))
        store.remove_expired(time.time())
        self.assertEqual((store.ids(), self.tombstones()), ([ID], {'c' * 40: 4e9}))


class OfRedis(OfAnyStore, InRedis):
    def forget(self, sid):
        self.redis.delete('a*b:t:' + sid)

    def moved(self, timeout=''):
        """A store whose socket can be removed."""
        link = os.path.join(self.dir, 'redis.sock')
        os.symlink(self.socket, link)
        return link, open_store(self.address.replace(self.socket, link) + timeout)

    def test_both_keys_expire_with_the_session(self):
        store = open_store(self.address)
        end = int(time.time()) + 5000
        store.save(ID, {'expires': end, 'user.id': '1.2.3'})
        for kind in 'sm':
            self.assertTrue(4990 < self.redis.ttl('a*b:%s:%s' % (kind, ID)) <= 5000)
        self.assertEqual(self.redis.hget('a*b:m:' + ID, 'expires'), ('%d.0' % end).encode())
        store.save(ID, {'expires': 5})
        self.assertEqual(self.redis.keys('*'), [b'a*b:version'])

    def test_keys_of_version_1_are_upgraded_and_later_versions_refused(self):
        self.redis.set('a*b:version', 1)
        open_store(self.address).ids()
        self.assertEqual(self.redis.get('a*b:version'), b'2')
        self.redis.set('a*b:version', 3)
        self.raises('sessions are unavailable', open_store(self.address).ids)
        self.assertIn("the keys have version '3'", self.lines[-1])

    def test_stopped_server_is_unavailable_until_it_returns(self):
        link, store = self.moved()
        store.save(ID, LIVE)
        os.unlink(link)
        self.redis.client_kill_filter(_type='normal', skipme=True)
        for work in (store.find, store.delete, lambda sid: store.save(sid, {})):
            self.raises('sessions are unavailable', work, ID)
        self.assertFalse(store.answers())
        self.assertEqual(len(self.lines), 1, self.lines)
        self.assertIn('nobody can log in or out', self.lines[0])
        os.symlink(self.socket, link)
        store._retry_at -= store._pause
        self.assertEqual(store.load(ID), LIVE)

    def test_lost_connection_is_restored(self):
        store = open_store(self.address)
        store.save(ID, LIVE)
        self.redis.client_kill_filter(_type='normal', skipme=True)
        self.assertEqual((store.load(ID), self.lines), (LIVE, []))

    def test_hanging_server_costs_one_timeout_per_pause(self):
        store = open_store(self.address + '&timeout=0.5')
        store.save(ID, LIVE)
        self.redis.client_pause(1500)
        begun = time.time()
        self.assertRaises(Unavailable, store.find, ID)
        waited = time.time() - begun
        self.assertTrue(0.4 < waited < 1.4, waited)
        begun = time.time()
        for _ in range(100):
            self.assertRaises(Unavailable, store.find, ID)
        self.assertLess(time.time() - begun, 0.3)
        time.sleep(1.6)
        store._retry_at -= store._pause
        self.assertEqual(store.load(ID), LIVE)

    def test_one_of_many_requests_tries_the_server_again(self):
        listening = socket.socket()
        self.addCleanup(listening.close)
        listening.bind(('127.0.0.1', 0))
        listening.listen(50)
        store = open_store('redis://127.0.0.1:%d/0?timeout=0.5&key_file=%s' % (listening.getsockname()[1], self.key_file))
        self.assertRaises(Unavailable, store.find, ID)
        store._retry_at -= store._pause
        waited = []

        def work():
            begun = time.time()
            self.assertRaises(Unavailable, store.find, ID)
            waited.append(time.time() - begun > 0.3)
        threads = [threading.Thread(target=work) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(waited), [False] * 9 + [True])

    def test_full_server_still_allows_reads_and_logouts(self):
        store = open_store(self.address)
        store.save(ID, LIVE)
        self.redis.config_set('maxmemory', 1)
        self.addCleanup(self.redis.config_set, 'maxmemory', 0)
        self.assertRaises(Unavailable, store.save, ID, LIVE)
        self.assertEqual(store.load(ID), LIVE)
        self.assertFalse(store.delete(ID))
        self.assertEqual(store.find(ID), (NONE, None))


class OfAddresses(Place):
    def test_store_without_a_safe_key_is_refused(self):
        for name, size, mode, why in (('open', 16, 0o604, 'every local user'), ('short', 15, 0o600, 'key of 15 bytes'),
                                      ('long', 4097, 0o600, 'too large')):
            self.raises(why, open_store, 'sqlite:s.db?key_file=%s' % self.file(name, b'x' * size, mode))
        os.mkfifo(os.path.join(self.dir, 'fifo'))
        self.raises('not a regular file', open_store, 'sqlite:s.db?key_file=%s/fifo' % self.dir)
        for address, why in (('sqlite:s.db', 'has no key'), ('redis://h/0', 'has no key'), ('mysql:x', 'expected sqlite'),
                             ('redis://:pw@h/0?key_file=%s' % self.key_file, 'must not contain a password'),
                             ('redis://h/0?key_file=%s&prefx=1' % self.key_file, 'unknown option prefx'),
                             ('redis://h/0?key_file=%s&ca_file=/ca' % self.key_file, 'unknown option ca_file'),
                             ('redis://h/0?key_file=%s&user=a' % self.key_file, 'unknown option user'),
                             ('redis://h/0?key_file=%s&prefix=a%%00' % self.key_file, 'control characters'),
                             ('redis+unix://ro@/s?key_file=%s' % self.key_file, 'user=USER'),
                             ('sqlite:s.db?keyfile=%s' % self.key_file, 'unknown option keyfile: expected key_file'),
                             ('sqlite:s.db?x=1?key_file=%s' % self.key_file, 'unknown option x'),
                             ('rediss://h/0?key_file=%s&cert_file=/c' % self.key_file, 'used together')):
            self.raises(why, open_store, address)
        self.assertEqual(open_store('sqlite:s?b.db?key_file=%s' % self.key_file).path, 's?b.db')
        for address in ('redis://h/0?password=hush', 'redis://h/0?key_file=%s&password=hush' % self.key_file):
            self.assertNotIn('hush', self.raises('', open_store, address))
        with self.assertRaises((IOError, OSError)):
            open_store('sqlite:s.db?key_file=%s/none' % self.dir)

    def test_timeout_is_a_number_of_seconds(self):
        for text, seconds in (('', 2), ('&timeout=2', 2), ('&timeout=0.25', 0.25), ('&timeout=600', 600)):
            self.assertEqual(open_store('redis://h?key_file=%s%s' % (self.key_file, text))._timeout, seconds)
        for text in ('', '0', '0.05', '601', '-1', '1e1', '2s', 'nan', '+2', ' 2', '2.', '.5', '2.0001'):
            self.raises('invalid timeout', open_store, 'redis://h?key_file=%s&timeout=%s' % (self.key_file, text))

    def test_redis_addresses_are_those_of_the_farm_file(self):
        password = self.file('pw', b'secret\n')
        store = open_store('rediss://wiki@db.example.org:7000/3?prefix=lab%%3A&password_file=%s&key_file=%s' % (password, self.key_file))
        self.assertEqual(store._prefix, 'lab:')
        self.assertEqual(store._settings, {'host': 'db.example.org', 'port': 7000, 'db': 3, 'ssl': True, 'username': 'wiki',
                                           'ssl_cert_reqs': 'required', 'ssl_check_hostname': True, 'password': 'secret'})
        store = open_store('rediss://h?ca_file=/ca&cert_file=/cert&cert_key_file=/key&key_file=%s' % self.key_file)
        self.assertEqual([store._settings['ssl_' + name] for name in ('ca_certs', 'certfile', 'keyfile')], ['/ca', '/cert', '/key'])
        socket = open_store('redis+unix:///run/redis.sock?user=read%%20only&key_file=%s' % self.key_file)
        self.assertEqual(socket._settings, {'unix_socket_path': '/run/redis.sock', 'db': 0, 'username': 'read only'})
        self.assertEqual(open_store('redis://h?key_file=%s' % self.key_file)._settings, {'host': 'h', 'port': 6379, 'db': 0})

    def test_mac_equals_that_of_wikifarm(self):
        # The same values as in src/store/mac.rs.
        store = open_store('sqlite:s.db?key_file=%s' % self.key_file)
        self.assertEqual(hexlify(store.seal_1(ID, b'pickle')), b'c1708e7db2e2c7ff9bd786723d310910f6b10a952320d3967f47fc37a80c2258')
        redis = open_store('redis://h?prefix=l%%C3%%A4b:&key_file=%s' % self.key_file)
        self.assertEqual([hexlify(seal) for seal in (store.seal(ID, b'pickle', 5, None), redis.seal(ID, b'pickle', -5, 0.5))],
                         [b'0295bb0a84c4e4d0579cc711a665646ee2ed97ac1fc103a8fdeba8e59019fbd34e',
                          b'02e802548e13587cef2c84844618bd7999d7dbb2f26691183574d150c2812a728a'])


if __name__ == '__main__':
    unittest.main()

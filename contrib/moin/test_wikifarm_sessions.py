# -*- coding: utf-8 -*-
"""Tests of the modules beside this one, under Python 2.7: python2.7 -m unittest -v test_wikifarm_sessions

MoinMoin is not needed: what the modules take from it is stood in for below. WIKIFARM_REDIS names the socket of a Redis
server; without it the tests of Redis fail.
"""
import hashlib
import hmac
import logging
import os
import shutil
import sqlite3
import sys
import tempfile
import threading
import time
import types
import unittest

import cPickle as pickle


# The stand-in for MoinMoin: the names and signatures that the modules use.

class Session(dict):
    def __init__(self, data, sid, new=False):
        dict.__init__(self, data)
        self.sid, self.new, self.should_save = sid, new, False

    def __setitem__(self, name, value):
        dict.__setitem__(self, name, value)
        self.should_save = True


class FilesystemSessionStore(object):
    def __init__(self, path):
        raise AssertionError('no directory is wanted')

    def new(self):
        return self.session_class({}, hashlib.sha1(os.urandom(20)).hexdigest(), True)


class FileSessionService(object):
    def __init__(self, cookie_usage='SESSION'):
        self.cookie_usage = cookie_usage

    def get_session(self, request, sid=None):
        if sid is None:
            sid = request.cookies.get('MOIN_' + self.cookie_usage)
        store = self._store_get(request)
        return store.new() if sid is None else store.get(sid)

    def get_all_session_ids(self, request):
        return self._store_get(request).list()

    def destroy_session(self, request, session):
        session.clear()
        self._store_get(request).delete(session)

    def finalize(self, request, session):
        if session.should_save:
            self._store_get(request).save(session)


class DefaultSessionData(object):
    def __init__(self, request, name):
        self.is_stored, self.is_new, self.request, self.name = False, True, request, name


class DefaultSessionHandler(object):
    def __init__(self, dataclass):
        self.dataclass = dataclass


class Request(object):
    def __init__(self, **cookies):
        self.cookies = cookies


def stand_in():
    root, web = types.ModuleType('MoinMoin'), types.ModuleType('MoinMoin.web')
    new, old = types.ModuleType('MoinMoin.web.session'), types.ModuleType('MoinMoin.session')
    new.FilesystemSessionStore, new.MoinSession = FilesystemSessionStore, Session
    new.FileSessionService, new.get_cookie_name = FileSessionService, None
    old.DefaultSessionData, old.DefaultSessionHandler = DefaultSessionData, DefaultSessionHandler
    web.session = new
    for module in (root, web, new, old):
        sys.modules[module.__name__] = module


stand_in()
logging.disable(logging.CRITICAL)

import wikifarm_session18
import wikifarm_session19
import wikifarm_stores
from wikifarm_stores import StoreError, open_store

ID = 'a' * 40
OLD_ID = '_' * 32


class Evil(object):
    def __reduce__(self):
        return open, (Evil.path, 'w')


class Place(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)
        self.key_file = self.file('key', '0123456789abcdef\n')
        Evil.path = os.path.join(self.dir, 'evil')

    def file(self, name, text, mode=0o600):
        path = os.path.join(self.dir, name)
        with open(path, 'wb') as f:
            f.write(text)
        os.chmod(path, mode)
        return path


class OfAnyStore(object):
    """What every store is held to."""

    def test_a_session_comes_back_with_its_types(self):
        store = open_store(self.address)
        value = {'expires': int(time.time()) + 60, 'user.id': '1.2.3', 'trail': [u'Lab:P\xe4ge'], 'a': ('x', 2 ** 70, '\xff')}
        self.assertIsNone(store.load(ID))
        store.save(ID, value)
        self.assertEqual(store.load(ID), value)
        self.assertEqual([type(item) for item in store.load(ID)['a']], [str, long, str])
        self.assertEqual(store.ids(), [ID])
        store.save(ID, {'expires': 4e9})
        self.assertEqual(store.load(ID), {'expires': 4e9})
        store.delete(ID)
        store.delete(ID)
        self.assertEqual((store.load(ID), store.ids()), (None, []))

    def test_nothing_without_our_seal_is_unpickled(self):
        store = open_store(self.address)
        store.save(ID, {'a': 1})
        evil = pickle.dumps({'a': Evil()}, 2)
        theirs = hmac.new('another key of theirs', ID + '\0' + evil, hashlib.sha256).digest()
        elsewhere = store.seal('b' * 40, evil)
        for seal in (None, '', 'x' * 32, theirs, elsewhere):
            self.plant(ID, evil, seal)
            self.assertIsNone(store.load(ID))
            self.assertFalse(os.path.exists(Evil.path))
        # It can fail: with our seal it would be.
        self.plant(ID, evil, store.seal(ID, evil))
        store.load(ID)
        self.assertTrue(os.path.exists(Evil.path))

    def test_what_does_not_unpickle_is_no_session(self):
        store = open_store(self.address)
        self.assertEqual(store.ids(), [])
        for data in ('', 'junk', pickle.dumps([1], 2)):
            self.plant(ID, data or 'x', store.seal(ID, data or 'x'))
            self.assertIsNone(store.load(ID))

    def test_threads_and_forks_have_connections_of_their_own(self):
        store = open_store(self.address)
        store.save(ID, {'a': 0})
        failed = []

        def work(number):
            try:
                for round in range(20):
                    store.save('%040x' % number, {'n': number, 'round': round})
                    assert store.load('%040x' % number) == {'n': number, 'round': round}
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

    def test_a_wiki_of_1_9_keeps_its_sessions_there(self):
        service = wikifarm_session19.WikifarmSessionService(self.address, cookie_usage='LAB')
        first = service.get_session(Request())
        self.assertTrue(first.new)
        first['user.id'] = '1.2.3'
        service.finalize(None, first)
        again = service.get_session(Request(MOIN_LAB=unicode(first.sid)))
        self.assertEqual((again, again.new, again.sid), ({'user.id': '1.2.3'}, False, first.sid))
        self.assertEqual(service.get_all_session_ids(None), [first.sid])
        # An id that is not there is gone on under, one that is none gets another.
        unknown = service.get_session(Request(MOIN_LAB=ID))
        self.assertEqual((unknown, unknown.new, unknown.sid), ({}, False, ID))
        for none in ('x', OLD_ID, ID + '\n', u'\xe4' * 40, '../' + ID[3:]):
            self.assertTrue(service.get_session(Request(MOIN_LAB=none)).new, none)
        service.destroy_session(None, again)
        self.assertEqual(service.get_all_session_ids(None), [])

    def test_a_wiki_of_1_8_keeps_its_sessions_there(self):
        data = wikifarm_session18.session_handler(self.address).dataclass
        now = time.time()
        session = data(None, OLD_ID)
        self.assertEqual(session['expires'], 0)
        session['trail'] = []
        self.assertEqual(data(None, OLD_ID)['expires'], 0, 'not stored before it has an end')
        session.set_expiry(now + 100)
        self.assertAlmostEqual(session['expires'], now + 3700, 2)
        session['user.id'] = '1.2.3'
        again = data(None, OLD_ID)
        self.assertTrue('user.id' in again and 'setuid' not in again)
        self.assertEqual((again['user.id'], again.get('setuid', 7)), ('1.2.3', 7))
        again.set_expiry(now + 50)
        self.assertAlmostEqual(again['expires'], now + 3700, 2)
        del again['user.id']
        del again['trail']
        self.assertEqual(data(None, OLD_ID)['expires'], 0, 'an empty one is not kept')
        session['user.id'] = '1.2.3'
        session.delete()
        self.assertEqual(data(None, OLD_ID).get('user.id'), None)
        short = data(None, 'abc')
        short.set_expiry(now + 50)
        short['a'] = 1
        self.assertNotIn('a', data(None, 'abc'))
        data.cleanup(None)


class OfSQLite(OfAnyStore, Place):
    def setUp(self):
        Place.setUp(self)
        self.path = os.path.join(self.dir, 'sessions.db')
        self.address = 'sqlite:%s?key_file=%s' % (self.path, self.key_file)

    def plant(self, sid, data, seal):
        connection = sqlite3.connect(self.path)
        connection.execute('UPDATE session SET pickle = ?, seal = ?',
                           (sqlite3.Binary(data), None if seal is None else sqlite3.Binary(seal)))
        if not connection.execute('SELECT changes()').fetchone()[0]:
            connection.execute('INSERT INTO session VALUES (?, ?, 0, NULL, NULL, ?)',
                               (sid, sqlite3.Binary(data), sqlite3.Binary(seal)))
        connection.commit()
        connection.close()

    def test_a_new_database_is_for_its_owner_alone(self):
        open_store(self.address).ids()
        self.assertEqual(os.stat(self.path).st_mode & 0o777, 0o600)

    def test_databases_of_others_are_refused_and_not_touched(self):
        for statement, why in (('CREATE TABLE t (x)', 'another program'),
                               ('PRAGMA user_version = 2', 'another program'),
                               ('PRAGMA application_id = %d; PRAGMA user_version = 9' % wikifarm_stores.APPLICATION, 'version 9')):
            if os.path.exists(self.path):
                os.unlink(self.path)
            connection = sqlite3.connect(self.path)
            connection.executescript(statement)
            connection.close()
            with self.assertRaisesRegexp(StoreError, why):
                open_store(self.address).ids()

    def test_what_has_expired_is_removed_by_and_by(self):
        data = wikifarm_session18.session_data(self.address)
        store = open_store(self.address)
        store.save(OLD_ID, {'expires': time.time() - 5, 'a': 1})
        store.save(ID, {'expires': time.time() + 50, 'a': 1})
        data.cleanup(None)
        self.assertEqual(store.ids(), [ID])
        store.save(OLD_ID, {'expires': time.time() - 5, 'a': 1})
        self.assertEqual(data(None, OLD_ID)['expires'], 0)
        self.assertEqual(store.ids(), [ID])


class OfRedis(OfAnyStore, Place):
    def setUp(self):
        Place.setUp(self)
        import redis
        socket = os.environ['WIKIFARM_REDIS']
        self.redis = redis.StrictRedis(unix_socket_path=socket)
        self.redis.flushall()
        self.address = 'redis+unix://%s?prefix=a*b:&key_file=%s' % (socket, self.key_file)

    def plant(self, sid, data, seal):
        self.redis.set('a*b:s:' + sid, data)
        self.redis.delete('a*b:m:' + sid)
        if seal is not None:
            self.redis.hset('a*b:m:' + sid, 'seal', seal)

    def test_both_keys_end_with_the_session(self):
        store = open_store(self.address)
        end = int(time.time()) + 5000
        store.save(ID, {'expires': end, 'user.id': '1.2.3'})
        for kind in 'sm':
            self.assertTrue(4990 < self.redis.ttl('a*b:%s:%s' % (kind, ID)) <= 5000)
        self.assertEqual(self.redis.hget('a*b:m:' + ID, 'expires'), '%d.0' % end)
        store.save(ID, {'expires': 5})
        self.assertEqual(self.redis.keys('*'), ['a*b:version'])

    def test_keys_of_another_version_are_refused(self):
        self.redis.set('a*b:version', 2)
        with self.assertRaisesRegexp(StoreError, "version '2'"):
            open_store(self.address).ids()


class OfAddresses(Place):
    def test_a_store_without_a_safe_key_is_refused(self):
        for name, text, mode, why in (('open', 'x' * 16, 0o604, 'everybody can'), ('short', 'x' * 15, 0o600, 'of 15 bytes')):
            with self.assertRaisesRegexp(StoreError, why):
                open_store('sqlite:s.db?key_file=%s' % self.file(name, text, mode))
        for address, why in (('sqlite:s.db', 'names no key'), ('redis://h/0', 'names no key'), ('mysql:x', 'expected sqlite'),
                             ('redis://:pw@h/0?key_file=%s' % self.key_file, 'seen by others'),
                             ('redis://h/0?key_file=%s&prefx=1' % self.key_file, 'unknown option prefx'),
                             ('redis://h/0?key_file=%s&ca_file=/ca' % self.key_file, 'unknown option ca_file'),
                             ('redis://h/0?key_file=%s&user=a' % self.key_file, 'unknown option user'),
                             ('redis+unix://ro@/s?key_file=%s' % self.key_file, 'user=USER'),
                             ('sqlite:s.db?keyfile=%s' % self.key_file, 'unknown option keyfile: expected key_file'),
                             ('sqlite:s.db?x=1?key_file=%s' % self.key_file, 'unknown option x'),
                             ('rediss://h/0?key_file=%s&cert_file=/c' % self.key_file, 'go together')):
            with self.assertRaisesRegexp(StoreError, why):
                open_store(address)
        self.assertEqual(open_store('sqlite:s?b.db?key_file=%s' % self.key_file).path, 's?b.db')
        for address in ('redis://h/0?password=hush', 'redis://h/0?key_file=%s&password=hush' % self.key_file):
            with self.assertRaises(StoreError) as raised:
                open_store(address)
            self.assertNotIn('hush', str(raised.exception))
        with self.assertRaises(IOError):
            open_store('sqlite:s.db?key_file=%s/none' % self.dir)

    def test_addresses_of_redis_are_those_of_the_farm_file(self):
        password = self.file('pw', 'secret\n')
        store = open_store('rediss://wiki@db.example.org:7000/3?prefix=lab%%3A&password_file=%s&key_file=%s' % (password, self.key_file))
        self.assertEqual(store._prefix, 'lab:')
        self.assertEqual(store._settings, {'host': 'db.example.org', 'port': 7000, 'db': 3, 'ssl': True, 'username': 'wiki',
                                           'ssl_cert_reqs': 'required', 'ssl_check_hostname': True, 'password': 'secret'})
        store = open_store('rediss://h?ca_file=/ca&cert_file=/cert&cert_key_file=/key&key_file=%s' % self.key_file)
        self.assertEqual([store._settings['ssl_' + name] for name in ('ca_certs', 'certfile', 'keyfile')], ['/ca', '/cert', '/key'])
        socket = open_store('redis+unix:///run/redis.sock?user=read%%20only&key_file=%s' % self.key_file)
        self.assertEqual(socket._settings, {'unix_socket_path': '/run/redis.sock', 'db': 0, 'username': 'read only'})
        self.assertEqual(open_store('redis://h?key_file=%s' % self.key_file)._settings, {'host': 'h', 'port': 6379, 'db': 0})

    def test_the_seal_is_that_of_wikifarm(self):
        # As in src/store/seal.rs.
        store = open_store('sqlite:s.db?key_file=%s' % self.key_file)
        self.assertEqual(store.seal(ID, 'pickle').encode('hex'), 'c1708e7db2e2c7ff9bd786723d310910f6b10a952320d3967f47fc37a80c2258')


if __name__ == '__main__':
    unittest.main()

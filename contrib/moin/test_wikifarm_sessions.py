# -*- coding: utf-8 -*-
"""Tests of the modules for MoinMoin, under Python 2.7 or 3: python -m unittest -v test_wikifarm_sessions

MoinMoin is not needed: a substitute below has everything that the modules use. WIKIFARM_REDIS names the socket of a
Redis server. Without it, the tests of Redis fail.
"""
import hashlib
import os
import sys
import time
import types
import unittest

import test_wikifarm_stores as stores
from test_wikifarm_stores import ID, OLD_ID
from wikifarm_stores import Unavailable, open_store


# The substitute for MoinMoin: the names and signatures that the modules use, and the order of calls to the modules.

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
        session = store.new() if sid is None else store.get(sid)
        if 'expires' in session and session['expires'] < time.time():
            self.destroy_session(request, session)
            session = store.new()
        return session

    def get_all_session_ids(self, request):
        return self._store_get(request).list()

    def destroy_session(self, request, session):
        session.clear()
        self._store_get(request).delete(session)

    def finalize(self, request, session):
        if request.user:
            request.headers.add('Set-Cookie', session.sid)
            session['user.id'] = request.user
        elif 'user.id' in session:
            request.headers.add('Set-Cookie', '')
            self.destroy_session(request, session)
            return
        if session.should_save:
            self._store_get(request).save(session)


class ServiceUnavailable(Exception):
    def get_headers(self, environ=None):
        return [('Content-Type', 'text/html')]


class DefaultSessionData(object):
    def __init__(self, request, name):
        self.is_stored, self.is_new, self.request, self.name = False, True, request, name


class DefaultSessionHandler(object):
    def __init__(self, dataclass):
        self.dataclass = dataclass

    def after_auth(self, request, ids, user):
        session = request.session
        if not user:
            session.delete()
            return
        if 'user.id' in session and session['user.id'] != user:
            session.delete()
        session['user.id'] = user
        request.user_headers.append(session.name)
        session.set_expiry(time.time() + 3600)


class Headers(list):
    def add(self, name, value):
        self.append((name, value))

    def getlist(self, name):
        return [value for key, value in self if key == name]

    def remove(self, name):
        self[:] = [(key, value) for key, value in self if key != name]


class Request(object):
    """A request. `wants` are the names in its form."""

    def __init__(self, wants=(), user=None, **cookies):
        self.values = self.form = dict.fromkeys(wants)
        self.user, self.cookies, self.headers, self.user_headers, self.refused = user, cookies, Headers(), [], None

    def makeForbidden(self, status, text):
        self.refused = status, text


def stand_in():
    def module(name, **names):
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__dict__.update(names)
        return sys.modules[name]
    module('MoinMoin')
    module('MoinMoin.session', DefaultSessionData=DefaultSessionData, DefaultSessionHandler=DefaultSessionHandler)
    session = module('MoinMoin.web.session', FilesystemSessionStore=FilesystemSessionStore, MoinSession=Session,
                     FileSessionService=FileSessionService, get_cookie_name=None)
    module('MoinMoin.web.exceptions', exceptions=module('exceptions of Werkzeug', ServiceUnavailable=ServiceUnavailable))
    module('MoinMoin.web', session=session)


stand_in()

import wikifarm_session18
import wikifarm_session19


class OfAnyStore(object):
    """The tests of both modules, for every store."""

    def service(self, key_file=None):
        address = self.address.replace(self.key_file, key_file or self.key_file)
        return wikifarm_session19.WikifarmSessionService(address, cookie_usage='LAB')

    def break_store(self):
        """Makes all calls of a store fail until the returned function is called."""
        def fail(*_):
            raise Unavailable('unavailable')
        kind = type(open_store(self.address))
        kind._ask, before = fail, kind._ask

        def repair_store():
            kind._ask = before
        self.addCleanup(repair_store)
        return repair_store

    def test_1_9_saves_and_loads_sessions(self):
        service = self.service()
        first = service.get_session(Request())
        self.assertTrue(first.new)
        first['trail'] = []
        service.finalize(Request(user='1.2.3'), first)
        again = service.get_session(Request(MOIN_LAB=u'%s' % first.sid))
        self.assertEqual((again, again.new, again.sid), ({'user.id': '1.2.3', 'trail': []}, False, first.sid))
        self.assertEqual(service.get_all_session_ids(None), [first.sid])
        # A visitor keeps an unknown id, and gets a new id instead of an invalid one.
        unknown = service.get_session(Request(MOIN_LAB=ID))
        self.assertEqual((unknown, unknown.new, unknown.sid), ({}, False, ID))
        for none in ('x', OLD_ID, ID + '\n', u'\xe4' * 40, '../' + ID[3:]):
            self.assertTrue(service.get_session(Request(MOIN_LAB=none)).new, none)
        service.destroy_session(None, again)
        self.assertEqual(service.get_all_session_ids(None), [])

    def test_1_9_logout_ends_the_id(self):
        service = self.service()
        session = service.get_session(Request())
        service.finalize(Request(user='1.2.3'), session)
        late = service.get_session(Request(MOIN_LAB=session.sid))
        out = service.get_session(Request(MOIN_LAB=session.sid))
        service.finalize(Request(), out)
        # A request that is still running saves late.
        late['trail'] = []
        service.finalize(Request(user='1.2.3'), late)
        self.assertEqual(service.get_all_session_ids(None), [])
        # The browser still sends the old cookie: a login gets an id that can be saved.
        session_2 = service.get_session(Request(['login'], MOIN_LAB=session.sid))
        self.assertTrue(session_2.new and session_2.sid != session.sid)
        service.finalize(Request(user='1.2.3'), session_2)
        self.assertEqual(service.get_session(Request(MOIN_LAB=session_2.sid)), {'user.id': '1.2.3'})

    def test_1_9_visitors_are_anonymous_and_read_only_while_the_store_is_unavailable(self):
        service = self.service()
        session = service.get_session(Request())
        service.finalize(Request(user='1.2.3'), session)
        repair_store = self.break_store()
        for cookies in ({}, {'MOIN_LAB': session.sid}, {'MOIN_LAB': 'x'}):
            for user in (None, '1.2.3'):
                request = Request(user=user, **cookies)
                now = service.get_session(request)
                self.assertTrue(now.new and not now and now.sid != session.sid)
                now['trail'] = []
                service.finalize(request, now)
                self.assertEqual(request.headers, [])
            for want in ('login', 'logout'):
                with self.assertRaises(wikifarm_session19.Closed) as raised:
                    service.get_session(Request([want], **cookies))
                self.assertIn('cannot log in or out now', raised.exception.description)
                self.assertIn(('Retry-After', '60'), raised.exception.get_headers())
        repair_store()
        self.assertEqual(service.get_session(Request(MOIN_LAB=session.sid)), {'user.id': '1.2.3'})

    def test_1_9_request_whose_store_fails_at_its_end_sends_no_cookie(self):
        service = self.service()
        session = service.get_session(Request())
        service.finalize(Request(user='1.2.3'), session)
        for wants, user, closed in (([], '1.2.3', False), (['login'], '1.2.3', True), (['logout'], None, True)):
            request = Request(wants, user, MOIN_LAB=session.sid)
            request.headers.add('Set-Cookie', 'of another')
            now = service.get_session(request)
            now['trail'] = []
            repair_store = self.break_store()
            if closed:
                self.assertRaises(wikifarm_session19.Closed, service.finalize, request, now)
            else:
                service.finalize(request, now)
            self.assertEqual(request.headers, [('Set-Cookie', 'of another')])
            repair_store()
        # An expired session that cannot be removed.
        service._sessions._store.find = lambda sid: ('ours', {'expires': 5})
        self.break_store()
        self.assertTrue(service.get_session(Request(MOIN_LAB=ID)).read_only)

    def test_1_9_with_a_wrong_key_changes_no_session(self):
        right, wrong = self.service(), self.service(self.file('wrong', b'fedcba9876543210'))
        session = right.get_session(Request())
        right.finalize(Request(user='1.2.3'), session)
        request = Request(MOIN_LAB=session.sid)
        for user in (None, '4.5.6'):
            request.user = user
            now = wrong.get_session(request)
            self.assertEqual((now, now.new), ({}, True))
            now['trail'] = []
            wrong.finalize(request, now)
            wrong.destroy_session(request, now)
        self.assertEqual(request.headers, [])
        self.assertRaises(wikifarm_session19.Closed, wrong.get_session, Request(['login'], MOIN_LAB=session.sid))
        self.assertEqual(right.get_session(Request(MOIN_LAB=session.sid)), {'user.id': '1.2.3'})

    def test_1_8_saves_and_loads_sessions(self):
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
        short = data(None, 'abc')
        short.set_expiry(now + 50)
        short['a'] = 1
        self.assertNotIn('a', data(None, 'abc'))
        data.cleanup(None)

    def visit(self, handler, name, wants=(), user=None):
        """A request of 1.8."""
        request = Request(wants)
        request.session = handler.dataclass(request, name)
        handler.after_auth(request, None, user)
        return request

    def test_1_8_logout_ends_the_id(self):
        handler = wikifarm_session18.session_handler(self.address)
        first = self.visit(handler, OLD_ID, ['login'], '1.2.3')
        self.assertEqual(first.user_headers, [OLD_ID])
        late = handler.dataclass(Request(), OLD_ID)
        self.visit(handler, OLD_ID, ['logout'])
        late['trail'] = []
        self.assertNotIn('user.id', handler.dataclass(Request(), OLD_ID))
        # The browser still sends the old cookie: a login gets an id that can be saved.
        again = self.visit(handler, OLD_ID, ['login'], '1.2.3')
        [name] = again.user_headers
        self.assertNotEqual(name, OLD_ID)
        self.assertEqual(handler.dataclass(Request(), name)['user.id'], '1.2.3')
        # A user who logs in as another user also gets a new id.
        other = self.visit(handler, name, ['login'], '4.5.6')
        [name_2] = other.user_headers
        self.assertNotEqual(name_2, name)
        self.assertEqual(handler.dataclass(Request(), name_2)['user.id'], '4.5.6')

    def test_1_8_visitors_are_anonymous_and_read_only_while_the_store_is_unavailable(self):
        handler = wikifarm_session18.session_handler(self.address)
        self.visit(handler, OLD_ID, ['login'], '1.2.3')
        repair_store = self.break_store()
        for user in (None, '1.2.3'):
            request = self.visit(handler, OLD_ID, user=user)
            self.assertEqual((request.user_headers, request.refused, 'user.id' in request.session), ([], None, False))
        for want in ('login', 'logout'):
            request = self.visit(handler, OLD_ID, [want], '1.2.3')
            self.assertEqual((request.user_headers, request.refused[0]), ([], 503))
            self.assertIn('cannot log in or out now', request.refused[1])
        handler.dataclass.cleanup(None)
        repair_store()
        self.assertEqual(handler.dataclass(Request(), OLD_ID)['user.id'], '1.2.3')

    def test_1_8_request_whose_store_fails_at_its_end_sends_no_cookie(self):
        handler = wikifarm_session18.session_handler(self.address)
        self.visit(handler, OLD_ID, ['login'], '1.2.3')
        for wants, user in ((['login'], '1.2.3'), (['logout'], None)):
            request = Request(wants)
            request.user_headers.append('of another')
            request.session = handler.dataclass(request, OLD_ID if user is None else '0' * 32)
            repair_store = self.break_store()
            handler.after_auth(request, None, user)
            self.assertEqual((request.user_headers, request.refused[0]), (['of another'], 503))
            repair_store()
        self.assertEqual(handler.dataclass(Request(), OLD_ID)['user.id'], '1.2.3')

    def test_1_8_with_a_wrong_key_changes_no_session(self):
        right = wikifarm_session18.session_handler(self.address)
        wrong = wikifarm_session18.session_handler(self.address.replace(self.key_file, self.file('wrong', b'fedcba9876543210')))
        self.visit(right, OLD_ID, ['login'], '1.2.3')
        for user in (None, '4.5.6'):
            request = self.visit(wrong, OLD_ID, user=user)
            self.assertEqual((request.user_headers, 'user.id' in request.session), ([], False))
            request.session['a'] = 1
            request.session.delete()
        wrong.dataclass.cleanup(None)
        self.assertEqual(right.dataclass(Request(), OLD_ID)['user.id'], '1.2.3')


class OfSQLite(OfAnyStore, stores.InSQLite):
    def test_1_8_expired_session_is_removed(self):
        data = wikifarm_session18.session_data(self.address)
        store = open_store(self.address)
        store.save(OLD_ID, {'expires': time.time() - 5, 'a': 1})
        self.assertEqual(data(None, OLD_ID)['expires'], 0)
        self.assertEqual(store.ids(), [])


class OfRedis(OfAnyStore, stores.InRedis):
    pass


if __name__ == '__main__':
    unittest.main()

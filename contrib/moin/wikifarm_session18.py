# -*- coding: utf-8 -*-
"""MoinMoin 1.7 and 1.8: sessions in SQLite or Redis instead of files. In farmconfig.py or wikiconfig.py:

    from wikifarm_session18 import session_handler
    session_handler = session_handler("sqlite:/srv/wiki/sessions.db?key_file=/etc/wikifarm/seal.key")

Put the second line into the class and the first above it. Only the location of the sessions changes: cookies, lifetimes,
and everything else are those of MoinMoin.

If the store cannot be used, or the MAC of a record is not valid, the visitor is anonymous for that request: nothing is saved
or removed, and no cookie is sent. Logins and logouts are then answered with 503.
"""
import random
import re
import time

from MoinMoin.session import DefaultSessionData, DefaultSessionHandler

from wikifarm_stores import CLOSED, ENDED, FOREIGN, Unavailable, open_store

_CHARS = 'abcdefghijklmnopqrstuvwxyz0123456789_'
_ID = re.compile(r'[a-z0-9_]{32}\Z')


def session_data(address):
    """Returns the class of session data for the store of an address, for DatabaseSessionHandler(dataclass=..)."""
    store = open_store(address)

    class DatabaseSessionData(DefaultSessionData):
        """Like the CacheSessionData of MoinMoin, in a database. A session is not saved if it is read-only, or has nothing
        but its expiry."""

        def __init__(self, request, name):
            DefaultSessionData.__init__(self, request, name)
            # A session whose cookie has no whole id exists for one request only.
            self._sid = str(name) if _ID.match(name) else None
            self._data = {'expires': 0}
            self.read_only = False
            state, data = self._try(store.find) or (None, None)
            if state == FOREIGN:
                self.read_only = True
            elif state == ENDED:
                self._renew()
            elif data and 'expires' in data:
                self._data = data
                if data['expires'] <= time.time():
                    self.delete()

        def _try(self, work, *args):
            """Asks the store, and makes the session read-only if the store is unavailable."""
            if self._sid and not self.read_only:
                try:
                    return work(self._sid, *args)
                except Unavailable:
                    self.read_only = True

        def _renew(self):
            """Takes a new id: nothing can be saved under an id that was ended."""
            choice = random.SystemRandom().choice
            self.name = self._sid = ''.join(choice(_CHARS) for _ in range(32))

        def _save(self):
            if len(self._data) > 1 and self._data['expires'] > time.time():
                self._try(store.save, self._data)

        def __setitem__(self, name, value):
            self._data[name] = value
            self._save()

        def __getitem__(self, name):
            return self._data[name]

        def __contains__(self, name):
            return name in self._data

        def __delitem__(self, name):
            del self._data[name]
            if len(self._data) > 1:
                self._save()
            else:
                self._remove()

        def get(self, name, default=None):
            """Returns the item of that name."""
            return self._data.get(name, default)

        def set_expiry(self, expires):
            """Extends the session. The expiry is an hour later than asked for, so that not every request has to write it."""
            if expires and self['expires'] < expires:
                self['expires'] = expires + 3600

        def _remove(self):
            if self._try(store.delete):
                self._renew()

        def delete(self):
            """Empties the session, and removes it from the store."""
            self._remove()
            self._data = {'expires': 0}

        @classmethod
        def cleanup(cls, request):
            """Removes expired sessions."""
            try:
                store.remove_expired(time.time())
            except Unavailable:
                # The error is in the log, and a later cleanup tries again.
                pass

    return DatabaseSessionData


class DatabaseSessionHandler(DefaultSessionHandler):
    """The session handler of MoinMoin, without a cookie for read-only sessions."""

    def after_auth(self, request, session_id_handler, user_obj):
        """Saves the session, and sends its cookie."""
        headers = list(request.user_headers)
        if not request.session.read_only:
            DefaultSessionHandler.after_auth(self, request, session_id_handler, user_obj)
        if request.session.read_only:
            # A cookie would have the id of a session that was not saved.
            request.user_headers[:] = headers
            if 'login' in request.form or 'logout' in request.form:
                request.makeForbidden(503, CLOSED + '\r\n')


def session_handler(address):
    """Returns the session handler for the store of an address."""
    return DatabaseSessionHandler(session_data(address))

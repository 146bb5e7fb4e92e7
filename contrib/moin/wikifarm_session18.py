# -*- coding: utf-8 -*-
"""MoinMoin 1.7 and 1.8: sessions in SQLite or Redis instead of files. In farmconfig.py or wikiconfig.py:

    from wikifarm_session18 import session_handler
    session_handler = session_handler("sqlite:/srv/wiki/sessions.db?key_file=/etc/wikifarm/seal.key")

The second line stands in the class, the first above it. Cookies, lifetimes and all else are MoinMoin's own: only where
sessions are kept is another.
"""
import re
import time

from MoinMoin.session import DefaultSessionData, DefaultSessionHandler

from wikifarm_stores import open_store

_ID = re.compile(r'[a-z0-9_]{32}\Z')


def session_data(address):
    """The class of session data over the store of that address, for DefaultSessionHandler(dataclass=..)."""
    store = open_store(address)

    class DatabaseSessionData(DefaultSessionData):
        """As MoinMoin's CacheSessionData, over a database. One that is empty but for its expiry is not stored."""

        def __init__(self, request, name):
            DefaultSessionData.__init__(self, request, name)
            # A cookie can hold less than a whole id; such a session lives for one request.
            self._sid = str(name) if _ID.match(name) else None
            self._data = self._sid and store.load(self._sid)
            if not self._data or 'expires' not in self._data:
                self._data = {'expires': 0}
            elif self._data['expires'] <= time.time():
                self.delete()

        def _save(self):
            if self._sid and len(self._data) > 1 and self._data['expires'] > time.time():
                store.save(self._sid, self._data)

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
            elif self._sid:
                store.delete(self._sid)

        def get(self, name, default=None):
            """The item of that name."""
            return self._data.get(name, default)

        def set_expiry(self, expires):
            """Moves the end, forward only; it is an hour late, so that it need not be written at each request."""
            if expires and self['expires'] < expires:
                self['expires'] = expires + 3600

        def delete(self):
            """Empties it, and removes it from the store."""
            if self._sid:
                store.delete(self._sid)
            self._data = {'expires': 0}

        @classmethod
        def cleanup(cls, request):
            """Removes what has expired."""
            store.remove_expired(time.time())

    return DatabaseSessionData


def session_handler(address):
    """The session handler over the store of that address."""
    return DefaultSessionHandler(session_data(address))

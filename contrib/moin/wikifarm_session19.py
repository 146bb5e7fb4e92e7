# -*- coding: utf-8 -*-
"""MoinMoin 1.9: sessions in SQLite or Redis instead of files. In farmconfig.py or wikiconfig.py:

    from wikifarm_session19 import WikifarmSessionService
    session_service = WikifarmSessionService("redis://db.example.org/0?key_file=/etc/wikifarm/seal.key")

Put the second line into the class and the first above it. Only the location of the sessions changes: cookies, lifetimes,
and everything else are those of MoinMoin.

If the store cannot be used, or the MAC of a record is not valid, the visitor is anonymous for that request: nothing is saved
or removed, and no cookie is sent. Logins and logouts are then answered with 503.
"""
import re

from MoinMoin.web import session as moin
from MoinMoin.web.exceptions import exceptions

from wikifarm_stores import CLOSED, ENDED, FOREIGN, NONE, RETRY, Unavailable, open_store

# The ids that a cookie may have. Up to 1.9.3, MoinMoin accepts capitals too.
_ID = re.compile(r'[a-fA-F0-9]{40}\Z')

# 1.9.0 gives a new id to a visitor whose session does not exist. Later versions keep the id of the cookie.
_RENEWS = not hasattr(moin, 'get_cookie_name')


class Closed(exceptions.ServiceUnavailable):
    """The answer to a login or logout that cannot be saved."""
    name = 'Login unavailable'
    description = CLOSED

    def get_headers(self, *args, **kwargs):
        """The headers, with Retry-After."""
        return list(exceptions.ServiceUnavailable.get_headers(self, *args, **kwargs)) + [('Retry-After', str(RETRY))]


class DatabaseSession(moin.MoinSession):
    """A session of MoinMoin. A read-only session is not saved or removed, and sends no cookie."""
    read_only = False


class DatabaseSessionStore(moin.FilesystemSessionStore):
    """The session store of the session service of MoinMoin, without files."""

    def __init__(self, store):
        self.session_class = DatabaseSession
        self._store = store

    def is_valid_key(self, key):
        """Whether MoinMoin makes such ids."""
        return _ID.match(key) is not None

    def new(self):
        """Returns a session with a new id. It is read-only if it could not be saved."""
        session = moin.FilesystemSessionStore.new(self)
        session.read_only = not self._store.answers()
        return session

    def read_only(self):
        """Returns a session for this request only."""
        session = moin.FilesystemSessionStore.new(self)
        session.read_only = True
        return session

    def get(self, sid):
        """Returns the session of an id, empty if there is none."""
        try:
            sid = str(sid)
        except UnicodeError:
            return self.new()
        if not self.is_valid_key(sid):
            return self.new()
        try:
            state, data = self._store.find(sid)
        except Unavailable:
            return self.read_only()
        if state == FOREIGN:
            return self.read_only()
        # Nothing can be saved under an id that was ended.
        if state == ENDED or (state == NONE and _RENEWS):
            return self.new()
        return self.session_class(data or {}, sid, False)

    def save(self, session):
        """Saves the session if its id is valid."""
        if not session.read_only and self.is_valid_key(session.sid):
            self._store.save(str(session.sid), dict(session))

    def delete(self, session):
        """Removes the session if it exists."""
        if not session.read_only and self.is_valid_key(session.sid):
            self._store.delete(str(session.sid))

    def list(self):
        """Returns all ids."""
        return [sid for sid in self._store.ids() if self.is_valid_key(sid)]

    # The name in 1.9.1.
    get_all_sids = list


class WikifarmSessionService(moin.FileSessionService):
    """The session service of MoinMoin, with a database. The address is the `session_store` of the farm file. The arguments of
    FileSessionService are accepted too."""

    def __init__(self, address, *args, **kwargs):
        moin.FileSessionService.__init__(self, *args, **kwargs)
        self._sessions = DatabaseSessionStore(open_store(address))

    def _store_get(self, request):
        return self._sessions

    def get_session(self, request, sid=None):
        """Returns the session of a request."""
        try:
            session = moin.FileSessionService.get_session(self, request, sid)
        except Unavailable:
            # An expired session could not be removed.
            session = self._sessions.read_only()
        if session.read_only:
            self._refuse(request)
        return session

    def finalize(self, request, session):
        """Saves the session, and sends its cookie, unless it is read-only."""
        if session.read_only:
            return
        before = request.headers.getlist('Set-Cookie')
        try:
            moin.FileSessionService.finalize(self, request, session)
        except Unavailable:
            # A cookie would have the id of a session that was not saved, or delete the id of one that still exists.
            request.headers.remove('Set-Cookie')
            for cookie in before:
                request.headers.add('Set-Cookie', cookie)
            self._refuse(request)

    def _refuse(self, request):
        """Answers a login or logout with an error."""
        if 'login' in request.values or 'logout' in request.values:
            raise Closed()

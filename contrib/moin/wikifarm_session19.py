# -*- coding: utf-8 -*-
"""MoinMoin 1.9: sessions in SQLite or Redis instead of files. In farmconfig.py or wikiconfig.py:

    from wikifarm_session19 import WikifarmSessionService
    session_service = WikifarmSessionService("redis://db.example.org/0?key_file=/etc/wikifarm/seal.key")

The second line stands in the class, the first above it. Cookies, lifetimes and all else are MoinMoin's own: only where
sessions are kept is another.

Where the store cannot be used, or holds a record whose MAC does not verify, the visitor is anonymous for that request:
nothing is saved or removed, and no cookie is sent. Logins and logouts are then answered with 503.
"""
import re

from MoinMoin.web import session as moin
from MoinMoin.web.exceptions import exceptions

from wikifarm_stores import CLOSED, ENDED, FOREIGN, NONE, RETRY, Unavailable, open_store

# What a cookie may hold; up to 1.9.3 MoinMoin takes capitals too.
_ID = re.compile(r'[a-fA-F0-9]{40}\Z')

# 1.9.0 gives a new id to a visitor whose session is not there; later ones go on under the id that the visitor brought.
_RENEWS = not hasattr(moin, 'get_cookie_name')


class Closed(exceptions.ServiceUnavailable):
    """The answer to a login or logout that cannot be kept."""
    name = 'Login unavailable'
    description = CLOSED

    def get_headers(self, *args, **kwargs):
        """The headers, with when to try again."""
        return list(exceptions.ServiceUnavailable.get_headers(self, *args, **kwargs)) + [('Retry-After', str(RETRY))]


class DatabaseSession(moin.MoinSession):
    """A session of MoinMoin's. One that is read-only is neither saved nor removed, and sends no cookie."""
    read_only = False


class DatabaseSessionStore(moin.FilesystemSessionStore):
    """The session store of MoinMoin's session service, without its files."""

    def __init__(self, store):
        self.session_class = DatabaseSession
        self._store = store

    def is_valid_key(self, key):
        """Whether an id is one of MoinMoin's."""
        return _ID.match(key) is not None

    def new(self):
        """A session with an id of its own; read-only where it could not be saved."""
        session = moin.FilesystemSessionStore.new(self)
        session.read_only = not self._store.answers()
        return session

    def read_only(self):
        """A session for this request alone."""
        session = moin.FilesystemSessionStore.new(self)
        session.read_only = True
        return session

    def get(self, sid):
        """The session of that id, empty where there is none."""
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
        # Nothing can be saved any more under an id that was ended.
        if state == ENDED or (state == NONE and _RENEWS):
            return self.new()
        return self.session_class(data or {}, sid, False)

    def save(self, session):
        """Saves it, as long as its id is one."""
        if not session.read_only and self.is_valid_key(session.sid):
            self._store.save(str(session.sid), dict(session))

    def delete(self, session):
        """Removes it, if it is there."""
        if not session.read_only and self.is_valid_key(session.sid):
            self._store.delete(str(session.sid))

    def list(self):
        """All ids."""
        return [sid for sid in self._store.ids() if self.is_valid_key(sid)]

    # 1.9.1 calls it so.
    get_all_sids = list


class WikifarmSessionService(moin.FileSessionService):
    """MoinMoin's session service over a database. The address is that of `session_store` in the farm file; what
    FileSessionService takes can be given too."""

    def __init__(self, address, *args, **kwargs):
        moin.FileSessionService.__init__(self, *args, **kwargs)
        self._sessions = DatabaseSessionStore(open_store(address))

    def _store_get(self, request):
        return self._sessions

    def get_session(self, request, sid=None):
        """The session of a request."""
        try:
            session = moin.FileSessionService.get_session(self, request, sid)
        except Unavailable:
            # One that has expired could not be removed.
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
            # A cookie would name a session that was not saved, or forget one that is still there.
            request.headers.remove('Set-Cookie')
            for cookie in before:
                request.headers.add('Set-Cookie', cookie)
            self._refuse(request)

    def _refuse(self, request):
        """Ends a request that wants to log in or out."""
        if 'login' in request.values or 'logout' in request.values:
            raise Closed()

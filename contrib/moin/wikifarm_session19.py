# -*- coding: utf-8 -*-
"""MoinMoin 1.9: sessions in SQLite or Redis instead of files. In farmconfig.py or wikiconfig.py:

    from wikifarm_session19 import WikifarmSessionService
    session_service = WikifarmSessionService("redis://db.example.org/0?key_file=/etc/wikifarm/seal.key")

The second line stands in the class, the first above it. Cookies, lifetimes and all else are MoinMoin's own: only where
sessions are kept is another.
"""
import re

from MoinMoin.web import session as moin

from wikifarm_stores import open_store

# What a cookie may hold; up to 1.9.3 MoinMoin takes capitals too.
_ID = re.compile(r'[a-fA-F0-9]{40}\Z')

# 1.9.0 gives a new id to a visitor whose session is not there; later ones go on under the id he brought.
_RENEWS = not hasattr(moin, 'get_cookie_name')


class DatabaseSessionStore(moin.FilesystemSessionStore):
    """The session store of MoinMoin's session service, without its files."""

    def __init__(self, store):
        self.session_class = moin.MoinSession
        self._store = store

    def is_valid_key(self, key):
        """Whether an id is one of MoinMoin's."""
        return _ID.match(key) is not None

    def get(self, sid):
        """The session of that id, empty where there is none."""
        try:
            sid = str(sid)
        except UnicodeError:
            return self.new()
        if not self.is_valid_key(sid):
            return self.new()
        data = self._store.load(sid)
        if data is None and _RENEWS:
            return self.new()
        return self.session_class(data or {}, sid, False)

    def save(self, session):
        """Saves it, as long as its id is one."""
        if self.is_valid_key(session.sid):
            self._store.save(str(session.sid), dict(session))

    def delete(self, session):
        """Removes it, if it is there."""
        if self.is_valid_key(session.sid):
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

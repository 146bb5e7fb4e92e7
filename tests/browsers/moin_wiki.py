"""Run one MoinMoin wiki on 127.0.0.1, under Python 2.7: moin_wiki.py SOURCE DIR PORT [COOKIE_DOMAIN]

SOURCE is an unpacked MoinMoin 1.8 or 1.9. DIR gets the wiki's data, and a user Bob with the password `secret`.
"""
import base64
import hashlib
import os
import shutil
import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

CONFIG = """from MoinMoin.config import multiconfig


class Config(multiconfig.DefaultConfig):
    sitename = u'Recorder'
    page_front_page = u'FrontPage'
    data_dir = %r
    data_underlay_dir = %r
    cookie_domain = %r
    surge_action_limits = None
"""

USER = """name=Bob
enc_password={SHA}%s
remember_me=1
email=bob@example.org
"""


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


def main():
    source, directory, port = sys.argv[1:4]
    data = os.path.join(directory, 'data')
    shutil.copytree(os.path.join(source, 'wiki', 'data'), data)
    with open(os.path.join(directory, 'wikiconfig.py'), 'w') as config:
        config.write(CONFIG % (data, os.path.join(source, 'wiki', 'underlay'), (sys.argv[4:] or [None])[0]))
    if not os.path.isdir(os.path.join(data, 'user')):
        os.mkdir(os.path.join(data, 'user'))
    with open(os.path.join(data, 'user', '1234567890.12.34567'), 'w') as user:
        user.write(USER % base64.b64encode(hashlib.sha1(b'secret').digest()))
    # The sources have a wikiconfig.py too.
    sys.path[:0] = [directory, source]
    try:
        from MoinMoin.web.serving import make_application
        application = make_application()
    except ImportError:  # 1.8
        from MoinMoin.server.server_wsgi import moinmoinApp as application
    make_server('127.0.0.1', int(port), application, handler_class=Quiet).serve_forever()


main()

#!/usr/bin/env python3
"""Record what real browsers do with cookies: clock differences, cross-site requests, and a farm.

README.md describes how to run the script and what it writes.
"""
import argparse
import contextlib
import datetime
import email.utils
import http.client
import http.server
import json
import os
import re
import shutil
import signal
import socket
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'fixtures', 'browser')

# Seconds to wait for a browser, and for a request that may never come.
PATIENCE = 60
NO_REQUEST = 6

WIKI = {'id': 'wiki1', 'url': 'https://wiki1.example.org/'}
# Another host for plain http: a Secure cookie of the same name must not get in the way.
PLAIN = {'id': 'plain1', 'url': 'http://plain1.example.org/'}
PORTAL = 'https://portal.example.net/'
OTHER_PORTAL = 'https://portal.example.com/'
PLAIN_PORTAL = 'http://portal.example.net/'
SIBLING = 'https://wiki2.example.org/'
PLAIN_SIBLING = 'http://wiki2.example.org/'

NAVS = ['frame', 'fetch', 'image', 'post', 'link']


# The web: one local proxy that answers for every host.

class Web:
    """An HTTP proxy on 127.0.0.1 that answers every request itself, over http and https."""

    def __init__(self, directory):
        certificate, key = os.path.join(directory, 'web.crt'), os.path.join(directory, 'web.key')
        names = ','.join('DNS:%s,DNS:*.%s' % (name, name) for name in ('example.org', 'example.net', 'example.com'))
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj',
                        '/CN=recorder', '-addext', 'subjectAltName=' + names, '-out', certificate, '-keyout', key],
                       check=True, stderr=subprocess.DEVNULL)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(certificate, key)
        self.answers, self.requests, self.changed = {}, {}, threading.Condition()
        self.count = 0

        class Handler(ProxyHandler):
            web = self

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass  # a browser that drops a connection is no event

        self.server = Server(('127.0.0.1', 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def page(self, url, headers=(), body='', date=True, answer=None, forward=None):
        """Plan one answer, and return the URL that gets the answer and its number.

        `date` is True (this machine's clock), None (no Date header), or the header's text. `answer` is a function
        from the request to headers, for answers that depend on the request. `forward` is a function from method,
        path, headers, and body to the whole answer of another server: status, headers, and body.
        """
        with self.changed:
            self.count += 1
            number = str(self.count)
            self.answers[number] = {'headers': list(headers), 'body': body, 'date': date, 'answer': answer,
                                    'forward': forward}
        return '%s?n=%s' % (url, number), number

    def seen(self, number, seconds):
        """The request with this number, or None if the browser does not send the request in time."""
        with self.changed:
            self.changed.wait_for(lambda: number in self.requests, seconds)
            return self.requests.get(number)


class ProxyHandler(http.server.BaseHTTPRequestHandler):
    """One connection of a browser to the proxy."""

    protocol_version = 'HTTP/1.1'
    web = None
    origin = None

    def log_message(self, *args):
        pass

    def do_CONNECT(self):
        host = self.path.rsplit(':', 1)[0]
        if not host.endswith(('example.org', 'example.net', 'example.com')):
            self.send(b'HTTP/1.1 502 Not recorded\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
            self.close_connection = True
            return
        self.send(b'HTTP/1.1 200 Connected\r\n\r\n')
        self.connection = self.web.tls.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile('rb')
        self.origin = 'https://' + host

    def send(self, data):
        self.connection.sendall(data)

    def do_GET(self):
        url = self.path if self.origin is None else self.origin + self.path
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        number = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query).get('n', [''])[0]
        planned = self.web.answers.get(number)
        if planned is None:
            self.send(b'HTTP/1.1 404 Not planned\r\nContent-Length: 0\r\n\r\n')
            return
        cookies = self.headers.get_all('Cookie')
        request = {'url': url, 'method': self.command, 'cookie': '; '.join(cookies) if cookies else None,
                   'at': round(time.time(), 3), 'body': body.decode('latin-1')}
        status, text = '200 OK', ('<!doctype html><meta charset=utf-8><title>-</title>' + planned['body']).encode()
        headers = list(planned['headers'])
        if planned['forward']:
            parts = urllib.parse.urlsplit(url)
            status, headers, text = planned['forward'](self.command, parts.path + '?' + parts.query, self.headers, body)
        else:
            headers += self.own_headers(planned, request)
        headers.append(('Content-Length', str(len(text))))
        head = 'HTTP/1.1 %s\r\n' % status + ''.join('%s: %s\r\n' % header for header in headers) + '\r\n'
        self.send(head.encode('latin-1') + text)
        with self.web.changed:
            self.web.requests.setdefault(number, request)
            self.web.changed.notify_all()

    do_POST = do_GET

    def own_headers(self, planned, request):
        headers = [('Content-Type', 'text/html'), ('Cache-Control', 'no-store')]
        if planned['answer']:
            headers += planned['answer'](request)
        if planned['date'] is True:
            headers.append(('Date', http_date(time.time())))
        elif planned['date'] is not None:
            headers.append(('Date', planned['date']))
        if self.headers.get('Origin'):
            headers.append(('Access-Control-Allow-Origin', self.headers['Origin']))
            headers.append(('Access-Control-Allow-Credentials', 'true'))
        return headers


def http_date(at):
    return email.utils.formatdate(at, usegmt=True)


# The browsers.

class Chromium:
    """Chromium, driven over the DevTools protocol on a pair of pipes."""

    name = 'chromium'
    # Settings for third-party cookies, each with its number in Chromium. Chromium ships with `allowed`, and Debian's
    # package with `blocked`. Both block them in Incognito windows.
    third_party = {'allowed': 2, 'blocked': 1}

    def __init__(self, binary, web, directory, third_party):
        os.mkdir(os.path.join(directory, 'Default'))
        with open(os.path.join(directory, 'Default', 'Preferences'), 'w', encoding='utf-8') as file:
            json.dump({'profile': {'cookie_controls_mode': self.third_party[third_party]}}, file)
        self.ids, self.answers, self.events = 0, {}, []
        self.arrived = threading.Condition()
        to_browser, self.out = os.pipe()
        self.input, from_browser = os.pipe()
        command = [binary, '--headless=new', '--no-sandbox', '--remote-debugging-pipe', '--user-data-dir=' + directory,
                   '--proxy-server=http://127.0.0.1:%d' % web.port, '--proxy-bypass-list=<-loopback>',
                   '--ignore-certificate-errors', '--no-first-run', '--disable-background-networking',
                   '--disable-component-update', '--disable-sync', '--disable-gpu', '--disable-dev-shm-usage',
                   # Pages on plain http stay on plain http.
                   '--disable-features=HttpsUpgrades,HttpsFirstBalancedMode,HttpsFirstBalancedModeAutoEnable',
                   'about:blank']

        def pipes():
            # Chromium reads commands from descriptor 3, and writes answers to descriptor 4.
            one, other = os.dup(to_browser), os.dup(from_browser)
            os.dup2(one, 3)
            os.dup2(other, 4)

        self.process = subprocess.Popen(command, preexec_fn=pipes, close_fds=False, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(to_browser)
        os.close(from_browser)
        threading.Thread(target=self._read, daemon=True).start()
        self.version = self._call('Browser.getVersion')['product'].replace('Chrome/', 'Chromium ')
        page = next(one for one in self._call('Target.getTargets')['targetInfos'] if one['type'] == 'page')
        attached = self._call('Target.attachToTarget', {'targetId': page['targetId'], 'flatten': True})
        self.session = attached['sessionId']
        for method in ('Page.enable', 'Network.enable', 'Runtime.enable'):
            self._call(method, session=self.session)
        self._attach_frames(self.session)

    def _attach_frames(self, session):
        params = {'autoAttach': True, 'waitForDebuggerOnStart': True, 'flatten': True}
        self._post('Target.setAutoAttach', params, session)

    def _read(self):
        rest = b''
        while True:
            try:
                data = os.read(self.input, 1 << 20)
            except OSError:
                return
            if not data:
                return
            *messages, rest = (rest + data).split(b'\0')
            for message in map(json.loads, messages):
                if message.get('method') == 'Target.attachedToTarget':
                    session = message['params']['sessionId']
                    if message['params']['targetInfo']['type'] != 'page':
                        self._post('Network.enable', {}, session)
                        self._attach_frames(session)
                    self._post('Runtime.runIfWaitingForDebugger', {}, session)
                with self.arrived:
                    if 'id' in message:
                        self.answers[message['id']] = message
                    else:
                        self.events.append(message)
                    self.arrived.notify_all()

    def _post(self, method, params, session):
        with self.arrived:
            self.ids += 1
            message = {'id': self.ids, 'method': method, 'params': params}
            if session:
                message['sessionId'] = session
            os.write(self.out, json.dumps(message).encode() + b'\0')
            return self.ids

    def _call(self, method, params=None, session=None):
        sent = self._post(method, params or {}, session)
        with self.arrived:
            if not self.arrived.wait_for(lambda: sent in self.answers, PATIENCE):
                raise TimeoutError(method)
            answer = self.answers.pop(sent)
        if 'error' in answer:
            raise RuntimeError('%s: %s' % (method, answer['error']))
        return answer['result']

    def forget(self):
        pass  # Chromium treats cookies in frames alike, no matter what the user did earlier

    def clear(self):
        self._call('Storage.clearCookies')
        with self.arrived:
            self.events.clear()

    def goto(self, url):
        with self.arrived:
            first = len(self.events)
        self._call('Page.navigate', {'url': url}, self.session)

        def loaded():
            return any(event['method'] == 'Page.loadEventFired' for event in self.events[first:])

        with self.arrived:
            self.arrived.wait_for(loaded, NO_REQUEST)

    def run(self, script):
        params = {'expression': script, 'userGesture': True, 'returnByValue': True}
        return self._call('Runtime.evaluate', params, self.session)['result'].get('value')

    def click(self):
        # A click may end the page before the answer to the command.
        self._post('Runtime.evaluate', {'expression': "document.getElementById('go').click()", 'userGesture': True},
                   self.session)

    def cookies(self):
        for cookie in self._call('Storage.getCookies')['cookies']:
            key = cookie.get('partitionKey')
            yield {'domain': cookie['domain'], 'path': cookie['path'], 'name': cookie['name'], 'value': cookie['value'],
                   'secure': cookie['secure'], 'httpOnly': cookie['httpOnly'], 'sameSite': cookie.get('sameSite'),
                   'session': cookie['session'], 'host_only': not cookie['domain'].startswith('.'),
                   'expires': None if cookie['session'] else cookie['expires'],
                   'partition': key['topLevelSite'] if isinstance(key, dict) else key}

    def rejected(self):
        found = []
        for event in self._events('Network.responseReceivedExtraInfo'):
            for blocked in event.get('blockedCookies', []):
                found.append({'line': blocked['cookieLine'], 'reasons': sorted(blocked['blockedReasons'])})
        return found

    def withheld(self, numbers):
        """The cookies that were not sent with the numbered requests, by the wiki of the request."""
        wikis = {}
        for event in self._events('Network.requestWillBeSent'):
            number = urllib.parse.parse_qs(urllib.parse.urlsplit(event['request']['url']).query).get('n', [''])[0]
            if number in numbers:
                wikis[event['requestId']] = numbers[number]
        found = {}
        for event in self._events('Network.requestWillBeSentExtraInfo'):
            wiki = wikis.get(event['requestId'])
            for cookie in event.get('associatedCookies', []) if wiki else []:
                if cookie['blockedReasons']:
                    row = {key: cookie['cookie'][key] for key in ('domain', 'name', 'path')}
                    row['reasons'] = sorted(cookie['blockedReasons'])
                    if row not in found.setdefault(wiki, []):
                        found[wiki].append(row)
        return found or None

    def _events(self, method):
        with self.arrived:
            return [event['params'] for event in self.events if event['method'] == method]

    def settings(self):
        return {}

    def stop(self):
        with contextlib.suppress(Exception):
            self._call('Browser.close')
        end(self.process)
        os.close(self.out)


class Firefox:
    """Firefox, driven over Marionette."""

    name = 'firefox'
    # Total Cookie Protection, as shipped.
    third_party = {'partitioned': None}

    def __init__(self, binary, web, directory, third_party):
        preferences = {
            'marionette.port': 0, 'network.proxy.type': 1, 'network.proxy.http': '127.0.0.1',
            'network.proxy.http_port': web.port, 'network.proxy.ssl': '127.0.0.1', 'network.proxy.ssl_port': web.port,
            'network.proxy.no_proxies_on': '', 'network.proxy.allow_hijacking_localhost': True,
            # Pages on plain http stay on plain http.
            'dom.security.https_first': False, 'dom.security.https_first_schemeless': False,
            # Less noise.
            'app.update.enabled': False, 'datareporting.policy.dataSubmissionEnabled': False,
            'toolkit.telemetry.enabled': False, 'network.captive-portal-service.enabled': False,
            'network.connectivity-service.enabled': False, 'browser.shell.checkDefaultBrowser': False,
        }
        with open(os.path.join(directory, 'user.js'), 'w', encoding='utf-8') as file:
            for name, value in preferences.items():
                file.write('user_pref(%s, %s);\n' % (json.dumps(name), json.dumps(value)))
        command = [binary, '--headless', '--no-remote', '--profile', directory, '--marionette',
                   '--remote-allow-system-access', 'about:blank']
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, start_new_session=True,
                                        env=dict(os.environ, HOME=directory, MOZ_CRASHREPORTER_DISABLE='1'))
        port_file = os.path.join(directory, 'MarionetteActivePort')
        until = time.time() + PATIENCE
        while not (os.path.exists(port_file) and os.path.getsize(port_file)):
            if time.time() > until or self.process.poll() is not None:
                raise RuntimeError('Firefox does not start')
            time.sleep(0.1)
        with open(port_file, encoding='ascii') as file:
            self.socket = socket.create_connection(('127.0.0.1', int(file.read())), PATIENCE)
        self.stream, self.ids = self.socket.makefile('rb'), 0
        self._receive()
        capabilities = self._call('WebDriver:NewSession', {'acceptInsecureCerts': True})
        self.version = 'Firefox ' + capabilities['capabilities']['browserVersion']

    def _receive(self):
        size = b''
        while not size.endswith(b':'):
            byte = self.stream.read(1)
            if not byte:
                raise RuntimeError('Firefox closed the connection')
            size += byte
        return json.loads(self.stream.read(int(size[:-1])))

    def _call(self, command, params=None):
        self.ids += 1
        message = json.dumps([0, self.ids, command, params or {}]).encode()
        self.socket.sendall(b'%d:%s' % (len(message), message))
        _, _, error, result = self._receive()
        if error:
            raise RuntimeError('%s: %s: %s' % (command, error['error'], error['message']))
        return result

    def _inside(self, script, *args):
        """Run a script with the rights of the browser itself."""
        self._call('Marionette:SetContext', {'value': 'chrome'})
        try:
            return self._call('WebDriver:ExecuteScript', {'script': script, 'args': list(args)})['value']
        finally:
            self._call('Marionette:SetContext', {'value': 'content'})

    def forget(self):
        # A new tab, and no permissions: Firefox gives sites access to their cookies in frames of a page because of what
        # the user did earlier in the same tab.
        old = self._call('WebDriver:GetWindowHandle')['value']
        new = self._call('WebDriver:NewWindow', {'type': 'tab'})['handle']
        self._call('WebDriver:SwitchToWindow', {'handle': old})
        self._call('WebDriver:CloseWindow')
        self._call('WebDriver:SwitchToWindow', {'handle': new})
        self._inside('Services.perms.removeAll(); Services.console.reset();')

    def clear(self):
        self.forget()
        self._inside('Services.cookies.removeAll();')

    def goto(self, url):
        self._call('WebDriver:Navigate', {'url': url})

    def run(self, script):
        return self._call('WebDriver:ExecuteScript', {'script': 'return ' + script, 'args': []})['value']

    def click(self):
        found = self._call('WebDriver:FindElement', {'using': 'css selector', 'value': '#go'})['value']
        self._call('WebDriver:ElementClick', {'id': next(iter(found.values()))})

    def cookies(self):
        script = '''return Services.cookies.cookies.map(c => ({host: c.host, path: c.path, name: c.name, value: c.value,
            secure: c.isSecure, httpOnly: c.isHttpOnly, sameSite: c.sameSite, session: c.isSession, expiry: c.expiry,
            partition: c.originAttributes.partitionKey || null}))'''
        same_site = {0: 'None', 1: 'Lax', 2: 'Strict'}
        for cookie in self._inside(script):
            # Milliseconds since Firefox 142, seconds before.
            expiry = cookie['expiry'] / 1000 if cookie['expiry'] > 1e11 else cookie['expiry']
            yield {'domain': cookie['host'], 'path': cookie['path'], 'name': cookie['name'], 'value': cookie['value'],
                   'secure': cookie['secure'], 'httpOnly': cookie['httpOnly'],
                   'sameSite': same_site.get(cookie['sameSite']), 'session': cookie['session'],
                   'host_only': not cookie['host'].startswith('.'), 'expires': None if cookie['session'] else expiry,
                   'partition': cookie['partition']}

    def rejected(self):
        script = '''return Services.console.getMessageArray().filter(m => m instanceof Ci.nsIScriptError)
            .map(m => ({category: m.category, message: m.errorMessage}))
            .filter(m => m.category.startsWith('cookie'))'''
        return self._inside(script)

    def withheld(self, numbers):
        return None  # Firefox gives no reasons

    def settings(self):
        names = ['network.cookie.cookieBehavior', 'network.cookie.cookieBehavior.optInPartitioning',
                 'network.cookie.sameSite.laxByDefault', 'network.cookie.sameSite.noneRequiresSecure',
                 'network.cookie.sameSite.schemeful', 'network.cookie.CHIPS.enabled',
                 'privacy.trackingprotection.enabled']
        script = '''return Object.fromEntries(arguments[0].map(name => [name, {
            0: () => null, 32: () => Services.prefs.getStringPref(name), 64: () => Services.prefs.getIntPref(name),
            128: () => Services.prefs.getBoolPref(name)}[Services.prefs.getPrefType(name)]()]))'''
        return self._inside(script, names)

    def stop(self):
        with contextlib.suppress(Exception):
            self._call('Marionette:Quit', {'flags': ['eForceQuit']})
        end(self.process)
        self.socket.close()


def end(process):
    """End a browser and its child processes."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(10)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


BROWSERS = {
    'chromium': (Chromium, ['/usr/lib/chromium/chromium', 'chromium', 'chromium-browser', 'google-chrome']),
    'firefox': (Firefox, ['firefox-esr', 'firefox']),
}


@contextlib.contextmanager
def started(name, binary, web, third_party=None):
    """A browser with a new profile."""
    kind, candidates = BROWSERS[name]
    third_party = third_party or next(iter(kind.third_party))
    binary = binary or next(filter(None, map(shutil.which, candidates)), None)
    if binary is None:
        sys.exit('record.py: %s is not installed\nhelp: apt-get install chromium firefox-esr' % name)
    directory = tempfile.mkdtemp(prefix='record-%s-' % name)
    browser = kind(binary, web, directory, third_party)
    try:
        yield browser
    finally:
        browser.stop()
        shutil.rmtree(directory, ignore_errors=True)


# Visits.

def body_of(nav, url):
    """The page from which a request of this kind goes to a URL."""
    return {
        'link': '<a id=go href="%s">go</a>',
        'post': '<form method=post action="%s"><input type=hidden name=a value=b><button id=go>go</button></form>',
        'login': '<form method=post action="%s"><input name=name value=Bob><input name=password value=secret>'
                 '<input type=hidden name=action value=login><input type=hidden name=login value=Login>'
                 '<button id=go>go</button></form>',
        'frame': '<iframe src="%s"></iframe>',
        'fetch': "<script>fetch('%s', {credentials: 'include'}).then(answer => answer.text())"
                 ".finally(() => document.title = 'done')</script>",
        'image': '<img src="%s">',
    }[nav] % url


def visit(browser, web, nav, page, url, **answer):
    """Make the browser send a request of kind `nav` from a page to a URL. Returns the request and its number."""
    address, number = web.page(url, **answer)
    if nav == 'direct':
        browser.goto(address)
        return web.seen(number, NO_REQUEST), number
    browser.goto(web.page(page, body=body_of(nav, address))[0])
    if nav in ('link', 'post', 'login'):
        follow(browser, number)
    elif nav == 'fetch':
        wait_until(browser, "document.title === 'done'")
    else:
        wait_until(browser, "document.readyState === 'complete'")
    return web.seen(number, NO_REQUEST), number


def follow(browser, number):
    """Click what leads from the open page to the numbered one, and wait for that page."""
    browser.click()
    wait_until(browser, "location.search === '?n=%s' && document.readyState === 'complete'" % number)


def wait_until(browser, condition):
    until = time.time() + NO_REQUEST
    while time.time() < until:
        # A page that is being replaced cannot run scripts.
        with contextlib.suppress(RuntimeError):
            if browser.run(condition):
                return
        time.sleep(0.02)


def stored(browser, now):
    rows = []
    for cookie in browser.cookies():
        expires = cookie['expires']
        rows.append(dict(cookie, expires_in=None if expires is None else round(expires - now, 1)))
    return sorted(rows, key=lambda row: (row['name'], row['domain'], row['path'], row['partition'] or ''))


def octets(text):
    """A header as HTTP has it, one character for each byte, as JSON has it: UTF-8, and other bytes as surrogates."""
    return text and text.encode('latin-1').decode('utf-8', 'surrogateescape')


class Setting:
    """One answer that sets cookies: at which wiki, by what request, from which page, under which Date header."""

    def __init__(self, wiki, headers, nav='direct', page=None, date=True, skew=None):
        self.wiki, self.headers, self.nav, self.page, self.date, self.skew = wiki, headers, nav, page, date, skew

    def send(self, browser, web):
        headers = [('Set-Cookie', header) for header in self.headers]
        request, _ = visit(browser, web, self.nav, self.page, self.wiki['url'], headers=headers, date=self.date)
        return request['at'] if request else None


class Recorder:
    """Writes scenarios of one browser as JSON lines."""

    def __init__(self, browser, web, third_party, prefix, only):
        self.browser, self.web, self.third_party, self.prefix, self.only = browser, web, third_party, prefix, only
        self.lines = []

    def wanted(self, name):
        return not self.only or re.search(self.only, self.prefix + name)

    def prepare(self, settings):
        """Empty the jar, and let the browser receive cookies. Returns the first half of a row."""
        self.browser.clear()
        set_at = [setting.send(self.browser, self.web) for setting in settings]
        dates = [http_date(at or 0) if setting.date is True else setting.date for setting, at in zip(settings, set_at)]
        return {
            'set': [setting.wiki['id'] for setting in settings], 'set_at': set_at,
            'set_cookie': [[octets(header) for header in setting.headers] for setting in settings],
            'set_nav': [setting.nav for setting in settings], 'set_from': [setting.page for setting in settings],
            'date': dates,
            'clock_skew': [0 if setting.date is True else setting.skew for setting in settings],
            'stored': stored(self.browser, set_at[-1] or time.time()), 'rejected': self.browser.rejected(),
        }

    def visits(self, nav, page, wikis):
        """The second half of a row: what each wiki receives."""
        visited_at, received, requested, numbers = time.time(), {}, {}, {}
        for wiki in wikis:
            request, number = visit(self.browser, self.web, nav, page, wiki['url'])
            received[wiki['id']] = octets(request['cookie']) if request else None
            requested[wiki['id']] = request is not None
            numbers[number] = wiki['id']
        return {'visited_at': round(visited_at, 3), 'received': received, 'requested': requested,
                'withheld': self.browser.withheld(numbers)}

    def write(self, name, nav, page, wikis, rows):
        self.lines.append({'browser': self.browser.version, 'recorded': datetime.date.today().isoformat(),
                           'scenario': self.prefix + name, 'nav': nav, 'from': page, 'third_party': self.third_party,
                           'wikis': wikis, 'rows': rows})
        print('%s: %s' % (self.browser.name, self.prefix + name), file=sys.stderr, flush=True)

    def record(self, name, settings_of_rows, wikis, nav='direct', page=None):
        """Record one scenario: for each row, set cookies in an empty jar, then visit."""
        if self.wanted(name):
            rows = []
            for settings in settings_of_rows:
                # Dates in cookies count from now on.
                settings = settings() if callable(settings) else settings
                rows.append({**self.prepare(settings), **self.visits(nav, page, wikis)})
            self.write(name, nav, page, wikis, rows)


# Scenarios: server clocks.

YEARS = 10 * 365 * 86400
LIFETIMES = [30, 600, 3600, 7200, YEARS]


def expiring(name, skew, lifetime, max_age=False, dated=True, expires_skew=None):
    """A cookie from a server whose clock is `skew` seconds ahead of the browser's (behind if negative)."""
    now = time.time()
    expires = http_date(now + (skew if expires_skew is None else expires_skew) + lifetime)
    header = '%s=x; Expires=%s' % (name, expires) + ('; Max-Age=%d' % lifetime if max_age else '') + '; Path=/'
    date = http_date(now + skew) if dated else None
    return Setting(PLAIN, [header], date=date, skew=skew)


def clock_rows(skew, lifetimes=LIFETIMES, **options):
    return [lambda lifetime=lifetime, max_age=max_age: [expiring('MOIN_SESSION', skew, lifetime, max_age, **options)]
            for lifetime in lifetimes for max_age in (False, True)]


def clocks(recorder):
    for skew in (-7200, -3600, -600, -60, 0, 60, 600, 3600, 7200):
        side = 'ahead' if skew > 0 else 'behind'
        name = 'clock-right' if not skew else 'clock-%s-%d-min' % (side, abs(skew) // 60)
        recorder.record(name, clock_rows(skew), [PLAIN])
    for skew in (-7200, -600, 0, 600, 7200):
        side = 'ahead' if skew > 0 else 'behind'
        name = 'clock-no-date-right' if not skew else 'clock-no-date-%s-%d-min' % (side, abs(skew) // 60)
        recorder.record(name, clock_rows(skew, dated=False), [PLAIN])
    # The Date header is wrong, and Expires is right: as if a proxy wrote the Date header.
    for skew in (-3600, -600, 600, 3600):
        side = 'ahead' if skew > 0 else 'behind'
        name = 'clock-date-only-%s-%d-min' % (side, abs(skew) // 60)
        recorder.record(name, clock_rows(skew, expires_skew=0), [PLAIN])
    # A clock that starts in 1970 or is a year ahead.
    recorder.record('clock-1970', clock_rows(1200 - int(time.time()), [30, 1800, 7200]), [PLAIN])
    recorder.record('clock-ahead-1-year', clock_rows(365 * 86400, [30, 1800, 7200]), [PLAIN])

    def date_is(text):
        def settings():
            setting = expiring('MOIN_SESSION', 0, 1800)
            setting.date, setting.skew = text, None
            return [setting]
        return settings

    invalid = ['', 'yesterday', '2026-11-30T18:00:00Z', 'Mon, 30 Nov 2020 25:61:61 GMT']
    recorder.record('clock-date-invalid', [date_is(text) for text in invalid], [PLAIN])

    def delete(skew, text):
        # A deletion without Max-Age, after a cookie without a lifetime.
        first = Setting(PLAIN, ['MOIN_SESSION=x; Path=/'])
        date = http_date(time.time() + skew)
        return lambda: [first, Setting(PLAIN, ['MOIN_SESSION=; Expires=%s; Path=/' % text], date=date, skew=skew)]

    epoch = 'Thu, 01 Jan 1970 00:00:00 GMT'
    recorder.record('clock-deletion', [delete(skew, epoch) for skew in (0, -7200, 7200)], [PLAIN])


# Scenarios: cross-site requests.

SECURE_COOKIES = ['absent=1; Path=/', 'absent_secure=1; Path=/; Secure', 'lax=1; Path=/; SameSite=Lax',
                  'strict=1; Path=/; SameSite=Strict', 'none=1; Path=/; Secure; SameSite=None',
                  'partitioned=1; Path=/; Secure; SameSite=None; Partitioned']
PLAIN_COOKIES = ['absent=1; Path=/', 'lax=1; Path=/; SameSite=Lax', 'strict=1; Path=/; SameSite=Strict']
# A page on https cannot hold frames, requests, or images of plain http (mixed content).
WAYS = [(WIKI, SECURE_COOKIES, page, NAVS) for page in (PORTAL, PLAIN_PORTAL, SIBLING, PLAIN_SIBLING)]
WAYS += [(PLAIN, PLAIN_COOKIES, page, NAVS) for page in (PLAIN_PORTAL, PLAIN_SIBLING)]
WAYS += [(PLAIN, PLAIN_COOKIES, page, ['link']) for page in (PORTAL, SIBLING)]


def kind_of(page):
    site = 'same' if '.example.org' in page else 'cross'
    return '%s-from-%s' % (site, page.split(':')[0])


def scheme(wiki):
    return wiki['url'].split(':')[0]


def cross_site_sent(recorder):
    """Which cookies a cross-site request carries. Every cookie was set by a visit from the address bar."""
    for wiki, cookies, page, navs in WAYS:
        for nav in navs:
            name = 'sent-%s-%s-to-%s' % (nav, kind_of(page), scheme(wiki))
            recorder.record(name, [[Setting(wiki, cookies)]], [wiki], nav, page)


def cross_site_stored(recorder):
    """Which cookies the answer to a cross-site request stores, and who receives them afterwards."""
    for wiki, cookies, page, navs in WAYS:
        for nav in navs:
            setting = [Setting(wiki, cookies, nav, page)]
            name = 'stored-%s-%s-to-%s' % (nav, kind_of(page), scheme(wiki))
            recorder.record(name + '-then-direct', [setting], [wiki])
            if nav in ('frame', 'fetch', 'image'):
                recorder.record(name + '-then-%s' % nav, [setting], [wiki], nav, page)
                if page == PORTAL:
                    recorder.record(name + '-then-%s-elsewhere' % nav, [setting], [wiki], nav, OTHER_PORTAL)
    # A login in a frame of another site, by a user who is logged in at the wiki itself.
    again = [cookie.replace('=1', '=2', 1) for cookie in SECURE_COOKIES]
    for nav in ('frame', 'fetch', 'post'):
        settings = [Setting(WIKI, SECURE_COOKIES), Setting(WIKI, again, nav, PORTAL)]
        for then, page in (('direct', None), ('frame', PORTAL)):
            name = 'overwritten-%s-cross-from-https-to-https-then-%s' % (nav, then)
            recorder.record(name, [settings], [WIKI], then, page)


def returned(recorder):
    """A frame in a page that the user left for the wiki, where they clicked, before they came back in the same tab."""
    name = 'returned-frame-cross-from-https-to-https'
    if not recorder.wanted(name):
        return
    browser, web, rows = recorder.browser, recorder.web, []
    for before in (['link', 'direct'], ['link', 'link'], ['link', 'post', 'link']):
        row = recorder.prepare([Setting(WIKI, SECURE_COOKIES)])
        framed, in_frame = web.page(WIKI['url'])
        url, number = web.page(PORTAL, body=body_of('frame', framed))
        numbers, portal = [number], url
        for nav in reversed(before[1:]):
            url, number = web.page(WIKI['url'], body=body_of('link' if nav == 'direct' else nav, url))
            numbers.insert(0, number)
        browser.goto(web.page(PORTAL, body=body_of('link', url))[0])
        for nav, number in zip(before, numbers):
            if nav == 'direct':
                browser.goto(portal)
            else:
                follow(browser, number)
        request = web.seen(in_frame, NO_REQUEST)
        row.update(visited_at=round(time.time(), 3), received={WIKI['id']: request and request['cookie']},
                   requested={WIKI['id']: request is not None}, withheld=browser.withheld({in_frame: WIKI['id']}),
                   before=before)
        rows.append(row)
    recorder.write(name, 'frame', PORTAL, [WIKI], rows)


PREFIXES = ['__Host-Http-a=b; Secure; Path=/', '__Host-Http-a=b; Secure; Path=/; HttpOnly', '__Host-Http-a=b; Secure',
            '__Host-Http-a=b; Secure; HttpOnly', '__host-http-a=b; Secure; Path=/', '__Host-Http-a=b; Path=/; HttpOnly',
            '__Host-Http-a=b; Secure; Path=/; HttpOnly; Domain=wiki1.example.org', '__Host-Http-a; Secure; Path=/',
            '__Http-a=b; Secure', '__Http-a=b; Secure; HttpOnly', '__http-a=b; Secure', '__Http-a=b; HttpOnly']
NOT_UTF_8 = ['caf\xe9=1', '\xe9', '\xe9=', 'a\xff=b', 'a=\xe9', 'a=\xe9\xff\xc3', 'a=\xc3\xa9', 'a\xe9=b\xe9',
             'a=' + 2000 * '\xe9', 'a=' + 4094 * '\xe9', 'a=' + 4095 * '\xe9', 'a=' + 4096 * '\xe9',
             'a=b; Path=/\xe9', 'a=b; X=\xe9']
TIMES = ['10:00:00', '010:00:00', '0010:00:00', '10:000:00', '10:00:000', '10:00:0000', '100:00:00', '10:00:060',
         '10:00:00x', '10:00x:00', '10:00:00:00', '10:00', '10::00', '1:2:3', '10:00:00.5', '24:00:00', '10:00:251']


def odd_headers(recorder):
    """Headers that browsers read differently."""
    for name, headers in (('prefixes', PREFIXES), ('not-utf-8', NOT_UTF_8)):
        recorder.record('odd-' + name, [[Setting(WIKI, [header])] for header in headers], [WIKI])
    dates = ['a=b; Expires=Tue, 01 Dec %s %s GMT' % (year, text) for text in TIMES for year in (2020, 2037)]
    recorder.record('odd-times', [[Setting(PLAIN, [header])] for header in dates], [PLAIN])


def part_of(row, wikis):
    """The part of a row about some wikis. All cookies are host-only, so the other wikis do not matter."""
    ids = [wiki['id'] for wiki in wikis]
    hosts = [urllib.parse.urlsplit(wiki['url']).hostname for wiki in wikis]
    at = [index for index, wiki in enumerate(row['set']) if wiki in ids]
    lists = ('set', 'set_at', 'set_cookie', 'set_nav', 'set_from', 'date', 'clock_skew')
    return {**row, **{name: [row[name][index] for index in at] for name in lists},
            'stored': [cookie for cookie in row['stored'] if cookie['domain'] in hosts]}


def old_cookies(recorder):
    """Cookies that are older than two minutes, and short lifetimes from servers with a wrong clock."""
    ways = [(wiki, page, nav, 'old-%s-%s-to-%s' % (nav, kind_of(page), scheme(wiki)))
            for wiki, _, page, navs in WAYS for nav in navs]
    ways = [way for way in ways if recorder.wanted(way[3])]
    lives = recorder.wanted('clock-act-out')
    if not ways and not lives:
        return

    def short(host, **options):
        setting = expiring('MOIN_SESSION', **options)
        setting.wiki = {'id': host, 'url': 'http://%s.example.org/' % host}
        return setting

    clocked = [short('right', skew=0, lifetime=30), short('behind', skew=-600, lifetime=30),
               short('ahead', skew=600, lifetime=30), short('no-date-ahead', skew=100, lifetime=0, dated=False),
               short('behind-long', skew=-600, lifetime=620),
               short('ahead-max-age', skew=600, lifetime=30, max_age=True)]
    row = recorder.prepare([Setting(WIKI, SECURE_COOKIES), Setting(PLAIN, PLAIN_COOKIES)] + clocked)
    start = time.time()
    wikis = [setting.wiki for setting in clocked]
    rows = []
    for seconds in (2, 50, 130):
        time.sleep(max(0.0, start + seconds - time.time()))
        if lives:
            rows.append({**part_of(row, wikis), **recorder.visits('direct', None, wikis)})
    if lives:
        recorder.write('clock-act-out', 'direct', None, wikis, rows)
    for wiki, page, nav, name in ways:
        recorder.browser.forget()
        recorder.write(name, nav, page, [wiki], [{**part_of(row, [wiki]), **recorder.visits(nav, page, [wiki])}])


# A farm.

STEPS = ['login a Bob', 'visit a', 'login b Bob', 'visit a', 'login a Bob', 'visit a', 'visit b', 'visit a']


class ActedWiki:
    """A wiki that handles its session cookie as MoinMoin 1.9.0 and 1.8.7 do.

    Its headers are those of `wikifarm cookie header`. Of two cookies with the same name, the last one counts.
    """

    def __init__(self, url, header):
        self.url = url
        self.cookie_name, rest = header.split('=', 1)
        self.id_length, self.attributes = len(rest.split(';')[0]), rest.split(';', 1)[1]
        self.users, self.sees = {}, None

    server = 'acted'

    def stop(self):
        pass

    def plan(self, user, sent):
        """The plan of an answer to a visit or, with a user, a login. Appends Set-Cookie headers to `sent`."""
        def answer(request):
            pairs = [pair.split('=', 1) for pair in (request['cookie'] or '').split('; ') if pair]
            ids = [value for name, value in pairs if name == self.cookie_name]
            session = ids[-1] if ids and ids[-1] in self.users else None
            if user and session is None:
                session = os.urandom(self.id_length).hex()[:self.id_length]
                self.users[session] = user
            self.sees = self.users.get(session)
            if session:
                sent.append('%s=%s;%s' % (self.cookie_name, session, self.attributes))
            return [('Set-Cookie', header) for header in sent]
        return {'answer': answer}


class RealWiki:
    """A wiki run by MoinMoin itself."""

    def __init__(self, url, version, moin, python2, domain):
        self.url, self.server, self.sees = url, 'MoinMoin ' + version, None
        self.directory = tempfile.mkdtemp(prefix='record-moin-')
        with socket.create_server(('127.0.0.1', 0)) as unused:
            self.port = unused.getsockname()[1]
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'moin_wiki.py')
        source = os.path.join(os.path.abspath(moin), 'moin-' + version)
        command = [python2, script, source, self.directory, str(self.port)] + ([domain] if domain else [])
        quiet = {'stdout': subprocess.DEVNULL, 'stderr': subprocess.DEVNULL}
        self.process = subprocess.Popen(command, cwd=self.directory, **quiet)
        until = time.time() + PATIENCE
        while time.time() < until and self.process.poll() is None:
            with contextlib.suppress(OSError):
                socket.create_connection(('127.0.0.1', self.port), 1).close()
                return
            time.sleep(0.1)
        raise RuntimeError('%s does not start' % self.server)

    def stop(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def plan(self, user, sent):
        def forward(method, path, headers, body):
            backend = http.client.HTTPConnection('127.0.0.1', self.port, timeout=PATIENCE)
            passed = ('Host', 'Cookie', 'User-Agent', 'Content-Type', 'Accept', 'Accept-Language')
            backend.request(method, path, body or None, {name: headers[name] for name in passed if headers[name]})
            answer = backend.getresponse()
            text = answer.read()
            backend.close()
            self.sees = 'Bob' if b'action=logout' in text else None
            dropped = ('content-length', 'transfer-encoding', 'connection')
            answered = [(name, value) for name, value in answer.getheaders() if name.lower() not in dropped]
            sent.extend(value for name, value in answered if name.lower() == 'set-cookie')
            return '%d %s' % (answer.status, answer.reason), answered, text
        return {'forward': forward}


def simulated(wikifarm, farm, browser):
    """What wikifarm predicts: for each step, the Cookie header and the user."""
    command = [wikifarm, 'cookie', 'simulate', '-f', farm, '--browser', browser, '--format', 'json', *STEPS]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    steps = json.loads(output)['steps']
    return [(step['cookie'], (step['seen'] or {}).get('user')) for step in steps]


def numbered(headers):
    """Cookie headers with session ids replaced by their order of appearance, to compare two runs."""
    known = {}

    def name(match):
        return '=' + known.setdefault(match.group(1)[:8], 'session%d' % (len(known) + 1))

    return [header and re.sub(r'=([^;]+)', name, header) for header in headers]


def acted_wikis(wikifarm, farm):
    """The wikis of the farm, acted out."""
    wikis = {}
    for name in ('a', 'b'):
        command = [wikifarm, 'cookie', 'header', '-f', farm, name, '--as', 'remember', '--format', 'json']
        output = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
        header = json.loads(output)['headers'][0]['set_cookie']
        wikis[name] = ActedWiki('http://%s.example.org/' % name, header)
    return wikis


def real_wikis(moin, python2):
    """The wikis of the farm, run by MoinMoin."""
    return {'a': RealWiki('http://a.example.org/', '1.9.0', moin, python2, None),
            'b': RealWiki('http://b.example.org/', '1.8.7', moin, python2, '.example.org')}


def farm_acted_out(browser, web, wikis, wikifarm, farm):
    """Act out STEPS, and compare each Cookie header and user with the prediction."""
    browser.clear()
    rows = []
    for step in STEPS:
        verb, name, *user = step.split()
        wiki, sent = wikis[name], []
        nav, page = ('login', wiki.url) if verb == 'login' else ('direct', None)
        request, _ = visit(browser, web, nav, page, wiki.url, **wiki.plan(user[0] if user else None, sent))
        rows.append({'browser': browser.version, 'recorded': datetime.date.today().isoformat(), 'server': wiki.server,
                     'step': step, 'at': request['at'], 'cookie': request['cookie'], 'sees': wiki.sees,
                     'set_cookie': sent})
    predicted = simulated(wikifarm, farm, browser.name)
    cookies = numbered([row['cookie'] for row in rows])
    expected = numbered([cookie for cookie, _ in predicted])
    for row, cookie, want, (_, user) in zip(rows, cookies, expected, predicted):
        row['ids'] = cookie
        row['predicted'] = {'ids': want, 'sees': user}
        row['agrees'] = cookie == want and row['sees'] == user
        differs = '' if row['agrees'] else ': PREDICTED %s, %s' % (want, user)
        print('%s, %s: %s: %s, sees %s%s' % (browser.name, row['server'], row['step'], cookie, row['sees'], differs),
              file=sys.stderr)
    return rows


def farms(name, binary, web, args):
    """The farm in one browser, acted out and, with --moin, run by MoinMoin."""
    farm = os.path.join(FIXTURES, 'two-browsers.toml')
    rows = []
    for moin in [None] + ([args.moin] if args.moin else []):
        wikis = real_wikis(moin, args.python2) if moin else acted_wikis(args.wikifarm, farm)
        try:
            with started(name, binary, web) as browser:
                rows += farm_acted_out(browser, web, wikis, args.wikifarm, farm)
        finally:
            for wiki in wikis.values():
                wiki.stop()
    return rows


def parts(kind):
    """What to record in a browser, with which setting for third-party cookies."""
    shipped, *others = kind.third_party
    listed = [(part, shipped) for part in (clocks, cross_site_sent, cross_site_stored, returned, old_cookies,
                                                odd_headers)]
    return listed + [(part, other) for other in others for part in (cross_site_sent, cross_site_stored, returned)]


def main():
    parser = argparse.ArgumentParser(description='Record what real browsers do with cookies.')
    parser.add_argument('what', nargs='?', choices=['extra', 'farm', 'all'], default='all', help='default: all')
    parser.add_argument('--browser', choices=sorted(BROWSERS), action='append', help='default: both')
    parser.add_argument('--chromium', metavar='FILE', help='the program to run')
    parser.add_argument('--firefox', metavar='FILE', help='the program to run')
    parser.add_argument('--only', metavar='REGEX', help='record scenarios with matching names only')
    parser.add_argument('--wikifarm', metavar='FILE', default='wikifarm', help='the wikifarm program, for `farm`')
    parser.add_argument('--moin', metavar='DIR', help='for `farm`: also run moin-1.9.0 and moin-1.8.7 in DIR')
    parser.add_argument('--python2', metavar='FILE', default='python2.7', help='Python 2.7, for --moin')
    parser.add_argument('--out', metavar='DIR', default=FIXTURES, help='write the recordings below DIR')
    args = parser.parse_args()
    directory = tempfile.mkdtemp(prefix='record-web-')
    farm_rows = []
    try:
        web = Web(directory)
        for name in args.browser or sorted(BROWSERS):
            binary = getattr(args, name)
            if args.what in ('extra', 'all'):
                lines = []
                # Each part has a profile of its own: the browser must not remember visits of another part.
                for part, third_party in parts(BROWSERS[name][0]):
                    with started(name, binary, web, third_party) as browser:
                        prefix = 'blocked-' if third_party == 'blocked' else ''
                        recorder = Recorder(browser, web, third_party, prefix, args.only)
                        part(recorder)
                        lines += recorder.lines
                        settings = browser.settings()
                print('%s: %s %s' % (name, browser.version, json.dumps(settings)), file=sys.stderr)
                write_lines(os.path.join(args.out, 'extra-%s.jsonl' % name), lines)
            if args.what in ('farm', 'all'):
                farm_rows += farms(name, binary, web, args)
        if farm_rows:
            write_lines(os.path.join(args.out, 'two-browsers.jsonl'), farm_rows)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    return 0 if all(row['agrees'] for row in farm_rows) else 1


def write_lines(path, rows):
    with open(path, 'w', encoding='utf-8') as file:
        for row in rows:
            file.write(json.dumps(row, sort_keys=True) + '\n')


if __name__ == '__main__':
    sys.exit(main())

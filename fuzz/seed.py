"""Puts what the fixtures hold under fuzz/corpus, as each target reads it."""

import base64
import glob
import hashlib
import json
import os

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FIXTURES = os.path.join(ROOT, 'tests', 'fixtures')


def seed(target, data):
    directory = os.path.join(ROOT, 'fuzz', 'corpus', target)
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, hashlib.sha1(data).hexdigest()), 'wb') as file:
        file.write(data)


def files(pattern):
    for path in glob.glob(os.path.join(ROOT, pattern), recursive=True):
        if os.path.isfile(path):
            with open(path, 'rb') as file:
                yield file.read()


def lines(pattern):
    for data in files('tests/fixtures/' + pattern):
        yield from (json.loads(line) for line in data.splitlines() if line.strip())


def text(value):
    """Bytes that JSON holds as lone surrogates."""
    return value.encode('utf-8', 'surrogateescape') if isinstance(value, str) else b''


def main():
    for line in lines('pickles/*.jsonl'):
        seed('pickle', base64.b64decode(line['pickle']))
    for pattern in ('moin-*/sessions/*', 'moin-*/cache/**/*'):
        for data in files('tests/fixtures/' + pattern):
            seed('pickle', data)
    for data in files('tests/fixtures/moin-*/config/*.py'):
        seed('python', data)
    for pattern in ('farm.example.toml', 'tests/fixtures/**/farm.toml'):
        for data in files(pattern):
            seed('farm', data)
    for case in lines('cookies/*.jsonl'):
        for step in case.get('steps', []):
            seed('set_cookie', b'\n'.join(text(part) for part in [step['url'], *step.get('set_cookie', [])]))
        if case.get('kind') == 'parse_date':
            seed('set_cookie', b'https://a.example.org/\na=b; Expires=' + text(case['date']))
    for scenario in lines('browser/chromium.jsonl'):
        for row in scenario['rows']:
            for headers in row['set_cookie']:
                seed('set_cookie', b'\n'.join([b'https://wiki1.example.org/', *map(text, headers)]))
    for case in lines('cookie-headers/read.jsonl'):
        for version in range(9):
            seed('cookie_header', bytes([version]) + text(case['cookie']))
    for value in (1, 'text', None, [1, 2], {'dict': [['expires', 1.5]]}, {'bytes': '6162'}, {'ref': 0}):
        seed('json_form', json.dumps(value).encode())
    for line in ('login wiki1 Bob', 'login wiki1 Bob forget', 'visit https://example.org/alpha/Page', 'logout wiki1',
                 'switch-user wiki1 Carol', 'wait 13h', 'restart-browser', 'reconfigure new.toml', 'expect wiki2 anonymous'):
        seed('script', (line + '\n# comment\n' + line).encode())
    seed('index', bytes(200))


main()

# Runs a MoinMoin configuration behind stand-ins for MoinMoin's modules, and prints what it binds as JSON.
#
# Works with Python 2.6 to 2.7 and 3. The argument is JSON: the files to import, and the names to read. Each wiki is
# imported in a process of its own, so that the files of one wiki can't change another. What depends on MoinMoin's own
# values is not known: a stand-in that decides a condition ends the run, and one within a text leaves its mark there.
import datetime
import json
import os
import sys
import types

PYTHON_3 = sys.version_info[0] > 2
TEXT = str if PYTHON_3 else unicode  # noqa: F821
BYTES = bytes if PYTHON_3 else str
INTEGERS = (int,) if PYTHON_3 else (int, long)  # noqa: F821
ROOTS = ('MoinMoin', 'moin', 'wikifarm_session18', 'wikifarm_session19')
METHODS = {
    'MoinAuth': 'moin', 'GivenAuth': 'given', 'HTTPAuth': 'http', 'HTTPAuthMoin': 'http', 'LDAPAuth': 'ldap',
    'OpenIDAuth': 'openid', 'CASAuth': 'CAS', 'SSLClientCertAuth': 'sslclientcert', 'InterwikiAuth': 'interwiki',
    'PHPSessionAuth': 'php_session', 'BotBouncer': 'botbouncer', 'AuthLog': 'log', 'BaseAuth': None,
    'MysqlGroupAuth': None, 'SMBMount': None, 'AutoNewUser': None,
}
MARK = u'\ue001%s\ue002'
# Names of MoinMoin that every version has. All others are only taken to be there.
KNOWN = set('DefaultConfig LocalConfig config multiconfig default url_prefix_static auth http ldap_login cas openidrp '
            'interwiki php_session botbouncer log mysql_group smb_mount sslclientcert session util'.split()) | set(METHODS)
assumed = set()
made = {}


class Depends(Exception):
    pass


def assume(name):
    last = name.split('.')[-1]
    if last not in KNOWN and not name.startswith('wikifarm_') and name not in ('MoinMoin', 'moin'):
        assumed.add(name)


def dotted(stand_in):
    return object.__getattribute__(stand_in, '_wikifarm_name')


class StandIn(object):
    """A value of MoinMoin that is not known here."""

    def __init__(self, name, args=(), keywords=None):
        self.__dict__.update(_wikifarm_name=name, _wikifarm_args=args, _wikifarm_keywords=keywords)

    def __getattr__(self, name):
        if name.startswith('__'):
            raise AttributeError(name)
        return make(dotted(self) + '.' + name)

    def __setattr__(self, name, value):
        raise Depends('it sets %s.%s' % (dotted(self), name))

    def __call__(self, *args, **keywords):
        return StandIn(dotted(self), args, keywords)

    def __str__(self):
        return str(MARK % dotted(self)) if PYTHON_3 else (MARK % dotted(self)).encode('utf-8')

    def __unicode__(self):
        return MARK % dotted(self)

    def __format__(self, how):
        return str(self)

    __repr__ = __str__


def another(self, *args):
    return StandIn(dotted(self))


def decides(self, *args):
    raise Depends('it depends on %s' % dotted(self))


for name in 'add radd sub rsub mul rmul mod rmod div rdiv truediv or ror and rand getitem getslice iadd'.split():
    setattr(StandIn, '__%s__' % name, another)
for name in 'bool nonzero len iter eq ne lt le gt ge contains int float index hash delitem setitem'.split():
    setattr(StandIn, '__%s__' % name, decides)


class Meta(type):
    def __getattr__(cls, name):
        if name.startswith('__') or '_wikifarm_name' not in cls.__dict__:
            raise AttributeError(name)
        assume(cls._wikifarm_name + '.' + name)
        return make(cls._wikifarm_name + '.' + name)


def new(cls, *args, **keywords):
    self = object.__new__(cls)
    self.__dict__['_wikifarm_args'] = (args, keywords)
    if 'name' in keywords and any(base.__name__ == 'LDAPAuth' for base in cls.__mro__):
        self.__dict__['name'] = keywords['name']
    return self


def init(self, *args, **keywords):
    if is_default(type(self).__mro__) and args:
        self.siteid = args[0]


def getattribute(self, name):
    if name.startswith('__'):
        raise AttributeError(name)
    return make(type(self).__name__ + '.' + name)


def is_default(order):
    return any(base.__dict__.get('_wikifarm_default') for base in order)


def make(name):
    """The stand-in for a dotted name: a class if its last part begins with a capital letter."""
    last = name.rsplit('.', 1)[-1]
    default = name.split('.')[0] in ('MoinMoin', 'moin') and 'DefaultConfig' in last
    key = 'DefaultConfig' if default else name
    if key in made:
        return made[key]
    if not last[:1].isupper():
        return made.setdefault(key, StandIn(name))
    body = {'_wikifarm_name': name, '_wikifarm_default': default, '__new__': new, '__init__': init,
            '__getattr__': getattribute, '__module__': name.rsplit('.', 1)[0]}
    if last in METHODS:
        body['name'] = METHODS[last]
    return made.setdefault(key, Meta(str(last), (object,), body))


class Module(types.ModuleType):
    __path__ = []

    def __getattr__(self, name):
        if name.startswith('__'):
            raise AttributeError(name)
        assume(self.__name__ + '.' + name)
        return make(self.__name__ + '.' + name)


class Finder(object):
    def find_module(self, name, path=None):
        return self if name.split('.')[0] in ROOTS else None

    def load_module(self, name):
        assume(name)
        return sys.modules.setdefault(name, Module(str(name)))

    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in ROOTS:
            from importlib.machinery import ModuleSpec
            return ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        assume(spec.name)
        return Module(spec.name)

    def exec_module(self, module):
        pass


def unknown(why):
    return ['unknown', why]


def text(kind, value):
    value = TEXT(value)
    if MARK[0] in value:
        return unknown('it depends on %s' % value.split(MARK[0])[1].split(MARK[-1])[0])
    return [kind, value, value == 'siteidmagic' and value_is_magic]


value_is_magic = False


def encode(value, depth=0):
    global value_is_magic
    if depth > 12:
        return unknown('it is nested too deeply')
    inner = lambda values: [encode(item, depth + 1) for item in values]  # noqa: E731
    pairs = lambda values: [inner(pair) for pair in values.items()]  # noqa: E731
    kind = type(value)
    if value is None:
        return ['none']
    if kind is bool:
        return ['bool', value]
    if kind in INTEGERS:
        return ['int', str(value)]
    if kind is float:
        return ['float', repr(value)]
    value_is_magic = value is 'siteidmagic'  # noqa: F632, as MoinMoin compares
    if kind is TEXT:
        return text('text', value)
    if kind is BYTES:
        try:
            return text('bytes', value.decode('utf-8'))
        except UnicodeDecodeError:
            return unknown('its bytes are not UTF-8')
    if kind is tuple:
        return ['tuple', inner(value)]
    if kind is list:
        return ['list', inner(value)]
    if kind is dict:
        return ['dict', pairs(value)]
    if kind is datetime.timedelta:
        return ['object', 'datetime.timedelta', inner((value.days, value.seconds, value.microseconds)), [], ['none']]
    if kind is StandIn:
        if value._wikifarm_keywords is None:
            return ['outside', dotted(value)]
        return ['object', dotted(value), inner(value._wikifarm_args), pairs(value._wikifarm_keywords), ['none']]
    if isinstance(value, type) or kind.__name__ in ('classobj', 'function', 'instancemethod'):
        return ['outside', '%s.%s' % (getattr(value, '__module__', ''), getattr(value, '__name__', ''))]
    args, keywords = getattr(value, '__dict__', {}).get('_wikifarm_args', ((), {}))
    try:
        name = encode(getattr(value, 'name', None), depth + 1)
    except Exception:
        name = unknown('its name can not be read')
    kind = getattr(value, '__class__', kind)
    return ['object', '%s.%s' % (kind.__module__, kind.__name__), inner(args), pairs(keywords), name]


def settings(config, siteid, names):
    """The settings that the object has before MoinMoin's defaults count."""
    made_by = config(siteid)
    order = []
    for base in type(made_by).__mro__:
        order.append(base)
        if base.__dict__.get('_wikifarm_default'):
            break
    found = {}
    for name in names:
        own = getattr(made_by, '__dict__', {})
        if name in own or any(name in base.__dict__ for base in order):
            found[name] = encode(getattr(made_by, name))
    return found


def wiki(asked, name):
    try:
        module = sys.modules.get(name) or __import__(name, fromlist=['Config'])
        config = getattr(module, 'Config', None)
        names = dict((key, encode(getattr(module, key))) for key in asked['globals'] if hasattr(module, key))
        found = config and settings(config, name, asked['settings'])
        return {'settings': found, 'globals': names, 'assumed': sorted(assumed)}
    except BaseException:
        return {'error': error()}


def error():
    kind, value = sys.exc_info()[:2]
    return '%s: %s' % (kind.__name__, value)


def apart(asked, directory, name):
    """The same in a process of its own."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(read)
            if directory:
                enter(directory)
            result = wiki(asked, name)
            with os.fdopen(write, 'wb') as out:
                out.write(json.dumps(result).encode('ascii'))
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, 'rb') as out:
        answer = out.read().decode('ascii')
    os.waitpid(child, 0)
    return json.loads(answer) if answer else {'error': 'Python ended'}


def enter(directory):
    sys.path.insert(0, directory)
    os.chdir(directory)


def main():
    # What the configuration prints is no part of the answer.
    answer = os.dup(1)
    os.dup2(2, 1)
    sys.dont_write_bytecode = True
    sys.path[:] = [path for path in sys.path if path]
    sys.meta_path.insert(0, Finder())
    asked = json.loads(sys.argv[1])
    KNOWN.update(asked['settings'])
    result = {'wikis': {}}
    if 'main' in asked:
        enter(os.path.dirname(asked['main']))
        name = str(os.path.splitext(os.path.basename(asked['main']))[0])
        try:
            module = __import__(name)
            if hasattr(module, 'wikis') and not hasattr(module, 'Config'):
                result['list'] = encode(list(module.wikis))
                names = []
                for entry in module.wikis:
                    names += [entry[0]] if entry[0] not in names else []
            else:
                names = [name]
            for name in names:
                result['wikis'][name] = apart(asked, None, str(name))
        except BaseException:
            result['error'] = error()
    for name, directory in asked.get('many', []):
        result['wikis'][name] = apart(asked, directory, 'wikiconfig')
    with os.fdopen(answer, 'wb') as out:
        out.write(json.dumps(result).encode('ascii'))


main()

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The API over TLS, with programs that we did not write: curl, openssl, gnutls-cli; and with vdsctl
and a program that uses libvds.  The CA and all certificates are made when the test runs.
"""
import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading

import vdstest
from vdstest import DEADLINE_S, Daemon, Driver, check, equal, eventually

MIB = 1 << 20
UNREACHABLE = 5     # the exit status of vdsctl for an array that cannot be reached or trusted


def run(*words, data=None, env=None):
    return subprocess.run(list(map(str, words)), input=data, capture_output=True, text=True,
                          timeout=DEADLINE_S, env={**os.environ, **(env or {})})


def openssl(*words):
    done = run('openssl', *words)
    equal(done.returncode, 0, f'openssl {words[0]}: {done.stderr}')
    return done.stdout


class Authority:
    """A CA, by the openssl program."""

    def __init__(self, top, name='ca'):
        self.top, self.cert, self.key = top, top / f'{name}.pem', top / f'{name}.key'
        openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                '-keyout', self.key, '-out', self.cert, '-days', 2, '-subj', f'/CN={name}')

    def issue(self, cert, key, subject='/CN=array', names='DNS:localhost,IP:127.0.0.1', days=2):
        """Write a certificate and its key; a negative number of days is in the past."""
        request, extra = self.top / 'request', self.top / 'extra'
        new = pathlib.Path(f'{key}.new')
        openssl('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                '-keyout', new, '-out', request, '-subj', subject)
        new.chmod(0o600)
        extra.write_text(f'subjectAltName={names}\n' if names else '')
        done = openssl('x509', '-req', '-in', request, '-CA', self.cert, '-CAkey', self.key,
                       '-CAcreateserial', '-days', days, '-extfile', extra)
        pathlib.Path(f'{cert}.new').write_text(done)
        new.replace(key)
        pathlib.Path(f'{cert}.new').replace(cert)

    def crl(self, path, *revoked):
        """Write a revocation list that names these certificates, with `openssl ca`."""
        index, conf = self.top / 'index', self.top / 'ca.conf'
        index.write_text('')
        conf.write_text(f'[ca]\ndefault_ca = own\n[own]\ndatabase = {index}\n'
                        'default_md = sha256\ndefault_crl_days = 1\n')
        own = ('-config', conf, '-cert', self.cert, '-keyfile', self.key)
        for cert in revoked:
            openssl('ca', *own, '-revoke', cert)
        new = pathlib.Path(f'{path}.new')
        openssl('ca', *own, '-gencrl', '-out', new)
        new.replace(path)

    @staticmethod
    def fingerprint(cert):
        return openssl('x509', '-in', cert, '-noout', '-fingerprint',
                       '-sha256').strip().split('=')[1]


class Place:
    """A directory with a CA, the server's certificate and that of alice, who is an admin."""

    def __enter__(self):
        self.top = pathlib.Path(tempfile.mkdtemp(prefix='vdstls.'))
        self.ca = Authority(self.top)
        self.cert, self.key = self.top / 'cert.pem', self.top / 'key.pem'
        self.alice_cert, self.alice_key = self.top / 'alice.pem', self.top / 'alice.key'
        self.ca.issue(self.cert, self.key)
        self.ca.issue(self.alice_cert, self.alice_key, '/CN=alice', None)
        self.conf = self.top / 'vdsd.conf'
        self.conf.write_text('admin = cert:alice\n')
        return self

    def __exit__(self, kind, value, trace):
        shutil.rmtree(self.top, ignore_errors=True)

    def serve(self, *options):
        return Daemon('--conf', self.conf, '--https', '127.0.0.1:0', '--tls-cert', self.cert,
                      '--tls-key', self.key, '--tls-client-ca', self.ca.cert, *options)

    def trust(self):
        """The environment of a program that trusts the CA and is alice."""
        return {'VDS_CA': str(self.ca.cert), 'VDS_CERT': str(self.alice_cert),
                'VDS_KEY': str(self.alice_key)}

    def curl(self, url, *words, alice=True):
        """The status and the body."""
        own = ('--cert', self.alice_cert, '--key', self.alice_key) if alice else ()
        done = run('curl', '-sS', '--cacert', self.ca.cert, '-w', '\n%{http_code}', *own, *words,
                   url)
        equal(done.returncode, 0, f'curl {url}: {done.stderr}')
        body, _, status = done.stdout.rpartition('\n')
        return int(status), body


def where(daemon):
    """ADDRESS:PORT of the listener."""
    return json.loads((daemon.top / 'ready').read_text())['https'][0]


def url(daemon):
    return f'https://{where(daemon)}'


def ctl(*words, env=None):
    return run(os.environ['VDSCTL'], *words, env=env)


@contextlib.contextmanager
def served():
    with Place() as place, place.serve() as daemon:
        yield place, daemon
        daemon.stop()


def shake(daemon, *words):
    """What openssl s_client says, and whether it has shaken hands."""
    done = run('openssl', 's_client', '-connect', where(daemon), *words, data='')
    text = done.stdout + done.stderr
    return text, done.returncode == 0 and 'Cipher is (NONE)' not in text


def fingerprint_served(daemon):
    text, done = shake(daemon)
    check(done, text)
    pem = re.search(r'-----BEGIN.*END CERTIFICATE-----', text, re.S).group(0)
    return run('openssl', 'x509', '-noout', '-fingerprint', '-sha256',
               data=pem).stdout.strip().split('=')[1]


# ---- what the server speaks ----

def test_only_new_versions_and_strong_suites():
    with served() as (place, daemon):
        for words in (('-tls1_2',), ('-tls1_3',)):
            text, done = shake(daemon, *words)
            check(done, f'{words} is refused: {text}')
            for wanted in ('Compression: NONE', 'Server Temp Key: X25519'):
                check(wanted in text, f'{words}: no `{wanted}` in {text}')
            check('session ticket' not in text.lower(), f'{words}: a ticket: {text}')
        check('Secure Renegotiation IS supported' in shake(daemon, '-tls1_2')[0], 'RFC 5746')
        weak = 'ALL:COMPLEMENTOFALL:!ECDHE+AESGCM:!ECDHE+CHACHA20:@SECLEVEL=0'
        for words in (('-tls1', '-cipher', 'ALL:@SECLEVEL=0'),
                      ('-tls1_1', '-cipher', 'ALL:@SECLEVEL=0'), ('-tls1_2', '-cipher', weak),
                      ('-alpn', 'h2')):
            text, done = shake(daemon, *words)
            check(not done, f'{words} is taken: {text}')
        daemon.logged('http.handshake from=127.0.0.1:')
        check('ALPN protocol: http/1.1' in shake(daemon, '-alpn', 'h2,http/1.1')[0], 'ALPN')
        # whatever name is asked for, there is one certificate
        check(shake(daemon, '-servername', 'other.example')[1], 'another server name')


def test_gnutls_agrees():
    with served() as (place, daemon):
        host, port = where(daemon).split(':')
        gnutls = ('gnutls-cli', '-p', port, '--x509cafile', place.ca.cert)

        def says(*words):
            done = run(*gnutls, *words, host, data='')
            return done.returncode == 0, done.stdout + done.stderr
        for priority, wanted in (('NORMAL', True), ('NORMAL:-VERS-ALL:+VERS-TLS1.2', True),
                                 ('LEGACY:-VERS-ALL:+VERS-TLS1.1', False),
                                 ('LEGACY:-VERS-ALL:+VERS-TLS1.0', False),
                                 ('NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA', False),
                                 ('LEGACY:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-CBC', False)):
            done, text = says('--priority', priority)
            equal(done, wanted, f'{priority}: {text}')


def test_curl_manages_the_array():
    with served() as (place, daemon):
        status, body = place.curl(f'{url(daemon)}/v1/luns', '-d', '{"size_bytes":1048576}', '-H',
                                  'Content-Type: application/json')
        equal(status, 201, body)
        equal(len(json.loads(place.curl(f'{url(daemon)}/v1/luns')[1])['items']), 1, 'LUNs')
        status, body = place.curl(f'{url(daemon)}/v1/openapi.json')
        equal(json.loads(body), daemon.rest().call('GET', '/v1/openapi.json'), 'a large answer')
        equal(place.curl(f'{url(daemon)}/v1/luns', alice=False)[0], 401, 'nobody')
        equal(place.curl(f'{url(daemon)}/v1/luns', '-H', 'Host: evil.example')[0], 403, 'Host')
        equal(place.curl(f'http://{where(daemon)}/')[0], 400, 'without TLS')


def test_curl_follows_the_events():
    with served() as (place, daemon):
        curl = subprocess.Popen(['curl', '-sSN', '--cacert', place.ca.cert, '--cert',
                                 place.alice_cert, '--key', place.alice_key,
                                 f'{url(daemon)}/v1/events'], stdout=subprocess.PIPE, text=True)
        with curl:
            events = iter(curl.stdout.readline, '')
            check(any('hello' in line for line in events), 'no hello')
            daemon.ctl('lun', 'create', 'seen', '--size', '1M')
            check(any('"cause":"lun.create"' in line for line in events), 'no change')
            daemon.process.send_signal(signal.SIGTERM)
            check(any('lost' in line for line in events), 'the stream ends without `lost`')
            equal(curl.wait(DEADLINE_S), 0, 'the stream ends in order')
        equal(daemon.process.wait(DEADLINE_S), 0, 'vdsd')
        daemon.start()


# ---- our programs ----

def test_vdsctl_over_tls():
    with served() as (place, daemon):
        own = ('--url', url(daemon), '--cert', place.alice_cert, '--key', place.alice_key)
        for trust in (('--ca', place.ca.cert),
                      ('--fingerprint', Authority.fingerprint(place.cert))):
            done = ctl(*own, *trust, 'lun', 'create', f'vol{trust[0]}', '--size', '1M')
            equal(done.returncode, 0, f'{trust[0]}: {done.stderr}')
        done = ctl('-o', 'json', 'lun', 'list', env={'VDS_URL': url(daemon), **place.trust()})
        equal(len(json.loads(done.stdout)), 2, 'by the environment')
        done = run(os.environ['VDSCTL'], *own, '--ca', place.ca.cert, 'batch',
                   data='lun create a --size 1M\nlun create b --size 1M\n')
        equal(done.returncode, 0, f'batch: {done.stderr}')
        done = run(os.environ['VDSCTL'], *own, '--ca', place.ca.cert, 'diskraid', '-s', '-',
                   data='list subsystems\nexit\n')
        equal(done.returncode, 0, f'diskraid: {done.stdout}{done.stderr}')


def test_a_token_over_tls():
    with served() as (place, daemon):
        token = place.top / 'token'
        done = ctl('--url', f'unix:{daemon.socket}', 'token', 'create', 'backup', '--role', 'reader')
        equal(done.returncode, 0, done.stderr)
        token.write_text(re.search(r'\S*vds\S*|\S{40,}', done.stdout).group(0) + '\n')
        token.chmod(0o600)
        own = ('--url', url(daemon), '--ca', place.ca.cert)
        env = {'VDS_TOKEN_FILE': str(token)}
        equal(ctl(*own, 'lun', 'list', env=env).returncode, 0, 'a reader reads')
        check(ctl(*own, 'lun', 'create', 'x', '--size', '1M', env=env).returncode != 0,
              'a reader writes')
        with subprocess.Popen([os.environ['VDSCTL'], *map(str, own), 'watch'],
                              env={**os.environ, **env}, stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT) as watch:
            watch.stdout.readline()     # from here on nothing is missed
            daemon.ctl('lun', 'create', 'seen', '--size', '1M')
            check(any('seen' in line for line in iter(watch.stdout.readline, '')), 'vdsctl watch')
            watch.kill()
        equal(daemon.ctl('token', 'revoke', 'backup', ok=None), 0, 'revoke')
        check(ctl(*own, 'lun', 'list', env=env).returncode != 0, 'a revoked token is taken')


def refused(daemon, words, *options, status=UNREACHABLE):
    done = ctl('--url', url(daemon), *options, 'lun', 'list')
    equal(done.returncode, status, f'{options}: {done.stderr}')
    check(words in done.stderr, f'`{words}` is not in: {done.stderr}')


def test_vdsctl_says_what_is_wrong_with_a_certificate():
    with served() as (place, daemon):
        port = where(daemon).split(':')[1]
        other = Authority(place.top, 'other')
        refused(daemon, 'no CA that this computer trusts')
        refused(daemon, Authority.fingerprint(place.cert), '--ca', other.cert)
        refused(daemon, 'another fingerprint', '--fingerprint', '0' * 64)
        refused(daemon, 'token is needed', '--ca', place.ca.cert, status=1)
        done = ctl('--url', f'https://localhost:{port}', '--ca', place.ca.cert, 'lun', 'list')
        equal(done.returncode, 1, f'by name: {done.stderr}')       # nobody, but trusted
        for names, days, words in (('DNS:else.example', 2, 'is for else.example and not for'),
                                   ('IP:127.0.0.1', -1, 'has expired')):
            place.ca.issue(place.cert, place.key, names=names, days=days)
            daemon.process.send_signal(signal.SIGHUP)
            eventually('the certificate is used', lambda: fingerprint_served(daemon)
                       == Authority.fingerprint(place.cert))
            refused(daemon, words, '--ca', place.ca.cert)



def test_libvds_over_tls():
    with served() as (place, daemon):
        com = Driver(os.environ['COM_DRIVER'], env=place.trust())
        equal(com.ask('open', url(daemon))[0], 'S_OK', 'VdsOpenHwProvider')
        com.ask('begin', 0, 'create', MIB)
        answer = com.ask('wait', 0)
        equal(answer[0], 'S_OK', 'a LUN')
        lun = answer[2]
        equal(com.ask('targets-of', lun), ['S_OK'], 'no target')
        target = daemon.ctl('target', 'create', 'web')['id']
        daemon.ctl('lun', 'associate', lun, target)
        eventually('the change of another program is seen',
                   lambda: com.ask('targets-of', lun)[1:] == [target])
        # vdsd comes back at the same port, with a new certificate
        daemon.options = [where(daemon) if o == '127.0.0.1:0' else o for o in daemon.options]
        daemon.stop()
        eventually('the array is lost', lambda: com.ask('subsystems') == ['S_OK', '4'])
        place.ca.issue(place.cert, place.key)
        daemon.start()
        eventually('the array is back', lambda: com.ask('subsystems') == ['S_OK', '1'])
        equal(com.ask('targets-of', lun)[1:], [target], 'the same set')
        com.close()


# ---- certificates ----

def test_a_certificate_is_replaced_under_load():
    with served() as (place, daemon):
        stop, made, errors = threading.Event(), [0], []

        def load():
            while not stop.is_set():
                done = ctl('--url', url(daemon), 'lun', 'list', env=place.trust())
                if done.returncode != 0:
                    errors.append(done.stderr)
                    return
                made[0] += 1
        thread = threading.Thread(target=load)
        thread.start()
        try:
            for by_signal in (False, True, False, True):
                before = made[0]
                place.ca.issue(place.cert, place.key)
                if by_signal:
                    daemon.process.send_signal(signal.SIGHUP)
                wanted = Authority.fingerprint(place.cert)
                eventually('the new one is used', lambda: fingerprint_served(daemon) == wanted)
                eventually('the load goes on', lambda: made[0] > before or errors)
        finally:
            stop.set()
            thread.join()
        equal(errors, [], 'vdsctl meanwhile')
        good = fingerprint_served(daemon)
        place.key.write_text('no key\n')
        daemon.process.send_signal(signal.SIGHUP)
        daemon.logged('http.certificate_kept')
        equal(fingerprint_served(daemon), good, 'the old one stays')


def test_a_revoked_certificate_ends_what_stands():
    """curl's stream, vdsctl and Python's own TLS, which says why it gets nothing."""
    with Place() as place:
        crl = place.top / 'clients.crl'
        place.ca.crl(crl)
        with place.serve('--tls-client-crl', crl) as daemon:
            curl = subprocess.Popen(['curl', '-sSN', '--cacert', place.ca.cert, '--cert',
                                     place.alice_cert, '--key', place.alice_key,
                                     f'{url(daemon)}/v1/events'], stdout=subprocess.PIPE, text=True)
            with curl:
                events = iter(curl.stdout.readline, '')
                check(any('"position"' in line for line in events), 'no hello')
                place.ca.crl(crl, place.alice_cert)
                check(any('not trusted any more' in line for line in events), 'no reason')
                equal(curl.wait(DEADLINE_S), 0, 'the stream ends in order')
            done = ctl('--url', url(daemon), 'lun', 'list', env=place.trust())
            equal(done.returncode, 1, done.stderr)
            check('certificate revoked' in done.stderr and '--cert' in done.stderr, done.stderr)
            context = ssl.create_default_context(cafile=place.ca.cert)
            context.load_cert_chain(place.alice_cert, place.alice_key)
            host, port = where(daemon).split(':')
            with socket.create_connection((host, int(port)), DEADLINE_S) as plain, \
                    context.wrap_socket(plain, server_hostname=host) as client:
                said = f'http.handshake from={host}:{client.getsockname()[1]}'
                daemon.logged(said)
                try:
                    # its alert is there even for a client that goes on writing before it looks
                    client.sendall(b'GET /v1/luns HTTP/1.1\r\n')
                    client.sendall(b'Host: array\r\n\r\n')
                    raise vdstest.Failed(f'Python got {client.recv(1000)}')
                except ssl.SSLError as error:
                    check('REVOKED' in str(error), str(error))
            equal(place.curl(f'{url(daemon)}/v1/luns', alice=False)[0], 401, 'without one')
            place.ca.crl(crl)       # she is forgiven
            eventually('alice is in again', lambda: ctl('--url', url(daemon), 'lun', 'list',
                                                        env=place.trust()).returncode == 0)
            daemon.logged('http.distrusted from=127.0.0.1:')
            daemon.stop()


def test_python_is_told_what_is_wrong():
    """A program with nothing but Python's library: a status and a JSON text, or a reason."""
    with served() as (place, daemon):
        host, port = where(daemon).split(':')

        def get(headers=(), tls=True, path='/v1/luns', method='GET', body=None):
            context = ssl.create_default_context(cafile=place.ca.cert)
            client = http.client.HTTPSConnection(host, int(port), context=context,
                                                 timeout=DEADLINE_S) \
                if tls else http.client.HTTPConnection(host, int(port), timeout=DEADLINE_S)
            with contextlib.closing(client):
                client.request(method, path, body, dict(headers))
                answer = client.getresponse()
                return answer.status, json.loads(answer.read())['error']

        for wanted, words, options in (
                (401, 'vdsctl token create', {}),
                (401, 'unknown', {'headers': [('Authorization', 'Bearer vds_no')]}),
                (401, 'Bearer TOKEN', {'headers': [('Authorization', 'Basic YTpi')]}),
                (401, 'token is needed', {'method': 'POST', 'body': '{}'}),
                (403, '--https-name', {'headers': [('Host', 'evil.example')]}),
                (400, 'https://', {'tls': False})):
            status, error = get(**options)
            equal(status, wanted, error)
            check(words in error['message'], f'`{words}` is not in {error}')
        try:
            ssl.create_default_context().wrap_socket(
                socket.create_connection((host, int(port))), server_hostname=host).close()
            raise vdstest.Failed('an unknown CA is trusted')
        except ssl.SSLCertVerificationError as error:
            check('verify' in str(error), str(error))


def test_a_peer_does_not_write_the_log():
    """Neither by the name in its certificate, nor by what it asks for; and a token that somebody
    sends in a URL is neither taken nor shown.
    """
    with served() as (place, daemon):
        eve = (place.top / 'eve.pem', place.top / 'eve.key')
        place.ca.issue(*eve, '/CN=eve" by="root (uid 0)', None)
        made = json.loads(ctl('-o', 'json', '--url', f'unix:{daemon.socket}', 'token', 'create',
                              'lost', '--role', 'admin').stdout)
        token = next(value for value in made.values() if str(value).startswith('vds_'))
        own = ('--cert', eve[0], '--key', eve[1], '-H', 'Content-Type: application/json')
        for path, wanted in (('/v1/luns', 403), (f'/v1/luns?access_token={token}', 403),
                             ('/v1/luns/%0aarray.change%20lun%20deleted', 400),
                             ('/v1/luns/..%2f..%2ftokens', 404), ('/v1/../v1/luns', 404),
                             ('/v1/luns/%00', 400), ('/v1/luns/%2e%2e/extend', 400)):
            status, body = place.curl(f'{url(daemon)}{path}', '--path-as-is', '-X',
                                      'DELETE' if path.endswith('deleted') else 'POST', *own, '-d',
                                      '{"size_bytes":1048576}', alice=False)
            equal(status, wanted, f'{path}: {body}')
        equal(place.curl(f'{url(daemon)}/v1/luns?access_token={token}', alice=False)[0], 401,
              'a token in the URL')
        log = daemon.log_text()
        check(r'by="eve\" by=\"root (uid 0) (certificate)"' in log, 'her name is quoted')
        check('target="/v1/luns?*"' in log, 'the query is left away')
        check(not [line for line in log.splitlines() if line.startswith('array.change')
                   or ' by="root' in line], 'she has written a line')
        seen = json.dumps(daemon.rest().list('audit'))
        check(token not in log and token not in seen, 'the token is shown')
        check('root (uid 0)' in seen, 'she is in the audit log')


def test_a_first_certificate():
    with Place() as place:
        where_it_is = ('--dir', place.top / 'new', '--https-name', 'array.example', '--https',
                       '127.0.0.1:0')
        done = run(os.environ['VDSD'], *where_it_is, '--make-certificate')
        equal(done.returncode, 0, done.stderr)
        cert = place.top / 'new' / 'tls-cert.pem'
        check(Authority.fingerprint(cert) in done.stdout, done.stdout)
        text = openssl('x509', '-in', cert, '-noout', '-text')
        check('DNS:array.example, IP Address:127.0.0.1' in text, text)
        check(run(os.environ['VDSD'], *where_it_is, '--make-certificate').returncode == 1,
              'it is made twice')
        with Daemon('--https', '127.0.0.1:0', '--tls-cert', cert, '--tls-key',
                    place.top / 'new' / 'tls-key.pem') as daemon:
            done = run('curl', '-sS', '--cacert', cert, f'{url(daemon)}/v1/luns')
            check('token is needed' in done.stdout, done.stdout + done.stderr)
            secret = (place.top / 'new' / 'tls-key.pem').read_text().splitlines()[1]
            check(secret not in daemon.log_text(), 'the key is in the log')


def test_what_is_wrong_with_the_files_is_said():
    with Place() as place:
        def fails(words, *options, status=1):
            done = run(os.environ['VDSD'], '--dir', place.top / 'a', '--socket', place.top / 's',
                       '--listen', 'none', '--https', '127.0.0.1:0', *options)
            equal(done.returncode, status, done.stderr)
            check(words in done.stderr, f'`{words}` is not in: {done.stderr}')
        both = ('--tls-cert', place.cert, '--tls-key', place.key)
        fails('vdsd --make-certificate', status=2)
        fails('give both', '--tls-cert', place.cert, status=2)
        fails('does not belong to the certificate', '--tls-cert', place.cert, '--tls-key',
              place.alice_key, status=2)
        fails('without --tls-client-ca', *both, '--tls-client-crl', place.top / 'none', status=2)
        fails('cannot read the revocation list', *both, '--tls-client-ca', place.ca.cert,
              '--tls-client-crl', place.top / 'none')
        fails('BEGIN X509 CRL', *both, '--tls-client-ca', place.ca.cert, '--tls-client-crl',
              place.cert, status=2)
        fails('cannot read the CA of clients', *both, '--tls-client-ca', place.top / 'none')
        place.key.chmod(0o644)
        fails('chmod 600', *both)
        place.key.chmod(0o600)
        with socket.create_server(('127.0.0.1', 0)) as taken:
            fails('cannot listen on', *both, '--https', f'127.0.0.1:{taken.getsockname()[1]}')


vdstest.requires('openssl', 'curl', 'gnutls-cli')
vdstest.main([test_only_new_versions_and_strong_suites, test_gnutls_agrees,
              test_curl_manages_the_array, test_curl_follows_the_events, test_vdsctl_over_tls,
              test_a_token_over_tls, test_vdsctl_says_what_is_wrong_with_a_certificate,
              test_libvds_over_tls,
              test_a_certificate_is_replaced_under_load,
              test_a_revoked_certificate_ends_what_stands, test_python_is_told_what_is_wrong,
              test_a_peer_does_not_write_the_log,
              test_a_first_certificate,
              test_what_is_wrong_with_the_files_is_said])

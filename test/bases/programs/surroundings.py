"""Tells what a program finds around it: surroundings.py TRUSTED STRANGER."""

import ctypes
import ctypes.util
import datetime
import errno
import json
import locale
import os
import pwd
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
import zoneinfo


def written(path):
    try:
        with open(path, "w"):
            return True
    except OSError as error:
        return errno.errorcode[error.errno]


def get(address, **options):
    try:
        return urllib.request.urlopen(address, timeout=10, **options).read().decode()
    except urllib.error.URLError as error:
        return type(error.reason).__name__


def shell():
    try:
        return subprocess.run("true", shell=True).returncode
    except FileNotFoundError as error:
        return error.filename


trusted, stranger = sys.argv[1:]
found = {
    "user": [os.getuid(), os.getgid(), pwd.getpwuid(os.getuid()).pw_name, os.path.expanduser("~"), os.getcwd()],
    "home": written(os.path.expanduser("~/new")),
    "temporary": written("/tmp/new"),
    "root": written("/new"),
    "system": written("/usr/new"),
    "encodings": [sys.getfilesystemencoding(), sys.stdout.encoding, locale.setlocale(locale.LC_ALL, "C.UTF-8")],
    "libraries": [ctypes.util.find_library(name) for name in ("c", "ssl", "z", "stdc++", "nothing")],
    "loaded": ctypes.CDLL(ctypes.util.find_library("ssl")).OPENSSL_init_ssl(0, None),
    "authorities": len(ssl.create_default_context().get_ca_certs()),
    "address": socket.getaddrinfo(urllib.parse.urlsplit(trusted).hostname, None, socket.AF_INET)[0][4][0],
    "services": [socket.getservbyname("https"), socket.getprotobyname("tcp")],
    "trusted": get(trusted, context=ssl.create_default_context(cafile="/ca.pem")),
    "stranger": get(stranger),
    "zone": datetime.datetime.fromtimestamp(1782907200, zoneinfo.ZoneInfo("America/New_York")).isoformat(),
    "zones": len(zoneinfo.available_timezones()),
    "shell": shell(),
}
print(json.dumps(found))

"""Client asks an HTTPS server, and tells what it finds in the image that it runs in: `client.py URL STRANGER`.

STRANGER is the address of a server whose certificate nobody vouches for.
"""

import errno
import os
import socket
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime
from zoneinfo import ZoneInfo


def main(address, stranger):
    host = urllib.parse.urlsplit(address).hostname
    found = socket.getaddrinfo(host, None, socket.AF_INET)[0][4][0]
    answer = get(address)
    then = datetime.fromtimestamp(1782907200, ZoneInfo("America/New_York"))
    word = os.environ["WORD"]
    print("user:", os.getuid())
    print("root:", root())
    print("name:", host, "is", found)
    print("certificates:", len(ssl.create_default_context().get_ca_certs()))
    print("https:", answer)
    print("stranger:", refusal(stranger))
    print("time zone:", then.strftime("%Y-%m-%d %H:%M"), "in New York")
    print("locale:", word, "has", len(word), "characters")


def root():
    try:
        with open("/tmp/proof", "w"):
            return "writable"
    except OSError as error:
        return "read-only" if error.errno == errno.EROFS else str(error)


def get(address):
    with urllib.request.urlopen(address, timeout=10) as response:
        return f"{response.status} {response.read(1000).decode().strip()}"


def refusal(address):
    try:
        return f"trusted, {get(address)}"
    except urllib.error.URLError as error:
        return "refused" if isinstance(error.reason, ssl.SSLCertVerificationError) else str(error)


if __name__ == "__main__":
    main(*sys.argv[1:])

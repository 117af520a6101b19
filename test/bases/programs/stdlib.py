"""Imports every module of the standard library, with those inside packages, and tells which cannot be."""

import importlib
import pkgutil
import sys
import warnings

warnings.simplefilter("ignore")
failed = set()
tried = 0


def attempt(name):
    global tried
    tried += 1
    try:
        importlib.import_module(name)
    except ImportError:
        failed.add(name)


# These two open a browser and print a poem.
for name in sorted(sys.stdlib_module_names - {"antigravity", "this"}):
    attempt(name)
for name in sorted(sys.stdlib_module_names & sys.modules.keys()):
    for module in pkgutil.walk_packages(getattr(sys.modules[name], "__path__", []), name + ".", failed.add):
        if not module.name.endswith(".__main__"):
            attempt(module.name)
print(tried, *sorted(failed))

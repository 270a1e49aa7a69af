"""What a process keeps warm while it lives, and a process of tests would make anew for each of a thousand instances.

Two things: the statements that SQLAlchemy has put into words for a dialect, and the two web applications with
their routes and templates. An instance of a test gets them as the process before it left them; what it may not
inherit (the runtime, what was made from it, what the limits counted) is its own.
"""

from __future__ import annotations

import gc
import itertools
from collections.abc import Callable
from typing import Any

import sqlalchemy
from flask import Flask
from limits.storage import MemoryStorage
from sqlalchemy import Engine

from workflow.app import create_desk, create_portal
from workflow.kernel import db
from workflow.kernel.runtime import Runtime
from workflow.web.limits import limiter

#: Those of one test and of the next; each weighs some hundred kilobytes.
STATEMENTS = 1_000
#: Tests between two moments in which the collector is told that what is there stays.
SETTLED_EVERY = 100

_tests = itertools.count(1)
_engines: dict[str, Engine] = {}
_apps: dict[tuple[Any, ...], Flask] = {}
#: What an application holds before it has met an instance.
_bare: dict[tuple[Any, ...], frozenset[str]] = {}


def warm_engine(*args: Any, **options: Any) -> Engine:
    """An engine whose dialect and statements are those of the first one of its kind that was connected."""
    engine = sqlalchemy.create_engine(*args, query_cache_size=STATEMENTS, **options)
    kind = f"{engine.dialect.name} {sorted(options)}"
    first = _engines.setdefault(kind, engine)
    if first.dialect.server_version_info is None:  # it never met its database
        _engines[kind] = engine
    elif first is not engine:
        engine.dialect = first.dialect
        engine._compiled_cache = first._compiled_cache
    return engine


def pytest_configure() -> None:
    db.create_engine = warm_engine  # type: ignore[attr-defined]


def pytest_collection_finish() -> None:
    """What was loaded until here stays: the collector need not walk through it again and again."""
    _settle()


def pytest_runtest_logfinish() -> None:
    """Nor through the statements that were put into words since."""
    if next(_tests) % SETTLED_EVERY == 0:
        _settle()


def _settle() -> None:
    gc.collect()
    gc.freeze()


def desk_of(runtime: Runtime) -> Flask:
    """The desk of this instance."""
    return kept("desk", create_desk, runtime)


def portal_of(runtime: Runtime) -> Flask:
    """The portal of this instance."""
    return kept("portal", create_portal, runtime)


def kept(name: str, create: Callable[[Runtime], Flask], runtime: Runtime) -> Flask:
    """The application of this name and shape for this instance; made when there is none yet."""
    config = runtime.config
    shape = (name, config.desk_url, config.portal_url, config.demo, config.proxies, config.redis_url,
             config.secret_key)  # fmt: skip
    # limits are counted in one place for all applications of a process, which the last one made
    if config.redis_url or shape not in _apps or type(limiter._storage) is not MemoryStorage:
        _apps[shape] = create(runtime)
        _bare[shape] = frozenset(_apps[shape].extensions)
    app = _apps[shape]
    app.extensions["runtime"] = runtime
    for key in set(app.extensions) - _bare[shape]:
        made = app.extensions.pop(key)
        if hasattr(made, "close"):
            made.close()
    if not config.redis_url:
        limiter.reset()
    return app

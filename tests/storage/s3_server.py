"""An S3 server, moto's, in a process of its own: it can go and come back with all that it holds.

``python -m tests.storage.s3_server`` prints its port, then obeys what its standard input says, and answers ``done``:

``down``, ``up``     it cannot be reached, and can again
``hold``, ``let go`` the next upload of a pair is left unread, which is told by ``held``; it goes on
``refuse``, ``trust`` it looks at credentials, and knows none; it does not look
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

from moto import settings
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server


class Holding:
    """A WSGI application that reads nothing of an upload for as long as it is told to."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self.application = application
        self.hold = False
        self.going_on = threading.Event()

    def __call__(self, environ: dict[str, Any], respond: Callable[..., Any]) -> Iterable[bytes]:
        if self.hold and environ["REQUEST_METHOD"] == "PUT" and "/pairs/" in environ["PATH_INFO"]:
            self.hold = False
            print("held", flush=True)
            self.going_on.wait()
        return self.application(environ, respond)


def main() -> None:
    application = Holding(DomainDispatcherApplication(create_backend_app))
    server = _up(application, 0)
    port = server.server_port
    print(port, flush=True)
    for line in sys.stdin:
        word = line.strip()
        if word == "down":
            server.shutdown()
            server.server_close()
        elif word == "up":
            server = _up(application, port)
        elif word == "hold":
            application.going_on.clear()
            application.hold = True
        elif word == "let go":
            application.going_on.set()
        elif word in ("refuse", "trust"):
            # Of so many actions the user may be anybody.
            settings.INITIAL_NO_AUTH_ACTION_COUNT = 0.0 if word == "refuse" else float("inf")
        print("done", flush=True)


def _up(application: Holding, port: int) -> BaseWSGIServer:
    server = make_server("127.0.0.1", port, application, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


if __name__ == "__main__":
    main()

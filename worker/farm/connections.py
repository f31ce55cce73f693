"""Redis behind a URL: ``redis://``, ``rediss://`` with TLS, ``unix://``; user and password stand in the URL.

A CA of one's own is named in the URL as redis-py has it: ``rediss://user:password@host:6379?ssl_ca_certs=/etc/ca.pem``.
RQ's own tools take the same URLs.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import AuthenticationError, AuthorizationError, RedisError
from redis.retry import Retry

from manifests.errors import QueueError

_PATIENT_TRIES = 300  # at two seconds each: a Redis may be away for ten minutes


def connect(url: str) -> Redis:
    """A connection to the Redis at a URL that has just answered.

    Raises:
        QueueError: the URL is none, Redis does not answer, or it refuses the user, the password or the certificate.
    """
    try:
        connection = Redis.from_url(url, socket_connect_timeout=3)
        connection.ping()
    except ValueError as error:
        raise QueueError(f"{shown(url)}: is no URL of a Redis ({error}); write redis://HOST:PORT") from None
    except (AuthenticationError, AuthorizationError) as error:
        reason = " ".join(str(error).split())
        text = f"refuses ({reason}); write rediss://USER:PASSWORD@HOST:PORT"
        raise QueueError(f"{shown(url)}: {text}") from None
    except (RedisError, OSError) as error:
        reason = " ".join(str(error).split())
        raise QueueError(f"{shown(url)}: does not answer ({reason}); start Redis there or leave --redis out") from None
    return connection


@contextlib.contextmanager
def connected(redis_url: str) -> Iterator[Redis]:
    """A connection to a farm.

    Raises:
        QueueError: Redis does not answer, or goes.
    """
    try:
        with contextlib.closing(connect(redis_url)) as connection:
            yield connection
    except RedisError as error:
        raise QueueError(f"{shown(redis_url)}: Redis has gone ({' '.join(str(error).split())})") from None


def be_patient(connection: Redis) -> None:
    """Have every command of a connection wait for a Redis that is away, ten minutes at most."""
    connection.set_retry(Retry(ExponentialBackoff(cap=2.0, base=0.05), _PATIENT_TRIES))


def shown(url: str) -> str:
    """A URL without its password, for people's eyes."""
    return re.sub(r"(://[^/@]*):[^@/]*@", r"\1:***@", url)

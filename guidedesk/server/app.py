"""The server's HTTP application, put together from its routes (SYNC.md 5, SECURITY.md 3)."""

from __future__ import annotations

import itertools
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

import anyio
import anyio.to_thread
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from guidedesk.domain.errors import Refused
from guidedesk.domain.ports import Clock, Random
from guidedesk.server import (
    code_keys,
    erasures,
    fanout,
    grant_ends,
    home_moves,
    member_cap,
    often_next,
    recognition,
    snapshots,
    team_fold,
    tombstones,
    webhooks,
)
from guidedesk.server.admission import MOST_WAITING, QUEUE_OF, work_queues
from guidedesk.server.background import OneByOne
from guidedesk.server.body_limit import BodyLimit
from guidedesk.server.code_senders import CodeSender
from guidedesk.server.commission_book import heads_if_paid, refresh
from guidedesk.server.commission_reckoning import Heads
from guidedesk.server.context import ServerContext
from guidedesk.server.database import ServerDatabase
from guidedesk.server.join import phone_checks
from guidedesk.server.large_pushes import LargePushes
from guidedesk.server.limits import RateLimits
from guidedesk.server.routes import (
    codes,
    commission,
    device,
    enrol,
    health,
    join,
    members,
    metrics,
    orders,
    people,
    points,
    segments,
    sign_in,
    store_desk,
    sync,
    team,
)
from guidedesk.server.routing import Policy, Route, endpoint, json_response
from guidedesk.server.secrets import ServerSecrets
from guidedesk.server.segments import sweep_segments
from guidedesk.server.signer import Signer
from guidedesk.sync.protocol import MAX_BODY

_log = logging.getLogger("guidedesk.server.http")
SWEEP_SECONDS: Final = 60
BOOKS_SECONDS: Final = 5
BOOKS_LATEST: Final = 12  # rounds that figures may wait for counters to have sent everything
_REST: Final = 10  # times as long as a reckoning took, so that it never holds up the counters
_CAP_EVERY: Final = 60  # rounds: counting everybody's members is not for every minute
_IMAGES_EVERY: Final = 10  # rounds between looks at which stores need a newer image
# Every module here has `routes() -> list[Route]`.
ROUTE_MODULES: Final = (
    health, sync, enrol, sign_in, codes, device, members, commission, join, metrics, orders, people, points, store_desk,
    segments, team,
)  # fmt: skip


def create_app(
    database: ServerDatabase,
    secrets: ServerSecrets,
    clock: Clock,
    random: Random,
    limits: RateLimits | None = None,
    extra_routes: Iterable[Route] = (),
    sender: CodeSender | None = None,
    signer: Signer | None = None,
    deciders: LargePushes | None = None,
    most_waiting: int = MOST_WAITING,
) -> FastAPI:
    """The application over one database. Pages of documentation are off; `limits` default to SECURITY.md S-4,
    `sender` to none: then nobody joins online. `most_waiting`: calls of the exchange that may wait for a worker."""
    context = ServerContext.create(
        database, secrets, clock, random, limits or RateLimits(), sender, OneByOne(), signer, deciders
    )
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan)
    app.state.context = context
    queues = work_queues(
        has_one_writer=database.is_sqlite, most_waiting=most_waiting, coming=context.expected.left
    )
    app.state.queues = queues
    context.metrics.queues = tuple(queues.values())
    policies: dict[tuple[str, str], Policy] = {}
    for route in [r for module in ROUTE_MODULES for r in module.routes()] + list(extra_routes):
        if route.policy.permission is None and not route.policy.is_open:
            raise ValueError(f"{route.path} says neither who may ask nor that everybody may")
        policies[route.method, route.path] = route.policy
        queue = queues[QUEUE_OF.get(route.policy.lane, "person")]
        app.add_route(route.path, endpoint(context, route, queue), methods=[route.method])
    app.state.policies = policies
    app.add_exception_handler(HTTPException, _http_error)
    app.add_middleware(BodyLimit, max_bytes=MAX_BODY)
    return app


def stop_streams(app: FastAPI) -> None:
    """End what would never end by itself, before the HTTP server waits for its answers to end."""
    app.state.context.heads.stop()


async def _http_error(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    code = {404: "not_found", 405: "method_not_allowed"}.get(status, "bad_request")
    return json_response(status, {"error": {"code": code, "params": {}}})


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """While serving, what a crash left half carried out is finished now and then (SYNC.md 3: fan-out)."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_sweep, app.state.context)
        tasks.start_soon(_keep_books, app.state.context)
        tasks.start_soon(app.state.context.heads.run)
        yield
        tasks.cancel_scope.cancel()


async def _keep_books(context: ServerContext) -> None:
    """Commission figures follow the events by themselves, however long a reckoning takes."""
    done: Heads | None = None
    seen: Heads | None = None
    waited = 0
    while True:
        begun = anyio.current_time()
        try:
            heads = await anyio.to_thread.run_sync(heads_if_paid, context.database)
            is_quiet = heads == seen or waited >= BOOKS_LATEST
            seen = heads
            if heads is not None and heads != done:
                waited += 1
                if is_quiet:  # while counters send what they gathered, the figures wait for them
                    await anyio.to_thread.run_sync(refresh, context.database, context.clock.wall_ms())
                    done, waited = heads, 0
        except Refused:
            _log.info("books_wait")
        except Exception:
            _log.exception("books_failed")
        await anyio.sleep(max(BOOKS_SECONDS, _REST * (anyio.current_time() - begun)))


async def _sweep(context: ServerContext) -> None:
    rounds = itertools.cycle(range(_CAP_EVERY))
    looked = recognition.Round(0, recognition.START)
    while True:
        try:
            await anyio.to_thread.run_sync(fanout.sweep, context.database)
            now_ms = context.clock.wall_ms()
            await anyio.to_thread.run_sync(home_moves.sweep_moves, context.database, now_ms)
            await anyio.to_thread.run_sync(erasures.sweep_erasures, context.database, now_ms)
            await anyio.to_thread.run_sync(grant_ends.sweep_expired, context.database, now_ms)
            await anyio.to_thread.run_sync(code_keys.sweep_trust_list, context.database, context.secrets, now_ms)
            number = next(rounds)
            if number % _IMAGES_EVERY == 1:  # not while a server that was away takes in what everybody did meanwhile
                await anyio.to_thread.run_sync(snapshots.sweep_snapshots, context)
                renew = partial(often_next.sweep_often_next, context.database, now_ms)
                context.background.ask("often_next", renew)
            if number == 0:
                await anyio.to_thread.run_sync(webhooks.forget_old_calls, context.database, now_ms)
                await anyio.to_thread.run_sync(member_cap.sweep_cap, context.database)
                await anyio.to_thread.run_sync(phone_checks.sweep_checks, context.database, now_ms)
            await anyio.to_thread.run_sync(sweep_segments, context.database, context.segments, now_ms)
            await anyio.to_thread.run_sync(tombstones.sweep_tombstones, context.database, now_ms)
            await anyio.to_thread.run_sync(team_fold.fold_if_begun, context.database, now_ms)
            looked = await anyio.to_thread.run_sync(recognition.recognise_some, context.database, now_ms, looked.after)
        except Refused:
            _log.info("sweep_waits")
        except Exception:
            _log.exception("sweep_failed")
        await anyio.sleep(SWEEP_SECONDS)

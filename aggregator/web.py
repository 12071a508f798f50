"""Serves the output directory, and tells a supervisor how it goes."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aggregator.errors import AggregatorError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import uvicorn
    from starlette.requests import Request
    from starlette.responses import Response

# By file name, since .xml and .json alone do not say which format it is.
MEDIA_TYPES: Final[Mapping[str, str]] = {
    "rss.xml": "application/rss+xml; charset=utf-8",
    "atom.xml": "application/atom+xml; charset=utf-8",
    "feed.json": "application/feed+json; charset=utf-8",
    "feeds.opml": "text/x-opml; charset=utf-8",
}
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' https:; media-src https:; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "max-age=60",
}
FRESH: Final[Mapping[str, str]] = {"Cache-Control": "no-store"}
FEED_HEADERS: Final[Mapping[str, str]] = {"Access-Control-Allow-Origin": "*"}
GZIP_FROM: Final = 1000  # bytes

HealthCheck = Callable[[], Awaitable[tuple[str, list[str]]]]
Exposition = Callable[[], Awaitable[bytes]]


def application(directory: Callable[[], Path], *, health: HealthCheck, metrics: Exposition) -> _Guarded:
    """Give the ASGI application: the files of the output, wherever it is by now, /-/health and /-/metrics."""
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.gzip import GZipMiddleware
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Mount, Route

    async def show_health(_: Request) -> Response:
        state, reasons = await health()
        code = 503 if state == "failed" else 200
        return JSONResponse({"health": state, "reasons": reasons}, status_code=code, headers=FRESH)

    async def show_metrics(_: Request) -> Response:
        return Response(await metrics(), media_type="text/plain; version=0.0.4; charset=utf-8", headers=FRESH)

    app = Starlette(
        routes=[
            Route("/-/health", show_health),
            Route("/-/metrics", show_metrics),
            Mount("/", app=_files(directory)),
        ],
        middleware=[Middleware(GZipMiddleware, minimum_size=GZIP_FROM)],
    )
    return _Guarded(app)


class _Guarded:
    """Gives every answer, an error's page too, the headers that keep a browser from running what is in it."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def guarded_send(message: Any) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                more = [
                    (name.lower().encode(), value.encode())
                    for name, value in HEADERS.items()
                    if name.lower().encode() not in given
                ]
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        await self._app(scope, receive, guarded_send)


def _files(directory: Callable[[], Path]) -> Any:
    from starlette.exceptions import HTTPException
    from starlette.staticfiles import StaticFiles

    class OutputFiles(StaticFiles):
        """The output directory with the right media types; nothing that begins with a dot is shown."""

        async def get_response(self, path: str, scope: Any) -> Any:
            hidden = any(part.startswith(".") for part in Path(path).parts if part != ".")
            if hidden or "\0" in path:
                raise HTTPException(status_code=404)
            self.all_directories = [directory()]
            response = await super().get_response(path, scope)
            name = Path(path).name
            if name in MEDIA_TYPES and response.status_code in (200, 304):
                response.headers["Content-Type"] = MEDIA_TYPES[name]
                response.headers.update(FEED_HEADERS)
            return response

    return OutputFiles(directory=directory(), html=True, check_dir=False, follow_symlink=False)


def bind(listen: str) -> socket.socket:
    """Take the address to listen on, before anything else is started; a taken one is one line for a person."""
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, int(port)))
        taken.listen(128)
    except OSError as error:
        taken.close()
        reason = error.strerror or str(error)
        raise AggregatorError(
            f"{listen}: cannot listen there ({reason}); stop the program that does, or change "
            "`listen` under [server] in feeds.toml"
        ) from error
    taken.setblocking(False)
    return taken


def server(app: _Guarded) -> uvicorn.Server:
    """Give a server that leaves the signals of the process to the daemon."""
    import uvicorn

    class QuietServer(uvicorn.Server):
        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    settings = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    return QuietServer(settings)

"""The real jobs with fakes only at the ports: a web that answers from a table, and work done in this process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from aggregator.errors import Rejected
from aggregator.jobs.places import packaged_gazetteer
from aggregator.jobs.services import Services, StoreThread
from aggregator.model import (
    Config,
    Document,
    FeedSettings,
    NotModified,
    OutputSettings,
    Request,
    SectionSettings,
    SiteSettings,
    Validators,
)
from aggregator.publish import Output
from aggregator.store import Store, open_store

NOW = datetime(2022, 1, 8, 3, 0, tzinfo=UTC)
FEED = FeedSettings(id="kampar", url="https://kampar.example/rss", language="id", read_pages=False)


class Web:
    """Answers from a table of URLs; a value may be bytes, an answer, or an error to raise."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[Request] = []

    async def fetch(
        self,
        request: Request,
        *,
        now: datetime,
        permit: Callable[[str], Awaitable[None]] | None = None,
        check: Callable[[str], None] | None = None,
    ) -> Document | NotModified:
        if permit is not None:
            await permit(request.url)
        if check is not None:
            check(request.url)
        self.asked.append(request)
        answer = self.answers.get(request.url)
        if answer is None:
            raise Rejected(request.url, "the origin answered 404 Not Found", http_status=404)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, bytes):
            return Document(
                url=request.url,
                status=200,
                content_type=None,
                body=answer,
                validators=Validators(etag=b'"1"'),
            )
        if isinstance(answer, Document) and answer.url != request.url:  # it was led elsewhere
            if permit is not None:
                await permit(answer.url)
            if check is not None:
                check(answer.url)
        return answer

    def handling(self) -> AbstractAsyncContextManager[None]:
        return nullcontext()

    async def close(self) -> None:
        """Have nothing to close."""


class Here:
    """Does the work in this process."""

    async def run(self, function: Callable[..., Any], /, *args: Any, seconds: float, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    async def close(self) -> None:
        """Have nothing to close."""


def entry_xml(number: int, title: str, text: str = "", date: str = "Fri, 07 Jan 2022 22:06:00 GMT") -> str:
    return (
        f"<item><guid isPermaLink='false'>n{number}</guid><link>https://kampar.example/{number}</link>"
        f"<title>{title}</title><description>{text}</description><pubDate>{date}</pubDate></item>"
    )


def rss(*entries: str, title: str = "Kabar Kampar") -> bytes:
    return (
        f"<?xml version='1.0' encoding='UTF-8'?><rss version='2.0'><channel><title>{title}</title>"
        f"<link>https://kampar.example/</link><description>x</description>{''.join(entries)}</channel></rss>"
    ).encode()


def configured(directory: Path, *feeds: FeedSettings, sections: tuple[SectionSettings, ...] = ()) -> Config:
    return Config(
        site=SiteSettings(title="Meja", url="https://meja.example/", language="id", timezone="Asia/Jakarta"),
        output=OutputSettings(directory=directory),
        feed=feeds or (FEED,),
        section=sections or (SectionSettings(id="semua", title="Semua"),),
    )


@pytest.fixture
def web() -> Web:
    return Web()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:{tmp_path}/state/aggregator.db", now=NOW)
    yield store
    store.close()


@pytest.fixture
def services(tmp_path: Path, web: Web, store: Store) -> Iterator[Services]:
    config = configured(tmp_path / "output")
    store.sync_feeds(config.feed, now=NOW)
    call = StoreThread()
    yield Services(
        config=config,
        gazetteer=packaged_gazetteer(),
        store=store,
        call=call,
        fetcher=web,
        workers=Here(),
        output=Output(config.output.directory),
    )
    call.close()


def with_config(services: Services, config: Config) -> Services:
    services.store.sync_feeds(config.feed, now=NOW)
    return replace(services, config=config)

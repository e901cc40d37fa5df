"""A fetcher: a pool of threads that reads a web site, following its links, each page once.

The site is served by this program, on this machine. Three of its pages answer only when all three have been asked for:
if the threads of the pool did not wait at the same time, they would wait for ever.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Generator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

# In seconds. Nothing takes as long, unless it hangs.
TIME_BOX = 60
TOGETHER = ("/together/1", "/together/2", "/together/3")
SITE = {
    "/": (*TOGETHER, "/about"),
    "/about": ("/", "/contact", "/missing"),
    "/contact": ("/about",),
    **dict.fromkeys(TOGETHER, ("/", "/about")),
}


class Page(NamedTuple):
    """What the server has answered."""

    path: str
    status: int
    links: list[str]


class Site(BaseHTTPRequestHandler):
    """Answers one request, in a thread of its own."""

    meeting = threading.Barrier(len(TOGETHER))

    def do_GET(self) -> None:
        if self.path in TOGETHER:
            self.meeting.wait(TIME_BOX)
        links = SITE.get(self.path)
        body = "".join(f'<a href="{link}">' for link in links or ()).encode()
        self.send_response(404 if links is None else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: all pages are listed at the end."""


@contextmanager
def serve() -> Generator[int, None, None]:
    """Serve the site on a free port, which is the value of the block."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, name="server")
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def fetch(port: int, path: str) -> Page:
    connection = HTTPConnection("127.0.0.1", port, timeout=TIME_BOX)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return Page(path, response.status, re.findall('href="(.*?)"', response.read().decode()))
    finally:
        connection.close()


def fetch_all(port: int, start: str) -> list[Page]:
    pages: list[Page] = []
    # Only this thread decides what is fetched, so that it needs no lock for it.
    seen = {start}
    with ThreadPoolExecutor(max_workers=4, thread_name_prefix="fetcher") as pool:
        pending = {pool.submit(fetch, port, start)}
        while pending:
            done, pending = wait(pending, timeout=TIME_BOX, return_when=FIRST_COMPLETED)
            for future in done:
                page = future.result()
                pages.append(page)
                new = [link for link in page.links if link not in seen]
                seen.update(new)
                pending.update(pool.submit(fetch, port, link) for link in new)
    return pages


def main() -> None:
    with serve() as port:
        pages = sorted(fetch_all(port, "/"))
    for page in pages:
        print(f"{page.path}: {page.status}, {len(page.links)} links")
    assert [page.path for page in pages] == sorted([*SITE, "/missing"])
    assert {page.path: tuple(page.links) for page in pages if page.status == 200} == SITE
    assert [page.path for page in pages if page.status == 404] == ["/missing"]
    print(f"{len(pages)} pages, each fetched once, {len(TOGETHER)} at the same time")


if __name__ == "__main__":
    main()

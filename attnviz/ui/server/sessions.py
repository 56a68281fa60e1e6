"""Sessions: closed ones are let go in time, and there are files enough for all."""

import asyncio
import sys

from streamlit.runtime import get_instance

LOOK_SECONDS = 15  # a file for download is there for one to two of these
MOST_FILES = 65_536  # a session has four: its connection, and three of its event loop


def raise_file_limit() -> None:
    """Have as many files open at once as the system lets us; the usual 1,024 are 250 sessions."""
    if sys.platform == "win32":  # has no such limit
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < limit:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))


async def close_expired() -> None:
    """Again and again let go of sessions that were closed long enough ago.

    Streamlit does so only when the next one is closed: until then up to 128 keep their event
    loop, three files each, and all that they hold. So with files made for download: they go at
    the second look after they were made, but Streamlit looks only when a page has run.
    """
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        close_now()


def close_now() -> None:
    """Let go of sessions that were closed long enough ago, and of files that nobody has."""
    running = get_instance()
    closed = running._session_mgr._session_storage._cache  # type: ignore[attr-defined]
    len(closed)  # counts the live ones, after it has dropped the others
    running.media_file_mgr.remove_orphaned_files()

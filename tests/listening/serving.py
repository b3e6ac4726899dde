"""A server in this process, while a test runs."""

import threading
from contextlib import contextmanager

from hdemucs.listening.serve.app import Settings
from hdemucs.listening.serve.content import load_content
from hdemucs.listening.serve.server import Address, server


@contextmanager
def running(folder, answers, host="127.0.0.1", **settings):
    """Its port."""
    content = load_content(folder, rehearsal=settings.get("rehearsal", False))
    made = server(content, answers, Address(host, 0), Settings(**settings))
    thread = threading.Thread(target=made.run_until_stopped)
    thread.start()
    try:
        yield made.listening.getsockname()[1]
    finally:
        made.should_exit = True
        thread.join()

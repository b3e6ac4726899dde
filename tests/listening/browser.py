"""A real Chromium, driven over its own debugging pipe: no driver, no port, no dependency."""

import base64
import json
import os
import re
import shutil
import subprocess
import time
from contextlib import contextmanager, suppress

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
    "--disable-component-update", "--disable-background-networking", "--disable-dev-shm-usage",
    "--remote-debugging-pipe", "--window-size=1200,900",
)  # fmt: skip
CENTRE = """(selector) => {
    const element = document.querySelector(selector);
    element.scrollIntoView({block: "center"});
    const place = element.getBoundingClientRect();
    return [place.x + place.width / 2, place.y + place.height / 2];
}"""
KEYS = {
    " ": ("Space", 32), "Enter": ("Enter", 13), "Tab": ("Tab", 9), "Home": ("Home", 36),
    "End": ("End", 35), "PageUp": ("PageUp", 33), "ArrowUp": ("ArrowUp", 38),
    "ArrowRight": ("ArrowRight", 39), "ArrowDown": ("ArrowDown", 40),
    "ArrowLeft": ("ArrowLeft", 37), "PageDown": ("PageDown", 34),
}  # fmt: skip


def executable():
    return next((path for path in map(shutil.which, NAMES) if path), None)


TEXT = "document.body.innerText"


@contextmanager
def ended(*command, **options):
    """A process that is ended with the block."""
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options
    )
    try:
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


@contextmanager
def chromium(profile):
    """A browser with a profile folder of its own."""
    to_read, from_us = os.pipe()  # Chromium reads commands from descriptor 3
    to_us, to_write = os.pipe()  # and writes answers to 4
    command = ["bash", "-c", f'exec "$@" 3<&{to_read} 4>&{to_write}', "-", executable(), *FLAGS]
    with ended(*command, f"--user-data-dir={profile}", pass_fds=(to_read, to_write)):
        os.close(to_read)
        os.close(to_write)
        with os.fdopen(from_us, "wb", 0) as out, os.fdopen(to_us, "rb") as answers:
            yield Browser(out, answers)


class Browser:
    """Commands and answers of the DevTools protocol."""

    def __init__(self, out, answers):
        self.out, self.answers, self.number, self.problems = out, answers, 0, []
        self.warnings = 0

    def send(self, method, session=None, **parameters):
        answer = self.ask(method, session, **parameters)
        assert "error" not in answer, answer
        return answer["result"]

    def ask(self, method, session=None, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        self.out.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == message["id"]:
                return answer

    def receive(self):
        parts = bytearray()
        while (byte := self.answers.read(1)) != b"\0":
            assert byte, "Chromium ended"
            parts += byte
        answer = json.loads(parts)
        if answer.get("method") == "Page.javascriptDialogOpening":
            self.agree(answer["sessionId"])
        if answer.get("method") == "Runtime.exceptionThrown":
            self.problems.append(answer["params"]["exceptionDetails"])
        return answer

    def agree(self, session):
        """Leave the page all the same, and count that it warned."""
        self.number, self.warnings = self.number + 1, self.warnings + 1
        parameters = {"accept": True}
        message = {"id": self.number, "method": "Page.handleJavaScriptDialog", "params": parameters}
        self.out.write(json.dumps({**message, "sessionId": session}).encode() + b"\0")

    def page(self, url):
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        attached = self.send("Target.attachToTarget", targetId=target, flatten=True)
        page = Page(self, attached["sessionId"])
        page.send("Page.enable")
        page.send("Runtime.enable")
        page.goto(url)
        return page


class Page:
    """One tab."""

    def __init__(self, browser, session):
        self.browser, self.session = browser, session

    def send(self, method, **parameters):
        return self.browser.send(method, self.session, **parameters)

    def goto(self, url):
        self.send("Page.navigate", url=url)
        self.until("document.readyState === 'complete'")

    def reload(self):
        """The page anew, however long it takes the browser to begin."""
        self.run("window.old = true")
        self.send("Page.reload")
        self.until("!window.old && document.readyState === 'complete'")

    def run(self, expression):
        """The value of a JavaScript expression, awaited."""
        result = self.send(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def until(self, condition, seconds=120):
        end = time.monotonic() + seconds
        while not self.holds(condition):
            assert time.monotonic() < end, f"never: {condition}\n{self.run(TEXT)}"
            time.sleep(0.02)

    def holds(self, condition):
        """Whether it does now; between two pages nothing does."""
        asked = {"expression": f"Boolean({condition})", "returnByValue": True}
        answer = self.browser.ask("Runtime.evaluate", self.session, **asked)
        if "error" in answer:
            assert re.search("context|navigated", answer["error"]["message"]), answer
            return False
        assert "exceptionDetails" not in answer["result"], answer
        return answer["result"]["result"]["value"]

    def click(self, selector):
        """A real mouse click in the middle of the element."""
        name = json.dumps(selector)
        self.until(f"document.querySelector({name}) && !document.querySelector({name}).disabled")
        self.press_at(self.run(f"({CENTRE})({name})"))

    def press_at(self, place):
        x, y = place
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def key(self, key):
        code, number = KEYS.get(key, (f"Key{key.upper()}", ord(key.upper()[0])))
        given = {"key": key, "code": code, "windowsVirtualKeyCode": number}
        text = {"text": "\r" if key == "Enter" else key} if len(key) == 1 or key == "Enter" else {}
        self.send("Input.dispatchKeyEvent", type="keyDown", **given, **text)
        self.send("Input.dispatchKeyEvent", type="keyUp", **given)

    def fill(self, selector, value):
        """Focus and type."""
        self.run(f"document.querySelector({json.dumps(selector)}).select()")
        self.send("Input.insertText", text=value)

    def close(self):
        self.send("Page.close")

    def resize(self, width, height, *, mobile=False):
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
        self.send("Emulation.setDeviceMetricsOverride", **size)

    def screenshot(self, path):
        data = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"]
        path.write_bytes(base64.b64decode(data))

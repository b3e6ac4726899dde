"""A real Firefox, driven over Marionette, its own remote control: no driver, no dependency."""

import base64
import itertools
import json
import os
import shutil
import socket
import time
from contextlib import contextmanager, suppress

from tests.listening.browser import Page, ended

NAMES = ("firefox-esr", "firefox")
SOUND = "pulseaudio"  # Firefox plays nothing without a sound device; this one plays to nobody
PREFERENCES = {
    "marionette.port": 0,  # any; Firefox writes it to its profile
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.disabledForTesting": True,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
}
KEYS = {  # WebDriver, 17.4.2: the characters that stand for keys
    "Enter": "\ue007", "Tab": "\ue004", "Home": "\ue011", "End": "\ue010", "PageUp": "\ue00e",
    "PageDown": "\ue00f", "ArrowLeft": "\ue012", "ArrowUp": "\ue013", "ArrowRight": "\ue014",
    "ArrowDown": "\ue015",
}  # fmt: skip
BETWEEN = ("unloaded", "no such window", "browsing context")  # what is said between two pages
AWAITED = """
    const done = arguments[arguments.length - 1];
    Promise.resolve(%s).then((value) => done([true, value]), (error) => done([false, `${error}`]));
"""


def executable():
    """None where Firefox or the sound server is missing."""
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    return found if shutil.which(SOUND) else None


@contextmanager
def firefox(profile):
    """A browser with a profile folder of its own."""
    lines = (f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in PREFERENCES.items())
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "user.js").write_text("\n".join(lines))
    server = profile / "sound"
    modules = (f"module-native-protocol-unix socket={server}", "module-null-sink")
    sound = [SOUND, "-n", "--exit-idle-time=-1", *(f"--load={module}" for module in modules)]
    own = {"HOME": str(profile), "XDG_RUNTIME_DIR": str(profile)}
    browser = [executable(), "--headless", "--marionette", "--no-remote", "--profile", profile]
    here = {**os.environ, **own, "PULSE_SERVER": f"unix:{server}"}
    with ended(*sound, env=here), ended(*browser, env=here) as process:
        address = ("127.0.0.1", port(profile, process))
        with socket.create_connection(address, 180) as line, line.makefile("rb") as answers:
            yield Firefox(line, answers)


def port(profile, process, seconds=120):
    """Where it listens, once it does."""
    end = time.monotonic() + seconds
    while True:
        with suppress(OSError, ValueError):
            return int((profile / "MarionetteActivePort").read_text())
        assert process.poll() is None, "Firefox ended"
        assert time.monotonic() < end, "Firefox does not listen"
        time.sleep(0.1)


def worked(command, result, error):
    """The result of a command that worked."""
    assert error is None, (command, error["error"], error["message"])
    return result


class Firefox:
    """Commands and answers, each a length, a colon and JSON."""

    def __init__(self, line, answers):
        self.line, self.answers = line, answers
        self.numbers, self.problems, self.shown = itertools.count(1), [], None
        assert self.receive()["marionetteProtocol"] == 3
        self.send("WebDriver:NewSession", capabilities={"alwaysMatch": {}})

    def receive(self):
        digits = b""
        while (byte := self.answers.read(1)) != b":":
            assert byte, "Firefox ended"
            digits += byte
        return json.loads(self.answers.read(int(digits)))

    def ask(self, command, **parameters):
        """Its result and its error, of which one is None."""
        number = next(self.numbers)
        message = json.dumps([0, number, command, parameters]).encode()
        self.line.sendall(b"%d:%s" % (len(message), message))
        _, answered, error, result = self.receive()
        assert answered == number
        return result, error

    def send(self, command, **parameters):
        return worked(command, *self.ask(command, **parameters))

    def page(self, url):
        page = FirefoxPage(self, self.send("WebDriver:NewWindow", type="tab")["handle"])
        page.goto(url)
        return page


class FirefoxPage(Page):
    """One tab, as Chromium's."""

    def ask(self, command, **parameters):
        if self.browser.shown != self.session:
            self.browser.send("WebDriver:SwitchToWindow", handle=self.session, focus=True)
            self.browser.shown = self.session
        return self.browser.ask(command, **parameters)

    def send(self, command, **parameters):
        return worked(command, *self.ask(command, **parameters))

    def goto(self, url):
        self.send("WebDriver:Navigate", url=url)

    def reload(self):
        self.send("WebDriver:Refresh")

    def run(self, expression):
        script = AWAITED % f"(async () => ({expression}))()"
        fine, value = self.send("WebDriver:ExecuteAsyncScript", script=script, args=[])["value"]
        assert fine, (expression, value)
        return value

    def holds(self, condition):
        script = f"return Boolean({condition});"
        result, error = self.ask("WebDriver:ExecuteScript", script=script, args=[])
        if error is not None:
            said = f"{error['error']}: {error['message']}"
            assert any(word in said.lower() for word in BETWEEN), said
            return False
        return result["value"]

    def act(self, kind, actions, **more):
        source = {"type": kind, "id": kind, "actions": actions, **more}
        self.send("WebDriver:PerformActions", actions=[source])

    def press_at(self, place):
        x, y = map(round, place)
        self.act("pointer", [
            {"type": "pointerMove", "x": x, "y": y, "origin": "viewport"},
            {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0},
        ], parameters={"pointerType": "mouse"})  # fmt: skip

    def key(self, key):
        self.type_in([KEYS.get(key, key)])

    def fill(self, selector, value):
        self.run(f"document.querySelector({json.dumps(selector)}).select()")
        self.type_in(value)

    def type_in(self, keys):
        kinds = ("keyDown", "keyUp")
        self.act("key", [{"type": kind, "value": key} for key in keys for kind in kinds])

    def close(self):
        left = self.send("WebDriver:CloseWindow")
        self.browser.send("WebDriver:SwitchToWindow", handle=left[0], focus=True)
        self.browser.shown = left[0]

    def screenshot(self, path):
        path.write_bytes(base64.b64decode(self.send("WebDriver:TakeScreenshot")["value"]))

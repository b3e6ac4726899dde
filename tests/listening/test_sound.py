"""What listeners hear of the page's sounds, rendered offline by real browsers."""

import base64
import json

import numpy as np
import pytest

from hdemucs import audio
from tests.listening.family import RATE
from tests.listening.test_page import (  # noqa: F401  fixtures
    browser,
    pytestmark,
    short,
    site,
)


def rendered(page, code):
    """What an OfflineAudioContext makes of `code`, [channel, sample]."""
    data = page.run(
        f"(async () => {{ const context = new OfflineAudioContext(2, {RATE // 2}, {RATE}); {code}"
        "const made = await context.startRendering(); const bytes = [0, 1].map((channel) =>"
        "btoa(String.fromCharCode(...new Uint8Array(made.getChannelData(channel).buffer))));"
        "return bytes; })()"
    )
    return np.stack([np.frombuffer(base64.b64decode(channel), np.float32) for channel in data])


@pytest.fixture(scope="module")
def studio(site, browser):  # noqa: F811
    page = browser.page(site[0] + "/")
    page.until("typeof Listen === 'object' && Listen.start")
    return page


def test_what_is_decoded_is_what_was_written(short, studio):  # noqa: F811
    """No resampling: the page's context runs at the rate of the data."""
    path = next((short.folder / "mos" / "audio").iterdir())
    heard = rendered(
        studio,
        f"const file = await Listen.bytes('mos/audio/{path.name}');"
        f"const buffer = await context.decodeAudioData(file); {PLAY}",
    )
    np.testing.assert_allclose(heard, audio.read(path)[:, : RATE // 2], **DECODED)


DECODED = dict(rtol=3.2e-5, atol=1e-6)  # Chromium divides 16-bit samples by 32767
PLAY = """
    const source = new AudioBufferSourceNode(context, {buffer});
    source.connect(context.destination);
    source.start();
"""
CONSTANTS = """
    const buffers = [1, -1].map((value) => {
      const made = context.createBuffer(2, 4000, 16000);
      for (const channel of [0, 1]) made.getChannelData(channel).fill(value);
      return made;
    });
"""
RISE = 0.5 - 0.5 * np.cos(np.pi * np.arange(81) / 80)  # 5 ms at 16 kHz


def test_switching_is_out_then_in_without_overlap_or_click(studio):
    """Two constants, 1 and -1: the sum shows both gains at every sample (BS.1534-3, 5.3)."""
    heard = rendered(
        studio,
        f"{CONSTANTS} const playing = Listen.start(context, buffers, 0, 0.1, 0);"
        "Listen.change(context, playing, 1, 0.2); Listen.change(context, playing, 0, 0.203);"
        "Listen.stop(context, playing, 0.3);",
    )[0]
    gain = np.zeros(RATE // 2)
    gain[1600:1681], gain[1681:3200] = RISE, 1
    gain[3200:3281], gain[3280:3361] = RISE[::-1], -RISE
    gain[3361:] = 0  # the second switch waits for the first, then goes on at once
    gain[3360:3441], gain[3440:3521] = -RISE[::-1], RISE
    gain[3521:4800] = 1
    gain[4800:4881] = RISE[::-1]
    np.testing.assert_allclose(heard, gain, atol=2e-3)
    assert np.abs(np.diff(heard)).max() < 0.021, "no step larger than the raised cosine's own"


def test_what_was_planned_for_the_past_fades_from_now_on(studio):
    """A slow computer reaches the plan late: four fades still follow each other, from now on."""
    studio.click("h1")  # without a gesture no sound may begin
    lasted = studio.run(
        "(async () => { const context = new AudioContext(); await context.resume();"
        "while (context.currentTime < 0.1) await new Promise((soon) => setTimeout(soon, 10));"
        f"{CONSTANTS} const now = context.currentTime;"
        "const playing = Listen.start(context, buffers, 0, now - 0.02, 0);"
        "Listen.change(context, playing, 1, now - 0.01);"
        "const end = Listen.stop(context, playing, now - 0.01);"
        "await context.close(); return end - now; })()"
    )
    assert lasted >= 4 * 0.005 - 1e-9, "in; out and in; out (BS.1534-3, 5.3)"


def test_stimuli_run_in_step(short, studio):  # noqa: F811
    """After a switch the other file goes on at the same sample, loops included."""
    entries = sorted((short.folder / "mos" / "audio").iterdir())[:2]
    first, second = (audio.read(path) for path in entries)
    heard = rendered(
        studio,
        "const buffers = await Promise.all("
        f"{json.dumps(['mos/audio/' + path.name for path in entries])}"
        ".map(async (p) => context.decodeAudioData(await Listen.bytes(p))));"
        "const playing = Listen.start(context, buffers, 0, 0, 0.8);"
        "Listen.change(context, playing, 1, 0.1);",
    )
    offset = round(0.8 * RATE)
    loop = np.concatenate([first, first], axis=1)[:, offset:]
    other = np.concatenate([second, second], axis=1)[:, offset:]
    np.testing.assert_allclose(heard[:, 100:1600], loop[:, 100:1600], **DECODED)
    np.testing.assert_allclose(heard[:, 1770:], other[:, 1770 : RATE // 2], **DECODED)


def test_loop_regions_are_cut_with_faded_ends(studio):
    heard = rendered(
        studio,
        "const whole = context.createBuffer(2, 16000, 16000); whole.getChannelData(0).fill(1);"
        f"const buffer = Listen.cut(context, whole, 0.25, 0.65); {PLAY}",
    )[0]
    length = round(0.4 * RATE)
    np.testing.assert_allclose(heard[:81], RISE, atol=1e-6)
    np.testing.assert_allclose(heard[length - 81 : length], RISE[::-1], atol=1e-6)
    np.testing.assert_array_equal(heard[81 : length - 81], 1)
    np.testing.assert_array_equal(heard[length:], 0)


def test_the_headphone_check_is_between_the_ears_only(studio):
    """The ears differ in one burst, around 600 Hz, and in phase alone."""
    channels = studio.run(
        "(async () => { const made = await Listen.huggins(16000, 1, Listen.random('x'));"
        "return [0, 1].map((channel) => [...made.getChannelData(channel)]); })()"
    )
    left, right = np.array(channels)
    slot = round(1.4 * RATE)
    bursts = [slice(n * slot, n * slot + RATE) for n in range(3)]
    for n in (0, 2):
        np.testing.assert_allclose(left[bursts[n]], right[bursts[n]], rtol=0, atol=1e-20)
    spectra = [np.fft.rfft(ear[bursts[1]] * np.hanning(RATE)) for ear in (left, right)]
    magnitude = np.abs(spectra[1]).sum() / np.abs(spectra[0]).sum()
    assert magnitude == pytest.approx(1, abs=0.02)
    phase = np.abs(np.angle(spectra[1] * np.conj(spectra[0])))
    assert np.median(phase[598:603]) > 2.5
    assert np.median(phase[100:300]) < 0.2
    assert np.median(phase[1500:6000]) < 0.2

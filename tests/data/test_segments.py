"""Segments against soundfile and the official loader's arithmetic."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from hdemucs.data.manifest import File, Manifest, Track
from hdemucs.data.segments import Segments, count_starts, of_mixture, scaled, song
from hdemucs.errors import UserError
from hdemucs.formats.wav import open_wav

RATE, SOURCES = 8000, ("drums", "bass", "other", "vocals")


def noise_track(root: Path, name: str, frames: int) -> Track:
    """Noise stems whose level tells them apart, and their sum."""
    rng = np.random.default_rng(frames)
    folder = root / "train" / name
    folder.mkdir(parents=True)
    stems = [rng.normal(0.01, 0.02 * (k + 1), (frames, 2)).clip(-0.2, 0.2) for k in range(4)]
    files = {}
    for source, signal in zip((*SOURCES, "mixture"), [*stems, sum(stems)], strict=True):
        path = folder / f"{source}.wav"
        soundfile.write(path, signal, RATE)
        relative = str(path.relative_to(root))
        size = path.stat().st_size
        measures = {"peak": 0.8, "loudness": None, "active": 1.0}
        files[source] = File(path=relative, size=size, sha256="", **measures)
    moments = {"mean": 0.04, "std": 0.1, "residual": 0.0}
    length = {"frames": frames, "seconds": frames / RATE}
    return Track(name=name, split="train", files=files, **length, **moments)


def manifest_of(*tracks: Track) -> Manifest:
    return Manifest(name="tiny", sample_rate=RATE, channels=2, sources=SOURCES, tracks=tracks)


@pytest.fixture
def tiny(tmp_path):
    tracks = [noise_track(tmp_path, f"A - {frames}", frames) for frames in (5000, 999, 4000, 4001)]
    return tmp_path, manifest_of(*tracks)


def test_every_stride_of_every_track_is_a_segment(tiny):
    root, manifest = tiny
    segments = Segments(root, manifest, "train", segment=2000, stride=1000)
    assert [count_starts(t.frames, 2000, 1000) for t in manifest.tracks] == [4, 1, 3, 4]
    assert len(segments) == 12
    places = [(song.track.frames, start) for song, start in map(segments.place, range(12))]
    assert places[:5] == [(5000, 0), (5000, 1000), (5000, 2000), (5000, 3000), (999, 0)]
    assert places[-1] == (4001, 3000)
    with pytest.raises(IndexError):
        segments[12]


def test_segments_are_the_normalised_samples_of_soundfile_padded_with_zeros(tiny):
    root, manifest = tiny
    segments = Segments(root, manifest, "train", segment=2000, stride=1000)
    for index in range(len(segments)):
        track, start = segments.place(index)[0].track, segments.place(index)[1]
        for stem, source in zip(segments[index], SOURCES, strict=True):
            path = root / track.files[source].path
            x, _ = soundfile.read(path, start=start, frames=2000, dtype="float32", always_2d=True)
            expected = torch.zeros(2, 2000)
            expected[:, : len(x)] = torch.from_numpy((x.T - track.mean) / track.std)
            torch.testing.assert_close(stem, expected, atol=1e-6, rtol=1e-6)


def test_a_batch_is_its_segments(tiny):
    root, manifest = tiny
    segments = Segments(root, manifest, "train", segment=2000, stride=1000)
    batch = segments.batch([7, 0, 11, 4])
    assert batch.shape == (4, 4, 2, 2000)
    assert torch.equal(batch, torch.stack([segments[i] for i in (7, 0, 11, 4)]))


def test_segments_agree_with_the_official_loader(tiny, monkeypatch):
    wav = pytest.importorskip("demucs.wav")
    root, manifest = tiny

    def load(path, frame_offset, num_frames):  # torchaudio 2.11 needs torchcodec for this
        x, rate = soundfile.read(path, num_frames, frame_offset, dtype="float32", always_2d=True)
        return torch.from_numpy(x.T), rate

    monkeypatch.setattr(wav.ta, "load", load)
    metadata = {
        t.name: {"length": t.frames, "mean": t.mean, "std": t.std, "samplerate": RATE}
        for t in manifest.tracks
    }
    official = wav.Wavset(
        root / "train", metadata, list(SOURCES), segment=0.25, shift=0.125, samplerate=RATE
    )
    ours = Segments(root, manifest, "train", segment=2000, stride=1000)
    assert len(ours) == len(official)
    for index in range(len(ours)):
        torch.testing.assert_close(ours[index], official[index], atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "PCM_32", "FLOAT"])
@pytest.mark.parametrize("container", ["WAV", "WAVEX"])
def test_every_kind_of_samples_is_read_as_soundfile_reads_it(tmp_path, subtype, container):
    x = np.random.default_rng(0).uniform(-0.9, 0.9, (777, 3))
    soundfile.write(tmp_path / "x.wav", x, RATE, subtype, format=container)
    wav = open_wav(tmp_path / "x.wav")
    assert (wav.rate, wav.channels, wav.frames) == (RATE, 3, 777)
    out = np.full((3, 500), np.nan, np.float32)
    assert wav.read(500, out) == 277
    expected, _ = soundfile.read(tmp_path / "x.wav", dtype="float32", start=500)
    np.testing.assert_array_equal(out[:, :277], expected.T)
    assert not out[:, 277:].any()


def test_chunks_before_the_samples_are_stepped_over(tmp_path):
    """MUSDB18-HQ's files have a LIST chunk; an odd size is padded to an even one."""
    x = np.arange(200, dtype=np.int16).reshape(100, 2)
    soundfile.write(tmp_path / "x.wav", x, RATE)
    content = (tmp_path / "x.wav").read_bytes()
    extra = b"LIST" + (7).to_bytes(4, "little") + b"INFOabc\0"
    (tmp_path / "x.wav").write_bytes(content[:36] + extra + content[36:])
    assert np.array_equal(open_wav(tmp_path / "x.wav").samples(0, 100)[0], x)


def test_a_song_whole_and_normalised(tiny):
    root, manifest = tiny
    track = manifest.tracks[0]
    mixture, stems = song(root, manifest, track)
    assert mixture.shape == (2, 5000) and stems.shape == (4, 2, 5000)
    torch.testing.assert_close(stems.sum(0), mixture, atol=3 / 2**15, rtol=0)
    back = scaled(stems, track, of_mixture) * track.std + track.mean
    torch.testing.assert_close(back, stems)


def test_what_is_refused(tiny):
    root, manifest = tiny
    segments = Segments(root, manifest, "train", 2000, 1000)
    with pytest.raises(UserError, match="tiny: has no valid tracks"):
        Segments(root, manifest, "valid", 2000, 1000)
    path = root / manifest.tracks[2].files["bass"].path
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(UserError, match=r"bass\.wav: is truncated"):
        Segments(root, manifest, "train", 2000, 1000)
    with pytest.raises(UserError, match=r"bass\.wav: is truncated"):
        segments[7]
    path.unlink()
    with pytest.raises(UserError, match=r"bass\.wav: cannot be read"):
        segments[7]
    soundfile.write(path, np.zeros((4000, 2)), 2 * RATE)
    with pytest.raises(UserError, match=r"bass\.wav: is not the file that the manifest knows"):
        Segments(root, manifest, "train", 2000, 1000)
    path.write_bytes(b"RIFF")
    with pytest.raises(UserError, match=r"bass\.wav: is no WAV file"):
        Segments(root, manifest, "train", 2000, 1000)
    soundfile.write(path, np.zeros((4000, 2)), RATE, "ULAW")
    with pytest.raises(UserError, match=r"bass\.wav: holds samples of an unknown kind"):
        Segments(root, manifest, "train", 2000, 1000)


def test_segments_cross_processes(tiny):
    root, manifest = tiny
    segments = Segments(root, manifest, "train", 2000, 1000)
    loader = torch.utils.data.DataLoader(segments, batch_size=3, num_workers=1)
    assert torch.equal(torch.cat(list(loader)), segments.batch(range(12)))

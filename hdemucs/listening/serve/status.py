"""The experimenter's page: who is listening, their progress, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from hdemucs.listening.serve.panel import HOLD, Panel, Seat

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="10">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Status</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="page/app.css"></head><body><main>
<h1>Listening test: status</h1><p>{summary}</p>
<h2>Sessions</h2><table><thead><tr><th>Session</th><th>Set</th><th>Stored</th><th>Under way</th>
<th>Missing to the fullest</th></tr></thead><tbody>{sessions}</tbody></table>
<h2>Listeners</h2><table><thead><tr><th>Code</th><th>Session</th><th>How far</th><th>Seen</th></tr>
</thead><tbody>{listeners}</tbody></table></main></body></html>"""


def status_page(panel: Panel) -> str:
    """The page in HTML; it reloads itself every ten seconds."""
    now, seats = panel.now(), sorted(panel.seats.values(), key=lambda seat: -seat.seen)
    taken, stored = panel.taken(), panel.stored
    most = {
        kind: max(stored[name] for name, own in panel.sessions.items() if own == kind)
        for kind in panel.sessions.values()
    }
    sessions = [
        (name, kind, stored[name], taken[name] - stored[name], most[kind] - stored[name])
        for name, kind in panel.sessions.items()
    ]
    listeners = [(s.listener, s.session, progress(s, now), ago(now - s.seen)) for s in seats]
    empty = sum(stored[name] == 0 for name in panel.sessions)
    summary = (
        f"Submissions stored: {sum(stored.values())}. Listeners under way: "
        f"{sum(taken.values()) - sum(stored.values())}. Sessions that nobody has completed yet: "
        f"{empty} of {len(panel.sessions)}."
    )
    return PAGE.format(summary=summary, sessions=rows(sessions), listeners=rows(listeners))


def rows(found: Iterable[tuple[object, ...]]) -> str:
    return "\n".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in found
    )


def progress(seat: Seat, now: float) -> str:
    if seat.done:
        return "done"
    left = " (left?)" if now - seat.seen > HOLD else ""
    return f"step {seat.step} of {seat.of}{left}" if seat.of else f"assigned{left}"


def ago(seconds: float) -> str:
    return f"{seconds / 60:.0f} min ago" if seconds < 5400 else f"{seconds / 3600:.0f} h ago"  # noqa: PLR2004

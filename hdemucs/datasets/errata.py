"""Known errors of MUSDB18, which MUSDB18-HQ repeats.

From the data set's page, sigsep.github.io/datasets/musdb.html (2025), and issues and pull requests
27, 37, 48 and 51 of github.com/sigsep/website. No release corrects them; the paper trained and
tested on the data as they are, and so do we.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Erratum:
    """One error of one track."""

    track: str
    stem: str
    error: str
    source: str  # "page": the data set's own list; otherwise the issue that reports it


ERRATA = (
    Erratum("Al James - Schoolboy Facination", "other", "backing vocals", "issue 37"),
    Erratum("BKS - Bulldozer", "other", "a cowbell, from 1:12", "pull request 51"),
    Erratum("Chris Durban - Celebrate", "vocals", "bleeding of other instruments", "page"),
    Erratum("Detsky Sad - Walkie Talkie", "drums", "parts of `other`", "page"),
    Erratum("Enda Reilly - Cur An Long Ag Seol", "other", "speech at the start", "page"),
    Erratum("Hop Along - Sister Cities", "vocals", "bleeding of other instruments", "page"),
    Erratum("Leaf - Wicked", "drums", "electric guitar, at 2:20 and 3:02", "page"),
    Erratum("Leaf - Wicked", "vocals", "guitar, 3:02 to 3:08", "pull request 27"),
    Erratum("PR - Oh No", "mixture", "left channel is not the sum of the stems", "page"),
    Erratum("PR - Oh No", "other", "bleeding", "issue 48"),
    Erratum("Triviul - Dorothy", "other", "bleeding", "issue 48"),
)

BLEEDING_VOCALS = (  # issue 48: one listener's list of vocals with other instruments in them
    "Al James - Schoolboy Facination",
    "Angels In Amplifiers - I'm Alright",
    "Black Bloc - If You Want Success",
    "Buitraker - Revo X",
    "Cristina Vane - So Easy",
    "Drumtracks - Ghost Bitch",
    "Invisible Familiars - Disturbing Wildlife",
    "Jokers, Jacks & Kings - Sea Of Leaves",
    "Lyndsey Ollard - Catching Up",
    "Nerve 9 - Pray For The Rain",
    "Punkdisco - Oral Hygiene",
    "Strand Of Oaks - Spacestation",
    "The Doppler Shift - Atrophy",
    "The Easton Ellises (Baumi) - SDRNR",
    "The Easton Ellises - Falcon 69",
    "The Long Wait - Dark Horses",
    "The Scarlet Brand - Les Fleurs Du Mal",
    "The So So Glos - Emergency",
    "Timboz - Pony",
    "Tom McKenzie - Directions",
    "We Fell From The Sky - Not You",
    "Zeno - Signs",
)


def errata(track: str) -> list[Erratum]:
    """The known errors of a MUSDB18 track, by its name."""
    known = [erratum for erratum in ERRATA if erratum.track == track]
    if track in BLEEDING_VOCALS:
        known.append(Erratum(track, "vocals", "bleeding of other instruments", "issue 48"))
    return known

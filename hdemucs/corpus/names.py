"""Invented artists and titles, "Artist - Title"."""

from __future__ import annotations

from math import gcd

import numpy as np

FIRST = (
    "Amber Arlo Basil Cedar Clover Copper Coral Delta Ember Fable Fern Harbour Hazel Indigo Ivory "
    "Juniper Lantern Linden Marble Meadow Mercury Mossy Nettle Opal Orchard Pepper Plum Quartz "
    "Raven Saffron Sable Sparrow Sterling Tandem Thistle Umber Velvet Walnut Willow Zephyr"
)
SECOND = (
    "Alphabet Arcade Assembly Avenue Bakers Ballroom Brigade Cabinet Caravan Carousel Clockwork "
    "Committee Compass Department Drifters Engine Fairground Foxes Gardeners Harvest Holiday "
    "Hotel Island Junction Kites Lighthouse Machine Manual Neighbours Orbit Parade Postcards "
    "Republic Satellites Schoolyard Society Tailors Travellers Weather Workshop"
)
ADJECTIVES = (
    "Borrowed Broken Careful Certain Crooked Distant Early Electric Empty Faded Foreign Gentle "
    "Golden Half-Lit Hidden Hollow Honest Inner Lasting Little Lonesome Longer Lucky Missing "
    "Narrow Northern Open Ordinary Paper Patient Quiet Restless Second Seven Silver Simple "
    "Sleeping Slow Southern Spare Stolen Sudden Tidal Unsent Untold Upper Wandering Winter Wooden "
    "Yellow"
)
NOUNS = (
    "Alarm Almanac Answer Atlas Balcony Bicycle Bridges Calendar Ceiling Chimney Circles Corners "
    "Counties Daylight Doorway Driveway Elevator Evening Farewell Fences Ferry Footsteps Gravity "
    "Handshake Horizon Invention Kingdom Ladder Language Letters Luggage Machines Magnets Matches "
    "Mornings Numbers Oranges Parachute Pocket Promise Puzzle Railway Rooftops Shoreline Signal "
    "Stairway Strangers Sundays Telescope Umbrella Verandah Windmill Witness Yardstick"
)


def name(seed: int, number: int) -> str:
    """Name number `number` of a seed; titles repeat after 2700 names, pairs much later."""
    rng = np.random.default_rng(np.random.SeedSequence([seed, 2]))
    first, second, adjectives, nouns = (
        words.split() for words in (FIRST, SECOND, ADJECTIVES, NOUNS)
    )
    artist = scattered(number, len(first) * len(second), rng)
    title = scattered(number, len(adjectives) * len(nouns), rng)
    return (
        f"{first[artist % len(first)]} {second[artist // len(first)]} - "
        f"{adjectives[title % len(adjectives)]} {nouns[title // len(adjectives)]}"
    )


def scattered(number: int, size: int, rng: np.random.Generator) -> int:
    """A permutation of 0..size-1, continued periodically: number * a + b modulo size."""
    factor, offset = (int(value) for value in rng.integers(1, size, size=2))
    while gcd(factor, size) != 1:
        factor += 1
    return (number * factor + offset) % size

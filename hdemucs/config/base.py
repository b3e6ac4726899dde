"""What all configurations have in common."""

from __future__ import annotations

from pydantic import ConfigDict

# Strict: a string is not accepted as a number, nor 1.5 as an integer, nor infinity as a number;
# an unknown key is an error.
STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

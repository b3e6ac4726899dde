"""What all configurations have in common."""

from __future__ import annotations

from pydantic import ConfigDict

# Strict: a string is no number, 1.5 is no integer, infinity is no quantity; an unknown key is an
# error.
STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

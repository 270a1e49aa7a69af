"""From "might be in there" to "is in there, here, this much of it": geometry decides.

Import `Matcher` from here; NumPy and OpenCV are loaded in its children only.
"""

from __future__ import annotations

from detection.matching.matcher import Matcher, Outcome

__all__ = ["Matcher", "Outcome"]

"""Which of our photographs might be in an image: many are asked about, few are proposed."""

from __future__ import annotations

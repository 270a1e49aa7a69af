"""The numbers that decide, each with its reason."""

from __future__ import annotations

#: Places that agree on one geometry. Sixteen were never wrong on pictures of different things;
#: ten to fifteen were, rarely, so a person looks.
CONFIRMED_INLIERS = 16
UNCERTAIN_INLIERS = 10

#: Share of the telling cells in the visible part that must agree. Copies with text, logos and
#: blanks keep most of their cells; other frames of a scene lose them to parallax and motion.
CONFIRMED_AGREEMENT = 0.6
#: Of which closely: re-encoding and noise keep fine detail in place, another moment does not.
CONFIRMED_CLOSE = 0.35
#: Under this share the geometry is a coincidence of repeated patterns.
UNCERTAIN_AGREEMENT = 0.25
#: Cells that must say something before pixels can confirm anything.
LEAST_TELLING = 6

#: Share of the inner borders across which the image may run on: more shows that the image is a
#: wider or shifted view of the scene, perhaps another frame.
MOST_RUNNING_ON = 0.34

#: A hash neighbour without enough features is shown when nearly all its cells agree.
HASH_AGREEMENT = 0.8

#: Photographs verified per image: the vote orders them well, each costs some milliseconds.
CANDIDATES = 8
#: Agreeing places that make a second, closer look worth its price.
HOPEFUL_INLIERS = 6
#: Two matches of one image overlap when they share this much of the smaller one.
OVERLAP = 0.5
#: Shares above which a photograph counts as whole, and as filling the image.
WHOLE, FILLING = 0.97, 0.93

"""A parent that only uses the pools stays small: the heavy libraries live in the children."""

from __future__ import annotations

import subprocess
import sys

from tests.detection.conftest import ROOT, photographs

SCRIPT = """
import pathlib, sys
from detection.images import DecodePool, SafeDecoder
from detection.matching import Matcher
from detection.types import Reference
data = pathlib.Path(sys.argv[1]).read_bytes()
with DecodePool(1) as pool:
    fingerprint = SafeDecoder(pool).fingerprint(data)
with Matcher([Reference("w", fingerprint)], processes=1) as matcher:
    assert matcher.match(data)[0].work_id == "w"
heavy = {"cv2", "numpy", "PIL", "imagehash", "scrapy", "scipy"} & set(sys.modules)
status = pathlib.Path('/proc/self/status').read_text()
print(int(status.split('VmHWM:')[1].split()[0]) // 1024, sorted(heavy))
"""


def test_the_parent_stays_small() -> None:
    photograph = str(photographs("work-*.jpg")[0])
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, photograph], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    megabytes, heavy = done.stdout.split(" ", 1)
    assert heavy.strip() == "[]"
    assert int(megabytes) < 60

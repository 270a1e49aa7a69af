"""Checks that this folder is as it was handed out: python3 check.py

Every file is compared with manifest.json by its SHA-256 check sum. Needs nothing but Python.
Whether manifest.json itself is genuine is checked with openssl, see READ-ME.txt.
"""  # noqa: INP001 - handed out alone, part of no package

import hashlib
import json
import pathlib
import sys

OURS = {"manifest.json", "check.py", "key.pem", "READ-ME.txt"}


def main() -> int:
    folder = pathlib.Path(__file__).resolve().parent
    listed = json.loads(json.loads((folder / "manifest.json").read_text("utf-8"))["statement"])["files"]
    wrong = []
    for name, entry in sorted(listed.items()):
        path = folder / name
        if not path.is_file():
            wrong.append(f"missing: {name}")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != entry["sha256"]:
            wrong.append(f"changed: {name}")
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    wrong += [f"not listed: {name}" for name in sorted(there - set(listed) - OURS)]
    told = "\n".join(wrong) or f"All {len(listed)} files are as they were handed out."
    sys.stdout.write(told + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

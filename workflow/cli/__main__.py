"""``python -m workflow.cli``: the same as ``lichtbild``."""

from workflow.cli import main

main()

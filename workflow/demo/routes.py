"""What only a demo instance shows: its mailbox, its style guide, the codes of its people."""

from __future__ import annotations

from workflow.demo.code_ribbon import demo_codes
from workflow.demo.mailbox_routes import demo_mailbox
from workflow.demo.styleguide_routes import demo_styleguide

BLUEPRINTS = (demo_mailbox, demo_styleguide, demo_codes)

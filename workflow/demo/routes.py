"""What only a demo instance shows: its mailbox and its style guide."""

from __future__ import annotations

from workflow.demo.mailbox_routes import demo_mailbox
from workflow.demo.styleguide_routes import demo_styleguide

BLUEPRINTS = (demo_mailbox, demo_styleguide)

"""Flask plumbing shared by the two apps, desk and portal.

A blueprint has a role or cannot be made; a page never writes; every answer carries the strict
headers; every refusal is a sentence with a reference number. Nothing here knows what a case is.
"""

from workflow.web.blueprints import role_blueprint

__all__ = ["role_blueprint"]

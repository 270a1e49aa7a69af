"""For a WSGI server: ``desk``, ``portal``, and ``application`` that serves both by host name.

gunicorn --no-control-socket --workers 2 --threads 4 wsgi:application
"""

from workflow.app import create_application, create_desk, create_portal
from workflow.building import build_runtime
from workflow.config import load_config
from workflow.kernel.logs import install_for
from workflow.schema import require_current

_config = load_config()
install_for(_config)
_runtime = build_runtime(_config)
require_current(_runtime.database)
desk = create_desk(_runtime)
portal = create_portal(_runtime)
application = create_application(_runtime)

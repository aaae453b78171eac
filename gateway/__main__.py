"""``python -m gateway`` is the ``hotline`` command."""

import sys

from gateway.cli import main

sys.exit(main())

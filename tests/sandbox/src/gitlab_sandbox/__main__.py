# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python -m gitlab_sandbox`` is the command ``gitlab-sandbox``."""

import sys

from gitlab_sandbox.cli import main

sys.exit(main())

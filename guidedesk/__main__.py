"""`python -m guidedesk` is the same as the `guidedesk` command."""

import sys

from guidedesk.cli import main

if __name__ == "__main__":
    sys.exit(main())

"""Run the estate by hand until Ctrl-C: `python -m tests.e2e FILE` writes its environment there.

`set -a; . FILE; set +a; tieout once examples/tryton-rabbitmq/landscape.yaml` then looks at it.
"""

import shlex
import signal
import sys
from pathlib import Path

from tests.e2e.estate import running_estate


def main() -> None:
    """Start everything, write the environment, wait, stop everything."""
    target = Path(sys.argv[1])
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with running_estate() as estate:
        environment = estate.environment(f"sqlite:///{target.with_suffix('.db').absolute()}")
        lines = [f"{name}={shlex.quote(value)}\n" for name, value in environment.items()]
        target.touch(mode=0o600)
        target.write_text("".join(lines))
        try:
            signal.pause()
        except KeyboardInterrupt:
            target.unlink()


if __name__ == "__main__":
    main()

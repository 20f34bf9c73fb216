"""The costs that benchmarks recorded for docs/scale.md: `requests` by bench/citus.py, `sizes` by bench/sizes.py."""

import json
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent / "scale.json"


def recorded() -> dict[str, dict]:
    return json.loads(FILE.read_text())


def record(**sections: dict) -> None:
    """Replaces sections and keeps the others."""
    FILE.write_text(json.dumps(recorded() | sections, indent=2) + "\n")

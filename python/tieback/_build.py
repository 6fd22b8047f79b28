"""What the library is made of."""

from __future__ import annotations

from typing import Any

from . import _tieback


def build_info() -> dict[str, Any]:
    """What the native half is made of, for logs and reports: `version`, `abi_version` of its C interface, `sqlite` (its
    version), `tls`, `target`, `debug`, `features`, `payload_versions`."""
    return _tieback.build_info()

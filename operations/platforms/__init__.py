"""Where releases live. One small interface, one driver a platform; a driver answers or fails, it never guesses."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from operations.platforms.base import Platform
    from operations.settings import Settings


def platform_for(settings: Settings, environment: str) -> Platform | None:
    """The driver that the settings name for this environment, or None when they name none."""
    found = settings.environments.get(environment)
    if found is None or not found.platform.driver:
        return None
    chosen = found.platform
    if chosen.driver == "vercel":
        from operations.platforms.vercel import VercelPlatform

        return VercelPlatform(chosen, settings)
    if chosen.driver == "command":
        from operations.platforms.command import CommandPlatform

        return CommandPlatform(chosen, settings)
    from operations.platforms.releases import ReleasesPlatform

    return ReleasesPlatform(settings.resolve(chosen.root), restart=chosen.restart, keep=chosen.keep)

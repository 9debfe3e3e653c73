"""Which probes an environment has: those that its settings name a source for, and no others."""

from __future__ import annotations

from operations.watch.database_link import DatabaseLink
from operations.watch.model import Probe
from operations.watch.probes.alerts import AlertsProbe
from operations.watch.probes.backups import BackupsProbe
from operations.watch.probes.base import Place
from operations.watch.probes.business import BusinessProbe
from operations.watch.probes.certificate import CertificateProbe
from operations.watch.probes.database import DatabaseProbe
from operations.watch.probes.endpoint import EndpointProbe
from operations.watch.probes.health import HealthProbe
from operations.watch.probes.migrations import MigrationsProbe
from operations.watch.probes.page import AssetsProbe, PageProbe
from operations.watch.probes.provider import ProviderProbe
from operations.watch.probes.release import ReleaseProbe
from operations.watch.probes.settings_log import SettingsLogProbe
from operations.watch.probes.told import RollbackProbe, SmokeProbe
from operations.watch.probes.traffic import ErrorsProbe, LatencyProbe, desk_for
from operations.watch.probes.vantage import VantageProbe


def probes_for(place: Place) -> list[Probe]:
    """The configured probes of one environment, the most telling first. Closing any closes what they share."""
    env, settings, outside = place.env, place.settings, place.outside
    probes: list[Probe] = []
    if settings.watch.control_targets:
        probes.append(VantageProbe(place))
    if env.url:
        probes += [HealthProbe(place)] if env.health else []
        probes += [PageProbe(place), AssetsProbe(place)] if env.page else []
        probes += [EndpointProbe(place, path) for path in env.endpoints]
        probes.append(CertificateProbe(place))
    if env.request_log or env.prometheus or (env.metrics and (env.url or "://" in env.metrics)):
        desk = desk_for(place)
        probes += [ErrorsProbe(place, desk), LatencyProbe(place, desk)]
    if address := env.database or env.database_readonly:
        probes.append(DatabaseProbe(place, DatabaseLink(address)))
        side = DatabaseLink(address)
        probes.append(MigrationsProbe(place, side))
        if env.business_count:
            probes.append(BusinessProbe(place, side))
    if outside.platform is not None or (env.url and env.version):
        probes.append(ReleaseProbe(place))
    if env.settings_log:
        probes.append(SettingsLogProbe(place))
    if env.backups.bucket:
        probes.append(BackupsProbe(place))
    probes += [ProviderProbe(place, provider) for provider in settings.providers]
    if env.alertmanager:
        probes.append(AlertsProbe(place))
    if outside.last_smoke is not None:
        probes.append(SmokeProbe(place))
    if outside.judge_rollback is not None and outside.platform is not None:
        probes.append(RollbackProbe(place))
    return probes

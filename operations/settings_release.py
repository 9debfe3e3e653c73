"""The settings of how a commit becomes a release: where releases live, migrations, switches, who is told."""

from __future__ import annotations

from typing import Literal

from operations.settings_parts import Secret, Section

VERCEL_DEPLOY = (
    *("vercel", "deploy", "--prebuilt", "--prod", "--yes"),
    *("--meta", "vigieRelease={name}", "--meta", "vigieCommit={commit}"),
    *("--meta", "vigieWho={who}", "--meta", "vigieTitle={title}"),
)


class CommandSettings(Section, frozen=True, kw_only=True):
    """Commands of the team's own that list, publish and promote releases; what they print is JSON.

    `{release}`, `{name}`, `{commit}` are filled in; nothing goes through a shell. They run in the settings' folder,
    `publish` in the built checkout.
    """

    preset: Literal["", "docker-compose", "kamal"] = ""
    """Fills in what is left out: a Compose service whose image's tag is the release, or Kamal."""
    list: tuple[str, ...] = ()
    """Prints the releases, newest first: `[{"id", "name", "commit", "who", "built_at", "state", "kept", "title"}]`."""
    live: tuple[str, ...] = ()
    """Prints the live one in the same form, with `since`; nothing where there is none."""
    publish: tuple[str, ...] = ()
    """Takes the built checkout it runs in as release `{name}` of `{commit}` and makes it live."""
    promote: tuple[str, ...] = ()
    """Makes the kept release `{release}` live again; empty where that is not possible."""
    image: str = ""
    """`docker-compose`: the image without its tag, as `registry.example.com/my-site`."""
    service: str = ""
    """`docker-compose`: the service that runs it."""
    variables: dict[str, Secret] = {}  # noqa: RUF012 - msgspec copies it
    """Environment variables that the commands get beside PATH and HOME, as tokens."""
    limit: float = 120.0
    """Seconds a command may take; `publish` may take `build_limit`."""


class PlatformSettings(Section, frozen=True, kw_only=True):
    """Where releases live. Only the keys of the chosen driver are used."""

    driver: Literal["", "releases", "vercel", "command"] = ""
    root: str = ""
    """`releases`: folder that holds `releases/<name>/`, `releases.jsonl` and the `current` link."""
    restart: tuple[str, ...] = ()
    """`releases`: command that makes the site run what `current` points to; must return once asked."""
    build: tuple[str, ...] = ()
    """Command that builds a checkout in place (run in it); empty: `npm run build` where there is a package.json."""
    keep: int = 5
    """Releases kept on disk."""
    build_limit: float = 900.0
    """Seconds a build may take before its process group is ended; a publish command likewise."""
    project: str = ""
    """`vercel`: the project's name or id."""
    team: str = ""
    """`vercel`: the team's id (`team_…`) or slug, for a project that is a team's."""
    token: Secret = Secret("")
    """`vercel`: an access token; sent to `api` and given to the publish command as VERCEL_TOKEN, nowhere else."""
    api: str = "https://api.vercel.com"
    """`vercel`: where its REST API is."""
    publish_command: tuple[str, ...] = VERCEL_DEPLOY
    """`vercel`: publishes the checkout it runs in; `{name}`, `{commit}`, `{who}`, `{title}` and `{api}` are filled in.
    The meta `vigieRelease` is how the deployment is found again."""
    commands: CommandSettings = CommandSettings()
    """`command`: the team's own commands."""


class DeploySettings(Section, frozen=True, kw_only=True):
    """How a commit becomes a release."""

    branches: tuple[str, ...] = ()
    """Branches whose commits may go to production, `*` for any letters; empty: `site.branch`, release/*, hotfix/*."""
    install: tuple[str, ...] = ()
    """Command that installs what a build needs (run in the checkout); empty means `npm ci` where there is a lock."""
    install_limit: float = 600.0
    """Seconds an install may take."""
    migrations: Literal["", "sql", "prisma", "supabase", "command"] = ""
    """Who applies migrations: Vigie itself from a folder of plain SQL, Prisma, Supabase, or `migrate` below."""
    migrate: tuple[str, ...] = ()
    """`command`: applies what is pending; finds the database in DATABASE_URL and the PG* variables."""
    migrate_preview: tuple[str, ...] = ()
    """`command`: shows what would be applied and changes nothing."""
    migrate_limit: float = 900.0
    """Seconds the migrations may take."""
    lock_timeout: float = 10.0
    """`sql`: seconds a statement waits for a lock before it gives up: what waits holds up every request behind it."""


class SwitchSettings(Section, frozen=True, kw_only=True):
    """The site's own commands for feature flags and maintenance mode; `{environment}`, `{name}`, `{value}` are filled.

    `{value}` is `on` or `off`. A word is filled as a whole or in part; nothing goes through a shell.
    """

    flag: tuple[str, ...] = ()
    flag_check: str = ""
    """Path with `#field` that tells a flag's value, as `/api/flags#{name}`; empty: nobody can look from outside."""
    maintenance: tuple[str, ...] = ()
    maintenance_status: int = 503
    """What the front page answers while maintenance mode is on."""
    limit: float = 60.0
    """Seconds a command may take, and again the site to show it."""


class NotifySettings(Section, frozen=True, kw_only=True):
    """Where deploys and rollbacks are told."""

    webhook: Secret = Secret("")
    """Gets `{"text": "…"}`, the shape Slack, Mattermost and Teams take."""

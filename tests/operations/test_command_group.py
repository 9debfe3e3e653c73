"""A command group made ready: what is typed stays one word, secrets stay out of its text, and some never run."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from operations.command_call import calling, shell
from operations.command_group import POLICY, Prepared, prepare
from operations.engine.process import child_environment
from operations.errors import VigieError
from tests.operations.station import Station

HOSTILE = (
    "plain", "two words", "a'b", 'a"b', "$(touch HIT)", "`touch HIT`", "$HOME", "a\\", "'; touch HIT; '",
    '"; touch HIT; "',
    "x; touch HIT", "x | touch HIT", "!x", "*", "~", "#c", "-n", "a\\'b", "EOF", "x) touch HIT #", "} touch HIT",
    "\\`touch HIT\\`", "[the name]", "é", "%s", "&& touch HIT", "> HIT", "{HIT,b}",
)  # fmt: skip
PLACES = {
    "bare": "printf %s [the name]",
    "assigned": 'V=[the name]; printf %s "$V"',
    "double": 'printf %s "[the name]"',
    "single": "printf %s '[the name]'",
    "substituted": 'printf %s "$(printf %s [the name])"',
    "substituted twice": 'printf %s "$(printf %s "[the name]")"',
    "backticks": 'printf %s "`printf %s [the name]`"',
    "backticks, quoted": "V=`printf %s '[the name]'`; printf %s \"$V\"",
    "here": "cat <<EOF\n[the name]\nEOF",
    "here, quoted": "cat <<'EOF'\n[the name]\nEOF",
    "here, substituted": 'cat <<EOF\n$(printf %s "[the name]")\nEOF',
    "here string": 'cat <<< "[the name]"',
    "ansi": "printf %s $'[the name]'",
    "fallback": 'printf %s "${NOPE:-[the name]}"',
    "after a comment": '# it\'s "so\nprintf %s "[the name]"',
    "continued": "printf %s \\\n  [the name]",
    "function": 'f() {\n  printf %s "$1"\n}\nf [the name]',
}


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station(tmp_path, {})


def ready(station: Station, text: str, environment: str = "staging", **given: str) -> Prepared:
    typed = {written: given[name] for written, name in (("[the name]", "name"), ("$NAME", "variable")) if name in given}
    return prepare(station.settings(), environment, text, "shell", given=typed, environ={})


def refusal(prepared: Prepared) -> str:
    assert prepared.refusal is not None
    return f"{prepared.refusal.name}: {prepared.refusal.says}"


@pytest.mark.parametrize("place", PLACES)
def test_what_is_typed_stays_one_word_wherever_it_stands_or_is_refused(
    place: str, station: Station, tmp_path: Path
) -> None:
    settings = station.settings()
    accepted = 0
    for word in HOSTILE:
        group = prepare(settings, "staging", PLACES[place], "shell", given={"[the name]": word}, environ={})
        if group.refusal is not None:
            continue
        accepted += 1
        with calling(settings, "staging", group, writes=False, limit=5, session="s") as call:
            done = subprocess.run(
                call.argv, cwd=tmp_path, env=child_environment(call.env), capture_output=True, text=True, timeout=20
            )
        assert done.stdout.removesuffix("\n") == word, (word, group.text, done.stderr)
        assert not (tmp_path / "HIT").exists(), group.text
    assert accepted >= 2


def test_a_text_that_begins_like_an_option_is_no_option_of_the_shell(station: Station) -> None:
    path, options = shell()
    done = subprocess.run([path, *options, ready(station, "-x 1").text], capture_output=True, text=True)
    assert (done.returncode, "-x: command not found" in done.stderr) == (127, True)


@pytest.mark.parametrize("word", ["", "two\nlines", "a\0b", "a\x1b[31m", "a\u202eb", "x" * 3000])
def test_a_word_that_is_no_visible_line_is_refused(word: str, station: Station) -> None:
    assert refusal(ready(station, "echo [the name]", name=word)).startswith("every blank filled: [the name]")
    assert refusal(ready(station, "echo $NAME", variable=word)).startswith("every blank filled: $NAME")


def test_an_address_with_a_password_is_not_typed(station: Station) -> None:
    said = refusal(ready(station, "psql [the name]", name="postgresql://u:hunter99@db/x"))
    assert ("holds a password" in said, "hunter99" in said) == (True, False)


def test_a_variable_nobody_knows_is_typed_and_reaches_the_environment_alone(station: Station) -> None:
    group = ready(station, 'echo "$NAME"', variable="$(touch HIT) ; x")
    assert (group.refusal, group.text) == (None, 'echo "$NAME"')
    with calling(station.settings(), "staging", group, writes=False, limit=5, session="s") as call:
        assert call.env["NAME"] == "$(touch HIT) ; x"


def test_a_secret_nobody_knows_names_its_file_and_is_never_typed(station: Station) -> None:
    unknown = ready(station, "curl -H $API_TOKEN")
    assert unknown.refusal is not None
    assert unknown.refusal.code == 2
    assert "API_TOKEN: it belongs in .env.operations under that name" in unknown.refusal.says
    typed = prepare(station.settings(), "staging", "echo $API_TOKEN", "shell", given={"$API_TOKEN": "x99"}, environ={})
    assert "is never typed" in refusal(typed)
    assert dict(typed.blanks) == {}
    assert "DATABASE_URL: it belongs to staging, so in its table" in refusal(ready(station, "psql $DATABASE_URL"))
    assert "write $API_KEY in the runbook" in refusal(ready(station, "curl -u <api-key>"))


def test_an_environments_own_address_is_not_typed_over(station: Station) -> None:
    group = prepare(
        station.settings(), "staging", "curl $APP_URL", "shell", given={"$APP_URL": "https://x"}, environ={}
    )
    assert "$APP_URL is the environment's own" in refusal(group)


def test_a_secret_in_the_text_itself_is_refused(station: Station) -> None:
    station.names = "DEPLOY_TOKEN=abcdef123456\n"
    said = refusal(ready(station, "curl -H abcdef123456"))
    assert ("write a $NAME instead" in said, "abcdef" in said) == (True, False)
    by_process = prepare(
        station.settings(), "staging", "curl -H zzztop99 $GH_TOKEN", "shell", environ={"GH_TOKEN": "zzztop99"}
    )
    assert "no secret in its text" in refusal(by_process)


@pytest.mark.parametrize("text", ["echo a\u202eb", "echo \x1b[31m", "rm\u200b x"])
def test_a_text_that_runs_otherwise_than_it_is_shown_is_refused(text: str, station: Station) -> None:
    assert "what is shown is what runs" in refusal(ready(station, text))


@pytest.mark.parametrize("text", ["", " \n", "a\0b", "x" * 200_000])
def test_a_text_that_can_be_no_command_is_an_error(text: str, station: Station) -> None:
    with pytest.raises(VigieError):
        ready(station, text)


def test_what_is_filled_in_is_looked_at_for_hazards_too(station: Station) -> None:
    group = prepare(
        station.settings(), "staging", "rm [the name] x", "shell", given={"[the name]": "-rf"}, first_line=7
    )
    assert [(one.line, one.words) for one in group.hazards] == [(7, "removes a whole folder")]


def test_programs_get_the_names_they_read_by_themselves_and_no_others(station: Station) -> None:
    environ = {"KUBECONFIG": "/k", "GH_TOKEN": "ghtoken99", "OTHER": "x"}
    group = prepare(station.settings(), "staging", "kubectl get pods", "shell", environ=environ)
    assert [value.name for value in group.values] == ["KUBECONFIG"]
    assert prepare(station.settings(), "staging", "./kubectl-x; echo ghost", "shell", environ=environ).values == ()


def test_a_drills_command_has_a_home_of_its_own_and_nothing_of_the_shell(station: Station) -> None:
    station.tail = f'[drill]\nhome = "{station.folder}/practice"\nlease = "lease"'
    group = prepare(station.settings(), "staging", "gh x", "shell", environ={"GH_TOKEN": "ghtoken99"})
    assert group.values == ()
    with calling(station.settings(), "staging", group, writes=False, limit=5, session="s") as call:
        assert call.env["HOME"] == f"{station.folder}/practice/home"


def test_a_variable_that_leads_to_production_is_refused_while_staging_is_meant(tmp_path: Path) -> None:
    there = "postgresql://ops:prodpass99@127.0.0.1:6000/app"
    names = "OLD_DSN=postgresql://other:secret99@localhost:6000/app\nNEXT_DSN=postgresql://a:secret99@localhost:6000/beside\n"
    station = Station(tmp_path, {"production": there}, names=names)
    said = refusal(ready(station, "pg_restore -d $OLD_DSN x"))
    assert "$OLD_DSN leads to production, and staging is meant" in said
    assert "secret99" not in said
    assert ready(station, "pg_restore -d $NEXT_DSN x").refusal is None
    assert ready(station, "pg_restore -d $OLD_DSN x", "production").refusal is None
    literal = ready(station, "psql postgresql://reader@127.0.0.1:6000/app")
    assert "an address in it leads to production" in refusal(literal)


@pytest.mark.parametrize(
    ("text", "word", "fits"),
    [
        ("select * from [the name]", "public.calls", True),
        ("select * from [the name]", "calls where true", False),
        ("-- it's old\nselect * from [the name]", "calls; drop table calls", False),
        ("-- it's old\nselect * from [the name]", "calls where true", False),
        ("select '[the name]'", "o'clock; drop", True),
        ("select E'[the name]'", "\\'; drop table calls --", False),
        ("select $$ [the name] $$", "$$; drop table calls; select $$", False),
        # What stands in a comment is no blank: nothing is filled in there.
        ("select 1 /* [the name] */", "*/ ; drop table calls /*", True),
    ],
)
def test_what_is_filled_into_statements_makes_no_others(text: str, word: str, fits: bool, tmp_path: Path) -> None:
    station = Station(tmp_path, {"staging": "postgresql://127.0.0.1:1/x"})
    group = prepare(station.settings(), "staging", text, "sql", given={"[the name]": word})
    assert (group.refusal is None) == fits, (group.text, group.refusal)


def test_what_a_variable_holds_is_looked_at_as_part_of_the_command(station: Station) -> None:
    station.tail = "[policy]\nrefuse = ['rm\\s+-rf']"
    ready = prepare(station.settings(), "staging", "$TOOL -rf /srv", "shell", given={"$TOOL": "rm"}, environ={})
    assert ready.refusal is not None
    assert ready.refusal.name == POLICY
    assert [hazard.words for hazard in ready.hazards] == ["removes a whole folder"]

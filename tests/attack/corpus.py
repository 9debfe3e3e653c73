"""More than a hundred texts that somebody may type, paste, commit or answer, each of which has broken some program."""

from __future__ import annotations

from tests.attack.poison import BROKEN, ESCAPES, EVIL, MARKUP, TURNED, WIDE

_MEGABYTE = 1_000_000
_SEEDS = (
    # What a terminal obeys.
    ESCAPES, "\x1b[31mred", "\x1b]0;title\x07", "\x1b]52;c;aGk=\x07", "\x1b[2J\x1b[H", "\x1b[?1049h", "\x1b[6n",
    "\x1bPq#0\x1b\\", "\x1b]8;;https://evil.example\x07here\x1b]8;;\x07", "\x1b[1000000@", "\x1bc", "\x9b2J",
    "\x9d0;t\x9c", "\x07" * 50, "\x08" * 50 + "over", "over\rwritten", "a\x00b", "\x1b", "\x1b[", "\x1b]", "\x7f",
    "\x0e(0lqk\x0f", "\x1b[9999;9999H", "\x1b_Gf=100;AAAA\x1b\\", "\x1b[>c",
    # What some reader takes for markup.
    MARKUP, "[/]", "[bold]", "[@click=app.quit]x[/]", "[[[]]]", "\\[x]", "$x ${x} $(id) `id`", "%s%n%x", "{0} {x!r}",
    "{{7*7}}", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</text></svg><script>", "<!--", "-->",
    "]]>", "&lt;b&gt; &#0; &amp;", "<a href='javascript:x'>", "[x](javascript:alert(1))", "![x](https://evil.example)",
    "# heading", "## Summary", "- item", "> quote", "| a | b |", "|---|---|", "```\nfence", "~~~", "    code", "***",
    "---", "===", "1. one", "[x]: https://evil.example", "<https://evil.example|x>", "<!channel> <!here> <@U0000000>",
    "@channel @here @everyone", "*bold* _it_ ~no~", "https://evil.example/\x00", "\\", "\\n\\t\\u001b", "'; drop table",
    '"', "'", '{"ok": false}', "null", "NaN", "=cmd|'/c calc'!A0", "../../../../etc/passwd", "file:///etc/passwd",
    "--help", "-rf /", "~root", "*", "?",
    # What is wider, narrower, or goes the other way.
    TURNED, WIDE, "\u202etxt.exe", "\u202d\u202a\u202b\u202c", "\u2066\u2067\u2068\u2069", "\u200f\u200e\u061c",
    "مرحبا بالعالم", "שלום עולם", "漢字" * 60, "ｆｕｌｌ　ｗｉｄｔｈ", "🚨" * 80, "👨\u200d👩\u200d👧\u200d👦" * 20,
    "🏴\U000e0067\U000e0062\U000e007f", "e" + "\u0301" * 400, "Z\u0351\u036b\u0343\u036a" * 40, "\u200b" * 200,
    "\ufeff", "\u00ad" * 100, "\u2028line\u2029par", "\u0085next", "\u3000" * 50, "\u1160\u3164", "नमस्ते", "ไทย",
    "ﷺ" * 30, "\U0001f1eb\U0001f1f7" * 40, "₿½™", "İıẞ",
    # What is not there, is not text, or is far too much.
    "", " ", "\n", "\n" * 500, "\t" * 200, " " * 5000, "a\nb\rc\r\nd", BROKEN, "\ud83d", "\ufffd" * 50, "\uffff",
    "\ue000", "x" * _MEGABYTE, "漢" * _MEGABYTE, "x " * (_MEGABYTE // 2), "[/x]" * (_MEGABYTE // 4),
    "\x1b[31m" * (_MEGABYTE // 5), "line\n" * (_MEGABYTE // 5), EVIL, EVIL * 20,
)  # fmt: skip
HOSTILE = tuple(dict.fromkeys(_SEEDS))

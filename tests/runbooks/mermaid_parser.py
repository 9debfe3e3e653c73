"""Mermaid's own parser from npm, installed once into a cache folder: what it reads in a chart."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

PACKAGES = ("mermaid@11.17.2", "jsdom@29.1.1")
WANTED = "VIGIE_REAL_CLIENTS"
_INSTALL_LIMIT = 400.0
_RUN_LIMIT = 100.0
_PROGRAM = """
import fs from 'fs';
import { JSDOM } from 'jsdom';
const dom = new JSDOM('');
globalThis.window = dom.window;
globalThis.document = dom.window.document;
const mermaid = (await import('mermaid')).default;
mermaid.initialize({ startOnLoad: false, maxTextSize: 9e6, maxEdges: 1e5 });
const read = [];
for (const chart of JSON.parse(fs.readFileSync(0, 'utf8'))) {
  try {
    const { db } = await mermaid.mermaidAPI.getDiagramFromText(chart);
    read.push({ nodes: [...db.getVertices().values()].length, edges: db.getEdges().length, error: '' });
  } catch (error) {
    read.push({ nodes: 0, edges: 0, error: String(error.message || error) });
  }
}
console.log(JSON.stringify(read));
"""


def read_by_mermaid(charts: list[str]) -> list[dict[str, Any]]:
    """For each chart how many nodes and edges Mermaid finds, or its error; skips where the parser cannot be had."""
    if os.environ.get(WANTED) != "1":
        pytest.skip(f"Mermaid's own parser is tried with {WANTED}=1 only: it is installed from npm, 150 packages")
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        pytest.skip("there is no Node here (node and npm)")
    name = "vigie-" + "-".join(PACKAGES).replace("@", "-")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or tempfile.gettempdir()) / name
    if not (cache / "node_modules").exists():
        _install(npm, cache)
    (cache / "read.mjs").write_text(_PROGRAM, "utf-8")
    done = subprocess.run(
        [node, "read.mjs"],
        cwd=cache,
        input=json.dumps(charts),
        capture_output=True,
        text=True,
        timeout=_RUN_LIMIT,
        check=True,
    )
    read: list[dict[str, Any]] = json.loads(done.stdout)
    return read


def _install(npm: str, cache: Path) -> None:
    """Beside, then renamed: a second test process finds it whole or not at all."""
    cache.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f"{cache.name}-", dir=cache.parent))
    command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", ".", *PACKAGES]
    try:
        done = subprocess.run(command, cwd=beside, capture_output=True, text=True, timeout=_INSTALL_LIMIT, check=False)
        if done.returncode:
            pytest.skip(f"npm cannot install {' '.join(PACKAGES)}: {done.stderr.strip()[-200:]}")
        if not cache.exists():
            beside.rename(cache)
    finally:
        shutil.rmtree(beside, ignore_errors=True)

"""Shows a page in a real browser without a window, and measures it there."""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next(filter(None, map(shutil.which, NAMES)), None)
HEIGHT = 1000
# A window is never narrower than 500 pixels; a frame is. What a frame prefers follows its colour scheme.
OUTER = """<!doctype html><html><head><style>
:root {{ color-scheme: light dark }} body {{ margin: 0 }} iframe {{ border: 0; width: {width}px; height: {height}px; color-scheme: {scheme} }}
</style></head><body><iframe srcdoc="{page}"></iframe><script>
addEventListener("load", () => {{
  const frame = document.querySelector("iframe").contentDocument, root = frame.documentElement, view = frame.defaultView;
  const boxes = [...frame.querySelectorAll(".scroll, h1, h2, p, li")];
  const of = (test) => boxes.filter(test).map((box) => box.outerHTML.slice(0, 80));
  document.body.dataset.measured = JSON.stringify({{
    width: view.innerWidth, scroll: root.scrollWidth, height: root.scrollHeight,
    dark: view.matchMedia("(prefers-color-scheme: dark)").matches,
    background: view.getComputedStyle(root).backgroundColor, text: view.getComputedStyle(frame.body).color,
    pictures: [...frame.images].map((image) => image.naturalWidth),
    out: of((box) => box.getBoundingClientRect().right > view.innerWidth + 1),
  }});
}});
</script></body></html>"""


@dataclass(frozen=True)
class Seen:
    """What the browser says of a page."""

    width: int
    scroll: int  # as wide as it would like to be
    height: int
    dark: bool
    background: str
    text: str
    pictures: list[int]  # widths in their own pixels; 0 for one that is none
    out: list[str]  # the boxes that leave the page
    errors: list[str]  # what it wrote to the console


def seen(page: str, folder: Path, width: int, dark: bool, picture: Path | None = None) -> Seen:
    """The page as a browser shows it; with `picture` the picture of its top is kept."""
    assert BROWSER, "no browser is installed"
    scheme = "dark" if dark else "light"
    outer = folder / f"{width}{scheme}.html"
    outer.write_text(OUTER.format(width=width, height=HEIGHT, scheme=scheme, page=escape(page)))
    told = _run(outer, folder, dark, "--dump-dom")
    measured = re.search(r'data-measured="([^"]*)"', told.stdout)
    assert measured, told.stderr
    errors = re.findall(r"CONSOLE[:(].*", told.stderr)
    found = Seen(**json.loads(unescape(measured[1])), errors=errors)
    if picture:
        outer.write_text(OUTER.format(width=width, height=found.height, scheme=scheme, page=escape(page)))
        _run(
            outer, folder, dark, f"--screenshot={picture}", f"--window-size={max(500, width)},{found.height}"
        )
    return found


def _run(file: Path, folder: Path, dark: bool, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [
        str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
        f"--user-data-dir={folder / 'profile'}", "--enable-logging=stderr", "--window-size=1500,1000",
        f"--blink-settings=preferredColorScheme={0 if dark else 1}", *arguments, file.as_uri(),
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)

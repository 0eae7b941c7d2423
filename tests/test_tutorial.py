"""The tutorial is run as a reader would run it: what it shows is what comes out, and its pictures are drawn."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pages

DOCS = Path(__file__).parent.parent / "docs"
PAGE = DOCS / "tutorial.md"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reader")
    return pages.check(PAGE, folder), folder


def test_the_tutorial_shows_what_comes_out(run):
    page, _ = run
    assert len(page.printed) > 20


def test_the_page_on_plots_shows_what_comes_out(tmp_path):
    pages.check(DOCS / "plots.md", tmp_path)
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == [
        "cost.svg",
        "duration.png",
        "way.png",
    ]


def test_every_number_of_the_story_is_there():
    text = PAGE.read_text()
    for words in ("12.0\n", "2.9388", "1.00758", "30.0000 km/h", "(48, 24.0)"):
        assert words in text


def pictures():
    return sorted(set(re.findall(r"\]\((figures/.*?)\)", PAGE.read_text())))


@pytest.mark.parametrize("name", pictures())
def test_the_pictures_are_drawn_anew_as_they_are_kept(run, name):
    kept, drawn = Image.open(DOCS / name), Image.open(run[1] / name)
    assert without_counts(kept) == without_counts(drawn)
    assert kept.size == pytest.approx(drawn.size, rel=0.02)
    for picture in (kept, drawn):
        tones = np.asarray(picture.convert("L"), dtype=float)
        assert tones.mean() > 200.0, "the background is light"
        assert tones.std() > 10.0, "something is drawn"


def without_counts(picture):
    """What a picture says, but for how often a solver looked: that may differ with the processor."""
    return re.sub(r"\d+ (iterations|evaluations)", r"… \1", picture.text.get("Description", ""))


def test_no_picture_is_kept_that_the_page_does_not_show():
    assert sorted(f"figures/{path.name}" for path in (DOCS / "figures").iterdir()) == pictures()


SHORT = """
```python
# one.py
def f(x):
    return 3 * x**2
```

```pycon
>>> import downslope as ds
>>> from one import f
>>> ds.grad(f)(4.0)
24.0
```

```console
$ downslope grad one.py:f x=4
x 24.0
```
"""


@pytest.fixture
def short(tmp_path):
    def made(text):
        (tmp_path / "page.md").write_text(text)
        shutil.rmtree(tmp_path / "reader", ignore_errors=True)
        (tmp_path / "reader").mkdir()
        return tmp_path / "page.md", tmp_path / "reader"

    return made


def test_a_page_that_is_right_passes(short):
    assert len(pages.check(*short(SHORT)).printed) == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(4.0)\n24.0", "(4.0)\n25.0"),
        ("(4.0)\n24.0", "(4.0)"),
        ("x 24.0", "x 25.0"),
        ("x 24.0\n", ""),
        ("3 * x", "4 * x"),
        ("$ downslope", "$ upslope"),
        ("# one.py\n", ""),
    ],
)
def test_the_check_can_fail(short, old, new):
    assert old in SHORT
    with pytest.raises(AssertionError, match="did not evaluate as expected"):
        pages.check(*short(SHORT.replace(old, new)))


def test_a_changed_number_fails_the_tutorial(tmp_path):
    changed = tmp_path / "tutorial.md"
    changed.write_text(PAGE.read_text().replace("\n2.9388\n", "\n2.9389\n", 1))
    (tmp_path / "reader").mkdir()
    with pytest.raises(AssertionError, match=r"2\.9388"):
        pages.check(changed, tmp_path / "reader")


def test_outputs_are_brought_up_to_date(short):
    wrong = SHORT.replace("(4.0)\n24.0", "(4.0)\n0").replace("x 24.0", "x 0")
    assert pages.updated(*short(wrong)) == SHORT

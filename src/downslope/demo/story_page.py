"""The taxi's story as one self-contained HTML page."""

import base64
from collections.abc import Iterable

import jinja2

from downslope.demo.story import Chapter
from downslope.report.save import encoded

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{ title }}</title><style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
pre { overflow-x: auto; padding: 1rem; border: 1px solid #8886; border-radius: 6px } img { max-width: 100% }
</style></head><body><h1>{{ title }}</h1>
{% for chapter, picture in chapters %}<h2>{{ chapter.title }}</h2><pre>{{ chapter.text }}</pre>
{% if picture %}<img alt="{{ chapter.title }}" src="data:image/png;base64,{{ picture }}">{% endif %}
{% endfor %}</body></html>
"""


def story_page(title: str, chapters: Iterable[Chapter]) -> str:
    """The page: each chapter's text and picture.

    >>> "<h2>One</h2><pre>1 &lt; 2</pre>" in story_page("Taxi", [Chapter("One", "1 < 2")])
    True
    """
    template = jinja2.Environment(autoescape=True).from_string(PAGE)
    return template.render(title=title, chapters=[(chapter, _picture(chapter)) for chapter in chapters])


def _picture(chapter: Chapter) -> str:
    return "" if chapter.figure is None else base64.b64encode(encoded(chapter.figure, ".png")).decode()

"""Learning that goes on: batch after batch, with every version kept in a database."""

import importlib.util

from downslope.errors import UsageError

if importlib.util.find_spec("sqlalchemy") is None:
    raise UsageError(
        "a learner needs SQLAlchemy", why="it is not installed.", fix="pip install 'downslope[learn]'"
    )

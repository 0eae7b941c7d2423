"""downslope: an ordinary Python program that learns from data.

Names (listed in `__init__.pyi`) are loaded when they are first used, so that `import downslope` is quick.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

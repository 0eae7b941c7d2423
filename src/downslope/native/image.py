"""Machine code that stands alone: a compiled function cut out of its object file, to be run without LLVM.

Loading LLVM and Numba takes longer than most programs take to run. For a 64-bit x86 object file (ELF)
whose function needs nothing but constants and the C library's mathematics, the few kilobytes that it
needs are kept, with the places where addresses go; everything else stays with Numba.
Source of the format: System V ABI, AMD64 supplement 1.0, chapter 4.
"""

import ctypes
import json
import mmap
import struct
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

ABSOLUTE = 1
"""R_X86_64_64: the 64-bit address of a symbol, plus a constant. Numba's code model uses no other."""
ALLOCATED, EXECUTABLE, RELOCATIONS, SYMBOLS, NO_BITS = 0x2, 0x4, 4, 2, 8
MATH = frozenset(
    "acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh erf erfc exp exp2 expm1 fabs floor fmod hypot"
    " ldexp lgamma log log10 log1p log2 pow remainder rint round sin sincos sinh sqrt tan tanh tgamma trunc".split()
)
ALIGNED = 64


@dataclass(frozen=True)
class Image:
    """Code and constants; where it starts; and which of its words are addresses of what."""

    code: bytes
    entry: int
    inside: tuple[tuple[int, int], ...]  # (place, offset within the image)
    outside: tuple[tuple[int, str], ...]  # (place, name of a function of the C library)


@dataclass(frozen=True)
class _Section:
    """A section header."""

    kind: int
    flags: int
    offset: int
    size: int
    link: int
    target: int


@dataclass(frozen=True)
class _Symbol:
    """A symbol: section 0 is outside of the file."""

    name: str
    section: int
    value: int
    size: int


class Unsuitable(ValueError):
    """The object file needs more than an image has."""


def image(object_code: bytes, function: str) -> Image | None:
    """The image of a function in an object file; None where it needs more than an image can give."""
    try:
        return _Layout(object_code).image(function)
    except (Unsuitable, struct.error, IndexError):
        return None


class _Layout:
    """Reads an object file, and lays out the parts that a function needs one after the other."""

    def __init__(self, data: bytes) -> None:
        if data[:6] != b"\x7fELF\x02\x01" or struct.unpack_from("<H", data, 18)[0] != 62:
            raise Unsuitable("not a 64-bit x86 object file")
        self.data = data
        (start,) = struct.unpack_from("<Q", data, 40)
        (count,) = struct.unpack_from("<H", data, 60)
        self.sections = [self._section(start + 64 * i) for i in range(count)]
        self.symbols = list(self._symbols())
        self.code = bytearray()
        self.starts: dict[tuple[int, int, int], int] = {}  # part (section, first, end) -> its offset
        self.inside: list[tuple[int, int]] = []
        self.outside: list[tuple[int, str]] = []

    def image(self, function: str) -> Image:
        """Lay out a function and all that it refers to."""
        symbol = next((s for s in self.symbols if s.name == function and s.section), None)
        if symbol is None:
            raise Unsuitable("no such function")
        entry = self.placed(symbol)
        return Image(bytes(self.code), entry, tuple(self.inside), tuple(self.outside))

    def placed(self, symbol: _Symbol) -> int:
        """The offset of a symbol; the part of the file it is in is added if it is not there yet."""
        if symbol.section >= len(self.sections):
            raise Unsuitable("a symbol without a section")
        section = self.sections[symbol.section]
        if not section.flags & ALLOCATED or section.kind == NO_BITS:
            raise Unsuitable("a section that is not plain data")
        first, end = 0, section.size
        if section.flags & EXECUTABLE:
            first, end = symbol.value, symbol.value + symbol.size
            if not symbol.size:
                raise Unsuitable("code that is no function")
        part = symbol.section, first, end
        if part not in self.starts:
            self.code += bytes(-len(self.code) % ALIGNED)
            self.starts[part] = len(self.code)
            self.code += self.data[section.offset + first : section.offset + end]
            self.relocate(part)
        return self.starts[part] + symbol.value - first

    def relocate(self, part: tuple[int, int, int]) -> None:
        """Note the addresses that a part needs."""
        index, first, end = part
        for section in self.sections:
            if section.kind != RELOCATIONS or section.target != index:
                continue
            for at in range(section.offset, section.offset + section.size, 24):
                place, info, addend = struct.unpack_from("<QQq", self.data, at)
                if first <= place < end:
                    where = self.starts[part] + place - first
                    self.address(where, self.symbols[info >> 32], info & 0xFFFFFFFF, addend)

    def address(self, where: int, symbol: _Symbol, kind: int, addend: int) -> None:
        if kind != ABSOLUTE:
            raise Unsuitable("an address that is not absolute")
        if symbol.section:
            self.inside.append((where, self.placed(symbol) + addend))
        elif symbol.name in MATH and not addend:
            self.outside.append((where, symbol.name))
        else:
            raise Unsuitable(f"{symbol.name} is outside")

    def _section(self, at: int) -> _Section:
        _, kind, flags, _, offset, size, link, info = struct.unpack_from("<IIQQQQII", self.data, at)
        return _Section(kind, flags, offset, size, link, info)

    def _symbols(self) -> Iterator[_Symbol]:
        for section in self.sections:
            if section.kind != SYMBOLS:
                continue
            names = self.sections[section.link].offset
            for at in range(section.offset, section.offset + section.size, 24):
                name, _, index, value, size = struct.unpack_from("<IHHQQ", self.data, at)
                text = self.data[names + name : self.data.index(b"\0", names + name)]
                yield _Symbol(text.decode(), index, value, size)


def loaded(image: Image) -> int:
    """The address of the image's function in this process; the memory stays until the process ends.

    Raises `OSError` where the system gives no memory for code.
    """
    library = _library()
    memory = mmap.mmap(-1, len(image.code), mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory[:] = image.code
    buffer = (ctypes.c_char * len(image.code)).from_buffer(memory)
    base = ctypes.addressof(buffer)
    for place, offset in image.inside:
        struct.pack_into("<Q", memory, place, base + offset)
    for place, name in image.outside:
        address = ctypes.cast(getattr(library, name), ctypes.c_void_p).value
        struct.pack_into("<Q", memory, place, address)
    protect = library.mprotect
    protect.argtypes = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
    if protect(base, len(image.code), mmap.PROT_READ | mmap.PROT_EXEC) != 0:
        raise OSError(ctypes.get_errno(), "no memory for code")
    _kept.append((memory, buffer))
    return base + image.entry


_kept: list[Any] = []


@cache
def _library() -> ctypes.CDLL:
    """The C library, its mathematics included. Raises `OSError` where there is none of this name."""
    return ctypes.CDLL("libm.so.6", use_errno=True)


def packed(image: Image) -> bytes:
    """The image as bytes, for a file."""
    return json.dumps(asdict(image) | {"code": image.code.hex()}).encode()


def unpacked(data: bytes) -> Image:
    """The image from its bytes. Raises `ValueError` if they are not whole."""
    found = json.loads(data)
    return Image(
        bytes.fromhex(found["code"]),
        found["entry"],
        tuple((a, b) for a, b in found["inside"]),
        tuple((a, b) for a, b in found["outside"]),
    )

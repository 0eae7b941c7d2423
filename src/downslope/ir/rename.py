"""Rename values in a piece of IR, for a copy of it that stands elsewhere."""

from collections.abc import Mapping

from downslope.ir.nodes import (
    Arg,
    Block,
    Call,
    Carry,
    Dim,
    Fail,
    For,
    Grow,
    If,
    Let,
    Like,
    Load,
    New,
    Pop,
    Push,
    Stmt,
    Store,
    While,
)


def renamed(block: Block, names: Mapping[str, Arg]) -> Block:
    """The block with each name in `names` replaced, where it is defined and where it is read.

    A name of a number that the block only reads may become a literal.
    """

    def arg(value: Arg) -> Arg:
        return names.get(value, value) if isinstance(value, str) else value

    def each(values: tuple[Arg, ...]) -> tuple[Arg, ...]:
        return tuple(arg(value) for value in values)

    def label(name: str) -> str:
        return str(names.get(name, name))

    def labels(values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(label(value) for value in values)

    def carries(values: tuple[Carry, ...]) -> tuple[Carry, ...]:
        return tuple(Carry(label(value.name), arg(value.init)) for value in values)

    def inner(value: Block) -> Block:
        return Block(tuple(stmt(s) for s in value.body), each(value.yields))

    def stmt(s: Stmt) -> Stmt:
        match s:
            case Let():
                return Let(label(s.name), s.op, each(s.args), s.loc)
            case Load():
                return Load(label(s.name), label(s.array), each(s.index), s.loc)
            case Store():
                return Store(label(s.name), label(s.array), each(s.index), arg(s.value), s.loc)
            case Grow():
                return Grow(label(s.name), label(s.array), arg(s.least), s.loc)
            case New():
                return New(label(s.name), each(s.shape), s.type, s.fill, s.loc, s.fits)
            case Like():
                return Like(label(s.name), label(s.array), s.loc)
            case Dim():
                return Dim(label(s.name), label(s.array), s.axis, s.loc)
            case Call():
                return Call(labels(s.results), s.callee, each(s.args), s.loc)
            case If():
                return If(arg(s.cond), inner(s.then), inner(s.orelse), labels(s.results), s.loc)
            case For():
                return For(
                    label(s.index),
                    arg(s.start),
                    arg(s.stop),
                    arg(s.step),
                    carries(s.carried),
                    inner(s.body),
                    labels(s.results),
                    s.until,
                    s.loc,
                )
            case While():
                return While(
                    carries(s.carried), inner(s.test), inner(s.body), labels(s.results), s.until, s.loc
                )
            case Push():
                return Push(each(s.values), s.loc)
            case Pop():
                return Pop(labels(s.names), each(s.pushed), s.loc)
            case Fail():
                return s

    return inner(block)

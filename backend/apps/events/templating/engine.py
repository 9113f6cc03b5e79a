"""Liquid without files, without the clock, and with an end to everything."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, cast

from liquid import Environment, RenderContext, StrictDefaultUndefined
from liquid.builtin import content, illegal, output
from liquid.builtin.expressions import FilteredExpression
from liquid.builtin.tags import (
    assign_tag,
    capture_tag,
    case_tag,
    comment_tag,
    cycle_tag,
    echo_tag,
    for_tag,
    if_tag,
    inline_comment_tag,
    unless_tag,
)
from liquid.exceptions import LiquidError, ResourceLimitError
from liquid.static_analysis import Segments
from liquid.template import BoundTemplate

from apps.events.templating import filters

SOURCE_LIMIT = 65_536
TAGS_LIMIT = 1000
OUTPUT_LIMIT = 131_072
LOOP_LIMIT = 1000
# In bytes looked at; a name costs as much as the text behind it.
WORK_LIMIT = 8 * 1024 * 1024
_STEP = 100

# What can go wrong in Python below a template, beside Liquid's own errors.
_FAULTS = (ArithmeticError, LookupError, RecursionError, TypeError, ValueError)
_TAGS = (
    content.Literal,
    output.Output,
    illegal.Illegal,
    assign_tag.AssignTag,
    capture_tag.CaptureTag,
    case_tag.CaseTag,
    comment_tag.CommentTag,
    cycle_tag.CycleTag,
    echo_tag.EchoTag,
    for_tag.ForTag,
    for_tag.BreakTag,
    for_tag.ContinueTag,
    if_tag.IfTag,
    inline_comment_tag.InlineCommentTag,
    unless_tag.UnlessTag,
)
# Properties that Liquid finds on a list, a text or an object by itself.
_OWN_PROPERTIES = frozenset({"size", "first", "last"})


class TemplateError(ValueError):
    """A template that cannot be, or cannot be filled; the text says why and where."""


class _Context(RenderContext):
    """What one rendering may use up."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.work_left = WORK_LIMIT

    def spend(self, size: int) -> None:
        """Pay for work, or end."""
        self.work_left -= size + _STEP
        if self.work_left < 0:
            message = "The template is too much work."
            raise ResourceLimitError(message, token=None)

    def get(self, path: list[object], **options: Any) -> object:
        """Look a name up."""
        found = super().get(path, **options)
        self.spend(_length(found))
        return found

    def assign(self, key: str, val: Any) -> None:
        """Keep a value; each costs as much as it holds, so that all have an end."""
        self.spend(_length(val))
        self.locals[key] = val


class _Template(BoundTemplate):
    context_class = _Context


class _Liquid(Environment):
    template_class = _Template
    block_nesting_limit: ClassVar[int] = 20
    context_depth_limit: ClassVar[int] = 20
    loop_iteration_limit: ClassVar[int | None] = LOOP_LIMIT
    output_stream_limit: ClassVar[int | None] = OUTPUT_LIMIT

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        """Take what is known to be harmless; `include` and the like are not."""
        for tag in _TAGS:
            self.add_tag(tag)
        self.filters.update(filters.allowed())


_PLAIN = _Liquid(undefined=StrictDefaultUndefined)
_HTML = _Liquid(undefined=StrictDefaultUndefined, autoescape=True)


@dataclass(frozen=True)
class Parsed:
    """A template, and the paths of what it needs to be given."""

    template: BoundTemplate
    needs: tuple[tuple[str | int, ...], ...]

    def render(self, data: Mapping[str, object]) -> str:
        """Fill the template.

        Raises: TemplateError.
        """
        try:
            return self.template.render(dict(data))
        except LiquidError as error:
            raise TemplateError(_sentence(error)) from error
        except _FAULTS as error:
            message = f"The template cannot be filled: {type(error).__name__}."
            raise TemplateError(message) from error

    def missing(self, data: Mapping[str, object]) -> list[str]:
        """Name what the template needs and the data does not have.

        What is given as null is given.
        """
        lacking = [path for path in self.needs if not _has(data, path)]
        return sorted({_named(path) for path in lacking})

    @property
    def names(self) -> set[str]:
        """Return the names that the data begins with."""
        return {str(path[0]) for path in self.needs}


# Few, since a large template takes a megabyte when it is parsed.
@lru_cache(maxsize=64)
def parse(source: str, *, is_html: bool = False) -> Parsed:
    """Parse a template; in HTML everything that is filled in is escaped.

    Raises: TemplateError.
    """
    if len(source.encode(errors="replace")) > SOURCE_LIMIT:
        message = f"At most {SOURCE_LIMIT} bytes."
        raise TemplateError(message)
    if source.count("{%") + source.count("{{") > TAGS_LIMIT:
        message = f"At most {TAGS_LIMIT} tags."
        raise TemplateError(message)
    try:
        template = (_HTML if is_html else _PLAIN).from_string(source)
        needs = _needs(template)
    except LiquidError as error:
        raise TemplateError(_sentence(error)) from error
    except _FAULTS as error:
        message = f"The template cannot be read: {type(error).__name__}."
        raise TemplateError(message) from error
    _refuse_unknown_filters(template)
    return Parsed(template, needs)


def _needs(template: BoundTemplate) -> tuple[tuple[str | int, ...], ...]:
    optional = set(_with_default(template.nodes))
    found = {
        _fixed_part(variable.segments)
        for variables in template.analyze().globals.values()
        for variable in variables
        if variable.span.index not in optional
    }
    return tuple(sorted(found, key=str))


def _refuse_unknown_filters(template: BoundTemplate) -> None:
    unknown = sorted(template.analyze().filters.keys() - template.env.filters.keys())
    if unknown:
        known = ", ".join(sorted(template.env.filters))
        message = f"There is no filter {', '.join(unknown)}; there are {known}."
        raise TemplateError(message)


def _with_default(nodes: Iterable[Any]) -> Iterable[int]:
    """Find where a name is used with `| default:`, which makes it optional."""
    for node in nodes:
        for expression in node.expressions():
            if isinstance(expression, FilteredExpression) and any(
                each.name == "default" for each in (expression.filters or [])[:1]
            ):
                yield expression.left.token.start_index
        yield from _with_default(node.children(RenderContext(_NOTHING)))


def _fixed_part(segments: Segments) -> tuple[str | int, ...]:
    """Return a path up to what Liquid itself, or another variable, decides."""
    path: list[str | int] = []
    for segment in segments:
        if not isinstance(segment, str | int):
            break
        if path and segment in _OWN_PROPERTIES:
            break
        path.append(segment)
    return tuple(path)


def _has(data: object, path: Sequence[str | int]) -> bool:
    for segment in path:
        if isinstance(data, Mapping):
            if segment not in data:
                return False
            data = data[segment]
        elif isinstance(data, list) and isinstance(segment, int):
            if not -len(data) <= segment < len(data):
                return False
            data = data[segment]
        else:
            return False
    return True


def _named(path: Sequence[str | int]) -> str:
    first, *rest = path
    return str(first) + "".join(
        f"[{each}]" if isinstance(each, int) else f".{each}" for each in rest
    )


def _length(value: object) -> int:
    # Asking what is missing for its class is an error already.
    if not issubclass(type(value), str | list):
        return 0
    return len(cast("str | list[object]", value))


def _sentence(error: LiquidError) -> str:
    """Say what is wrong and in which line, without a drawing of it."""
    text = str(error.message or "The template is not right.").strip().rstrip(".")
    try:
        place = error.context()
    except ValueError:
        place = None
    return f"Line {place[0]}: {text}." if place else f"{text}."


_NOTHING = _PLAIN.from_string("")

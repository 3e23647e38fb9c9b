"""Curves as SVG, both axes logarithmic: on these a cost that grows with the network is a straight line of slope one."""

import math
from collections.abc import Mapping, Sequence

Points = Sequence[tuple[float, float]]
_WIDTH, _HEIGHT = 720, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 210, 40, 50
_COLOURS = ("#1f6feb", "#d1242f", "#1a7f37", "#9a6700", "#8250df", "#57606a")


def svg(title: str, across: str, up: str, series: Mapping[str, Points]) -> str:
    """A drawing of the series that have points; `across` and `up` name what the axes count."""
    drawn = {name: points for name, points in series.items() if points}
    xs = _span([x for points in drawn.values() for x, _ in points])
    ys = _span([y for points in drawn.values() for _, y in points])
    lines = [_line(number, name, points, xs, ys) for number, (name, points) in enumerate(drawn.items())]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif"'
        f' font-size="12">'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>'
        f'<text x="{_LEFT}" y="22" font-size="15">{title}</text>'
    )
    labels = (
        f'<text x="{(_LEFT + _WIDTH - _RIGHT) / 2}" y="{_HEIGHT - 10}" text-anchor="middle">{across}</text>'
        f'<text transform="translate(16 {_HEIGHT / 2}) rotate(-90)" text-anchor="middle">{up}</text>'
    )
    return "\n".join([head, *_grid(xs, ys), *lines, labels, "</svg>", ""])


def _span(values: Sequence[float]) -> tuple[int, int]:
    """The powers of ten that the values lie between."""
    logs = [math.log10(max(value, 1e-3)) for value in values] or [0.0]
    low, high = math.floor(min(logs)), math.ceil(max(logs))
    return low, max(high, low + 1)


def _x(value: float, span: tuple[int, int]) -> float:
    return _LEFT + _share(value, span) * (_WIDTH - _LEFT - _RIGHT)


def _y(value: float, span: tuple[int, int]) -> float:
    return _HEIGHT - _BOTTOM - _share(value, span) * (_HEIGHT - _TOP - _BOTTOM)


def _share(value: float, span: tuple[int, int]) -> float:
    return (math.log10(max(value, 1e-3)) - span[0]) / (span[1] - span[0])


def _grid(xs: tuple[int, int], ys: tuple[int, int]) -> list[str]:
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    found = []
    for power in range(xs[0], xs[1] + 1):
        x = _x(10**power, xs)
        found.append(f'<line x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{bottom}" stroke="#d0d7de"/>')
        found.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{10**power:,}</text>')
    for power in range(ys[0], ys[1] + 1):
        y = _y(10.0**power, ys)
        found.append(f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="#d0d7de"/>')
        found.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:,g}</text>')
    return found


def _line(number: int, name: str, points: Points, xs: tuple[int, int], ys: tuple[int, int]) -> str:
    colour = _COLOURS[number % len(_COLOURS)]
    places = [(_x(x, xs), _y(y, ys)) for x, y in sorted(points)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places)
    row = _TOP + 16 + 18 * number
    label = f'<text x="{_WIDTH - _RIGHT + 12}" y="{row}" fill="{colour}">{name}</text>'
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>{dots}{label}'

"""How many of what, as English says it."""


def counted(number: int, one: str) -> str:
    """The number with its noun, of which `one` is the singular.

    >>> counted(0, "row"), counted(1, "census"), counted(2, "address")
    ('0 rows', '1 census', '2 addresses')
    """
    many = f"{one}es" if one.endswith("s") else f"{one}s"
    return f"{number} {one if number == 1 else many}"

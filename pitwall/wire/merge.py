"""Merge a delta into a snapshot by the feed's rules, for clients that join late."""

from __future__ import annotations

from pitwall.wire.containers import DELETED

_LONGEST_LIST = 10_000
_DEEPEST = 100


def merge(snapshot: object, delta: object) -> object:
    """Return the snapshot after a delta; neither argument is changed.

    Objects merge key by key. A list is patched by an object with string indexes, and is filled
    with None up to the index needed. The keys or indexes named in `_deleted` are removed first, so
    a key that is both deleted and given starts afresh. Any other value replaces the old one.

    Example:
        >>> merge({"a": [{"b": 1}]}, {"a": {"0": {"c": 2}, "1": {"b": 3}}})
        {'a': [{'b': 1, 'c': 2}, {'b': 3}]}
        >>> merge({"44": {}, "1": {}}, {"_deleted": ["44"]})
        {'1': {}}
    """
    return _merge(snapshot, delta, 0)


def _merge(snapshot: object, delta: object, depth: int) -> object:
    # No real payload is this deep; an attack or a fault must not exhaust the stack.
    if not isinstance(delta, dict) or depth > _DEEPEST:
        return delta
    if isinstance(snapshot, list) and _patches_a_list(delta):
        return _patched(snapshot, delta, depth)
    merged = dict(snapshot) if isinstance(snapshot, dict) else {}
    for key in _deleted(delta):
        merged.pop(key, None)
    for key, value in delta.items():
        if key != DELETED:
            merged[key] = _merge(merged.get(key), value, depth + 1)
    return merged


def _patches_a_list(delta: dict[str, object]) -> bool:
    return all(key == DELETED or _index(key) is not None for key in delta)


def _index(key: str) -> int | None:
    if key.isascii() and key.isdigit() and len(key) <= 5 and int(key) < _LONGEST_LIST:
        return int(key)
    return None


def _deleted(delta: dict[str, object]) -> list[str]:
    keys = delta.get(DELETED)
    return [str(key) for key in keys] if isinstance(keys, list) else []


def _patched(items: list[object], delta: dict[str, object], depth: int) -> list[object]:
    deleted = {_index(key) for key in _deleted(delta)}
    patched = [item for index, item in enumerate(items) if index not in deleted]
    for key, value in delta.items():
        index = _index(key)
        if index is None:
            continue
        patched += [None] * (index + 1 - len(patched))
        patched[index] = _merge(patched[index], value, depth + 1)
    return patched

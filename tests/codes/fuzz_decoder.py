"""A coverage-guided fuzzer over the decoder, the trust file and what `code inspect` says (docs/fuzzing.md).

Whatever it is given, nothing raises, and the decoder answers as `plain_reading` does. Needs Atheris, which the tests
do not: it is installed by hand where somebody wants to fuzz.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress

import atheris

with atheris.instrument_imports(include=["guidedesk.codes"]):
    from guidedesk.codes.decoder import decode
    from guidedesk.codes.forms import CodeOk
    from guidedesk.codes.inspect import inspect_payload
    from guidedesk.codes.trust_file import read_trust
from guidedesk.domain.errors import GuideDeskError
from tests.codes.plain_reading import judge_by_key, plain_reason
from tests.codes.test_signed import KEY, NOW, SEED, public, verifier

TRUST = verifier()
JUDGE = judge_by_key(KEY, public(SEED), NOW)


def one_input(data: bytes) -> None:
    """First byte: how to read the rest. Any exception is a finding."""
    how, payload = data[:1], data[1:]
    typed = bool(how and how[0] & 1)
    found = decode(payload, typed, TRUST)
    said = None if isinstance(found, CodeOk) else found.reason.value
    wanted = plain_reason(payload, typed, JUDGE)
    if said != wanted:
        raise AssertionError(f"said {said}, the written rule says {wanted}: {payload!r} typed={typed}")
    as_text = payload.decode("utf-8", "surrogateescape")
    if decode(as_text, typed, TRUST) != found:
        raise AssertionError(f"text and bytes differ: {payload!r}")
    decode(payload.decode("utf-16-le", "surrogatepass" if len(payload) % 2 == 0 else "replace"), typed, TRUST)
    json.dumps(inspect_payload(payload, typed, TRUST))
    with suppress(GuideDeskError):
        read_trust(payload.decode("utf-8", "replace"))


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()

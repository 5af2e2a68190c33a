"""Errors of the domain.

RelaisError                 anything we can explain to a person
├── BadInput                what was sent cannot be used as it is           (400)
│   └── TooLarge            it is over a stated size                        (413)
├── NotAllowed              no or wrong credentials                         (401)
│   └── Forbidden           known, but this role or token may not           (403)
├── NotFound                no such thing, or not yours to see              (404)
├── Conflict                someone was first, or the state forbids it      (409)
├── TooManyRequests         slower, please                                  (429)
├── Unavailable             a part we need does not answer                  (503)
│   ├── EncoderError        the sentence encoder cannot be loaded or run
│   ├── DialogueUnavailable no dialogue process answered in time
│   └── BackofficeDown      the supplier's own system does not answer
└── ConfigurationError      settings or files that contradict each other    (500)

Every error carries one sentence a person can act on (``detail``) and a stable ``code``. Only the web
layer knows HTTP numbers; only the command line knows exit codes.
"""

from __future__ import annotations

from collections.abc import Iterable


class RelaisError(Exception):
    """Base of all errors that have a sentence for a person."""

    code = "error"

    def __init__(self, detail: str, **context: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.context = context


class BadInput(RelaisError):
    code = "bad-input"


def not_one_of(field: str, values: Iterable[str]) -> BadInput:
    """The refusal of a value that is none of those allowed."""
    allowed = ", ".join(values)
    return BadInput(f"{field} must be one of {allowed}.", key="one_of", field=field, values=allowed)


class TooLarge(BadInput):
    code = "too-large"


class NotAllowed(RelaisError):
    code = "not-allowed"


class Forbidden(NotAllowed):
    code = "forbidden"


class NotFound(RelaisError):
    code = "not-found"


class Conflict(RelaisError):
    code = "conflict"


class TooManyRequests(RelaisError):
    code = "too-many-requests"

    def __init__(self, detail: str, retry_after: float = 1.0, **context: object) -> None:
        super().__init__(detail, **context)
        self.retry_after = retry_after


class Unavailable(RelaisError):
    code = "unavailable"


class EncoderError(Unavailable):
    code = "encoder-unavailable"


class DialogueUnavailable(Unavailable):
    code = "dialogue-unavailable"


class BackofficeDown(Unavailable):
    """``untouched``: it is certain that nothing was done; otherwise an effect may have happened unanswered."""

    code = "backoffice-down"

    def __init__(self, detail: str, *, untouched: bool = False, **context: object) -> None:
        super().__init__(detail, **context)
        self.untouched = untouched


class ConfigurationError(RelaisError):
    code = "configuration"

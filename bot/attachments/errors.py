"""Why a file was not taken, each in one sentence the sender can act on.

``key`` names the sentence in ``data/wording/service.yml`` that a customer reads.
"""

from __future__ import annotations

from bot.errors import BadInput, Conflict, NotFound, TooLarge, TooManyRequests, Unavailable


class FileTooLarge(TooLarge):
    """Over ``attachment_max_bytes``."""

    code = "file-too-large"

    def __init__(self, limit: int) -> None:
        megabytes = max(1, round(limit / 1_000_000))
        super().__init__(f"This file is over {megabytes} MB: send a smaller one.",
                         key="problem_file_too_large", megabytes=megabytes)


class EmptyFile(BadInput):
    """Nothing in it."""

    code = "empty-file"

    def __init__(self) -> None:
        super().__init__("This file is empty.", key="problem_file_empty")


class ExecutableFile(BadInput):
    """A program, a script, or a document that can run one."""

    code = "executable-file"

    def __init__(self) -> None:
        super().__init__("Programs and scripts cannot be sent here: send a photo or a PDF instead.",
                         key="problem_file_executable")


class FileTypeRefused(BadInput):
    """Not one of the types taken."""

    code = "file-type"

    def __init__(self) -> None:
        super().__init__("This type of file cannot be sent here: send a photo, a PDF or a text document.",
                         key="problem_file_type")


class InfectedFile(BadInput):
    """The virus scanner found something."""

    code = "infected-file"

    def __init__(self) -> None:
        super().__init__("The virus check refused this file; it was not kept.",
                         key="problem_file_infected")


class ScannerDown(Unavailable):
    """The virus scanner does not answer: better no file than an unchecked one."""

    code = "scanner-unavailable"

    def __init__(self) -> None:
        super().__init__("Files cannot be checked right now. Try again in a few minutes.",
                         key="problem_scanner_down")


class NobodyToRead(Conflict):
    """No ticket is open: a file would reach no one."""

    code = "no-open-ticket"

    def __init__(self) -> None:
        super().__init__("A file can be sent once a person has your request: ask for one first.",
                         key="problem_no_open_ticket")


class FilesFull(Conflict):
    """Over the number of files a conversation may hold, which waiting does not change."""

    code = "files-full"

    def __init__(self) -> None:
        super().__init__("This conversation takes no more files: say in words what this one shows.",
                         key="problem_files_full")


class TooManyFiles(TooManyRequests):
    """Sent too fast: the same file may be taken later."""

    code = "too-many-files"

    def __init__(self, retry_after: float) -> None:
        super().__init__("That is a lot of files: wait a little, or send them in one document.",
                         retry_after=retry_after, key="problem_too_many_files")


class UnknownAttachment(NotFound):
    """No such file, or not of this conversation: told alike on purpose."""

    code = "unknown-attachment"

    def __init__(self) -> None:
        super().__init__("There is no such file in this conversation.", key="problem_unknown_attachment")

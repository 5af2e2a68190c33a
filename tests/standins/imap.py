"""An IMAP server small enough to read: LOGIN, SELECT, UID SEARCH/FETCH/STORE, LOGOUT (RFC 3501)."""

from __future__ import annotations

import re
import socketserver
import threading


class Mailbox:
    """Mails by UID with their flags; a password; ``selected`` names what clients opened."""

    def __init__(self, password: str) -> None:
        self.password = password
        self.mails: dict[int, bytes] = {}
        self.flags: dict[int, set[str]] = {}
        self.selected: list[str] = []
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def arrive(self, raw: bytes) -> int:
        """A mail comes in; its UID."""
        uid = len(self.mails) + 1
        self.mails[uid], self.flags[uid] = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), set()
        return uid

    def stop(self) -> None:
        """Close the port."""
        self._server.shutdown()
        self._server.server_close()


def _handler(box: Mailbox) -> type[socketserver.StreamRequestHandler]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"* OK IMAP4rev1 ready\r\n")
            while line := self.rfile.readline():
                tag, command = line.decode().strip().split(" ", 1)
                if not self.answer(tag, command):
                    return

        def say(self, *lines: bytes) -> None:
            self.wfile.write(b"".join(line + b"\r\n" for line in lines))

        def answer(self, tag: str, command: str) -> bool:
            end = tag.encode()
            word = command.split(" ", 1)[0].upper()
            if word == "CAPABILITY":
                self.say(b"* CAPABILITY IMAP4rev1", end + b" OK done")
            elif word == "LOGIN":
                right = command.endswith(f'"{box.password}"')
                self.say(end + (b" OK done" if right else b" NO [AUTHENTICATIONFAILED] wrong"))
            elif word == "SELECT":
                box.selected.append(command.split(" ", 1)[1])
                self.say(b"* %d EXISTS" % len(box.mails), end + b" OK [READ-WRITE]")
            elif word == "LOGOUT":
                self.say(b"* BYE", end + b" OK done")
                return False
            elif command.upper().startswith("UID SEARCH UNSEEN"):
                unseen = [str(uid) for uid in box.mails if "\\Seen" not in box.flags[uid]]
                self.say(f"* SEARCH {' '.join(unseen)}".encode(), end + b" OK done")
            elif found := re.match(r"UID FETCH (\d+) \((.+)\)", command, re.I):
                uid = int(found[1])
                mail = box.mails[uid]
                if "SIZE" in found[2]:
                    self.say(b"* %d FETCH (UID %d RFC822.SIZE %d)" % (uid, uid, len(mail)), end + b" OK done")
                else:
                    self.say(b"* %d FETCH (UID %d BODY[] {%d}" % (uid, uid, len(mail)), mail + b")", end + b" OK done")
            elif found := re.match(r"UID STORE (\d+) \+FLAGS\.SILENT \((.+)\)", command, re.I):
                box.flags[int(found[1])] |= set(found[2].split())
                self.say(end + b" OK done")
            else:
                self.say(end + b" BAD what")
            return True

    return Handler

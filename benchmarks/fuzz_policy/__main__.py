"""`python -m benchmarks.fuzz_policy --chats 100000 --seed 1 [--stored-every 10] [--real 1000] [--only N]`

Each chat is drawn from the seed and its own number, so that a failing one is seen again by itself: the
command that does so is printed. Promises: never two non-answers in a row; a person within two turns at
every point; after a hand-over the bot is silent; one open ticket a conversation. Exit 1 where one breaks.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import signal
import sys
import threading
import time
from collections.abc import Callable

from benchmarks.fuzz_policy.moves import draw
from benchmarks.fuzz_policy.promises import Broken, Watch
from benchmarks.fuzz_policy.simulated import check_way_out, take_turn
from benchmarks.fuzz_policy.stored import Storage, StoredChat

LONGEST = 14
#: Set by a signal: the sum is printed all the same.
_stopped = threading.Event()


def simulated(seed: int, number: int, tell: Callable[[str], None] | None = None) -> int:
    """One chat over the policy alone; its turns. Raises Broken."""
    rng, watch, state, offered = random.Random(f"{seed}:{number}"), Watch(), None, list[str]()
    turns = rng.randint(1, LONGEST)
    for n in range(turns):
        check_way_out(state, n)
        move = draw(rng, offered)
        if move.way_out:
            return n + 1              # the widget's own button: no dialogue is asked
        turn = take_turn(state, move, n)
        if tell:
            tell(f"  {n}: {move.shown()} → {[(r.reply, r.text[:70]) for r in turn.replies]}")
        watch.turn(turn.replies)
        if watch.handed_over:
            return n + 1
        state = turn.state
        offered = [c.id for reply in turn.replies for c in reply.choices] or offered
    return turns


def stored(storage: Storage, seed: int, number: int, tell: Callable[[str], None] | None = None) -> int:
    """One chat through intake, turns and hand-over in a database; its moves. Raises Broken."""
    rng, chat, offered = random.Random(f"{seed}:{number}"), StoredChat(storage), list[str]()
    moves = rng.randint(1, LONGEST)
    try:
        for n in range(moves):
            move = draw(rng, offered)
            replies = chat.move(move, n, rng)
            if tell:
                tell(f"  {n}: {move.shown()} → {[(r.reply, r.text[:70]) for r in replies]}")
            offered = [c.id for reply in replies for c in reply.choices] or offered
        chat.check()
    finally:
        chat.forget()
    return moves


def main(arguments: list[str] | None = None) -> int:
    """Run and print; the exit code."""
    options = _options(arguments)
    began, turns, in_database, broken = time.monotonic(), 0, 0, 0
    storage = Storage.open()
    tell = print if options.only is not None else None
    numbers = [options.only] if options.only is not None else range(options.chats)
    chats = 0
    for count, number in enumerate(numbers if not options.real else (), 1):
        if _stopped.is_set() or time.monotonic() - began > options.minutes * 60:
            break
        chats = count
        try:
            turns += simulated(options.seed, number, tell)
            if options.only is not None or number % options.stored_every == 0:
                turns += stored(storage, options.seed, number, tell)
                in_database += 1
        except Broken as error:
            broken += 1
            _say_how(options, number, error)
    if options.real:
        numbers = [options.only] if options.only is not None else range(options.real)
        chats, turns, broken = _real(options, numbers)
    kind = "with the real turn" if options.real else f"over the policy, {in_database} of them through the database"
    print(f"{chats} chats {kind}, {turns} turns, {broken} broken, seed {options.seed}, {time.monotonic() - began:.0f} s")
    return 1 if broken else 0


def _real(options: argparse.Namespace, numbers: range | list[int]) -> tuple[int, int, int]:
    """Chats, turns, broken ones."""
    from benchmarks.fuzz_policy.real import RealDialogue, chat

    dialogue = RealDialogue()
    until = time.monotonic() + options.minutes * 60

    async def work() -> tuple[int, int, int]:
        chats, turns, broken = 0, 0, 0
        for count, number in enumerate(numbers, 1):
            if _stopped.is_set() or time.monotonic() > until:
                break
            chats = count
            try:
                turns += await chat(dialogue, random.Random(f"{options.seed}:{number}"), f"chat-{number}", 8,
                                    print if options.only is not None else None)
            except Exception as error:      # a turn that raises is broken as well
                broken += 1
                _say_how(options, number, error)
        return chats, turns, broken

    return asyncio.run(work())


def _say_how(options: argparse.Namespace, number: int, error: Exception) -> None:
    print(f"chat {number}: {error if isinstance(error, Broken) else repr(error)}\n  again: python -m benchmarks.fuzz_policy"
          f" --only {number} --seed {options.seed}{' --real 1' if options.real else ''}", flush=True)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz_policy", description=__doc__)
    parser.add_argument("--chats", type=int, default=100_000, help="chats over the policy")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stored-every", type=int, default=10, help="every n-th chat also goes through the database")
    parser.add_argument("--real", type=int, default=0, help="instead: so many chats with the real turn, Rasa included")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after so long")
    parser.add_argument("--only", type=int, help="one chat, told move by move")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, lambda *_: _stopped.set())
    sys.exit(main())

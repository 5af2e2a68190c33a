/**
 * Incremental reader of `text/event-stream` (WHATWG HTML, "Server-sent events", 9.2.6), for what our
 * server sends: LF or CRLF line ends, comments as heartbeats, `data` lines. The number of an event is
 * read from its JSON, so `id` is not needed here.
 */
export class SseReader {
  private rest = "";

  /** Feed decoded text, in pieces of any size; returns the data of the events it completed. */
  push(text: string): string[] {
    const blocks = (this.rest + text).replace(/\r\n/g, "\n").split("\n\n");
    this.rest = blocks.pop() ?? "";
    return blocks
      .map((block) =>
        block
          .split("\n")
          .filter((line) => line.startsWith("data:"))
          .map((line) => line.slice(5).replace(/^ /, ""))
          .join("\n"),
      )
      .filter(Boolean);
  }
}

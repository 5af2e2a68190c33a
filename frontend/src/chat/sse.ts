/** Incremental reader of `text/event-stream` (WHATWG HTML, "Server-sent events", 9.2.6). */

export interface Frame {
  id?: string;
  data: string;
}

export class SseReader {
  private rest = "";
  private data: string[] = [];
  private id: string | undefined;
  /** Milliseconds the server asks us to wait before reconnecting. */
  retry: number | undefined;

  /** Feed decoded text, in pieces of any size; returns the events it completed. */
  push(text: string): Frame[] {
    const frames: Frame[] = [];
    this.rest += text;
    // A lone CR at the end may be the first half of CRLF: leave it for the next piece.
    for (;;) {
      const match = /\r\n|\n|\r(?=[^])/.exec(this.rest);
      if (!match) return frames;
      const line = this.rest.slice(0, match.index);
      this.rest = this.rest.slice(match.index + match[0].length);
      this.line(line, frames);
    }
  }

  private line(line: string, frames: Frame[]): void {
    if (line === "") {
      if (this.data.length) {
        frames.push({ data: this.data.join("\n"), ...(this.id === undefined ? {} : { id: this.id }) });
      }
      this.data = [];
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.data.push(value);
    else if (field === "id" && !value.includes("\0")) this.id = value;
    else if (field === "retry" && /^\d+$/.test(value)) this.retry = Number(value);
  }
}

// Reads server-sent events from their text, which comes in pieces cut anywhere.

/** Collects pieces of a stream and gives the data of every event that is whole. */
export class EventText {
  #rest = "";
  #data: string[] = [];

  /** The data of the events that this piece completes. Comments, such as heartbeats, are none. */
  push(piece: string): string[] {
    const lines = (this.#rest + piece).split("\n");
    this.#rest = lines.pop()!;
    return lines.flatMap((line) => this.#take(line.replace(/\r$/, "")));
  }

  #take(line: string): string[] {
    if (line !== "") {
      const data = /^data:? ?(.*)$/.exec(line)?.[1];
      if (data !== undefined) this.#data.push(data);
      return [];
    }
    const whole = this.#data.length > 0 ? [this.#data.join("\n")] : [];
    this.#data = [];
    return whole;
  }
}

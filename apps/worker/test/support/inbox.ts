interface Waiter<Message> {
  matches: (message: Message) => boolean;
  resolve: (message: Message) => void;
}

/** Collects messages; tests wait for an expected one, however long ago it arrived. */
export class Inbox<Message> {
  readonly messages: Message[] = [];
  #waiters: Waiter<Message>[] = [];

  add(message: Message): void {
    this.messages.push(message);
    const found = this.#waiters.filter((waiter) => waiter.matches(message));
    this.#waiters = this.#waiters.filter((waiter) => !found.includes(waiter));
    for (const waiter of found) waiter.resolve(message);
  }

  /** @throws when it does not arrive within `timeoutMs`, with the messages that did */
  async waitFor(matches: (message: Message) => boolean, what: string, timeoutMs = 30_000): Promise<Message> {
    const earlier = this.messages.find(matches);
    if (earlier !== undefined) return earlier;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`no ${what} within ${timeoutMs} ms, but ${JSON.stringify(this.messages)}`)),
        timeoutMs,
      );
    });
    const awaited = new Promise<Message>((resolve) => this.#waiters.push({ matches, resolve }));
    try {
      return await Promise.race([awaited, timeout]);
    } finally {
      clearTimeout(timer);
    }
  }
}

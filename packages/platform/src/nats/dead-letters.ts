import { headers, type MsgHdrs } from '@nats-io/nats-core';
import type { Bus } from './bus.ts';
import { isStreamNotFound } from './is-stream-not-found.ts';

/** An abandoned delivery. */
export interface DeadLetter {
  /** Identifies it: its sequence in the stream of dead letters. */
  seq: number;
  consumer: string;
  /** The original subject. */
  origin: string;
  reason: string;
  /** Deliveries before it was abandoned. */
  attempts: number;
  died_at: Date;
  payload: Uint8Array;
  headers: Record<string, string>;
}

/** The content of a new dead letter. */
export interface GivenUp {
  stream: string;
  stream_seq: number;
  subject: string;
  attempts: number;
  payload: Uint8Array;
  headers: MsgHdrs | undefined;
}

const HEADER = {
  reason: 'Claimcheck-Reason',
  attempts: 'Claimcheck-Attempts',
  origin: 'Claimcheck-Origin',
} as const;
const REASON_LENGTH = 500;

/** Keeps headers of the host and of tracing; ours and the broker's describe this one message. */
const passedOn = (given: MsgHdrs | undefined): Record<string, string> => {
  const names = (given?.keys() ?? []).filter((name) => !/^(nats|claimcheck)-/i.test(name));
  return Object.fromEntries(names.map((name) => [name, given?.get(name) ?? '']));
};

/** The stream `{APP}_DLQ`: messages that consumers abandoned, kept for an operator. */
export class DeadLetters {
  readonly #bus: Bus;
  readonly #stream: string;

  constructor(bus: Bus) {
    this.#bus = bus;
    this.#stream = bus.streams.deadLetters.name;
  }

  /** Repeatable: the same message abandoned by the same consumer is stored once. */
  async put(consumer: string, given: GivenUp, reason: string): Promise<void> {
    await this.#bus.publish(this.#bus.subjects.deadLetter(consumer), given.payload, {
      messageId: `${given.stream}:${given.stream_seq}:${consumer}`,
      headers: {
        ...passedOn(given.headers),
        [HEADER.reason]: reason.replace(/[^\x20-\x7e]+/g, ' ').slice(0, REASON_LENGTH),
        [HEADER.attempts]: String(given.attempts),
        [HEADER.origin]: given.subject,
      },
    });
  }

  /** Returns the number of letters of each consumer that has any. */
  async counts(): Promise<Map<string, number>> {
    const all = this.#bus.subjects.deadLetter('*');
    const { state } = await this.#bus.manager.streams.info(this.#stream, { subjects_filter: all });
    const found = Object.entries(state.subjects ?? {});
    return new Map(found.map(([subject, count]) => [this.#consumerOf(subject), count]));
  }

  /** Returns the number of the latest letter; 0 without any. */
  async lastSeq(): Promise<number> {
    const { state } = await this.#bus.manager.streams.info(this.#stream);
    return state.last_seq;
  }

  /** Yields letters one at a time, oldest first. @param consumer undefined means all */
  async *list(consumer = '*'): AsyncGenerator<DeadLetter> {
    const next_by_subj = this.#bus.subjects.deadLetter(consumer);
    for (let seq = 1; ; ) {
      const letter = await this.#read({ seq, next_by_subj });
      if (letter === undefined) return;
      yield letter;
      seq = letter.seq + 1;
    }
  }

  async get(seq: number): Promise<DeadLetter | undefined> {
    return this.#read({ seq });
  }

  /**
   * Publishes a letter on its original subject as a new message, and removes it once the broker has confirmed. If a crash
   * comes in between, a repetition publishes it only once: its new id is derived from the letter.
   *
   * @throws when the broker does not confirm; then the letter stays
   */
  async redrive(letter: DeadLetter): Promise<void> {
    const publishHeaders = headers();
    for (const [name, value] of Object.entries(letter.headers)) publishHeaders.set(name, value);
    await this.#bus.publish(letter.origin, letter.payload, {
      messageId: `redrive:${this.#stream}:${letter.seq}:${letter.died_at.getTime()}`,
      headers: passedOn(publishHeaders),
    });
    await this.remove(letter);
  }

  async remove({ seq }: DeadLetter): Promise<void> {
    await this.#bus.manager.streams.deleteMessage(this.#stream, seq);
  }

  async #read(query: { seq: number; next_by_subj?: string }): Promise<DeadLetter | undefined> {
    try {
      const message = await this.#bus.manager.streams.getMessage(this.#stream, query);
      if (message === null) return undefined;
      const { header } = message;
      const names = header.keys();
      return {
        seq: message.seq,
        consumer: this.#consumerOf(message.subject),
        origin: header.get(HEADER.origin),
        reason: header.get(HEADER.reason),
        attempts: Number(header.get(HEADER.attempts)),
        died_at: message.time,
        payload: message.data,
        headers: Object.fromEntries(names.map((name) => [name, header.get(name)])),
      };
    } catch (error) {
      if (isStreamNotFound(error)) return undefined;
      throw error;
    }
  }

  #consumerOf(subject: string): string {
    return subject.split('.').at(-1) ?? '';
  }
}

import { setTimeout as pause } from 'node:timers/promises';
import type { Message } from '@claimcheck/contracts/messages';
import { Upload } from 'tus-js-client';
import type { DrillWorld, FileOfUser } from '../../harness/drill-world.ts';
import type { Seeded } from '../../harness/seeded.ts';
import { until } from '../../harness/until.ts';
import { uniqueFile } from '../../soak/drills/unique-file.ts';

/** Longest pause between two uploads: some are always running, and workers keep up. */
const PAUSE_MS = 500;
const REPEAT_MS = 20_000;
/** Statuses after which a tus client asks for the offset again. */
const RETRY_DELAYS_MS = [0, 500, 1_000, 2_000, 5_000];
const RETRYABLE = [0, 409, 423, 429, 460];

/** A user who uploads and sends all the time, with a stock tus client; a failure that it cannot repair is an error. */
export class BusyUser {
  /** Milliseconds from the start of each upload to its message's answer. */
  readonly tookMs: number[] = [];
  repeatedMessages = 0;
  readonly #world: DrillWorld;
  readonly #userId: string;
  readonly #conversation: string;
  readonly #random: Seeded;

  constructor(options: { world: DrillWorld; userId: string; conversation: string; random: Seeded }) {
    this.#world = options.world;
    this.#userId = options.userId;
    this.#conversation = options.conversation;
    this.#random = options.random;
  }

  /** Runs until the signal, and then finishes its work. @throws when an answer is final and wrong */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const startedAt = performance.now();
      const file = await uniqueFile(this.#random);
      const key = `${this.#userId}-${this.tookMs.length}`;
      const media_object_id = await this.#upload(key, file);
      this.#world.acknowledge(this.#userId, media_object_id, file.bytes);
      const message = { client_message_id: key, message_type: 'file', media_object_id };
      const { message_id, seq } = await until(() => this.#send(message), {
        withinMs: REPEAT_MS,
        what: `a message of ${this.#userId} to be answered`,
      });
      this.#world.history.messages.push({ conversation_id: this.#conversation, message_id, seq });
      this.tookMs.push(performance.now() - startedAt);
      await pause(this.#random.int(0, PAUSE_MS));
    }
  }

  #upload(key: string, { bytes, filename, filetype }: FileOfUser): Promise<string> {
    return new Promise((resolve, reject) => {
      const upload = new Upload(bytes, {
        endpoint: `${this.#world.system.apiUrl}/v1/uploads`,
        headers: { authorization: `Bearer ${this.#world.system.tokenFor(this.#userId)}` },
        metadata: { filename, filetype, client_media_id: key },
        retryDelays: RETRY_DELAYS_MS,
        onShouldRetry: (error) => {
          const status = error.originalResponse?.getStatus() ?? 0;
          return status >= 500 || RETRYABLE.includes(status);
        },
        onError: reject,
        onSuccess: () => resolve(upload.url?.split('/').at(-1) ?? ''),
      });
      upload.start();
    });
  }

  /** Returns undefined to send it again under the same key: a connection broke, or the answer asks for that. */
  async #send(message: { client_message_id: string }): Promise<Message | undefined> {
    const user = this.#world.user(this.#userId);
    try {
      const { status, body } = await user.send(this.#conversation, message);
      // 200: the earlier request succeeded, and only its answer was lost.
      if (status === 201 || status === 200) return body;
      if (body.retryable !== true) throw new Error(`a message was answered ${status} ${body.code}`);
    } catch (error) {
      // fetch's message for a broken connection.
      if (!(error instanceof TypeError)) throw error;
    }
    this.repeatedMessages += 1;
    return undefined;
  }
}

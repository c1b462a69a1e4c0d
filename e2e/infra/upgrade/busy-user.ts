import { setTimeout as pause } from 'node:timers/promises';
import { ClaimcheckError } from '@claimcheck/client/claimcheck-error';
import { createClient } from '@claimcheck/client/create-client';
import type { DrillWorld } from '../../harness/drill-world.ts';
import type { Seeded } from '../../harness/seeded.ts';
import { until } from '../../harness/until.ts';
import { uniqueFile } from '../../soak/drills/unique-file.ts';

/** At most so long between two uploads: some are always under way, and workers keep up. */
const PAUSE_MS = 500;
const REPEAT_MS = 20_000;

/** Somebody who uploads and sends all the time, with the SDK; what it cannot mend by itself is an error. */
export class BusyUser {
  /** Milliseconds from the start of each upload to its message's answer. */
  readonly tookMs: number[] = [];
  repeatedMessages = 0;
  readonly #world: DrillWorld;
  readonly #userId: string;
  readonly #conversation: string;
  readonly #random: Seeded;

  constructor(options: {
    world: DrillWorld;
    userId: string;
    conversation: string;
    random: Seeded;
  }) {
    this.#world = options.world;
    this.#userId = options.userId;
    this.#conversation = options.conversation;
    this.#random = options.random;
  }

  /** Until the signal; what is under way then is brought to its end. @throws ClaimcheckError */
  async run(signal: AbortSignal): Promise<void> {
    const { apiUrl: baseUrl, gatewayUrl, tokenFor } = this.#world.system;
    const client = createClient({ baseUrl, gatewayUrl, getToken: async () => tokenFor(this.#userId) });
    while (!signal.aborted) {
      const startedAt = performance.now();
      const { bytes, filename, filetype } = await uniqueFile(this.#random);
      const key = `${this.#userId}-${this.tookMs.length}`;
      const upload = client.upload(new Blob([new Uint8Array(bytes)]), {
        filename,
        contentType: filetype,
        clientMediaId: key,
      });
      const media_object_id = await upload.done;
      this.#world.acknowledge(this.#userId, media_object_id, bytes);
      const message = { client_message_id: key, message_type: 'file', media_object_id } as const;
      const { message_id, seq } = await until(
        () => client.messages.send(this.#conversation, message).catch((error) => this.#repeats(error)),
        { withinMs: REPEAT_MS, what: `a message of ${this.#userId} to be answered` },
      );
      this.#world.history.messages.push({ conversation_id: this.#conversation, message_id, seq });
      this.tookMs.push(performance.now() - startedAt);
      await pause(this.#random.int(0, PAUSE_MS));
    }
  }

  /** A message may be sent again under its key, which is what a connection that was cut asks for. */
  #repeats(error: unknown): undefined {
    if (!(error instanceof ClaimcheckError && error.retryable)) throw error;
    this.repeatedMessages += 1;
  }
}

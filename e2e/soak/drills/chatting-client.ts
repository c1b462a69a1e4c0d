import { setTimeout as pause } from 'node:timers/promises';
import type { DrillWorld, FileOfUser } from '../../harness/drill-world.ts';
import type { Seeded } from '../../harness/seeded.ts';
import { WireUpload } from '../../harness/tus-wire.ts';

const THINK_MS = [1_000, 6_000] as const;
const RETRY_MS = 300;
const REQUEST_MS = 30_000;
/** After everything has healed, one action must succeed in this time. */
const ACTION_WITHIN_MS = 300_000;

export interface ClientFigures {
  uploads: number;
  messages: number;
  /** media_object_id → when its last byte was acknowledged, ms since the epoch. */
  acknowledgedAt: Map<string, number>;
}

/** A phone: chats, uploads in pieces over a bad line, and repeats what was not answered, under the same keys. */
export class ChattingClient {
  readonly figures: ClientFigures = { uploads: 0, messages: 0, acknowledgedAt: new Map() };
  readonly #world: DrillWorld;
  readonly #userId: string;
  readonly #conversations: readonly string[];
  readonly #apis: readonly string[];
  readonly #random: Seeded;
  readonly #makeFile: (random: Seeded) => Promise<FileOfUser>;
  #actions = 0;
  /** The last answer to the upload, for the error when it takes too long. */
  #lastAnswer: unknown;

  constructor(options: {
    world: DrillWorld;
    userId: string;
    conversations: readonly string[];
    /** Base URLs of the replicas. */
    apis: readonly string[];
    random: Seeded;
    makeFile: (random: Seeded) => Promise<FileOfUser>;
  }) {
    this.#world = options.world;
    this.#userId = options.userId;
    this.#conversations = options.conversations;
    this.#apis = options.apis;
    this.#random = options.random;
    this.#makeFile = options.makeFile;
  }

  /** Runs until the signal, and then finishes its current work. @throws when an answer is wrong */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(this.#random.int(...THINK_MS), undefined, { signal }).catch(() => undefined);
      this.#actions += 1;
      const key = `${this.#userId}-${this.#actions}`;
      const conversation = this.#random.pick(this.#conversations);
      if (this.#random.int(1, 100) > 35) {
        await this.#send(conversation, { client_message_id: key, message_type: 'text', body: key });
        continue;
      }
      const media_object_id = await this.#upload(key, await this.#makeFile(this.#random));
      await this.#send(conversation, { client_message_id: key, message_type: 'file', media_object_id });
    }
  }

  get #api(): string {
    return this.#random.pick(this.#apis);
  }

  /** Again until it is done. @throws when `attempt` throws, or it takes too long */
  async #insist<T>(what: string, attempt: () => Promise<T | undefined>): Promise<T> {
    const deadline = performance.now() + ACTION_WITHIN_MS;
    while (performance.now() < deadline) {
      const result = await attempt();
      if (result !== undefined) return result;
      await pause(RETRY_MS);
    }
    const last = JSON.stringify(this.#lastAnswer);
    throw new Error(
      `${this.#userId}: ${what} did not succeed within ${ACTION_WITHIN_MS} ms, at last ${last}`,
    );
  }

  async #send(conversation: string, body: object): Promise<void> {
    const message = await this.#insist('a message', () => this.#trySend(conversation, body));
    this.#world.history.messages.push({ conversation_id: conversation, ...message });
    this.figures.messages += 1;
  }

  async #trySend(
    conversation: string,
    body: object,
  ): Promise<{ message_id: string; seq: number } | undefined> {
    let response: Response;
    try {
      response = await fetch(`${this.#api}/v1/conversations/${conversation}/messages`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${this.#world.system.tokenFor(this.#userId)}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(REQUEST_MS),
      });
      if (response.ok) {
        const { message_id, seq } = (await response.json()) as { message_id: string; seq: number };
        return { message_id, seq };
      }
    } catch {
      return undefined;
    }
    if (response.status >= 500 || response.status === 429) return undefined;
    throw new Error(`${this.#userId}: a message was answered ${response.status} ${await response.text()}`);
  }

  async #upload(key: string, { bytes, filename, filetype }: FileOfUser): Promise<string> {
    const upload = await this.#insist('a creation', () =>
      WireUpload.create(
        { baseUrl: this.#api, token: this.#world.system.tokenFor(this.#userId) },
        bytes.length,
        { filename, filetype, client_media_id: key },
      ).catch(() => undefined),
    );
    let acknowledged = 0;
    await this.#insist('an upload', async () => {
      acknowledged = await this.#sendSome(upload.via(this.#api), bytes, acknowledged);
      return acknowledged === bytes.length ? true : undefined;
    });
    this.#world.acknowledge(this.#userId, upload.id, bytes);
    this.figures.uploads += 1;
    this.figures.acknowledgedAt.set(upload.id, Date.now());
    return upload.id;
  }

  /** Sends one HEAD and one PATCH, which may be cut. @returns the acknowledged offset */
  async #sendSome(upload: WireUpload, bytes: Buffer, floor: number): Promise<number> {
    const head = await upload.head(REQUEST_MS);
    this.#lastAnswer = { upload: upload.id, head };
    if (head.kind !== 'answered' || head.status >= 500 || head.status === 423) return floor;
    const { offset } = head;
    if (head.status !== 200 || offset === undefined)
      throw new Error(`${this.#userId}: HEAD of ${upload.id} was answered ${head.status}`);
    if (offset < floor) throw new Error(`${this.#userId}: ${upload.id} went back from ${floor} to ${offset}`);
    if (offset === bytes.length) return offset;
    const isCut = bytes.length > 1_000 && this.#random.int(1, 4) === 1;
    if (!isCut) {
      const answer = await upload.patch(offset, bytes.subarray(offset), REQUEST_MS);
      this.#lastAnswer = { upload: upload.id, size: bytes.length, offset, patch: answer };
      return answer.kind === 'answered' && answer.status === 204 ? (answer.offset ?? offset) : offset;
    }
    const patch = upload.openPatch(offset, bytes.length - offset, REQUEST_MS);
    await patch.write(bytes.subarray(offset, this.#random.int(offset, bytes.length - 1)));
    patch.destroy();
    return offset;
  }
}

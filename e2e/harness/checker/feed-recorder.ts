import type { ClientToServerEvents, ServerToClientEvents } from '@claimcheck/contracts/socket-events';
import { io, type Socket } from 'socket.io-client';
import { until } from '../until.ts';
import type { Feed, History } from './history.ts';
import { type AnyEvent, toSeenEvent } from './to-seen-event.ts';

const SUBSCRIBE_TIMEOUT_MS = 5_000;
const RETRY_MS = 250;
const TYPES = [
  'message.created',
  'message.deleted',
  'media.updated',
  'member.added',
  'member.removed',
] as const;

/**
 * A stock Socket.IO client that records every event of its conversations. After each reconnect it asks for the events after
 * its last one, as a phone does; it sorts nothing and drops nothing.
 */
export class FeedRecorder {
  readonly #socket: Socket<ServerToClientEvents, ClientToServerEvents>;
  readonly #client: string;
  readonly #history: History;
  readonly #feeds = new Map<string, Feed>();
  /** One request per conversation at a time: asking twice from the same number would return the events twice. */
  readonly #asking = new Map<string, Promise<boolean>>();
  #closed = false;

  constructor(options: { gatewayUrl: string; client: string; token: string; history: History }) {
    this.#client = options.client;
    this.#history = options.history;
    this.#socket = io(options.gatewayUrl, {
      transports: ['websocket'],
      auth: { token: options.token },
      forceNew: true,
      reconnectionDelay: 100,
      reconnectionDelayMax: 1_000,
    });
    this.#socket.io.on('open', () => this.#measureFrames());
    for (const type of TYPES)
      this.#socket.on(type, (event: AnyEvent & { conversation_id: string }) => this.#take(type, event));
    this.#socket.on('connect', () => this.#resume());
    this.#socket.on('resync', ({ conversation_id }) => void this.#subscribe(conversation_id));
  }

  /** Follows a conversation from its beginning. Resolves when the gateway has accepted. */
  async follow(conversationId: string): Promise<void> {
    const feed: Feed = { client: this.#client, conversation_id: conversationId, since_seq: 0, events: [] };
    this.#feeds.set(conversationId, feed);
    this.#history.feeds.push(feed);
    await until(async () => ((await this.#subscribe(conversationId)) ? true : undefined), {
      withinMs: 30_000,
      what: `${this.#client} to follow ${conversationId}`,
    });
  }

  /** Returns the number of the last event received from a conversation. */
  lastSeq(conversationId: string): number {
    const feed = this.#feeds.get(conversationId);
    return feed?.events.at(-1)?.seq ?? feed?.since_seq ?? 0;
  }

  close(): void {
    this.#closed = true;
    this.#socket.disconnect();
  }

  #take(type: string, event: AnyEvent & { conversation_id: string }): void {
    this.#feeds.get(event.conversation_id)?.events.push(toSeenEvent(type, event));
  }

  /** Records frames, not events: the network's own units. */
  #measureFrames(): void {
    this.#socket.io.engine.on('packet', ({ data }) => {
      const isText = data === undefined || typeof data === 'string';
      const bytes = isText ? Buffer.byteLength(data ?? '') : Buffer.from(data).byteLength;
      this.#history.payloads.push({ where: 'socket', what: `a frame to ${this.#client}`, bytes, isText });
    });
  }

  #resume(): void {
    for (const conversationId of this.#feeds.keys()) void this.#subscribeUntilOk(conversationId);
  }

  async #subscribeUntilOk(conversationId: string): Promise<void> {
    const connection = this.#socket.id;
    // A new connection subscribes by itself.
    const isOver = () => this.#closed || this.#socket.id !== connection;
    while (!isOver() && !(await this.#subscribe(conversationId)))
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }

  #subscribe(conversationId: string): Promise<boolean> {
    const asking =
      this.#asking.get(conversationId) ??
      this.#ask(conversationId).finally(() => this.#asking.delete(conversationId));
    this.#asking.set(conversationId, asking);
    return asking;
  }

  async #ask(conversationId: string): Promise<boolean> {
    if (!this.#socket.connected) return false;
    try {
      const answer = await this.#socket.timeout(SUBSCRIBE_TIMEOUT_MS).emitWithAck('subscribe', {
        conversation_id: conversationId,
        since_seq: this.lastSeq(conversationId),
      });
      return 'ok' in answer;
    } catch {
      return false;
    }
  }
}

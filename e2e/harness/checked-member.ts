import type { SubscribeAnswer } from '@claimcheck/contracts/socket-events';
import { io, type Socket } from 'socket.io-client';

interface WireEvent {
  conversation_id: string;
  seq: number;
  message?: { message_id: string };
}

export interface CheckedMemberOptions {
  url: string;
  token: string;
  conversationId: string;
  /** Largest delay in milliseconds before it reconnects after a cut. */
  reconnectWithinMs?: number;
}

const ANSWER_WITHIN_MS = 10_000;

/**
 * A stock Socket.IO client that follows one conversation from its first event through all disconnects, and records every
 * event that is not the next one: the wire itself must lose, repeat and delay nothing.
 */
export class CheckedMember {
  readonly conversationId: string;
  /** The events' message ids; the event with seq 1 comes first. Other events have an empty text. */
  readonly received: string[] = [];
  readonly violations: string[] = [];
  /** Milliseconds from each successful connect attempt to the answer of its `subscribe`. */
  readonly readyMs: number[] = [];
  connects = 0;
  moves = 0;
  readonly #socket: Socket;
  #attemptAt = performance.now();
  #isSubscribed = false;

  constructor(options: CheckedMemberOptions) {
    this.conversationId = options.conversationId;
    const delay = options.reconnectWithinMs ?? 500;
    this.#socket = io(options.url, {
      transports: ['websocket'],
      forceNew: true,
      auth: { token: options.token },
      reconnectionDelay: delay / 2,
      reconnectionDelayMax: delay,
      randomizationFactor: 1,
    });
    this.#listen();
  }

  /** Whether it has every event up to `seq`, and no other. */
  has(seq: number): boolean {
    return this.#isSubscribed && this.received.length >= seq;
  }

  get isSubscribed(): boolean {
    return this.#isSubscribed;
  }

  close(): void {
    this.#socket.disconnect();
  }

  #listen(): void {
    const socket = this.#socket;
    socket.io.on('reconnect_attempt', () => {
      this.#attemptAt = performance.now();
    });
    socket.on('connect', () => void this.#subscribe());
    socket.on('disconnect', (reason) => {
      this.#isSubscribed = false;
      if (reason === 'io server disconnect') socket.connect();
    });
    socket.on('session.moving', () => {
      this.moves += 1;
      this.#attemptAt = performance.now();
      socket.disconnect().connect();
    });
    socket.on('resync', () => this.violations.push('resync'));
    for (const name of [
      'message.created',
      'message.deleted',
      'member.added',
      'member.removed',
      'media.updated',
    ])
      socket.on(name, (event: WireEvent) => this.#onEvent(event));
  }

  #onEvent({ conversation_id, seq, message }: WireEvent): void {
    const next = this.received.length + 1;
    if (conversation_id === this.conversationId && seq === next)
      this.received.push(message?.message_id ?? '');
    else this.violations.push(`${conversation_id}/${seq} instead of ${this.conversationId}/${next}`);
  }

  async #subscribe(): Promise<void> {
    this.connects += 1;
    const { id } = this.#socket;
    const input = { conversation_id: this.conversationId, since_seq: this.received.length };
    const answer: SubscribeAnswer | undefined = await this.#socket
      .timeout(ANSWER_WITHIN_MS)
      .emitWithAck('subscribe', input)
      .catch(() => undefined);
    // Cut meanwhile; the next connection subscribes again.
    if (!this.#socket.connected || this.#socket.id !== id) return;
    if (answer !== undefined && 'last_seq' in answer) this.#onAnswer(answer.last_seq);
    else if (answer === undefined || ('error' in answer && answer.error.code === 'unavailable'))
      this.#socket.disconnect().connect();
    else this.violations.push(`subscribe was answered ${JSON.stringify(answer)}`);
  }

  #onAnswer(lastSeq: number): void {
    if (this.received.length < lastSeq)
      this.violations.push(`answered ${lastSeq} after ${this.received.length} events`);
    this.#isSubscribed = true;
    this.readyMs.push(performance.now() - this.#attemptAt);
  }
}

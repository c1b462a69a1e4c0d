import type { Problem } from '@claimcheck/contracts/errors';
import type { Media } from '@claimcheck/contracts/media';
import type { Message } from '@claimcheck/contracts/messages';
import { io, type Socket } from 'socket.io-client';
import { Upload } from 'tus-js-client';
import type { System } from './system.ts';
import { until } from './until.ts';

export interface ReceivedEvent {
  name: string;
  at: number;
  bytes: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server sends; tests check what they expect
  payload: any;
}

export interface FileToSend {
  bytes: Buffer;
  filename: string;
  filetype: string;
}

/** A member of a conversation, with a stock tus client, a stock Socket.IO client, and fetch. */
export class ChatUser {
  readonly userId: string;
  readonly token: string;
  readonly events: ReceivedEvent[] = [];
  readonly #system: System;
  #socket: Socket | undefined;

  constructor(system: System, userId: string) {
    this.#system = system;
    this.userId = userId;
    this.token = system.tokenFor(userId);
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { authorization: `Bearer ${this.token}`, ...(init.headers as Record<string, string>) };
    return fetch(`${this.#system.apiUrl}${path}`, { ...init, headers });
  }

  async call<Body>(method: string, path: string, body?: object): Promise<{ status: number; body: Body }> {
    const response = await this.fetch(path, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await response.text();
    return { status: response.status, body: (text === '' ? undefined : JSON.parse(text)) as Body };
  }

  async startConversation(...members: string[]): Promise<string> {
    const { body } = await this.call<{ conversation_id: string }>('POST', '/v1/conversations', {
      member_ids: members,
    });
    return body.conversation_id;
  }

  /** Uploads with the stock client. @returns the media_object_id */
  upload(file: FileToSend, metadata: Record<string, string> = {}): Promise<string> {
    return new Promise((resolve, reject) => {
      const upload = new Upload(file.bytes, {
        endpoint: `${this.#system.apiUrl}/v1/uploads`,
        headers: { authorization: `Bearer ${this.token}` },
        metadata: { filename: file.filename, filetype: file.filetype, ...metadata },
        retryDelays: [100, 200, 400],
        onError: reject,
        onSuccess: () => resolve(upload.url?.split('/').at(-1) ?? ''),
      });
      upload.start();
    });
  }

  send(
    conversationId: string,
    message: { client_message_id: string } & Record<string, unknown>,
  ): Promise<{ status: number; body: Message & Problem }> {
    return this.call('POST', `/v1/conversations/${conversationId}/messages`, message);
  }

  async media(id: string): Promise<Media> {
    const { status, body } = await this.call<Media>('GET', `/v1/media/${id}`);
    if (status !== 200) throw new Error(`GET /v1/media/${id} answered ${status}`);
    return body;
  }

  /** Waits by long-poll until the media object is in one of `states`. */
  async mediaIn(id: string, states: Media['state'][], withinMs = 30_000): Promise<Media> {
    return until(
      async () => {
        const media = await this.media(id);
        return states.includes(media.state) ? media : undefined;
      },
      { withinMs, what: `media ${id} to be ${states.join(' or ')}` },
    );
  }

  /** Connects and subscribes; records every event. */
  async follow(conversationId: string, sinceSeq?: number): Promise<{ ok?: true; last_seq?: number }> {
    this.#socket ??= await this.#connect();
    return this.#socket.emitWithAck('subscribe', {
      conversation_id: conversationId,
      ...(sinceSeq === undefined ? {} : { since_seq: sinceSeq }),
    });
  }

  #connect(): Promise<Socket> {
    const socket = io(this.#system.gatewayUrl, {
      transports: ['websocket'],
      auth: { token: this.token },
      forceNew: true,
    });
    socket.onAny((name: string, payload: unknown) => {
      const bytes = Buffer.byteLength(JSON.stringify([name, payload]));
      this.events.push({ name, payload, bytes, at: performance.now() });
    });
    return new Promise((resolve, reject) => {
      socket.once('connect', () => resolve(socket));
      socket.once('connect_error', reject);
    });
  }

  /** Returns the first matching event, past or future. */
  event(
    name: string,
    fits: (payload: ReceivedEvent['payload']) => boolean,
    withinMs = 20_000,
  ): Promise<ReceivedEvent> {
    return until(() => this.events.find((event) => event.name === name && fits(event.payload)), {
      withinMs,
      what: `${this.userId} to receive ${name}`,
    });
  }

  leave(): void {
    this.#socket?.disconnect();
  }
}

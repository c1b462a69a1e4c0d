import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Media } from '@claimcheck/contracts/media';
import { ChatUser, type ReceivedEvent } from '../../harness/chat-user.ts';
import type { System } from '../../harness/system.ts';
import { until } from '../../harness/until.ts';
import type { JourneyPhotos } from './journey-photos.ts';

/** The number of items, and how many start in a second; undefined: each starts when the previous one has arrived. */
export interface Pace {
  count: number;
  per_second: number | undefined;
}

const LIMIT_MS = 120_000;

/** A sender and an observer in one conversation. */
export class Traffic {
  readonly #system: System;
  readonly #photos: JourneyPhotos;
  readonly #sender: ChatUser;
  readonly #receiver: ChatUser;
  readonly #conversation: string;

  private constructor(
    system: System,
    photos: JourneyPhotos,
    sender: ChatUser,
    receiver: ChatUser,
    id: string,
  ) {
    this.#system = system;
    this.#photos = photos;
    this.#sender = sender;
    this.#receiver = receiver;
    this.#conversation = id;
  }

  static async create(system: System, photos: JourneyPhotos): Promise<Traffic> {
    const sender = new ChatUser(system, 'sender');
    const receiver = new ChatUser(system, 'receiver');
    const conversation = await sender.startConversation('receiver');
    await receiver.follow(conversation);
    return new Traffic(system, photos, sender, receiver, conversation);
  }

  /** Sends photos; each is done when the receiver has seen it ready. */
  sendPhotos(pace: Pace): Promise<void> {
    return this.#paced(pace, () => this.#sendPhoto());
  }

  /** Sends texts; each is done when the receiver has it. */
  sendTexts(pace: Pace): Promise<void> {
    return this.#paced(pace, () => this.#sendText());
  }

  leave(): void {
    this.#receiver.leave();
  }

  async #paced({ count, per_second }: Pace, send: () => Promise<void>): Promise<void> {
    const sent: Promise<void>[] = [];
    for (let index = 0; index < count; index += 1) {
      const one = send();
      one.catch(() => {});
      sent.push(one);
      if (per_second === undefined) await one;
      else await pause(1_000 / per_second);
    }
    await Promise.all(sent);
    // Messages seen before are not searched again.
    this.#receiver.events.length = 0;
  }

  async #sendPhoto(): Promise<void> {
    const id = await this.#upload(this.#photos.next());
    await this.#say({ message_type: 'image', media_object_id: id });
    await this.#untilSeen((payload) => {
      const media: Media | undefined = payload.media ?? payload.message?.media;
      return media?.media_object_id === id && media.state === 'ready';
    }, `photo ${id} ready`);
  }

  async #sendText(): Promise<void> {
    const body = randomUUID();
    await this.#say({ message_type: 'text', body });
    await this.#untilSeen((payload) => payload.message?.body === body, 'a text');
  }

  /** Uploads with one request: the creation carries the bytes. */
  async #upload(bytes: Buffer): Promise<string> {
    const encoded = (text: string) => Buffer.from(text).toString('base64');
    const response = await this.#sender.fetch('/v1/uploads', {
      method: 'POST',
      headers: {
        'tus-resumable': '1.0.0',
        'upload-length': String(bytes.length),
        'upload-metadata': `filename ${encoded('photo.jpg')},filetype ${encoded('image/jpeg')}`,
        'content-type': 'application/offset+octet-stream',
      },
      body: new Uint8Array(bytes),
    });
    if (response.status !== 201) throw new Error(`the upload was answered ${response.status}`);
    return response.headers.get('location')?.split('/').at(-1) ?? '';
  }

  async #say(message: Record<string, unknown>): Promise<void> {
    const { status } = await this.#sender.send(this.#conversation, {
      client_message_id: randomUUID(),
      ...message,
    });
    if (status !== 201) throw new Error(`the message was answered ${status} by ${this.#system.apiUrl}`);
  }

  async #untilSeen(fits: (payload: ReceivedEvent['payload']) => boolean, what: string): Promise<void> {
    const look = () => this.#receiver.events.find(({ payload }) => fits(payload));
    await until(look, { withinMs: LIMIT_MS, what: `the receiver to see ${what}` });
  }
}

import type { Media } from '@claimcheck/contracts/media';
import { ChatUser, type FileToSend, type ReceivedEvent } from '../../harness/chat-user.ts';
import type { System } from '../../harness/system.ts';
import { WireUpload } from '../../harness/tus-wire.ts';
import { until } from '../../harness/until.ts';

/** A receiver's view of one media object, in milliseconds since its last byte was sent. */
export interface Sighting {
  preview_ms: number;
  ready_ms: number;
}

/** An upload that has arrived, and when. */
interface Sent {
  id: string;
  lastByteAt: number;
}

const LIMIT_MS = 180_000;

/** A sender and a viewer in one conversation. */
export class Viewer {
  readonly #system: System;
  readonly #sender: ChatUser;
  readonly #receiver: ChatUser;
  readonly #conversation: string;

  private constructor(system: System, sender: ChatUser, receiver: ChatUser, conversation: string) {
    this.#system = system;
    this.#sender = sender;
    this.#receiver = receiver;
    this.#conversation = conversation;
  }

  static async create(system: System): Promise<Viewer> {
    const sender = new ChatUser(system, 'sender');
    const receiver = new ChatUser(system, 'receiver');
    const conversation = await sender.startConversation('receiver');
    await receiver.follow(conversation);
    return new Viewer(system, sender, receiver, conversation);
  }

  /** Uploads and sends the message; resolves when both are acknowledged. */
  async send(file: FileToSend, messageType: 'image' | 'video'): Promise<Sent> {
    const { bytes, filename, filetype } = file;
    const target = { baseUrl: this.#system.apiUrl, token: this.#sender.token };
    const upload = await WireUpload.create(target, bytes.length, { filename, filetype });
    const request = upload.openPatch(0, bytes.length);
    await request.write(bytes.subarray(0, -1));
    const lastByteAt = performance.now();
    await request.write(bytes.subarray(-1));
    request.end();
    const answer = await request.answer;
    if (answer.kind !== 'answered' || answer.status !== 204)
      throw new Error(`the upload was answered ${JSON.stringify(answer)}`);
    const { status } = await this.#sender.send(this.#conversation, {
      client_message_id: upload.id,
      message_type: messageType,
      media_object_id: upload.id,
    });
    if (status !== 201) throw new Error(`the message was answered ${status}`);
    return { id: upload.id, lastByteAt };
  }

  /** Waits until the receiver has seen it finished. @throws when it ends in another state */
  async watch({ id, lastByteAt }: Sent): Promise<Sighting> {
    const preview = await this.#seen(id, (media) => media.thumbnail_state === 'ready');
    const ready = await this.#seen(
      id,
      (media) => !['pending', 'uploading', 'processing'].includes(media.state),
    );
    if (ready.media.state !== 'ready')
      throw new Error(`media object ${id} is ${ready.media.state}, ${JSON.stringify(ready.media.failure)}`);
    return { preview_ms: preview.at - lastByteAt, ready_ms: ready.at - lastByteAt };
  }

  async show(file: FileToSend, messageType: 'image' | 'video'): Promise<Sighting> {
    return this.watch(await this.send(file, messageType));
  }

  /** Waits until its transcode has started. */
  async untilTranscoding({ id }: Sent): Promise<void> {
    const progress = ({ name, payload }: ReceivedEvent) =>
      name === 'media.progress' && payload.media_object_id === id;
    const begun = () => this.#receiver.events.find(progress);
    await until(begun, { withinMs: LIMIT_MS, what: `the transcode of ${id} to begin` });
  }

  async isReady({ id }: Sent): Promise<boolean> {
    return (await this.#sender.media(id)).state === 'ready';
  }

  leave(): void {
    this.#receiver.leave();
  }

  /** The first event that shows this state of the media object; the message's own counts too. */
  #seen(id: string, fits: (media: Media) => boolean): Promise<{ at: number; media: Media }> {
    const look = () => {
      for (const { payload, at } of this.#receiver.events) {
        const media: Media | undefined = payload.media ?? payload.message?.media;
        if (media?.media_object_id === id && fits(media)) return { at, media };
      }
      return undefined;
    };
    return until(look, { withinMs: LIMIT_MS, what: `the receiver to see ${id}` });
  }
}

export const asPhoto = (bytes: Buffer): FileToSend => ({
  bytes,
  filename: 'photo.jpg',
  filetype: 'image/jpeg',
});

export const asVideo = (bytes: Buffer): FileToSend => ({
  bytes,
  filename: 'video.mp4',
  filetype: 'video/mp4',
});

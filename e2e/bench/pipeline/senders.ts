import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChildChannel } from '../load/child-channel.ts';
import type { BenchPhotos } from './bench-photos.ts';
import type { Sent } from './send-media.ts';
import type { SenderAnswer, SenderTask } from './sender-messages.ts';

const PROCESSES = 10;
const LIMIT_SECONDS = 300;

/** Processes that hold photos, and send them all when they are told to. */
export class Senders {
  readonly #channels: ChildChannel<SenderTask, SenderAnswer>[];

  private constructor(channels: ChildChannel<SenderTask, SenderAnswer>[]) {
    this.#channels = channels;
  }

  static async prepare(
    target: { apiUrl: string; token: string; conversation: string },
    photos: BenchPhotos,
    count: number,
  ): Promise<Senders> {
    const processes = Math.min(PROCESSES, count);
    const entry = new URL('./sender-process.ts', import.meta.url);
    const senders = new Senders(Array.from({ length: processes }, () => new ChildChannel(entry)));
    const folder = await mkdtemp(join(tmpdir(), 'claimcheck-bench-senders-'));
    try {
      const photo = join(folder, 'photo');
      await writeFile(photo, photos.original);
      await senders.#ask((index) => {
        const share = Math.ceil((count - index) / processes);
        return { kind: 'prepare', ...target, photo, from: photos.reserve(share), count: share };
      });
      return senders;
    } catch (error) {
      await senders.stop();
      throw error;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async send(): Promise<Sent[]> {
    return (await this.#ask(() => ({ kind: 'send' }))).flat();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#channels.map((channel) => channel.stop()));
  }

  #ask(taskOf: (index: number) => SenderTask): Promise<SenderAnswer[]> {
    return Promise.all(this.#channels.map((channel, index) => channel.ask(taskOf(index), LIMIT_SECONDS)));
  }
}

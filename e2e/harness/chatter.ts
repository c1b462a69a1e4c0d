import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { ChatUser } from './chat-user.ts';
import type { Seeded } from './seeded.ts';
import type { System } from './system.ts';

export interface Room {
  conversationId: string;
  members: readonly string[];
}

/** Creates conversations of the same size, each with separate members. */
export const createRooms = async (system: System, rooms: number, membersEach: number): Promise<Room[]> => {
  const created: Room[] = [];
  for (let room = 0; room < rooms; room += 1) {
    const members = Array.from({ length: membersEach }, (_, index) => `u${room}-${index}`);
    const [first = '', ...others] = members;
    const conversationId = await new ChatUser(system, first).startConversation(...others);
    created.push({ conversationId, members });
  }
  return created;
};

/** Sends messages through the api, one after the other, until `stop`. */
export class Chatter {
  sent = 0;
  readonly #system: System;
  readonly #rooms: readonly Room[];
  readonly #random: Seeded;
  readonly #pauseMs: number;
  readonly #running: Promise<void>;
  #isOver = false;

  /** @param pauseMs average pause between two messages */
  constructor(system: System, rooms: readonly Room[], random: Seeded, pauseMs: number) {
    this.#system = system;
    this.#rooms = rooms;
    this.#random = random;
    this.#pauseMs = pauseMs;
    this.#running = this.#chat();
    this.#running.catch(() => {});
  }

  /** @throws when a message was refused */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  async #chat(): Promise<void> {
    while (!this.#isOver) {
      const room = this.#random.pick(this.#rooms);
      const sender = new ChatUser(this.#system, this.#random.pick(room.members));
      const { status } = await sender.send(room.conversationId, {
        client_message_id: randomUUID(),
        message_type: 'text',
        body: `message ${this.sent}`,
      });
      if (status !== 201) throw new Error(`a message was answered ${status}`);
      this.sent += 1;
      await pause(this.#random.int(0, 2 * this.#pauseMs));
    }
  }
}

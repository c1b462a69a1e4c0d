import { setTimeout as pause } from 'node:timers/promises';
import { expect, inject, test } from 'vitest';
import { Seeded, seeded } from '../harness/seeded.ts';
import { wreak } from './drills/chaos.ts';
import { ChattingClient } from './drills/chatting-client.ts';
import { printFigures } from './drills/figures.ts';
import { startSoakWorld } from './drills/soak-world.ts';
import { uniqueFile } from './drills/unique-file.ts';
import { soakMs } from './soak-minutes.ts';

const CLIENTS = 20;
const CONVERSATIONS = 6;
const SETTLE_WITHIN_MS = 600_000;

test(
  'random drills: everything is killed and cut at random while 20 clients upload and chat',
  async () => {
    const { seed } = seeded('random drills');
    const soak = await startSoakWorld(inject('stack'));
    const { world } = soak;
    try {
      const users = Array.from({ length: CLIENTS }, (_, index) => `user-${index}`);
      const conversations: string[] = [];
      while (conversations.length < CONVERSATIONS)
        conversations.push(await world.user('user-0').startConversation(...users.slice(1)));
      const clients: ChattingClient[] = [];
      for (const [index, userId] of users.entries()) {
        const own = [index, index + 1, index + 3].map((n) => conversations[n % CONVERSATIONS] ?? '');
        const random = new Seeded(`${seed}-${userId}`);
        clients.push(
          new ChattingClient({
            world,
            userId,
            conversations: own,
            apis: soak.apis,
            random,
            makeFile: uniqueFile,
          }),
        );
        for (const conversation of own)
          await world.follow(userId, conversation, soak.gateways[index % soak.gateways.length]);
      }
      await world.markResources();

      const over = new AbortController();
      const running = Promise.allSettled(clients.map((client) => client.run(over.signal)));
      const chaos = [soak.processFaults, soak.serverFaults].map((faults, index) =>
        wreak(faults, new Seeded(`${seed}-chaos-${index}`), over.signal),
      );
      await pause(soakMs());
      over.abort();
      const faults = await Promise.all(chaos);
      await soak.heal();
      const ended = await running;
      const settledMs = await world.settle(SETTLE_WITHIN_MS);
      await printFigures({ world, clients, faults, settledMs, crashes: soak.crashes() });
      expect(ended.flatMap((end) => (end.status === 'rejected' ? [String(end.reason)] : []))).toEqual([]);
      expect(soak.crashes(), 'nothing ended by itself').toEqual([]);
      await world.expectNoViolation(SETTLE_WITHIN_MS);
    } finally {
      await soak.stop();
    }
  },
  soakMs() + 1_500_000,
);

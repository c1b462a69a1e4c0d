import { expect, test } from 'vitest';
import type { ConversationEvent, Message } from '../wire/conversation.ts';
import { MessageWindow, type PageRequest } from './message-window.ts';

const PAGE_SIZE = 3;

const message = (seq: number): Message => ({
  message_id: `m${seq}`,
  conversation_id: 'talk',
  seq,
  sender_user_id: 'ann',
  message_type: 'text',
  created_at: '2026-01-01T00:00:00.000Z',
});
const created = (seq: number): ConversationEvent => ({
  type: 'message.created',
  conversation_id: 'talk',
  seq,
  message: message(seq),
});
const deleted = (seq: number, of: number): ConversationEvent => ({
  type: 'message.deleted',
  conversation_id: 'talk',
  seq,
  message: { message_id: `m${of}` },
});

/** Returns the service's messages after the first `count` events of `log`. */
const stateAfter = (log: readonly ConversationEvent[], count: number): Message[] => {
  const messages = new Map<string, Message>();
  for (const event of log.slice(0, count)) {
    if (event.type === 'message.created') messages.set(event.message.message_id, event.message);
    if (event.type === 'message.deleted') messages.delete(event.message.message_id);
  }
  return [...messages.values()];
};

/** Returns every interleaving of several processes' steps. Each process keeps the order of its own steps. */
const interleavings = <Step>(processes: readonly (readonly Step[])[]): Step[][] => {
  const open = processes.filter((steps) => steps.length > 0);
  if (open.length === 0) return [[]];
  return open.flatMap((steps) => {
    const rest = processes.map((other) => (other === steps ? other.slice(1) : other));
    return interleavings(rest).map((tail) => [steps[0] as Step, ...tail]);
  });
};

type Step =
  | { what: 'commit' }
  | { what: 'event' }
  | { what: 'answer'; seq: number }
  | { what: 'ask' | 'read' | 'receive'; page: 'newest' | 'older' };

/** Models the service, the connection and the client's window. A run with an impossible step is void. */
class Run {
  readonly window = new MessageWindow();
  readonly #log: readonly ConversationEvent[];
  #committed: number;
  #delivered: number;
  #requests = new Map<string, PageRequest>();
  #pages = new Map<string, { messages: Message[]; lastSeq: number; hasOlder: boolean }>();
  #wasDeleted = new Set<string>();
  #firstSeq = Number.POSITIVE_INFINITY;

  constructor(log: readonly ConversationEvent[], start: number) {
    this.#log = log;
    this.#committed = start;
    this.#delivered = start;
    const messages = stateAfter(log, start).slice(-PAGE_SIZE);
    this.window.replace(this.window.request(), { messages, lastSeq: start, hasOlder: true });
  }

  /** Returns false when the step is impossible now. */
  take(step: Step): boolean {
    switch (step.what) {
      case 'commit':
        this.#committed += 1;
        return true;
      case 'event': {
        const event = this.#log[this.#delivered];
        if (event === undefined || this.#delivered >= this.#committed) return false;
        this.#delivered += 1;
        this.window.apply([event]);
        if (event.type === 'message.deleted') this.#wasDeleted.add(event.message.message_id);
        return true;
      }
      case 'answer':
        if (step.seq > this.#committed) return false;
        this.window.add(message(step.seq));
        return true;
      case 'ask':
        this.#requests.set(step.page, this.window.request());
        this.#firstSeq = this.window.messages[0]?.seq ?? 0;
        return true;
      case 'read':
        this.#pages.set(step.page, this.#read(step.page));
        return true;
      case 'receive': {
        const request = this.#requests.get(step.page);
        const page = this.#pages.get(step.page);
        if (request === undefined || page === undefined) return false;
        if (step.page === 'older') this.window.prepend(request, page.messages, page.hasOlder);
        else {
          this.window.replace(request, page);
          // The feed is followed from there, so events that the page lacks arrive again.
          this.#delivered = Math.min(this.#delivered, page.lastSeq);
          for (const event of this.#log.slice(page.lastSeq, this.#delivered)) this.window.apply([event]);
        }
        return true;
      }
    }
  }

  get shown(): string[] {
    return this.window.messages.map(({ message_id }) => message_id);
  }

  get hasReturned(): boolean {
    return this.shown.some((id) => this.#wasDeleted.has(id));
  }

  finish(): void {
    for (const event of this.#log.slice(this.window.lastSeq)) this.window.apply([event]);
  }

  #read(page: 'newest' | 'older') {
    const all = stateAfter(this.#log, this.#committed);
    const wanted = page === 'newest' ? all : all.filter(({ seq }) => seq < this.#firstSeq);
    return { messages: wanted.slice(-PAGE_SIZE), lastSeq: this.#committed, hasOlder: true };
  }
}

const event = { what: 'event' } as const;
const commit = { what: 'commit' } as const;
const page = (name: 'newest' | 'older') =>
  [
    { what: 'ask', page: name },
    { what: 'read', page: name },
    { what: 'receive', page: name },
  ] as const;

const LOG = [created(1), created(2), created(3), created(4), created(5), created(6)];

test.each<{ what: string; log: ConversationEvent[]; start: number; processes: (readonly Step[])[] }>([
  {
    what: 'answer, events and deletion of a message',
    log: [...LOG, created(7), deleted(8, 7)],
    start: 6,
    processes: [[commit, commit], [event, event], [{ what: 'answer', seq: 7 }], [{ what: 'answer', seq: 7 }]],
  },
  {
    what: 'answer, events, deletion and a resync',
    log: [...LOG, created(7), deleted(8, 7)],
    start: 6,
    processes: [[commit, commit], [event, event], [{ what: 'answer', seq: 7 }], page('newest')],
  },
  {
    what: 'a page of older messages, and the deletion of one of them',
    log: [...LOG, deleted(7, 3), deleted(8, 5)],
    start: 6,
    processes: [[commit, commit], [event, event], page('older')],
  },
  {
    what: 'a page of older messages, and a resync',
    log: [...LOG, created(7), created(8), created(9), created(10), deleted(11, 8)],
    start: 6,
    processes: [[commit, commit, commit, commit, commit], page('older'), page('newest')],
  },
])(
  '$what: in every order the list ends as the service has it, without a hole',
  ({ log, start, processes }) => {
    let runs = 0;
    const failures: string[] = [];
    const expected = stateAfter(log, log.length).map(({ message_id }) => message_id);
    for (const steps of interleavings<Step>(processes)) {
      const run = new Run(log, start);
      let hasReturned = false;
      const isPossible = steps.every((step) => {
        const happened = run.take(step);
        if (step.what !== 'receive') hasReturned ||= run.hasReturned;
        return happened;
      });
      if (hasReturned) failures.push(`a deleted message returned: ${JSON.stringify(steps)}`);
      if (!isPossible) continue;
      runs += 1;
      run.finish();
      // The list has no hole if it equals the service's messages from its first one on.
      const { shown } = run;
      const isEnd = shown.length > 0 && shown.join() === expected.slice(-shown.length).join();
      if (!isEnd || run.hasReturned) failures.push(`${shown.join()}: ${JSON.stringify(steps)}`);
    }
    expect(failures).toEqual([]);
    expect(runs).toBeGreaterThan(10);
  },
);

test('an answer that comes after a reload does not bring back what was deleted meanwhile', () => {
  const window = new MessageWindow();
  window.replace(window.request(), { messages: [message(1)], lastSeq: 8, hasOlder: false });
  window.add(message(7));
  expect(window.messages.map(({ seq }) => seq)).toEqual([1]);
});

test('an answer that comes while the first page is loaded stays', () => {
  const window = new MessageWindow();
  const request = window.request();
  window.add(message(7));
  window.replace(request, { messages: [message(1)], lastSeq: 6, hasOlder: false });
  expect(window.messages.map(({ seq }) => seq)).toEqual([1, 7]);
});

test('ten thousand events one by one take less than a second, and leave a bounded list', () => {
  const window = new MessageWindow();
  const start = performance.now();
  for (let seq = 1; seq <= 10_000; seq += 1) window.apply([created(seq)]);
  expect(performance.now() - start).toBeLessThan(1_000);
  expect(window.messages.length).toBeLessThanOrEqual(1_000);
  expect(window.hasOlder).toBe(true);
});

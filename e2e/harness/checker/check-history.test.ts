import { expect, test } from 'vitest';
import type { Aftermath } from './aftermath.ts';
import { checkHistory } from './check-history.ts';
import type { History, SeenEvent } from './history.ts';

interface Case {
  history: History;
  aftermath: Aftermath;
}

const change = (seq: number, rev: number, state: 'processing' | 'ready' | 'blocked'): SeenEvent => ({
  seq,
  type: 'media.updated',
  subject: `m@${rev}`,
  media: { media_object_id: 'm', rev, state },
});

/** A history without faults: one upload, sent in a message, ready; a second one blocked. */
const sound = (): Case => {
  const events: SeenEvent[] = [
    { seq: 1, type: 'message.created', subject: 'msg' },
    change(2, 2, 'processing'),
    change(3, 3, 'ready'),
  ];
  return {
    history: {
      uploads: [
        { media_object_id: 'm', owner_user_id: 'ann', sha256: 'aa' },
        { media_object_id: 'v', owner_user_id: 'ann', sha256: 'bb' },
      ],
      messages: [{ conversation_id: 'c', message_id: 'msg', seq: 1 }],
      feeds: [{ client: 'ben', conversation_id: 'c', since_seq: 0, events: [...events] }],
      payloads: [{ where: 'socket', what: 'a frame', bytes: 8_192, isText: true }],
    },
    aftermath: {
      media: [
        { media_object_id: 'm', state: 'ready', epoch: 1 },
        { media_object_id: 'v', state: 'blocked', epoch: 1 },
      ],
      sources: new Map([['m', 'aa']]),
      logs: new Map([['c', { last_seq: 3, events: [...events] }]]),
      effects: [
        { what: 'request', key: 'asked m epoch 1' },
        { what: 'revision in a log', key: 'm@2 in c' },
      ],
      tombstones: [{ media_object_id: 'v', answers: [{ quality: 'source', status: 404 }], keys: [] }],
      payloads: [{ where: 'broker', what: 'a subject', bytes: 10, isText: true }],
      resources: {
        before: { 'api descriptors': 40, 'open multipart uploads': 0 },
        after: { 'api descriptors': 60, 'open multipart uploads': 0 },
      },
    },
  };
};

test('a sound history has no violation', () => {
  const { history, aftermath } = sound();
  expect(checkHistory(history, aftermath)).toEqual([]);
});

test('a deleted message leaves its number in the log, and nothing else', () => {
  const { history, aftermath } = sound();
  const { events } = aftermath.logs.get('c') ?? { events: [] };
  events[0] = { seq: 1, type: 'message.deleted', subject: 'msg' };
  expect(checkHistory(history, aftermath)).toEqual([]);
  events[0] = { seq: 1, type: 'message.deleted', subject: 'another' };
  expect(checkHistory(history, aftermath).map(({ invariant }) => invariant)).toEqual(['D', 'D']);
});

const feed = ({ history }: Case) => {
  const [first] = history.feeds;
  if (first === undefined) throw new Error('there is no feed');
  return first;
};
const log = ({ aftermath }: Case) => {
  const found = aftermath.logs.get('c');
  if (found === undefined) throw new Error('there is no log');
  return found;
};

const BROKEN: [what: string, invariant: string, says: string, breakIt: (world: Case) => void][] = [
  ['the media object is not there', 'A', 'no such media object', ({ aftermath }) => aftermath.media.shift()],
  [
    'a placeholder for ever',
    'A',
    'm has not settled: it is processing',
    ({ aftermath }) => {
      aftermath.media = [
        { media_object_id: 'm', state: 'processing', epoch: 1 },
        ...aftermath.media.slice(1),
      ];
    },
  ],
  ['the source is gone', 'A', 'the bytes of m are gone', ({ aftermath }) => aftermath.sources.clear()],
  ['other bytes', 'A', "not the client's", ({ aftermath }) => aftermath.sources.set('m', 'cc')],
  [
    'a request asked twice',
    'B',
    'happened twice: request asked m epoch 1',
    ({ aftermath }) => aftermath.effects.push({ what: 'request', key: 'asked m epoch 1' }),
  ],
  [
    'settled twice in one epoch',
    'B',
    'm settled 2 times in 1 epochs',
    (world) => {
      log(world).events.push(change(4, 4, 'processing'), change(5, 5, 'ready'));
      log(world).last_seq = 5;
      feed(world).events.push(change(4, 4, 'processing'), change(5, 5, 'ready'));
    },
  ],
  [
    'a tombstone is served',
    'C',
    'thumbnail of v answers 200',
    ({ aftermath }) => aftermath.tombstones[0]?.answers.push({ quality: 'thumbnail', status: 200 }),
  ],
  [
    'an object under a tombstone',
    'C',
    'v still has v/e1/low.webp',
    ({ aftermath }) => aftermath.tombstones[0]?.keys.push('v/e1/low.webp'),
  ],
  [
    'ready after blocked',
    'C',
    'm became ready again at seq 3',
    (world) => {
      log(world).events[1] = change(2, 2, 'blocked');
      feed(world).events[1] = change(2, 2, 'blocked');
    },
  ],
  ['a gap in a feed', 'D', 'never received 2, and then 3', (world) => feed(world).events.splice(1, 1)],
  [
    'a repeat in a feed',
    'D',
    'received 1 again',
    (world) => feed(world).events.splice(1, 0, ...feed(world).events.slice(0, 1)),
  ],
  ['the end is missing', 'D', 'ben in c is at 2, the log at 3', (world) => feed(world).events.pop()],
  [
    'another event under the number',
    'D',
    'received media.updated of m@9 as 2, the log has media.updated of m@2',
    (world) => {
      feed(world).events[1] = change(2, 9, 'processing');
    },
  ],
  ['a gap in the log', 'D', 'has 3 in the place of 2', (world) => log(world).events.splice(1, 1)],
  [
    'the counter ran ahead',
    'D',
    'ends at 3, its counter says 4',
    (world) => {
      log(world).last_seq = 4;
    },
  ],
  [
    'an acknowledged message is lost',
    'D',
    'message gone was acknowledged as 2',
    ({ history }) => history.messages.push({ conversation_id: 'c', message_id: 'gone', seq: 2 }),
  ],
  [
    'bytes on a socket',
    'E',
    'a frame (socket) is binary',
    ({ history }) => history.payloads.push({ where: 'socket', what: 'a frame', bytes: 1, isText: false }),
  ],
  [
    'too much on the broker',
    'E',
    'media.updated (broker) has 8193 bytes',
    ({ aftermath }) =>
      aftermath.payloads.push({ where: 'broker', what: 'media.updated', bytes: 8_193, isText: true }),
  ],
  [
    'descriptors leak',
    'F',
    'api descriptors: 140 after, 40 before',
    ({ aftermath }) => {
      if (aftermath.resources) aftermath.resources.after['api descriptors'] = 140;
    },
  ],
  [
    'a multipart upload stays open',
    'F',
    'open multipart uploads: 1 after, 0 before',
    ({ aftermath }) => {
      if (aftermath.resources) aftermath.resources.after['open multipart uploads'] = 1;
    },
  ],
];

test.each(BROKEN)('finds: %s', (_what, invariant, says, breakIt) => {
  const world = sound();
  breakIt(world);
  const found = checkHistory(world.history, world.aftermath);
  expect(found).toContainEqual({ invariant, what: expect.stringContaining(says) });
});

import { setTimeout as pause } from 'node:timers/promises';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { ChatUser } from '../../harness/chat-user.ts';
import type { System } from '../../harness/system.ts';
import { until } from '../../harness/until.ts';
import { mediaId, type Scale } from './fill.ts';

type Ask = (user: string, method: string, path: string, body?: object) => Promise<void>;

const BACKEND = 'bench-backend';

const ROUNDS = 12;
const DUTIES_MS = 20_000;
/** A scrape asks Postgres, too. */
const LOOK_EVERY_MS = 1_000;
/** The api says what it did for the sweeper in one metric. */
const DECISIONS = 'claimcheck_sweeper_decisions_total';

const asking =
  (system: System): Ask =>
  async (user, method, path, body) => {
    const response = await fetch(`${system.apiUrl}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        authorization: `Bearer ${system.tokenFor(user, user === BACKEND ? { scope: 'claimcheck:admin' } : {})}`,
        'tus-resumable': '1.0.0',
        'upload-length': '1000',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    await response.arrayBuffer();
    if (response.status >= 400) throw new Error(`${method} ${path} answered ${response.status}`);
  };

/** What clients ask: each route that reads or writes what grows, as members of different conversations. */
export const driveRequests = async (system: System, scale: Scale): Promise<void> => {
  const ask = asking(system);
  const perConversation = Math.floor(scale.events / scale.conversations);
  for (let round = 1; round <= ROUNDS; round += 1) {
    const number = 1 + ((round * 7_919) % scale.conversations);
    const user = `owner-${number % scale.owners}`;
    const conversation = `/v1/conversations/c-${number}`;
    // The first message of this conversation shows it.
    const shown = mediaId(number);
    await ask(user, 'GET', '/v1/conversations');
    await ask(user, 'GET', conversation);
    await ask(user, 'GET', `${conversation}/events?since_seq=${Math.floor(perConversation / 2)}`);
    await ask(user, 'GET', `${conversation}/media`);
    await ask(user, 'GET', `/v1/users/${user}/media`);
    await ask(user, 'GET', `/v1/users/${user}/usage`);
    await ask(user, 'POST', '/v1/media/session', { conversation_id: `c-${number}` });
    await ask(user, 'POST', '/v1/media/urls', { items: [{ id: shown, quality: 'low' }] });
    await ask(user, 'POST', '/v1/conversations', { member_ids: [user, 'owner-1'] });
    await ask(user, 'PUT', `${conversation}/members/new-${round}`);
    await ask(user, 'POST', '/v1/uploads');
    await ask(user, 'POST', `${conversation}/messages`, {
      client_message_id: `bench-${round}`,
      message_type: 'text',
      body: 'text',
    });
  }
  await fetch(`${system.adminUrls.api}/metrics`).then((response) => response.arrayBuffer());
};

/** What members get on their sockets: the events that they missed, and those of a message. */
export const driveSockets = async (system: System, scale: Scale): Promise<void> => {
  const perConversation = Math.floor(scale.events / scale.conversations);
  for (let round = 1; round <= ROUNDS; round += 1) {
    const number = 1 + ((round * 7_919) % scale.conversations);
    const user = new ChatUser(system, `owner-${number % scale.owners}`);
    const conversation = `c-${number}`;
    const answer = await user.follow(conversation, Math.floor(perConversation / 2));
    if (answer.ok !== true) throw new Error(`subscribe answered ${JSON.stringify(answer)}`);
    const key = `socket-${round}-${performance.now()}`;
    await user.send(conversation, { client_message_id: key, message_type: 'text', body: 'text' });
    await user.event('message.created', ({ message }) => message.client_message_id === key);
    user.leave();
  }
};

/** What a worker answers for media that wait for it. */
export const driveResults = async (system: System, scale: Scale): Promise<void> => {
  const connection = await connect({ servers: system.env.NATS_URL ?? '' });
  const ask = asking(system);
  try {
    for (let round = 1; round <= ROUNDS; round += 1) {
      const id = mediaId(scale.media - scale.due - round);
      const url = (quality: string) => `s3://${system.env.S3_BUCKET}/${id}/e1/${quality}.webp`;
      const processed = ['thumbnail', 'low', 'medium', 'high'].map((quality) => ({
        quality,
        format: 'webp',
        url: url(quality),
        size: 20_000,
      }));
      await jetstream(connection).publish(
        `${system.appName}.media.optimize.response`,
        JSON.stringify({
          mediaId: id,
          originalUrl: `${system.apiUrl}/v1/media/${id}/source`,
          success: true,
          processed,
        }),
      );
      await until(
        async () => {
          const response = await fetch(`${system.apiUrl}/v1/media/${id}`, {
            headers: { authorization: `Bearer ${system.tokenFor(BACKEND, { scope: 'claimcheck:admin' })}` },
          });
          const { state } = (await response.json()) as { state?: string };
          return state === 'ready' ? true : undefined;
        },
        { withinMs: 30_000, what: `the result of ${id} to be applied` },
      );
      await ask(BACKEND, 'DELETE', `/v1/media/${id}?force=true&reason=bench`);
    }
  } finally {
    await connection.close();
  }
  // Of a member with all their media, and of a conversation with its whole log.
  await ask(BACKEND, 'DELETE', '/v1/users/owner-3');
  await ask(BACKEND, 'DELETE', '/v1/conversations/c-5');
};

/** Lets every duty work for a while on what is due. @throws when none of them decided anything */
export const driveDuties = async (system: System): Promise<void> => {
  await until(
    async () => {
      await pause(LOOK_EVERY_MS);
      const text = await (await fetch(`${system.adminUrls.api}/metrics`)).text();
      const decided = text
        .split('\n')
        .filter(
          (line) => line.startsWith(DECISIONS) && !line.includes('decision="error"') && !line.endsWith(' 0'),
        );
      return ['orphans', 'overdue_media', 'prune'].every((duty) =>
        decided.some((line) => line.includes(`duty="${duty}"`)),
      )
        ? true
        : undefined;
    },
    { withinMs: 120_000, what: 'every duty to decide something' },
  );
  await pause(DUTIES_MS);
};

// A host that keeps its own posts, in a hundred lines: it tells Claimcheck who is in a room and which media
// object a post refers to, and hears the outcome on {app}.media.updated. Run it with Node 24 and
// PORT, CLAIMCHECK_URL, CLAIMCHECK_TOKEN (its scope contains claimcheck:admin), NATS_URL, APP_NAME.
import http from 'node:http';
import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

interface Post {
  id: string;
  room: string;
  text: string;
  media_object_id: string;
  /** As in the last event; a page shows it next to the text. */
  media?: { rev: number; state: string; thumbnailUrl?: string; mediaUrl: string };
}

const { PORT, CLAIMCHECK_URL, CLAIMCHECK_TOKEN, NATS_URL, APP_NAME = 'claimcheck' } = process.env;
const posts = new Map<string, Post>();
/** The latest of each media object: an event may come before the post that refers to it. */
const media = new Map<string, NonNullable<Post['media']>>();

const claimcheck = async (method: string, path: string, body?: object): Promise<void> => {
  const response = await fetch(`${CLAIMCHECK_URL}${path}`, {
    method,
    headers: { authorization: `Bearer ${CLAIMCHECK_TOKEN}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  // Every call is repeatable: a host retries what is `retryable`.
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
};

/** Members first, then the reference: from then on they may see it, and it does not expire. */
const addPost = async (input: Omit<Post, 'media'> & { members: string[] }): Promise<void> => {
  const { members, ...post } = input;
  await claimcheck('POST', '/v1/conversations', { conversation_id: post.room, member_ids: members });
  for (const member of members) await claimcheck('PUT', `/v1/conversations/${post.room}/members/${member}`);
  await claimcheck('PUT', `/v1/media/${post.media_object_id}/references/post/${post.id}`, {
    conversation_id: post.room,
  });
  posts.set(post.id, post);
};

/** Without any reference the media object expires after its grace, by itself. */
const removePost = async (id: string): Promise<void> => {
  const post = posts.get(id);
  if (post === undefined) return;
  await claimcheck('DELETE', `/v1/media/${post.media_object_id}/references/post/${id}`);
  posts.delete(id);
};

/** At least once and in no order: a lower rev than the known one is old news. */
const hear = (event: { media: { media_object_id: string } & NonNullable<Post['media']> }): void => {
  const { media_object_id: id, rev } = event.media;
  if ((media.get(id)?.rev ?? 0) < rev) media.set(id, event.media);
};

const listen = async (): Promise<void> => {
  const connection = await connect({ servers: NATS_URL ?? '', name: 'host-backend' });
  const stream = `${APP_NAME.toUpperCase()}_FACTS`;
  const manager = await jetstreamManager(connection);
  await manager.consumers.add(stream, {
    durable_name: 'host-backend',
    filter_subject: `${APP_NAME}.media.updated`,
    ack_policy: AckPolicy.Explicit,
  });
  const consumer = await jetstream(connection).consumers.get(stream, 'host-backend');
  for await (const message of await consumer.consume()) {
    hear(message.json());
    // A host with a database acknowledges after its commit.
    message.ack();
  }
};

const readJson = async (request: http.IncomingMessage): Promise<Parameters<typeof addPost>[0]> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
};

const answer = async (request: http.IncomingMessage): Promise<unknown> => {
  const [, , id = ''] = (request.url ?? '').split('/');
  if (request.method === 'POST') await addPost(await readJson(request));
  if (request.method === 'DELETE') await removePost(id);
  return [...posts.values()].map((post) => ({ ...post, media: media.get(post.media_object_id) }));
};

const server = http.createServer((request, response) => {
  answer(request).then(
    (body) => response.setHeader('content-type', 'application/json').end(JSON.stringify(body)),
    (error: unknown) => response.writeHead(502).end(String(error)),
  );
});
server.listen(Number(PORT), '127.0.0.1');
await listen();

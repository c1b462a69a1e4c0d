// A host without a client for NATS: the same as host-backend.ts, but it is notified of media objects by webhook. Run it
// with Node 24 and PORT, CLAIMCHECK_URL, CLAIMCHECK_TOKEN (its scope contains claimcheck:admin), WEBHOOK_SECRET;
// the api has WEBHOOK_URL=http://this-host:PORT/webhook and the same secret.
import http from 'node:http';
import { Webhook } from 'standardwebhooks';

interface Media {
  media_object_id: string;
  rev: number;
  state: string;
  thumbnailUrl?: string;
}

interface Post {
  id: string;
  room: string;
  text: string;
  media_object_id: string;
}

const { PORT, CLAIMCHECK_URL, CLAIMCHECK_TOKEN, WEBHOOK_SECRET = '' } = process.env;
const webhook = new Webhook(WEBHOOK_SECRET);
const posts = new Map<string, Post>();
/** The latest of each media object: an event may come before the post that refers to it. */
const media = new Map<string, Media>();

const claimcheck = async (method: string, path: string, body?: object): Promise<void> => {
  const response = await fetch(`${CLAIMCHECK_URL}${path}`, {
    method,
    headers: { authorization: `Bearer ${CLAIMCHECK_TOKEN}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
};

const addPost = async ({ members, ...post }: Post & { members: string[] }): Promise<void> => {
  await claimcheck('POST', '/v1/conversations', { conversation_id: post.room, member_ids: members });
  await claimcheck('PUT', `/v1/media/${post.media_object_id}/references/post/${post.id}`, {
    conversation_id: post.room,
  });
  posts.set(post.id, post);
};

const removePost = async (id: string): Promise<void> => {
  const post = posts.get(id);
  if (post === undefined) return;
  await claimcheck('DELETE', `/v1/media/${post.media_object_id}/references/post/${id}`);
  posts.delete(id);
};

/** At least once and in no order: a lower rev than the known one is old news. Unknown types are no errors. */
const hear = (body: string, headers: http.IncomingHttpHeaders): void => {
  // Throws if Claimcheck did not sign the body, or signed it more than five minutes ago. Pass the raw body.
  const event = webhook.verify(body, headers as Record<string, string>) as {
    type: string;
    data: { media: Media };
  };
  if (event.type !== 'media.updated') return;
  const { media_object_id: id, rev } = event.data.media;
  if ((media.get(id)?.rev ?? 0) < rev) media.set(id, event.data.media);
};

const readBody = async (request: http.IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};

const answer = async (request: http.IncomingMessage): Promise<unknown> => {
  const [, what, id = ''] = (request.url ?? '').split('/');
  const body = await readBody(request);
  if (what === 'webhook') return hear(body, request.headers);
  if (request.method === 'POST') await addPost(JSON.parse(body));
  if (request.method === 'DELETE') await removePost(id);
  return [...posts.values()].map((post) => ({ ...post, media: media.get(post.media_object_id) }));
};

const server = http.createServer((request, response) => {
  answer(request).then(
    (body) => response.setHeader('content-type', 'application/json').end(JSON.stringify(body ?? {})),
    // Anything but a 2xx, and Claimcheck sends it again.
    (error: unknown) => response.writeHead(502).end(String(error)),
  );
});
server.listen(Number(PORT), '127.0.0.1');

import { Agent } from 'node:http';
import type { SignedPart, UploadAuthorization, UploadParts } from '@claimcheck/contracts/rest';
import { exchange } from '../load/http-exchange.ts';
import { RandomBody } from '../load/random-body.ts';

export interface DirectUploadOrder {
  apiUrl: string;
  token: string;
  size_bytes: number;
  /** Number of parts in transit at the same time. */
  parallel: number;
}

const PART_LIMIT_MS = 120_000;
const bodies = new RandomBody();

const call = async <Body>(
  { apiUrl, token }: DirectUploadOrder,
  path: string,
  body?: object,
): Promise<Body> => {
  const response = await fetch(`${apiUrl}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body ?? {}),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`POST ${path} was answered ${response.status}: ${text}`);
  return JSON.parse(text) as Body;
};

const sendPart = async (part: SignedPart, agent: Agent): Promise<void> => {
  const answer = await exchange({
    method: 'PUT',
    url: part.url,
    headers: { 'content-length': String(part.size_bytes) },
    body: bodies.chunks(part.number, part.size_bytes),
    agent,
    signal: AbortSignal.timeout(PART_LIMIT_MS),
  });
  if (answer.status !== 200)
    throw new Error(`part ${part.number} was answered ${answer.status}: ${answer.text}`);
};

const sendParts = async (parts: readonly SignedPart[], agent: Agent, parallel: number): Promise<void> => {
  const left = [...parts];
  const sender = async () => {
    for (let part = left.shift(); part !== undefined; part = left.shift()) await sendPart(part, agent);
  };
  await Promise.all(Array.from({ length: parallel }, sender));
};

/**
 * Uploads like a client without a ticket: parts to the storage, one page of URLs after the other.
 *
 * @returns the upload's URL at the api; @throws when an answer is wrong
 */
export const uploadDirectly = async (order: DirectUploadOrder): Promise<string> => {
  const agent = new Agent({ keepAlive: true, maxSockets: order.parallel });
  try {
    const { media, upload } = await call<UploadAuthorization>(order, '/v1/media', {
      client_media_id: crypto.randomUUID(),
      filename: 'bench.bin',
      content_type: 'application/octet-stream',
      size_bytes: order.size_bytes,
      protocols: ['multipart'],
    });
    const path = `/v1/media/${media.media_object_id}`;
    for (let parts = upload.parts ?? []; parts.length > 0; ) {
      await sendParts(parts, agent, order.parallel);
      ({ parts } = await call<UploadParts>(order, `${path}/parts`));
    }
    await call(order, `${path}/complete`);
    return `${order.apiUrl}${path}`;
  } finally {
    agent.destroy();
  }
};

import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { ChatUser } from '../chat-user.ts';
import type { System } from '../system.ts';
import { WireUpload } from '../tus-wire.ts';

const MIB = 1_024 * 1_024;
const CUT_AT = 8 * MIB - 1;
const BULK_CONNECTIONS = 20;
const BULK_ITEMS = 100;
/** Pause of a hostile client after a refusal: it wants to hurt, and a loop without a pause would only slow down itself. */
const REFUSED_PAUSE_MS = 20;

/** How many of each kind of abuse there are. */
export interface Abuse {
  cutUploads: number;
  downloads: number;
  sockets: number;
}

/** Answers by their status; 0 is none. */
export type Statuses = Record<number, number>;

const count = (statuses: Statuses, status: number): void => {
  statuses[status] = (statuses[status] ?? 0) + 1;
};

const targetOf = (system: System, userId: string) => ({
  baseUrl: system.apiUrl,
  token: system.tokenFor(userId),
});

/** Uploads that lose their connection just before a whole part is here, and all resume at the same moment. */
export const cutAndResume = async (system: System, { cutUploads }: Abuse): Promise<Statuses> => {
  const statuses: Statuses = {};
  const bytes = Buffer.alloc(CUT_AT, 7);
  const uploads: WireUpload[] = [];
  for (let made = 0; made < cutUploads; made += 1) {
    const upload = await WireUpload.create(targetOf(system, 'cutter'), 2 * CUT_AT);
    const request = upload.openPatch(0, 2 * CUT_AT, 60_000);
    await request.write(bytes);
    request.destroy();
    uploads.push(upload);
  }
  await Promise.all(
    uploads.map(async (upload) => {
      const answer = await upload.head();
      const offset = answer.kind === 'answered' ? (answer.offset ?? 0) : 0;
      const resumed = await upload.patch(offset, bytes.subarray(0, 1));
      count(statuses, resumed.kind === 'answered' ? resumed.status : 0);
    }),
  );
  return statuses;
};

const connect = (system: System): net.Socket => {
  const { hostname, port } = new URL(system.apiUrl);
  const socket = net.connect(Number(port), hostname);
  socket.on('error', () => {});
  return socket;
};

/** Viewers that ask for a file and do not read it. @returns how to end them */
export const holdDownloads = (system: System, path: string, { downloads }: Abuse): (() => void) => {
  const sockets = Array.from({ length: downloads }, () => {
    const socket = connect(system);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    socket.pause();
    return socket;
  });
  return () => {
    for (const socket of sockets) socket.destroy();
  };
};

/** Sockets without a token that announce a body and send next to nothing of it. @returns how to end them */
export const holdSockets = (system: System, { sockets }: Abuse): (() => void) => {
  const held = Array.from({ length: sockets }, () => {
    const socket = connect(system);
    socket.resume();
    socket.write(
      'POST /v1/media HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{',
    );
    return socket;
  });
  return () => {
    for (const socket of held) socket.destroy();
  };
};

/** One user asks for a hundred URLs at a time, on twenty connections, until the signal stops it. */
export const floodBulk = async (flooder: ChatUser, id: string, over: AbortSignal): Promise<Statuses> => {
  const statuses: Statuses = {};
  const items = Array.from({ length: BULK_ITEMS }, () => ({ id, quality: 'original' }));
  const ask = async () => {
    while (!over.aborted) {
      const { status } = await flooder.call('POST', '/v1/media/urls', { items });
      count(statuses, status);
      if (status === 429) await pause(REFUSED_PAUSE_MS);
    }
  };
  await Promise.all(Array.from({ length: BULK_CONNECTIONS }, ask));
  return statuses;
};

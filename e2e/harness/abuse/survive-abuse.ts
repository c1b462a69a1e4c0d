import { setTimeout as pause } from 'node:timers/promises';
import { peakMib, resetPeak } from '../../bench/measure/process-usage.ts';
import { ChatUser } from '../chat-user.ts';
import type { System } from '../system.ts';
import { until } from '../until.ts';
import {
  type Abuse,
  cutAndResume,
  floodBulk,
  holdDownloads,
  holdSockets,
  type Statuses,
} from './hostile-users.ts';

const WAV_BYTES = 16 * 1_024 * 1_024;
const EVERY_MS = 50;

interface HonestTimes {
  requests: number;
  p50_ms: number;
  p95_ms: number;
  /** Answers that an honest user should never see. */
  failed: number;
}

export interface AbuseReport {
  idle: HonestTimes;
  abused: HonestTimes;
  /** Of the api's process while all of it lasted. */
  peak_mib: number;
  cut: Statuses;
  bulk: Statuses;
}

/** A silent recording of 8,000 samples a second, in one channel of 16 bits. */
const silence = (): Buffer => {
  const wav = Buffer.alloc(WAV_BYTES);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(WAV_BYTES - 8, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(8_000, 24);
  wav.writeUInt32LE(16_000, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(WAV_BYTES - 44, 40);
  return wav;
};

const timesOf = (ms: number[], failed: number): HonestTimes => {
  const sorted = ms.toSorted((a, b) => a - b);
  const at = (part: number) => Math.round(sorted[Math.floor(part * (sorted.length - 1))] ?? 0);
  return { requests: ms.length, p50_ms: at(0.5), p95_ms: at(0.95), failed };
};

/** Small requests one after the other, as an honest client sends them, for as long as `during` takes. */
const ask = async (user: ChatUser, path: string, during: Promise<unknown>): Promise<HonestTimes> => {
  let isOver = false;
  const ended = during.finally(() => {
    isOver = true;
  });
  const ms: number[] = [];
  let failed = 0;
  while (!isOver) {
    const began = performance.now();
    const { status } = await user.call('GET', path);
    ms.push(performance.now() - began);
    if (status !== 200) failed += 1;
    await pause(EVERY_MS);
  }
  await ended;
  return timesOf(ms, failed);
};

/** A recording in a conversation of a user who will not read it, and its address. */
const shareRecording = async (system: System): Promise<{ id: string; path: string; viewer: ChatUser }> => {
  const viewer = new ChatUser(system, 'viewer');
  const conversation_id = await viewer.startConversation();
  const id = await viewer.upload({ bytes: silence(), filename: 'a.wav', filetype: 'audio/wav' });
  await viewer.send(conversation_id, { client_message_id: 'a', message_type: 'audio', media_object_id: id });
  await until(
    async () => {
      const { body } = await viewer.call<{ state: string }>('GET', `/v1/media/${id}`);
      return ['ready', 'degraded'].includes(body.state) ? true : undefined;
    },
    { withinMs: 120_000, what: 'the recording to be ready' },
  );
  const { body } = await viewer.call<{ token: string }>('POST', '/v1/media/session', { conversation_id });
  return { id, path: `/v1/media/${id}/source?t=${body.token}`, viewer };
};

/** Hostile users next to an honest one, for `ms`, all limits as they are shipped. */
export const surviveAbuse = async (system: System, abuse: Abuse, ms: number): Promise<AbuseReport> => {
  const honest = new ChatUser(system, 'ann');
  const path = `/v1/conversations/${await honest.startConversation()}`;
  const { id, path: recording, viewer } = await shareRecording(system);
  const idle = await ask(honest, path, pause(ms / 4));
  const { pid } = system.apps.api;
  await resetPeak(pid);
  const over = new AbortController();
  const ends = [holdDownloads(system, recording, abuse), holdSockets(system, abuse)];
  const hostile = Promise.all([
    cutAndResume(system, abuse),
    floodBulk(viewer, id, over.signal),
    pause(ms).then(() => over.abort()),
  ]);
  try {
    const abused = await ask(honest, path, hostile);
    const [cut, bulk] = await hostile;
    return { idle, abused, peak_mib: Math.round(await peakMib(pid)), cut, bulk };
  } finally {
    over.abort();
    for (const end of ends) end();
  }
};

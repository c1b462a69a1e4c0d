import { type OptimizeRequest, optimizeRequestSchema } from '@claimcheck/contracts/broker-events';
import { CONSUMERS } from '@claimcheck/contracts/subjects';
import type { Database } from '@claimcheck/database/database';
import type { DeadLetter, DeadLetters } from '@claimcheck/platform/nats/dead-letters';
import { redriveMedia } from '../media/lifecycle/redrive-media.ts';
import type { DomainConfig } from '../media/record/domain-config.ts';
import { readMedia } from '../media/record/media-row.ts';

/** A dead letter without its payload, for programs. */
export const describeLetter = (letter: DeadLetter) => ({
  seq: letter.seq,
  consumer: letter.consumer,
  origin: letter.origin,
  reason: letter.reason,
  attempts: letter.attempts,
  died_at: letter.died_at.toISOString(),
  size_bytes: letter.payload.byteLength,
});

/**
 * `published`: again on its original subject. `new_epoch`: its media object is processed again. `moot`: its media object
 * is gone or settled in another way; the letter is removed.
 */
export type Redrive = 'published' | 'new_epoch' | 'moot';

/** Returns the request in it, if it contains a readable one. */
const requestIn = (letter: DeadLetter): OptimizeRequest | undefined => {
  const consumers: readonly string[] = [CONSUMERS.media, CONSUMERS.transcode];
  if (!consumers.includes(letter.consumer)) return undefined;
  try {
    return optimizeRequestSchema.safeParse(JSON.parse(Buffer.from(letter.payload).toString())).data;
  } catch {
    return undefined;
  }
};

/**
 * Gives a dead letter another chance, and removes it once that is certain. It does not simply repeat a request: the
 * worker that abandoned it has answered that it failed, and the broker would take the same epoch's next answer for a
 * repetition of that one.
 */
export const redriveLetter = async (
  deadLetters: DeadLetters,
  database: Database,
  settings: DomainConfig,
  letter: DeadLetter,
): Promise<Redrive> => {
  const request = requestIn(letter);
  // A scan alone settles nothing: the media object's state does not tell whether it was answered.
  if (request === undefined || request.probe === true || request.only !== undefined) {
    await deadLetters.redrive(letter);
    return 'published';
  }
  const row = await readMedia(database, request.mediaId);
  const redriven =
    row === undefined
      ? undefined
      : await database.transaction((tx) =>
          redriveMedia(tx, settings, request.mediaId, request.epoch ?? row.epoch),
        );
  await deadLetters.remove(letter);
  return redriven !== undefined && 'media' in redriven ? 'new_epoch' : 'moot';
};

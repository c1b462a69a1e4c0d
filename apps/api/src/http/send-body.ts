import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { discardChunks } from '@claimcheck/platform/s3/discard-chunks';

/** Bytes that wait for a viewer before the storage waits too. */
const WAITING_BYTES = 128 * 1_024;

/**
 * Sends a body from the storage to the viewer, and ends the response. Each chunk's memory is freed as soon as the socket has
 * it, which a pipeline leaves to the collector. When one side breaks, both are closed.
 *
 * @throws the error of the side that broke
 */
export const sendBody = async (body: Readable, response: ServerResponse): Promise<void> => {
  const stop = () => body.destroy();
  if (response.destroyed) stop();
  response.once('close', stop);
  let waiting = 0;
  body.on('data', (chunk: Buffer) => {
    const { length } = chunk;
    waiting += length;
    response.write(chunk, (error) => {
      // A write that failed may still be read by the socket.
      if (error) return;
      waiting -= length;
      discardChunks([chunk]);
      if (waiting < WAITING_BYTES) body.resume();
    });
    if (waiting >= WAITING_BYTES) body.pause();
  });
  try {
    await finished(body, { writable: false });
    response.end();
    await finished(response);
  } catch (error) {
    response.destroy();
    throw error;
  } finally {
    response.off('close', stop);
  }
};

import { pipeline } from 'node:stream/promises';
import { isMissing } from '@claimcheck/platform/s3/s3-errors';
import type { Response } from 'express';
import type { Download } from '../media/access/resolve-download.ts';
import type { HttpContext } from '../request/context.ts';
import { LostObjectError } from './lost-object-error.ts';
import { bucketOf, inSlot } from './serve-download.ts';

/** Characters that may be kept until the end of a line arrives: a worker's playlist is of any size. */
const LONGEST_LINE = 16_384;

const withQuery = (line: string, query: string): string => {
  if (line.startsWith('#')) return line.replace(/URI="([^"?]+)"/g, `URI="$1${query}"`);
  return line.trim() === '' ? line : `${line.trimEnd()}${query}`;
};

/**
 * Adds the session's token to every name in a playlist (RFC 8216), on a line of its own or in a tag.
 *
 * @throws when a line does not end
 */
export const addSession = (token: string) =>
  async function* (playlist: AsyncIterable<string>): AsyncGenerator<string> {
    const query = `?t=${encodeURIComponent(token)}`;
    let rest = '';
    for await (const text of playlist) {
      const lines = `${rest}${text}`.split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > LONGEST_LINE) throw new Error('a line of the playlist is too long');
      if (lines.length > 0) yield lines.map((line) => `${withQuery(line, query)}\n`).join('');
    }
    if (rest !== '') yield withQuery(rest, query);
  };

/**
 * Streams a playlist. A relative name does not inherit the query of the playlist's URL, so each name gets the session's token.
 *
 * @throws as {@link inSlot}
 */
export const servePlaylist = (
  context: Pick<HttpContext, 'storage' | 'config' | 'streamSlots'>,
  download: Download,
  token: string,
  response: Response,
): Promise<void> =>
  inSlot(context, response, async (gone) => {
    const { body } = await bucketOf(context.storage, download)
      .get(download.key, { signal: gone, pool: 'downloads' })
      .catch((error: unknown) => {
        throw isMissing(error) ? new LostObjectError(download.key) : error;
      });
    response
      .set({
        'Cache-Control': 'private, no-store',
        'Referrer-Policy': 'no-referrer',
        'X-Content-Type-Options': 'nosniff',
      })
      .type(download.content_type);
    await pipeline(body.setEncoding('utf8'), addSession(token), response);
  });

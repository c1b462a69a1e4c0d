import { text } from 'node:stream/consumers';
import { isMissing } from '@claimcheck/platform/s3/s3-errors';
import type { Storage } from '@claimcheck/platform/s3/storage';
import type { Response } from 'express';
import type { Download } from '../media/access/resolve-download.ts';
import { LostObjectError } from './lost-object-error.ts';
import { bucketOf } from './serve-download.ts';

/** Adds the session's token to every name in a playlist (RFC 8216), on a line of its own or in a tag. */
export const withSession = (playlist: string, token: string): string => {
  const query = `?t=${encodeURIComponent(token)}`;
  return playlist
    .split('\n')
    .map((line) => {
      if (line.startsWith('#')) return line.replace(/URI="([^"?]+)"/g, `URI="$1${query}"`);
      return line.trim() === '' ? line : `${line.trimEnd()}${query}`;
    })
    .join('\n');
};

/** A relative name does not inherit the query of the playlist's URL, so each name gets the session's token. */
export const servePlaylist = async (
  storage: Storage,
  download: Download,
  token: string,
  response: Response,
): Promise<void> => {
  const object = await bucketOf(storage, download)
    .get(download.key)
    .catch((error: unknown) => {
      throw isMissing(error) ? new LostObjectError(download.key) : error;
    });
  response
    .set({
      'Cache-Control': 'private, no-store',
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
    })
    .type(download.content_type)
    .send(withSession(await text(object.body), token));
};

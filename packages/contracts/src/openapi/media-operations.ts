import type { z } from 'zod';
import { mediaSchema } from '../media.ts';
import {
  clientReportSchema,
  deleteMediaQuerySchema,
  longPollQuerySchema,
  mediaSessionSchema,
  mediaUrlsSchema,
  referenceSchema,
} from '../rest.ts';
import { mediaSessionAnswerSchema, mediaUrlsAnswerSchema, referenceAnswerSchema } from './answer-schemas.ts';
import { EXAMPLE_IDS, exampleMedia, exampleSession } from './examples.ts';
import type { Operation } from './operation.ts';
import {
  hlsEpoch,
  hlsFile,
  hlsMediaId,
  ifNoneMatch,
  inQuery,
  kind,
  mediaId,
  mediaSession,
  quality,
  range,
  refId,
  unsentMediaId,
  version,
} from './parameters.ts';

const SERVING = [
  'not_found',
  'media_gone',
  'media_not_uploaded',
  'media_failed',
  'media_not_scanned',
  'media_not_ready',
  'forbidden',
  'session_expired',
] as const;

const reference = {
  media_object_id: EXAMPLE_IDS.unsent_media,
  kind: 'post',
  ref_id: '4711',
  conversation_id: EXAMPLE_IDS.conversation,
};

const download = {
  path: '/v1/media/{id}/{quality}',
  tag: 'Downloads',
  access: 'user or media session',
} as const;

export const MEDIA_OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: '/v1/media/{id}',
    id: 'readMedia',
    tag: 'Media',
    summary: 'Get a media object; with wait, a long-poll that answers at its next change',
    access: 'user',
    parameters: [mediaId, ...inQuery(longPollQuerySchema), ifNoneMatch],
    answers: {
      200: {
        description: 'As it is',
        schema: mediaSchema,
        example: exampleMedia,
        headers: { ETag: 'The rev' },
      },
      304: { description: 'Its rev is the one in If-None-Match' },
    },
    problems: ['not_found'],
  },
  {
    method: 'delete',
    path: '/v1/media/{id}',
    id: 'deleteMedia',
    tag: 'Media',
    summary:
      'Delete your own media object if nothing refers to it. With force=true, a backend takes down any media object, everywhere and at once; repeatable',
    access: 'user',
    parameters: [unsentMediaId, ...inQuery(deleteMediaQuerySchema)],
    answers: { 204: { description: 'Deleted' } },
    problems: ['not_found', 'media_referenced', 'forbidden'],
  },
  {
    ...download,
    method: 'get',
    id: 'download',
    summary: 'Download: redirects to the storage or, if so configured, proxies the bytes',
    parameters: [mediaId, quality, version, mediaSession, range, ifNoneMatch],
    answers: {
      302: { description: 'Redirects to a URL with a temporary signature', headers: { Location: 'Signed' } },
      200: { description: 'The whole', isBinary: true },
      206: { description: 'The range', isBinary: true },
      304: { description: 'Unchanged' },
    },
    problems: [...SERVING, 'range_not_satisfiable'],
  },
  {
    ...download,
    method: 'head',
    id: 'describeDownload',
    summary: 'Get size, type and ETag; never redirects',
    parameters: [mediaId, quality, version, mediaSession],
    answers: { 200: { description: 'The headers of GET' } },
    problems: SERVING,
  },
  {
    method: 'get',
    path: '/v1/media/{id}/hls/{epoch}/{file}',
    id: 'readHlsFile',
    tag: 'Downloads',
    summary: "Get a video's playlists and segments, each authorised. Playlists contain the session's token",
    access: 'user or media session',
    parameters: [hlsMediaId, hlsEpoch, hlsFile, mediaSession],
    answers: {
      200: { description: 'A playlist, or with proxied downloads a segment', isBinary: true },
      302: {
        description: 'Redirects to a segment with a temporary signature',
        headers: { Location: 'Signed' },
      },
    },
    problems: SERVING,
  },
  {
    method: 'post',
    path: '/v1/media/urls',
    id: 'createMediaUrls',
    tag: 'Downloads',
    summary: 'Get URLs for elements that cannot send headers, for up to 100 downloads',
    access: 'user',
    body: {
      schema: mediaUrlsSchema,
      example: { items: [{ id: EXAMPLE_IDS.media, quality: 'medium' }] },
    },
    answers: {
      200: {
        description: 'For each item a URL, or the reason why there is none',
        schema: mediaUrlsAnswerSchema,
        example: {
          items: [
            {
              id: EXAMPLE_IDS.media,
              quality: 'medium',
              url: `${exampleMedia.mediaUrl}&t=${exampleSession.token}`,
              expires_at: exampleSession.expires_at,
              refresh_at: exampleSession.refresh_at,
            },
          ],
        },
      },
    },
  },
  {
    method: 'post',
    path: '/v1/media/session',
    id: 'openMediaSession',
    tag: 'Downloads',
    summary: 'Open or renew the media session of a conversation; renewing keeps its token',
    access: 'user',
    body: { schema: mediaSessionSchema, example: { conversation_id: EXAMPLE_IDS.conversation } },
    answers: {
      200: { description: 'The session', schema: mediaSessionAnswerSchema, example: exampleSession },
    },
    problems: ['not_found'],
  },
  {
    method: 'put',
    path: '/v1/media/{id}/references/{kind}/{ref_id}',
    id: 'putReference',
    tag: 'Hosts',
    summary: "Add a reference from a host's own message to a media object; repeatable",
    access: 'backend',
    parameters: [unsentMediaId, kind, refId],
    body: { schema: referenceSchema, example: { conversation_id: EXAMPLE_IDS.conversation } },
    answers: {
      201: { description: 'Reference added', schema: referenceAnswerSchema, example: reference },
      200: { description: 'The reference already existed', schema: referenceAnswerSchema },
    },
    problems: ['forbidden', 'not_found', 'media_gone', 'media_not_uploaded', 'client_key_conflict'],
  },
  {
    method: 'delete',
    path: '/v1/media/{id}/references/{kind}/{ref_id}',
    id: 'deleteReference',
    tag: 'Hosts',
    summary: 'Remove a reference. A media object without any reference expires; repeatable',
    access: 'backend',
    parameters: [unsentMediaId, kind, refId],
    answers: { 204: { description: 'The reference does not exist' } },
    problems: ['forbidden'],
  },
  {
    method: 'post',
    path: '/v1/client-reports',
    id: 'reportFromClient',
    tag: 'Service',
    summary: 'Report an error that only the client saw',
    access: 'user',
    body: {
      schema: clientReportSchema,
      example: {
        kind: 'playback',
        reason: 'stalled',
        media_object_id: EXAMPLE_IDS.media,
        quality: 'original',
        detail: 'waiting for 10 s at 00:42',
      } satisfies z.input<typeof clientReportSchema>,
    },
    answers: { 204: { description: 'Counted' } },
  },
];

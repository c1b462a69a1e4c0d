import { z } from 'zod';
import { clientKey, hostId, uuid } from '../ids.ts';
import { QUALITIES } from '../media.ts';
import { EXAMPLE_IDS } from './examples.ts';
import type { Parameter } from './operation.ts';

const inPath = (name: string, schema: z.ZodType, example: string): Parameter => ({
  in: 'path',
  name,
  schema,
  required: true,
  example,
});

export const mediaId = inPath('id', uuid, EXAMPLE_IDS.media);
export const unsentMediaId = inPath('id', uuid, EXAMPLE_IDS.unsent_media);
export const uploadId = inPath('id', uuid, EXAMPLE_IDS.upload);
export const multipartUploadId = inPath('id', uuid, EXAMPLE_IDS.multipart_upload);
export const putUploadId = inPath('id', uuid, EXAMPLE_IDS.put_upload);
export const hlsMediaId = inPath('id', uuid, EXAMPLE_IDS.hls_media);
export const hlsEpoch = inPath('epoch', z.string().regex(/^[1-9]\d{0,8}$/), '1');
export const hlsFile = inPath('file', z.string(), 'main.m3u8');
export const conversationId = inPath('id', hostId, EXAMPLE_IDS.conversation);
export const messageId = inPath('messageId', uuid, EXAMPLE_IDS.message);
export const userId = inPath('userId', hostId, EXAMPLE_IDS.member);
export const quality = inPath('quality', z.enum(QUALITIES), 'medium');
export const kind = inPath('kind', hostId, 'post');
export const refId = inPath('ref_id', z.string(), '4711');

export const version: Parameter = {
  in: 'query',
  name: 'v',
  schema: z.string(),
  description: 'The version of the media object; with it, caches may keep the redirect',
  example: '1',
};
export const mediaSession: Parameter = {
  in: 'query',
  name: 't',
  schema: z.string(),
  description: 'The token of a media session, for elements that cannot send headers',
};
export const range: Parameter = { in: 'header', name: 'Range', schema: z.string() };
export const ifNoneMatch: Parameter = { in: 'header', name: 'If-None-Match', schema: z.string() };
export const idempotencyKey: Parameter = {
  in: 'header',
  name: 'Idempotency-Key',
  schema: clientKey,
  description: 'Repeating a request with the same key gives the same answer',
};
export const tusResumable: Parameter = {
  in: 'header',
  name: 'Tus-Resumable',
  schema: z.literal('1.0.0'),
  required: true,
  example: '1.0.0',
};

/** Returns the parameters of a query schema. */
export const inQuery = (schema: z.ZodObject): Parameter[] =>
  Object.entries(schema.shape).map(([name, field]) => ({
    in: 'query',
    name,
    schema: field,
  }));

import { z } from 'zod';
import { publicConfigSchema } from './answer-schemas.ts';
import type { Operation, Parameter } from './operation.ts';
import { tusResumable, uploadId } from './parameters.ts';

const header = (name: string, schema: z.ZodType, example: string, required = true): Parameter => ({
  in: 'header',
  name,
  schema,
  required,
  example,
});

const digits = z.string().regex(/^\d+$/);
const TUS = 'See https://tus.io/protocols/resumable-upload';
const ticketed = { tag: 'Uploads', access: 'user or upload ticket' } as const;

export const SERVICE_OPERATIONS: readonly Operation[] = [
  {
    method: 'post',
    path: '/v1/uploads',
    id: 'createUpload',
    tag: 'Uploads',
    summary: `tus: create an upload. ${TUS}`,
    access: 'user',
    parameters: [
      tusResumable,
      header('Upload-Length', digits, '5'),
      header('Upload-Metadata', z.string(), 'filename YS50eHQ=,filetype dGV4dC9wbGFpbg=='),
    ],
    answers: { 201: { description: 'Created', headers: { Location: 'Ends in the media_object_id' } } },
    problems: [
      'tus_version',
      'tus_protocol',
      'invalid_metadata',
      'length_required',
      'too_large',
      'quota_exceeded',
      'too_many_uploads',
      'too_many_uploads_today',
      'client_key_conflict',
      'upload_gone',
      'upload_locked',
    ],
  },
  {
    ...ticketed,
    method: 'head',
    path: '/v1/uploads/{id}',
    id: 'readUploadOffset',
    summary: "tus: get the upload's offset",
    parameters: [uploadId, tusResumable],
    answers: { 200: { description: 'The offset', headers: { 'Upload-Offset': 'Bytes' } } },
    problems: ['not_found', 'upload_gone', 'tus_version'],
  },
  {
    ...ticketed,
    method: 'patch',
    path: '/v1/uploads/{id}',
    id: 'appendToUpload',
    summary: 'tus: append bytes at the offset',
    parameters: [uploadId, tusResumable, header('Upload-Offset', digits, '0')],
    body: { binary: 'application/offset+octet-stream', example: 'hello' },
    answers: { 204: { description: 'Kept', headers: { 'Upload-Offset': 'Bytes' } } },
    problems: [
      'not_found',
      'upload_gone',
      'offset_mismatch',
      'upload_locked',
      'checksum_mismatch',
      'too_large',
      'quota_exceeded',
      'tus_version',
    ],
  },
  {
    ...ticketed,
    method: 'delete',
    path: '/v1/uploads/{id}',
    id: 'terminateUpload',
    summary: 'tus: end an upload; repeatable',
    parameters: [uploadId, tusResumable],
    answers: { 204: { description: 'Deleted' } },
    problems: ['not_found', 'media_referenced', 'upload_locked', 'tus_version'],
  },
  {
    method: 'options',
    path: '/v1/uploads',
    id: 'describeUploads',
    tag: 'Uploads',
    summary: "tus: get this server's extensions",
    access: 'public',
    answers: { 204: { description: 'The headers list them', headers: { 'Tus-Extension': 'A list' } } },
  },
  {
    method: 'get',
    path: '/config.json',
    id: 'readConfig',
    tag: 'Service',
    summary: 'Get public addresses and limits, for the SDK',
    access: 'public',
    answers: {
      200: {
        description: 'The configuration',
        schema: publicConfigSchema,
        example: {
          api_url: 'https://media.example',
          gateway_url: 'https://live.media.example',
          max_upload_bytes: 5_368_709_120,
          max_request_bytes: 100_000_000,
          dev_login: false,
        },
      },
    },
  },
  {
    method: 'get',
    path: '/openapi.json',
    id: 'readOpenapi',
    tag: 'Service',
    summary: 'This document',
    access: 'public',
    answers: {
      200: {
        description: 'OpenAPI 3.1',
        schema: z.looseObject({ openapi: z.string() }),
        example: { openapi: '3.1.1' },
      },
    },
  },
];

import { mediaSchema } from '../media.ts';
import { authorizeUploadSchema, signPartsSchema } from '../rest.ts';
import { uploadAuthorizationSchema, uploadInstructionsSchema, uploadPartsSchema } from './answer-schemas.ts';
import { exampleMedia, exampleUpload } from './examples.ts';
import type { Operation } from './operation.ts';
import { idempotencyKey, multipartUploadId, putUploadId, uploadId } from './parameters.ts';

/** Uploads that the api authorises; those of the tus protocol are not REST. */
export const UPLOAD_OPERATIONS: readonly Operation[] = [
  {
    method: 'post',
    path: '/v1/media',
    id: 'authorizeUpload',
    tag: 'Uploads',
    summary: 'Authorise an upload. (owner, client_media_id) permanently names one media object',
    access: 'user',
    parameters: [idempotencyKey],
    body: {
      schema: authorizeUploadSchema,
      example: {
        client_media_id: 'phone-1-photo-4711',
        filename: 'beach.jpg',
        size_bytes: 2_483_112,
        content_type: 'image/jpeg',
        alt: 'Two children on a beach',
      },
    },
    answers: {
      201: {
        description: 'Where to send the bytes',
        schema: uploadAuthorizationSchema,
        example: { media: exampleMedia, upload: exampleUpload },
      },
      200: { description: 'This upload was already authorised', schema: uploadAuthorizationSchema },
    },
    problems: [
      'too_large',
      'quota_exceeded',
      'too_many_uploads',
      'too_many_uploads_today',
      'client_key_conflict',
      'idempotency_mismatch',
      'upload_gone',
      'unavailable',
    ],
  },
  {
    method: 'post',
    path: '/v1/media/{id}/upload-ticket',
    id: 'renewUploadTicket',
    tag: 'Uploads',
    summary: 'Renew an upload ticket without restarting the upload',
    access: 'user',
    parameters: [uploadId],
    answers: {
      200: {
        description: 'A ticket that is valid for as long as the upload',
        schema: uploadInstructionsSchema,
        example: exampleUpload,
      },
    },
    problems: ['not_found', 'upload_gone', 'upload_finished', 'unavailable'],
  },
  {
    method: 'post',
    path: '/v1/media/{id}/parts',
    id: 'signParts',
    tag: 'Uploads',
    summary: 'Sign parts of a multipart upload, and list the stored ones',
    access: 'user or upload ticket',
    parameters: [multipartUploadId],
    body: { schema: signPartsSchema, example: { numbers: [1] } },
    answers: { 200: { description: 'Parts to send, and parts that are stored', schema: uploadPartsSchema } },
    problems: ['not_found', 'upload_finished', 'upload_gone'],
  },
  {
    method: 'post',
    path: '/v1/media/{id}/complete',
    id: 'completeUpload',
    tag: 'Uploads',
    summary:
      'Report that a direct upload is complete; repeatable, and unnecessary where the storage notifies the api',
    access: 'user or upload ticket',
    parameters: [putUploadId],
    answers: { 200: { description: 'The media object', schema: mediaSchema, example: exampleMedia } },
    problems: ['not_found', 'upload_incomplete', 'media_failed', 'upload_gone'],
  },
];

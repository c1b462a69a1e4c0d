import { z } from 'zod';
import { uuid } from './ids.ts';
import { withoutControls } from './lenient.ts';
import { LIMITS } from './limits.ts';
import { DERIVED_QUALITIES, FORMATS, MEDIA_KINDS, mediaSchema, WAVEFORM_PEAKS } from './media.ts';
import { workerReportSchema } from './worker-report.ts';

// Every reader ignores unknown optional fields (hence looseObject), so an event can gain fields. A renamed
// field means a new subject.

const key = z.string().min(1).max(1024);
/** A text that every header and every database can store. */
const PRINTABLE = /^[\x20-\x7e]+$/;
const epoch = z.int().positive().max(LIMITS.count);
const pixels = z.int().positive().max(LIMITS.count);

export const optimizeRequestSchema = z
  .looseObject({
    s3Key: key.describe('The key that finalize verified'),
    s3Bucket: z.string().min(1),
    mediaId: uuid,
    mediaUrl: z.url().describe("The media object's stable URL; repeated as originalUrl in the response"),
    contentType: z.string().optional(),
    sizeBytes: z.int().nonnegative().optional(),
    epoch: epoch.optional().describe('The number of this processing attempt; absent: the current one'),
    sha256: z.string().optional(),
    joined: z
      .boolean()
      .optional()
      .describe(
        'The verdict may be in the field scan of the final response, instead of in a response before it',
      ),
    probe: z
      .boolean()
      .optional()
      .describe('A probe: answer it with stage probe; there is no such media object'),
    only: z
      .string()
      .max(64)
      .optional()
      .describe(
        'scan: scan the stored source again and answer with stage rescan; any other value means everything',
      ),
  })
  .describe('api to worker: derive what this media object needs');
export type OptimizeRequest = z.infer<typeof optimizeRequestSchema>;

export const RESPONSE_STAGES = ['preview', 'scan', 'progress', 'final', 'rescan', 'probe'] as const;
export type ResponseStage = (typeof RESPONSE_STAGES)[number];

/** Values of `code` in a `scan` or `rescan` response; the virus event reports infected files instead. */
export const SCAN_VERDICTS = ['clean', 'unscannable', 'skipped'] as const;

const scanner = z
  .string()
  .min(1)
  .max(128)
  .overwrite(withoutControls)
  .optional()
  .describe('Engine and signatures that gave the verdict, such as ClamAV 1.4.6/27000');

const responseFields = {
  mediaId: uuid,
  originalUrl: z.url(),
  success: z.boolean(),
  error: z.string().max(1_000).optional(),
  epoch: epoch.optional(),
  code: z
    .string()
    .max(64)
    .optional()
    .describe('Why it failed; for stages scan and rescan: clean, unscannable or skipped'),
  retryable: z.boolean().optional(),
  width: pixels.optional(),
  height: pixels.optional(),
  durationMs: z.int().nonnegative().max(LIMITS.count).optional(),
  thumbhash: z.base64().max(64).optional(),
  sha256: z.string().optional(),
  contentType: z.string().max(127).regex(PRINTABLE, 'must be printable ASCII').optional(),
  kind: z.enum(MEDIA_KINDS).optional().describe('Absent: derived from contentType'),
  waveform: z.array(z.int().min(0).max(100)).max(WAVEFORM_PEAKS).optional(),
  pageCount: z.int().positive().max(LIMITS.count).optional(),
  percent: z.int().min(0).max(100).optional().describe('With stage progress'),
  scan: z
    .looseObject({ code: z.string().max(64), error: z.string().max(1_000).optional() })
    .optional()
    .describe(
      'With stage final, if the request had joined: code and error of the scan response, which is then omitted',
    ),
  scanner,
  worker: workerReportSchema.optional(),
};

const derivativeFields = {
  url: z.string().min(1).max(2_048).describe('s3://bucket/key, or a URL under the S3 endpoint'),
  size: z.int().nonnegative().describe('Bytes'),
  width: pixels.optional(),
  height: pixels.optional(),
};

/** The response that a worker may send. */
export const optimizeResponseSchema = z
  .looseObject({
    ...responseFields,
    stage: z.enum(RESPONSE_STAGES).optional().describe('Absent: final'),
    processed: z
      .array(
        z.looseObject({ quality: z.enum(DERIVED_QUALITIES), format: z.enum(FORMATS), ...derivativeFields }),
      )
      .max(32)
      .optional(),
  })
  .describe('worker to api: the outcome of a request');
export type OptimizeResponse = z.infer<typeof optimizeResponseSchema>;

export const virusEventSchema = z
  .looseObject({
    mediaId: uuid,
    s3Key: key,
    s3Bucket: z.string().min(1),
    mediaUrl: z.url(),
    virusName: z.string().min(1).max(255).overwrite(withoutControls),
    detectedAt: z.iso.datetime(),
    actionTaken: z.enum(['deleted_from_object_store', 'left_in_place']),
    sha256: z.string().optional().describe('Of the infected bytes: the same bytes elsewhere are blocked too'),
    scanner,
  })
  .describe('worker to api: the source is infected');
export type VirusEvent = z.infer<typeof virusEventSchema>;

export const mediaUploadedSchema = z
  .looseObject({ media: mediaSchema })
  .describe('api to anyone: a media object is stored');
export const mediaUpdatedSchema = z
  .looseObject({ media: mediaSchema })
  .describe('api to anyone: a media object changed; media.rev orders the changes');

/** The JSON Schema files of `schemas/`, by name. */
export const EVENT_SCHEMAS = {
  'media.uploaded': mediaUploadedSchema,
  'media.updated': mediaUpdatedSchema,
  'media.optimize.request': optimizeRequestSchema,
  'media.optimize.response': optimizeResponseSchema,
  'media.optimize.response.virus': virusEventSchema,
  'media.transcode.request': optimizeRequestSchema,
} as const;

import { z } from 'zod';

/** A worker's report on its surroundings, in its answer to a probe. */
export const workerReportSchema = z
  .looseObject({
    time: z.iso.datetime().describe("By the worker's clock"),
    bucket: z.string().max(63),
    storage: z.enum(['ok', 'away']),
    ffmpeg: z.string().max(64).optional().describe('Its version; absent if it does not run'),
    scanPolicy: z.string().max(32),
    missing: z
      .array(z.string().max(64))
      .max(16)
      .optional()
      .describe('Programs and filters without which some files have no preview, or a grey one'),
    scanner: z
      .looseObject({
        state: z.enum(['ok', 'away']),
        version: z.string().max(128).optional(),
        signatureAgeSeconds: z.number().nonnegative().optional(),
        maxBytes: z.int().nonnegative().optional().describe('Larger files are not scanned'),
        missingOptions: z
          .array(z.string().max(64))
          .max(8)
          .optional()
          .describe(
            'Options that are off, without which clamd reports files as clean that it could not inspect',
          ),
      })
      .optional()
      .describe('Absent if nothing is scanned'),
  })
  .describe('With stage probe: what only the worker can see');
export type WorkerReport = z.infer<typeof workerReportSchema>;

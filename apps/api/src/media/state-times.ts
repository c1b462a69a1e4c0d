import { z } from 'zod';

const stateTime = z.object({
  at: z.coerce.date(),
  state: z.string(),
  upload_state: z.string(),
  epoch: z.number(),
  rev: z.number(),
});
export type StateTime = z.infer<typeof stateTime>;

/** When a media object became what, oldest first. What was before the column is not known. */
export const readStateTimes = (column: unknown): StateTime[] => z.array(stateTime).parse(column);

import { z } from 'zod';
import { EVENT_SCHEMAS } from './broker-events.ts';

/** File name → text of each event's JSON Schema (draft 2020-12), as it stands in `schemas/`. */
export const jsonSchemaFiles = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(EVENT_SCHEMAS).map(([name, schema]) => [
      `${name}.schema.json`,
      `${JSON.stringify({ $id: `urn:claimcheck:event:${name}`, ...z.toJSONSchema(schema, { io: 'input' }) }, null, 2)}\n`,
    ]),
  );

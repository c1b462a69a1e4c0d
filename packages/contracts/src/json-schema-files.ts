import { z } from 'zod';
import { EVENT_SCHEMAS } from './broker-events.ts';

/** Returns each event's JSON Schema file (draft 2020-12) by its name in `schemas/`. */
export const jsonSchemaFiles = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(EVENT_SCHEMAS).map(([name, schema]) => [
      `${name}.schema.json`,
      `${JSON.stringify({ $id: `urn:claimcheck:event:${name}`, ...z.toJSONSchema(schema, { io: 'input' }) }, null, 2)}\n`,
    ]),
  );

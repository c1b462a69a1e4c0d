// Writes schemas/*.json from the zod schemas that both ends validate with. A test
// fails when a file is older than its source.
import { mkdirSync, writeFileSync } from 'node:fs';
import { asyncApiDocument } from '../src/asyncapi-document.ts';
import { jsonSchemaFiles } from '../src/json-schema-files.ts';
import { openapiFile } from '../src/openapi/openapi-document.ts';

const folder = new URL('../schemas/', import.meta.url);
mkdirSync(folder, { recursive: true });
for (const [name, text] of Object.entries(jsonSchemaFiles())) writeFileSync(new URL(name, folder), text);
writeFileSync(new URL('asyncapi.json', folder), `${JSON.stringify(asyncApiDocument(), null, 2)}\n`);
writeFileSync(new URL('openapi.json', folder), openapiFile());

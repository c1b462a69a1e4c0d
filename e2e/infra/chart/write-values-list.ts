// What `npm run chart-values` runs: the chart's VALUES.md from values.yaml and values.schema.json.
import { writeFile } from 'node:fs/promises';
import { VALUES_LIST, valuesList } from './values-list.ts';

await writeFile(VALUES_LIST, await valuesList());

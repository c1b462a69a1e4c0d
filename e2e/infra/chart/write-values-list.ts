// `npm run chart-values`: writes the chart's VALUES.md from values.yaml and values.schema.json, and the alerts with the
// default thresholds.
import { writeFile } from 'node:fs/promises';
import { ALERT_RULES, alertRules } from './alert-rules.ts';
import { VALUES_LIST, valuesList } from './values-list.ts';

await writeFile(VALUES_LIST, await valuesList());
await writeFile(ALERT_RULES, await alertRules());

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parse, stringify } from 'yaml';
import { VALUES } from '../chart-values.ts';
import { CHART, renderChart } from '../helm.ts';

/** The alerts with the chart's defaults: what compose.yaml's Prometheus reads. */
export const ALERT_RULES = pathToFileURL(join(CHART, '../../prometheus/alerts.yaml'));

const HEAD = `# Prometheus rules with the chart's default thresholds, for compose.yaml and for the tests in infra/alerts. Written by
# \`npm run chart-values\` from infra/helm/claimcheck/files/alerts.yaml, which explains them.
`;

/** @param sets of the chart, as `--set` takes them */
export const alertRules = async (...sets: string[]): Promise<string> => {
  const { manifests } = await renderChart(VALUES.minimal, {
    sets: ['metrics.prometheusRule.enabled=true', ...sets],
  });
  const rule = manifests.find(({ kind }) => kind === 'PrometheusRule');
  return `${HEAD}${stringify(parse(JSON.stringify(rule?.spec)), { lineWidth: 0 })}`;
};

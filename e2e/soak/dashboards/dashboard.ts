import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Prometheus, Series } from './start-prometheus.ts';

const DASHBOARDS = new URL('../../../infra/helm/claimcheck/files/dashboards/', import.meta.url);

const dashboard = z.object({
  title: z.string(),
  templating: z.object({ list: z.array(z.object({ name: z.string(), query: z.string() })) }),
  panels: z.array(
    z.object({
      type: z.enum(['stat', 'timeseries']),
      title: z.string(),
      fieldConfig: z.object({
        defaults: z.object({
          unit: z.enum(['ops', 'Bps', 's', 'short', 'bytes', 'decbytes', 'percentunit']),
        }),
      }),
      gridPos: z.object({ h: z.number(), w: z.number(), x: z.number(), y: z.number() }),
      targets: z.array(z.object({ expr: z.string(), legendFormat: z.string() })),
    }),
  ),
});
export type Panel = z.infer<typeof dashboard>['panels'][number];

/** A panel with what it shows; `name` is its legend. */
export interface FilledPanel {
  panel: Panel;
  lines: { name: string; points: Series['points'] }[];
}

/** Reads one of the chart's dashboards as Grafana imports it, with the defaults of its variables filled in. */
export const readDashboard = async (name: string): Promise<{ title: string; panels: Panel[] }> => {
  const json = JSON.parse(await readFile(new URL(`${name}.json`, DASHBOARDS), 'utf8'));
  const { title, templating, panels } = dashboard.parse(json);
  const filledIn = (expression: string): string =>
    templating.list.reduce(
      (text, variable) => text.replaceAll(`$${variable.name}`, variable.query),
      expression,
    );
  const withTargets = (panel: Panel): Panel => ({
    ...panel,
    targets: panel.targets.map((target) => ({ ...target, expr: filledIn(target.expr) })),
  });
  return { title, panels: panels.map(withTargets) };
};

const legend = (format: string, labels: Record<string, string>): string =>
  format.replace(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? '');

/** Asks Prometheus what each panel would show. */
export const fillPanels = async (
  panels: readonly Panel[],
  prometheus: Prometheus,
  range: { start: number; end: number; step: number },
): Promise<FilledPanel[]> => {
  const filled: FilledPanel[] = [];
  for (const panel of panels) {
    const lines: FilledPanel['lines'] = [];
    for (const { expr, legendFormat } of panel.targets)
      for (const { labels, points } of await prometheus.queryRange(expr, range))
        lines.push({ name: legend(legendFormat, labels), points });
    filled.push({ panel, lines });
  }
  return filled;
};

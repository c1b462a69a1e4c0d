import { VALUES, type ValuesName } from '../chart-values.ts';
import { type Manifest, renderChart } from '../helm.ts';

/** Finds a manifest of this chart, excluding `extraObjects`. */
export const isOurs = ({ metadata }: Manifest): boolean =>
  metadata.labels?.['app.kubernetes.io/instance'] === 'cc';

/** @throws Error when there is none */
export const pick = (manifests: readonly Manifest[], kind: string, end: string): Manifest => {
  const found = manifests.find((one) => one.kind === kind && one.metadata.name.endsWith(end));
  if (found === undefined) throw new Error(`there is no ${kind} …${end}`);
  return found;
};

/** The chart, rendered with each of the values files. */
export class RenderedChart {
  readonly #rendered = new Map<ValuesName, { text: string; manifests: Manifest[] }>();

  readonly render = async (): Promise<void> => {
    for (const [name, file] of Object.entries(VALUES))
      this.#rendered.set(name as ValuesName, await renderChart(file));
  };

  /** As helm prints it. */
  readonly textOf = (values: ValuesName): string => this.#rendered.get(values)?.text ?? '';

  readonly all = (values: ValuesName): Manifest[] => this.#rendered.get(values)?.manifests ?? [];

  readonly ofKind = (values: ValuesName, kind: string): Manifest[] =>
    this.all(values).filter((manifest) => manifest.kind === kind);

  readonly named = (values: ValuesName, kind: string, end: string): Manifest =>
    pick(this.all(values), kind, end);

  /** Returns everything that runs our processes, the pod of `helm test` included. */
  readonly workloads = (values: ValuesName): Manifest[] =>
    ['Deployment', 'Job', 'CronJob', 'Pod'].flatMap((kind) => this.ofKind(values, kind)).filter(isOurs);
}

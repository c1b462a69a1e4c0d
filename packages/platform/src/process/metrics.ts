import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export { Counter, Gauge, Histogram, Registry };

/** Creates a separate registry per process (or per test), with Node's default metrics on request. */
export const createRegistry = (withDefaults = true): Registry => {
  const registry = new Registry();
  if (withDefaults) collectDefaultMetrics({ register: registry });
  return registry;
};

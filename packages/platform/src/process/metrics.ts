import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export { Counter, Gauge, Histogram, Registry };

// The default of 10 would wake an idle process a hundred times a second.
const LAG_PRECISION_MS = 100;

/** Creates a separate registry per process (or per test), with Node's default metrics on request. */
export const createRegistry = (withDefaults = true): Registry => {
  const registry = new Registry();
  if (withDefaults)
    collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LAG_PRECISION_MS });
  return registry;
};

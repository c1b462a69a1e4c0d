import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { surviveAbuse } from '../harness/abuse/survive-abuse.ts';
import { type System, startSystem } from '../harness/system.ts';

/** `limits.memory` of the api in the chart. */
const POD_MIB = 1_024;

let system: System;
beforeAll(async () => {
  system = await startSystem(inject('stack'));
});
afterAll(() => system?.stop());

test('drill 38: hostile users stop no honest one, and the api stays below its memory', async () => {
  const report = await surviveAbuse(system, { cutUploads: 12, downloads: 60, sockets: 500 }, 15_000);
  console.log(JSON.stringify(report));
  expect(report.peak_mib).toBeLessThan(POD_MIB);
  expect(report.abused.failed).toBe(0);
  expect(report.abused.requests).toBeGreaterThan(10);
  // Much room: hostile and honest clients are one process here, on the same cores as all servers.
  expect(report.abused.p50_ms).toBeLessThan(30 * Math.max(report.idle.p50_ms, 10));
  // The flood was stopped by its cost, and was not answered with errors of the server.
  expect(report.bulk[429]).toBeGreaterThan(0);
  expect(report.bulk[200]).toBeLessThanOrEqual(150);
  for (const statuses of [report.cut, report.bulk]) expect(statuses[500]).toBeUndefined();
});

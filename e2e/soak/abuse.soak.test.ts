import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { surviveAbuse } from '../harness/abuse/survive-abuse.ts';
import { type System, startSystem } from '../harness/system.ts';
import { soakMs } from './soak-minutes.ts';

/** `limits.memory` of the api in the chart. */
const POD_MIB = 1_024;

let system: System;
beforeAll(async () => {
  system = await startSystem(inject('stack'));
});
afterAll(() => system?.stop());

test(
  'hostile users stop no honest one, and the api stays below its memory',
  async () => {
    const report = await surviveAbuse(system, { cutUploads: 100, downloads: 330, sockets: 5_000 }, soakMs());
    console.log(JSON.stringify(report));
    expect(report.peak_mib).toBeLessThan(POD_MIB);
    expect(report.abused.failed).toBe(0);
    expect(report.abused.p95_ms).toBeLessThan(30 * Math.max(report.idle.p95_ms, 10));
  },
  soakMs() * 2 + 600_000,
);

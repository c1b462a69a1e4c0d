import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startReplica } from '../harness/replica.ts';
import { runClaimcheck, runToEnd } from '../harness/run-to-end.ts';
import { type System, startSystem } from '../harness/system.ts';

interface Report {
  ok: boolean;
  checks: { name: string; ok: boolean; detail: string; fix?: string }[];
}

let system: System;
beforeAll(async () => {
  system = await startSystem(inject('stack'));
});
afterAll(() => system?.stop());

const doctor = async (env: Record<string, string> = {}): Promise<{ code: number; report: Report }> => {
  const { code, out, error } = await runClaimcheck(
    { ...system.apiEnv, ...env },
    'doctor',
    '--json',
    '--timeout',
    '5',
  );
  if (out === '') throw new Error(error);
  return { code, report: JSON.parse(out) };
};

const broken = (report: Report) =>
  report.checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`);

test('the doctor sends a probe through the whole ring, in both lanes, and finds nothing wrong', async () => {
  const { code, report } = await doctor();
  expect(broken(report)).toEqual([]);
  expect(code).toBe(0);
  expect(report.checks.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['ring media', 'ring transcode']),
  );
});

describe('one subject misnamed in one process', () => {
  test('the worker answers elsewhere: it refuses to start and names both', async () => {
    const wrong = `${system.appName}.media.optimise.response`;
    const { code, out } = await runToEnd('apps/worker/src/main.ts', {
      ...system.env,
      ADMIN_PORT: '0',
      SUBJECT_OPTIMIZE_RESPONSE: wrong,
    });
    expect(code).toBe(1);
    const reason = out.split('\n').find((line) => line.includes('could not start'));
    expect(reason).toContain(`No JetStream stream takes ${wrong}`);
    expect(reason).toContain(`${system.appName}.media.optimize.response,`);
  });

  test('the api asks elsewhere: the doctor names both, the link, and the fix', async () => {
    const wrong = `${system.appName}.media.optimise.request`;
    const replica = await startReplica(system, { env: { SUBJECT_OPTIMIZE_REQUEST: wrong } });
    try {
      const { code, report } = await doctor({ SUBJECT_OPTIMIZE_REQUEST: wrong });
      expect(code).toBe(1);
      const ring = report.checks.find(({ name }) => name === 'ring media');
      expect(ring?.detail).toContain('broken at the request subject');
      expect(ring?.detail).toContain(wrong);
      expect(ring?.detail).toContain(`${system.appName}.media.optimize.request`);
      expect(ring?.fix).toContain('SUBJECT_OPTIMIZE_REQUEST');
    } finally {
      await replica.service.stop();
    }
  });

  test('the api listens elsewhere: the doctor names what the worker says and nobody hears', async () => {
    const wrong = `${system.appName}.media.optimise.response`;
    const replica = await startReplica(system, { env: { SUBJECT_OPTIMIZE_RESPONSE: wrong } });
    try {
      const { code, report } = await doctor({ SUBJECT_OPTIMIZE_RESPONSE: wrong });
      expect(code).toBe(1);
      const lines = broken(report).join('\n');
      expect(lines).toContain(`broken at the response subject`);
      expect(lines).toContain(`${system.appName}.media.optimize.response: somebody publishes to it`);
      expect(lines).toContain(wrong);
    } finally {
      await replica.service.stop();
    }
  });
});

test('without a worker the doctor says so', async () => {
  await system.apps.api.restart();
  const rings = (report: Report) => report.checks.filter(({ name }) => name.startsWith('ring'));
  expect(rings((await doctor()).report).map(({ ok }) => ok)).toEqual([true, true]);
  await system.apps.worker.stop();
  const { code, report } = await doctor();
  expect(code).toBe(1);
  for (const { detail } of rings(report)) expect(detail).toContain("broken at the worker's lane");
});

import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type DoctorReport, runDoctor } from '../harness/doctor.ts';
import { startReplica } from '../harness/replica.ts';
import { runToEnd } from '../harness/run-to-end.ts';
import { type System, startSystem } from '../harness/system.ts';

let system: System;
beforeAll(async () => {
  system = await startSystem(inject('stack'));
});
afterAll(() => system?.stop());

const doctor = (env: Record<string, string> = {}) => runDoctor({ ...system.apiEnv, ...env });

test('the doctor sends a probe through the whole ring, in both lanes, and finds nothing wrong', async () => {
  const report = await doctor();
  expect(report.broken).toEqual([]);
  expect(report.code).toBe(0);
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
      const report = await doctor({ SUBJECT_OPTIMIZE_REQUEST: wrong });
      expect(report.code).toBe(1);
      const ring = report.checks.find(({ name }) => name === 'ring media');
      expect(ring?.detail).toContain('broken at the request subject');
      expect(ring?.detail).toContain(wrong);
      expect(ring?.detail).toContain(`${system.appName}.media.optimize.request`);
      expect(ring?.fix).toContain('SUBJECT_OPTIMIZE_REQUEST');
    } finally {
      await replica.service.stop();
    }
  });

  test('the api listens elsewhere: answers are heard all the same, and the doctor names both', async () => {
    const right = `${system.appName}.media.optimize.response`;
    const wrong = `${system.appName}.media.optimise.response`;
    const replica = await startReplica(system, { env: { SUBJECT_OPTIMIZE_RESPONSE: wrong } });
    await replica.service.stop();
    for (const [ours, other, env] of [
      [right, wrong, {}],
      [wrong, right, { SUBJECT_OPTIMIZE_RESPONSE: wrong }],
    ] as const) {
      const report = await doctor(env);
      expect(report.line('ring media').verdict).toBe('ok');
      const { verdict, detail, fix } = report.line(`subject ${ours}`);
      expect(verdict).toBe('warning');
      expect(detail).toContain(`it reads ${other} besides`);
      expect(fix).toContain(`api-results --filter ${ours}`);
    }
  });
});

test('streams on more servers than there are: the api refuses to start and names the setting', async () => {
  const { code, out } = await runToEnd('apps/api/src/main.ts', {
    ...system.apiEnv,
    PORT: '0',
    ADMIN_PORT: '0',
    NATS_STREAM_REPLICAS: '3',
  });
  expect(code).toBe(1);
  expect(out).toContain('3 replicas, as NATS_STREAM_REPLICAS says');
});

test('without a worker the doctor says so', async () => {
  await system.apps.api.restart();
  const rings = (report: DoctorReport) => report.checks.filter(({ name }) => name.startsWith('ring'));
  expect(rings(await doctor()).map(({ ok }) => ok)).toEqual([true, true]);
  await system.apps.worker.stop();
  const report = await doctor();
  expect(report.code).toBe(1);
  for (const { detail } of rings(report)) expect(detail).toContain("broken at the worker's lane");
});

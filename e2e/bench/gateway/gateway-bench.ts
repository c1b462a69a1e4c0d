import type { BenchContext, BenchReport } from '../bench-context.ts';
import { formatTable } from '../format-table.ts';
import { describeMachine } from '../measure/machine.ts';
import { median, rounded } from '../measure/median.ts';
import { measureCatchUp, measureScene, type SceneOutcome } from './measure-server.ts';
import { manyRooms, oneRoom, type Scene } from './scenes.ts';
import type { RealtimeServer, RealtimeServerName } from './servers/realtime-server.ts';
import { startGateway } from './servers/start-gateway.ts';
import { startRedis } from './servers/start-redis.ts';
import { startSocketIo } from './servers/start-socket-io.ts';

const NAMES: readonly RealtimeServerName[] = ['bare', 'redis', 'ours'];
const MISSED = 20;

type SceneName = 'one_room' | 'many_rooms';

interface Outcome {
  scenes: Record<SceneName, SceneOutcome>;
  catch_up_ms?: { p50: number; p95: number; max: number };
}

interface Plan {
  scenes: Record<SceneName, Scene>;
  reconnects: number;
  seconds: number;
}

const planOf = (isQuick: boolean): Plan =>
  isQuick
    ? { scenes: { one_room: oneRoom(200), many_rooms: manyRooms(50, 10) }, reconnects: 100, seconds: 1 }
    : { scenes: { one_room: oneRoom(2_000), many_rooms: manyRooms(500, 10) }, reconnects: 1_000, seconds: 5 };

const measureScenes = async (server: RealtimeServer, plan: Plan): Promise<Outcome['scenes']> => {
  try {
    // In this order: the memory of idle sockets is measured in a fresh process.
    const many = await measureScene(server, plan.scenes.many_rooms, plan.seconds);
    const one = await measureScene(server, plan.scenes.one_room, plan.seconds);
    return { many_rooms: many, one_room: one };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${server.name}: ${reason}\n${server.logTail()}`, { cause: error });
  }
};

const measureOurs = async ({ stack }: BenchContext, plan: Plan): Promise<Outcome> => {
  const { one_room, many_rooms } = plan.scenes;
  const server = await startGateway(stack, [...one_room.memberships, ...many_rooms.memberships]);
  try {
    const scenes = await measureScenes(server, plan);
    const catchUp = await measureCatchUp(server, many_rooms, { sockets: plan.reconnects, missed: MISSED });
    return { scenes, catch_up_ms: catchUp };
  } finally {
    await server.stop();
  }
};

const measureYardstick = async (redisUrl: string | undefined, plan: Plan): Promise<Outcome> => {
  const server = await startSocketIo(redisUrl);
  try {
    return { scenes: await measureScenes(server, plan) };
  } finally {
    await server.stop();
  }
};

const describe = ({ scenes, catch_up_ms }: Outcome): string =>
  [
    ...Object.entries(scenes).map(
      ([name, scene]) =>
        `${name} ${Math.round(scene.deliveries_per_second)}/s, ${rounded(scene.cpu_us_per_delivery, 1)} µs each, p50 ${scene.p50_ms}, p99 ${scene.p99_ms} ms, ${rounded(scene.kb_per_connection, 1)} KB`,
    ),
    ...(catch_up_ms === undefined ? [] : [`catch-up p95 ${catch_up_ms.p95} ms`]),
  ].join('; ');

type Rounds = Record<RealtimeServerName, Outcome[]>;

const medianOf = (outcomes: readonly Outcome[], scene: SceneName, field: keyof SceneOutcome): number =>
  rounded(median(outcomes.map(({ scenes }) => scenes[scene][field])), 1);

const summarise = (outcomes: readonly Outcome[], scene: SceneName) => ({
  deliveries_per_second: Math.round(medianOf(outcomes, scene, 'deliveries_per_second')),
  cpu_us_per_delivery: medianOf(outcomes, scene, 'cpu_us_per_delivery'),
  p50_ms: medianOf(outcomes, scene, 'p50_ms'),
  p99_ms: medianOf(outcomes, scene, 'p99_ms'),
});

/** Compares ours with a yardstick of the same round: the machine is the same only within one round. */
const ratio = (rounds: Rounds, yardstick: 'bare' | 'redis', scene: SceneName): number =>
  rounded(
    median(
      rounds.ours.map(
        ({ scenes }, round) =>
          scenes[scene].deliveries_per_second /
          (rounds[yardstick][round]?.scenes[scene].deliveries_per_second ?? Number.NaN),
      ),
    ),
  );

const toReport = (rounds: Rounds, plan: Plan): BenchReport => {
  const { ours } = rounds;
  const catchUp = (field: 'p50' | 'p95' | 'max') =>
    median(ours.map(({ catch_up_ms }) => catch_up_ms?.[field] ?? Number.NaN));
  const scenes = (name: RealtimeServerName) => ({
    one_room: summarise(rounds[name], 'one_room'),
    many_rooms: summarise(rounds[name], 'many_rooms'),
    kb_per_connection: medianOf(rounds[name], 'many_rooms', 'kb_per_connection'),
  });
  const result = {
    machine: describeMachine(),
    rounds: ours.length,
    sockets: {
      one_room: plan.scenes.one_room.memberships[0]?.user_ids.length,
      many_rooms: 10 * plan.scenes.many_rooms.memberships.length,
    },
    ...summarise(ours, 'one_room'),
    kb_per_connection: medianOf(ours, 'many_rooms', 'kb_per_connection'),
    catch_up_sockets: plan.reconnects,
    catch_up_p50_ms: catchUp('p50'),
    catch_up_p95_ms: catchUp('p95'),
    catch_up_max_ms: catchUp('max'),
    ratio_bare: ratio(rounds, 'bare', 'one_room'),
    ratio_redis: ratio(rounds, 'redis', 'one_room'),
    many_rooms: {
      ...summarise(ours, 'many_rooms'),
      ratio_bare: ratio(rounds, 'bare', 'many_rooms'),
      ratio_redis: ratio(rounds, 'redis', 'many_rooms'),
    },
    yardsticks: { bare: scenes('bare'), redis: scenes('redis') },
  };
  const rows = NAMES.flatMap((name) =>
    (['one_room', 'many_rooms'] as const).map((scene) => {
      const { deliveries_per_second, cpu_us_per_delivery, p50_ms, p99_ms } = summarise(rounds[name], scene);
      const kb = medianOf(rounds[name], scene, 'kb_per_connection');
      return [
        name,
        scene,
        deliveries_per_second,
        cpu_us_per_delivery,
        p50_ms,
        p99_ms,
        scene === 'many_rooms' ? kb : undefined,
      ];
    }),
  );
  const table = formatTable(
    ['server', 'scene', 'deliveries/s', 'CPU µs each', 'p50 ms', 'p99 ms', 'KB/socket'],
    rows,
  );
  return {
    result,
    table: `${table}\ncatch-up of ${plan.reconnects} sockets: p50 ${result.catch_up_p50_ms} ms, p95 ${result.catch_up_p95_ms} ms`,
  };
};

/** Measures the gateway, Socket.IO alone and Socket.IO with Redis, in turn, round by round. */
export const gatewayBench = async (context: BenchContext): Promise<BenchReport> => {
  const { options, onProgress } = context;
  const plan = planOf(options.quick);
  const redis = await startRedis(onProgress);
  const measure: Record<RealtimeServerName, () => Promise<Outcome>> = {
    bare: () => measureYardstick(undefined, plan),
    redis: () => measureYardstick(redis.url, plan),
    ours: () => measureOurs(context, plan),
  };
  const rounds: Rounds = { bare: [], redis: [], ours: [] };
  try {
    for (let round = 1; round <= options.rounds; round += 1)
      for (const name of NAMES) {
        const outcome = await measure[name]();
        rounds[name].push(outcome);
        onProgress(`round ${round}, ${name}: ${describe(outcome)}`);
      }
  } finally {
    await redis.stop();
  }
  return toReport(rounds, plan);
};

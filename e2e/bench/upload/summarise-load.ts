import { median, rounded } from '../measure/median.ts';
import { SERVER_NAMES, type ServerName } from '../servers/bench-server.ts';
import type { Round } from './compare-servers.ts';
import type { Load } from './loads.ts';
import type { Measurement } from './measure-load.ts';

type ByServer = Partial<Record<ServerName, number>>;

/** Medians over the rounds; a ratio is the median of the rounds' ratios of our server to another. */
export interface LoadSummary extends ByServer {
  load: string;
  ratio_stock?: number;
  ratio_bare?: number;
  ratio_tusd?: number;
  cpu_s_per_gib: ByServer;
  cpu_ms_per_upload: ByServer;
  s3_requests_per_upload: ByServer;
  peak_mib: ByServer;
}

const ratioTo = (rounds: readonly Round[], other: ServerName): number | undefined => {
  const ratios = rounds.flatMap((round) => {
    const ours = round.get('ours');
    const theirs = round.get(other);
    return ours === undefined || theirs === undefined ? [] : [ours.speed / theirs.speed];
  });
  return ratios.length === 0 ? undefined : rounded(median(ratios));
};

const medians = (rounds: readonly Round[], figure: keyof Measurement): ByServer => {
  const result: ByServer = {};
  for (const name of SERVER_NAMES) {
    const values = rounds.flatMap((round) => round.get(name)?.[figure] ?? []);
    if (values.length > 0) result[name] = rounded(median(values));
  }
  return result;
};

/** Absent entries were not measured. */
export const summariseLoad = (load: Load, rounds: readonly Round[]): LoadSummary => {
  const ratios: Partial<LoadSummary> = {};
  for (const name of ['stock', 'bare', 'tusd'] as const) {
    const ratio = ratioTo(rounds, name);
    if (ratio !== undefined) ratios[`ratio_${name}`] = ratio;
  }
  return {
    load: load.name,
    ...medians(rounds, 'speed'),
    ...ratios,
    cpu_s_per_gib: medians(rounds, 'cpu_s_per_gib'),
    cpu_ms_per_upload: medians(rounds, 'cpu_ms_per_upload'),
    s3_requests_per_upload: medians(rounds, 's3_requests_per_upload'),
    peak_mib: medians(rounds, 'peak_mib'),
  };
};

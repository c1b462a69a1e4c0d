export interface ConfinementPrograms {
  nice: string | undefined;
  prlimit: string | undefined;
  setpriv: string | undefined;
}

/** Limit of reserved memory, not of used memory: with MAX_THREADS a 4K video reserves 2.5 GiB, and uses 0.9. */
const MAX_ADDRESS_SPACE_BYTES = 4 * 1024 ** 3;
/** Each thread needs memory: the number that ffmpeg chooses on a machine of 64 cores would exceed the limit. */
export const MAX_THREADS = 16;
const BACKGROUND_NICENESS = 10;

/**
 * Prefixes a command with the limits that the operating system offers. Each of these programs replaces itself by the next, so
 * there is one process in the end. A missing program only loses its limit.
 *
 * - prlimit: memory and the size of a file; a hostile file ends its decoder, not the machine
 * - setpriv: dies with this process, even if that is killed with -9; gains no privileges
 * - nice: a photo's preview does not wait behind a video
 */
export const confine = (
  command: readonly [string, ...string[]],
  programs: ConfinementPrograms,
  options: { background: boolean; maxFileBytes?: number | undefined },
): [string, ...string[]] => {
  const { nice, prlimit, setpriv } = programs;
  let confined: [string, ...string[]] = [...command];
  if (setpriv !== undefined) confined = [setpriv, '--pdeathsig', 'KILL', '--no-new-privs', '--', ...confined];
  if (prlimit !== undefined) confined = [prlimit, ...limits(options.maxFileBytes), '--', ...confined];
  if (nice !== undefined && options.background)
    confined = [nice, '-n', String(BACKGROUND_NICENESS), ...confined];
  return confined;
};

const limits = (maxFileBytes: number | undefined): string[] => [
  `--as=${MAX_ADDRESS_SPACE_BYTES}`,
  '--core=0',
  ...(maxFileBytes === undefined ? [] : [`--fsize=${maxFileBytes}`]),
];

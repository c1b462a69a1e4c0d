import { availableParallelism } from 'node:os';
import { MediaFailure } from '../job/media-failure.ts';
import { type ConfinementPrograms, confine, MAX_THREADS } from './confinement.ts';
import { inputArguments, type MediaInput } from './containers.ts';
import { isPlausible, PROBED_ENTRIES, type Probe, readProbe } from './probe.ts';
import { type ProgramResult, runProgram } from './run-program.ts';

export interface FfmpegPrograms extends ConfinementPrograms {
  ffmpeg: string;
  ffprobe: string;
}

interface RunOptions {
  signal: AbortSignal;
  timeoutMs: number;
}

const PROBE_TIMEOUT_MS = 30_000;
const VERSION_TIMEOUT_MS = 2_000;
const VERSION_CHARACTERS = 64;
/** Runs of ffprobe until every codec outside the list is known: it stops at the first one. */
const MAX_LISTED = 4;
/** ffmpeg's score for one frame without a successor (mp3dec.c, aacdec.c, ac3dec.c: `return 1`). */
const SINGLE_FRAME_SCORE = 1;

/** FFMPEG_PATH of a worker without ffmpeg: it delivers videos and audio as files. */
export const NO_FFMPEG = 'none';

/** The only place that runs ffmpeg and ffprobe. */
export class Ffmpeg {
  readonly #programs: FfmpegPrograms;
  readonly #maxPixels: number;
  readonly #threads: string;
  #canToneMap = true;

  /**
   * @param options.maxPixels of a decoded picture
   * @param options.cores of this machine, or those that the container may use
   */
  constructor(programs: FfmpegPrograms, options: { maxPixels: number; cores?: number }) {
    const { maxPixels, cores = availableParallelism() } = options;
    this.#programs = programs;
    this.#maxPixels = maxPixels;
    // As many threads as decoders and x264 would choose, within the limit.
    this.#threads = String(Math.min(MAX_THREADS, Math.ceil(cores * 1.5)));
  }

  get isAvailable(): boolean {
    return this.#programs.ffmpeg !== NO_FFMPEG;
  }

  /** Whether it was built with zscale; only then HDR keeps its colours. */
  get canToneMap(): boolean {
    return this.#canToneMap;
  }

  /** Detects the features of its build. */
  async examine(folder: string): Promise<void> {
    if (!this.isAvailable) return;
    const { stdout } = await runProgram({
      command: [this.#programs.ffmpeg, '-hide_banner', '-filters'],
      cwd: folder,
      timeoutMs: VERSION_TIMEOUT_MS,
      signal: new AbortController().signal,
    });
    this.#canToneMap = /\bzscale\b/.test(stdout) && /\btonemap\b/.test(stdout);
  }

  /** Such as `5.1.9-0+deb12u1`. @throws Error when it does not run */
  async version(folder: string): Promise<string> {
    const { exitCode, stdout } = await runProgram({
      command: [this.#programs.ffmpeg, '-version'],
      cwd: folder,
      timeoutMs: VERSION_TIMEOUT_MS,
      signal: new AbortController().signal,
    });
    const [, version] = /^ffmpeg version (\S+)/.exec(stdout) ?? [];
    if (exitCode !== 0 || version === undefined) throw new Error('ffmpeg does not print its version');
    return version.slice(0, VERSION_CHARACTERS);
  }

  /**
   * Returns whether ffmpeg, too, sees a format in the file: by a whole header or by several frames in a row. Random bytes may
   * contain a single frame.
   */
  async recognises(input: Pick<MediaInput, 'folder' | 'file'>, signal: AbortSignal): Promise<boolean> {
    const args = ['-v', 'error', '-of', 'csv=p=0', '-show_entries', 'format=probe_score'];
    const result = await this.#ffprobe(input, args, { signal });
    // It was not denied: reading the file will tell.
    if (result.ended !== 'exited' || REFUSED_CODEC.test(result.stderr)) return true;
    return result.exitCode === 0 && Number(result.stdout) > SINGLE_FRAME_SCORE;
  }

  /**
   * Lists what is in the file. A stream that is not used never decides: its decoder may be off the list, and
   * ffprobe names it all the same.
   *
   * @returns `input` for all further calls; `isEstimated`: the length is a guess by bitrate
   * @throws MediaFailure `unreadable`
   */
  async probe(
    input: MediaInput,
    signal: AbortSignal,
  ): Promise<{ probe: Probe; input: MediaInput; isEstimated: boolean }> {
    const listed: string[] = [];
    for (;;) {
      const opened = listed.length === 0 ? input : { ...input, listed };
      const args = ['-v', 'warning', '-of', 'json', '-show_entries', PROBED_ENTRIES];
      const result = await this.#ffprobe(opened, args, { signal });
      const refused = isFailed(result) ? refusedCodecs(result.stderr, listed) : [];
      if (refused.length > 0 && listed.length < MAX_LISTED) {
        listed.push(...refused);
        continue;
      }
      throwIfFailed(result);
      const isEstimated = /Estimating duration from bitrate/.test(result.stderr);
      return { probe: readProbe(result.stdout), input: opened, isEstimated };
    }
  }

  /**
   * Counts the packets from `fromSeconds` on, and finds the end of the last one, in seconds. `isCut`: the file ends before its
   * index does.
   *
   * @throws MediaFailure `unreadable`
   */
  async findEnd(
    input: MediaInput,
    fromSeconds: number,
    signal: AbortSignal,
  ): Promise<{ seconds: number | undefined; packets: number; isCut: boolean }> {
    let seconds: number | undefined;
    let packets = 0;
    const onLine = (line: string) => {
      packets += 1;
      const [start, length] = line.split(',').map(Number);
      const end = (start ?? Number.NaN) + (Number.isFinite(length) ? (length ?? 0) : 0);
      if (isPlausible(end)) seconds = Math.max(seconds ?? 0, end);
    };
    const result = await this.#ffprobe(
      input,
      [
        ...['-v', 'error', '-read_intervals', `${Math.max(0, fromSeconds)}%`],
        ...['-show_entries', 'packet=pts_time,duration_time', '-of', 'csv=p=0'],
      ],
      { signal, onLine },
    );
    throwIfFailed(result);
    return { seconds, packets, isCut: /partial file|file ended prematurely/i.test(result.stderr) };
  }

  /**
   * Converts a file into others in the same folder. It omits pictures with too many pixels.
   *
   * @param output arguments after the input
   * @param onLine receives each line of `-progress`
   * @throws MediaFailure when ffmpeg cannot read the file or takes too long; Error when the disk is full
   */
  async convert(
    input: MediaInput,
    options: RunOptions & {
      before?: readonly string[];
      output: readonly string[];
      background?: boolean;
      /** Largest output; a larger one ends the run. */
      maxFileBytes?: number;
      onLine?: (line: string) => void;
    },
  ): Promise<void> {
    const command = confine(
      [
        this.#programs.ffmpeg,
        ...['-nostdin', '-hide_banner', '-v', 'error', '-y'],
        ...(options.onLine === undefined ? [] : ['-progress', 'pipe:1', '-stats_period', '0.5']),
        ...['-filter_threads', this.#threads, '-threads', this.#threads],
        ...(options.before ?? []),
        // A stream may grow later, long after ffprobe reported its size. Not for ffprobe, which would then
        // report none.
        ...['-max_pixels', String(this.#maxPixels)],
        ...inputArguments(input),
        ...['-threads', this.#threads],
        ...options.output,
      ],
      this.#programs,
      { background: options.background ?? false, maxFileBytes: options.maxFileBytes },
    );
    const result = await runProgram({
      command,
      cwd: input.folder,
      timeoutMs: options.timeoutMs,
      signal: options.signal,
      ...(options.onLine === undefined ? {} : { onLine: options.onLine }),
    });
    throwIfFailed(result);
  }

  #ffprobe(
    input: Omit<MediaInput, 'demuxer'> & { demuxer?: string },
    args: readonly string[],
    { signal, onLine }: { signal: AbortSignal; onLine?: (line: string) => void },
  ): Promise<ProgramResult> {
    return runProgram({
      command: confine([this.#programs.ffprobe, ...args, ...inputArguments(input)], this.#programs, {
        background: false,
      }),
      cwd: input.folder,
      timeoutMs: PROBE_TIMEOUT_MS,
      signal,
      ...(onLine === undefined ? {} : { onLine }),
    });
  }
}

const REFUSED_CODEC = /Codec \(([\w-]+)\) not on whitelist/;

const refusedCodecs = (stderr: string, known: readonly string[]): string[] => {
  const names = [...stderr.matchAll(new RegExp(REFUSED_CODEC, 'g'))].map(([, name = '']) => name);
  return [...new Set(names)].filter((name) => !known.includes(name));
};

const isFailed = (result: ProgramResult): boolean => result.ended !== 'exited' || result.exitCode !== 0;

const throwIfFailed = (result: ProgramResult): void => {
  if (!isFailed(result)) return;
  if (/No space left on device/.test(result.stderr)) throw new Error('the disk of the job folder is full');
  const detail = result.stderr.trim().split('\n').at(-1) ?? '';
  // A limit was exceeded: presumably the file's own fault, but an operator may raise the limit and redrive.
  if (result.ended !== 'exited')
    throw new MediaFailure('processing_failed', { detail: `${result.ended}: ${detail}` });
  throw new MediaFailure(REFUSED_CODEC.test(result.stderr) ? 'unsupported_codec' : 'unreadable', { detail });
};

import { join } from 'node:path';
import { type ConfinementPrograms, confine } from '../ffmpeg/confinement.ts';
import { type ProgramResult, runProgram } from '../ffmpeg/run-program.ts';

export interface PdfPrograms extends ConfinementPrograms {
  /** Poppler's programs; undefined if they are not installed. */
  pdftoppm: string | undefined;
  pdfinfo: string | undefined;
}

const TIMEOUT_MS = 20_000;
/** Longest edge of the drawn page. Pixels. */
const PAGE_EDGE = 640;
const PAGE_NAME = 'page';

interface PdfCall {
  folder: string;
  /** Name in the folder. */
  file: string;
  signal: AbortSignal;
  maxFileBytes: number;
}

/** The only place that runs poppler, confined like ffmpeg. */
export class Pdf {
  readonly #programs: PdfPrograms;

  constructor(programs: PdfPrograms) {
    this.#programs = programs;
  }

  get isAvailable(): boolean {
    return this.#programs.pdftoppm !== undefined && this.#programs.pdfinfo !== undefined;
  }

  /** Returns the number of pages; undefined when it is encrypted, damaged, or takes too long. */
  async countPages(call: PdfCall): Promise<number | undefined> {
    const result = await this.#run(this.#programs.pdfinfo, [call.file], call);
    const pages = Number(/^Pages:\s+(\d+)$/m.exec(result?.stdout ?? '')?.[1]);
    return Number.isSafeInteger(pages) && pages > 0 ? pages : undefined;
  }

  /** Draws the first page as a PNG. @returns its path; undefined as {@link countPages} */
  async drawFirstPage(call: PdfCall): Promise<string | undefined> {
    const page = ['-png', '-f', '1', '-l', '1', '-singlefile', '-scale-to', String(PAGE_EDGE)];
    const result = await this.#run(this.#programs.pdftoppm, [...page, call.file, PAGE_NAME], call);
    return result === undefined ? undefined : join(call.folder, `${PAGE_NAME}.png`);
  }

  async #run(
    program: string | undefined,
    args: readonly string[],
    { folder, signal, maxFileBytes }: PdfCall,
  ): Promise<ProgramResult | undefined> {
    if (program === undefined) return undefined;
    const command = confine([program, ...args], this.#programs, { background: false, maxFileBytes });
    const result = await runProgram({ command, cwd: folder, timeoutMs: TIMEOUT_MS, signal });
    return result.ended === 'exited' && result.exitCode === 0 ? result : undefined;
  }
}

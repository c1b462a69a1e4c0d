import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** `sh`: each line is a command; `bash`: a script, run as a whole. */
const OF_COMMANDS = ['sh', 'bash'];
/** Languages of blocks that are not commands. */
const NO_COMMANDS = [
  'http',
  'ini',
  'js',
  'json',
  'jsx',
  'ts',
  'tsx',
  'html',
  'java',
  'mermaid',
  'nginx',
  'python',
  'sql',
  'swift',
  'text',
  'yaml',
];
/** The start of inline code that is a command. */
const PROGRAM = /^(?:npm |npx |node |docker |helm |kubectl |git |curl |openssl |cp |for )/;

export interface DocumentedCommand {
  /** `docs/upgrade.md:6`. */
  where: string;
  command: string;
}

/** Returns the pages for those who install, run or change Claimcheck, relative to the repository. */
export const documents = async (): Promise<string[]> => [
  'README.md',
  'CONTRIBUTING.md',
  'ARCHITECTURE.md',
  'infra/runbook.md',
  'infra/helm/claimcheck/README.md',
  'CHANGELOG.md',
  'SECURITY.md',
  'CODE_OF_CONDUCT.md',
  ...(await readdir(join(ROOT, 'docs'), { recursive: true }))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

const inline = (line: string): string[] =>
  [...line.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code).filter((code) => PROGRAM.test(code));

/** Returns the commands of a document: lines of its `sh` blocks, continued ones joined, and inline code. */
export const commandsIn = (document: string, text: string): DocumentedCommand[] => {
  const found: DocumentedCommand[] = [];
  let block: string | undefined;
  let started: DocumentedCommand | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const where = `${document}:${index + 1}`;
    const fence = /^ *```(\S*)$/.exec(line);
    if (fence !== null) {
      block = block === undefined ? (fence[1] ?? '') : undefined;
      if (block !== undefined && ![...OF_COMMANDS, ...NO_COMMANDS].includes(block))
        throw new Error(`${where}: say what the block is: ${[...OF_COMMANDS, ...NO_COMMANDS].join(', ')}`);
    } else if (block === 'sh' && line.trim() !== '') {
      const command = `${started?.command ?? ''}${line.trim()}`;
      started = { where: started?.where ?? where, command: command.replace(/\\$/, '') };
      if (line.endsWith('\\')) continue;
      found.push(started);
      started = undefined;
    } else if (block === undefined) {
      found.push(...inline(line).map((command) => ({ where, command })));
    }
  }
  return found;
};

/** Returns every command that a page asks its reader to type. @throws Error when a block names no language */
export const documentedCommands = async (): Promise<DocumentedCommand[]> => {
  const all = await documents();
  const texts = await Promise.all(all.map((document) => readFile(join(ROOT, document), 'utf8')));
  return all.flatMap((document, index) => commandsIn(document, texts[index] ?? ''));
};

/** Returns the scripts of a document: its `bash` blocks. */
export const scriptsIn = (text: string): string[] =>
  [...text.matchAll(/^```bash\n(.*?)^```$/gms)].map(([, script = '']) => script);

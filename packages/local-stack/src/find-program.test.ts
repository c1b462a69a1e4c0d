import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findProgram, type ProgramSpec, parseVersion } from './find-program.ts';

const spec: ProgramSpec = {
  name: 'some-server',
  module: 'example.org/some-server',
  version: 'v2.15.2',
  minimumVersion: [2, 14],
  howToGet: 'Install some-server.',
};

let root: string;
let env: Record<string, string>;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'claimcheck-find-'));
  env = { PATH: join(root, 'path'), CLAIMCHECK_CACHE_DIR: join(root, 'cache') };
});
afterEach(() => rm(root, { recursive: true, force: true }));

const find = () => findProgram(spec, { env, onProgress: () => undefined });
const onPath = () => join(root, 'path', spec.name);
const inCache = () => join(root, 'cache', 'bin', `${spec.name}-${spec.version}`);

const program = async (path: string, script: string): Promise<void> => {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
};

/** Creates a `go` that records each call and "compiles" a script. */
const fakeGo = () =>
  program(
    join(root, 'path', 'go'),
    `echo "$*" >> "${root}/calls"; printf '#!/bin/sh\\n' > "$GOBIN/${spec.name}"; /bin/chmod 755 "$GOBIN/${spec.name}"`,
  );

it('takes the program on PATH if it is new enough', async () => {
  await program(onPath(), 'echo "some-server: v2.14.0"');
  await program(inCache(), '');
  expect(await find()).toBe(onPath());
});

it('takes the cached one when the one on PATH is too old', async () => {
  await program(onPath(), 'echo "some-server: v2.9.10"');
  await program(inCache(), '');
  expect(await find()).toBe(inCache());
});

it('takes the cached one when the one on PATH does not run', async () => {
  await program(onPath(), 'exit 1');
  await program(inCache(), '');
  expect(await find()).toBe(inCache());
});

it('compiles the pinned version into the cache when Go is installed', async () => {
  await fakeGo();
  expect(await find()).toBe(inCache());
  expect(await readFile(join(root, 'calls'), 'utf8')).toContain('example.org/some-server@v2.15.2');
});

it('compiles once for several simultaneous calls', async () => {
  await fakeGo();
  expect(await Promise.all([find(), find(), find()])).toEqual([inCache(), inCache(), inCache()]);
  expect((await readFile(join(root, 'calls'), 'utf8')).trim().split('\n')).toHaveLength(1);
});

it('reports the error of Go', async () => {
  await program(join(root, 'path', 'go'), 'echo "no route to the proxy" >&2; exit 1');
  await expect(find()).rejects.toThrow(
    /some-server is missing .*Install some-server\..*no route to the proxy/s,
  );
});

it('says how to get the program when Go is missing, too', async () => {
  await expect(find()).rejects.toThrow(
    'some-server is not on PATH, and there is no Go to compile it with. Install',
  );
  await program(onPath(), 'echo "some-server: v2.9.10"');
  await expect(find()).rejects.toThrow('is older than 2.14');
});

it.each([
  ['nats-server: v2.15.2', [2, 15]],
  ['ClamAV 1.4.6/27000', [1, 4]],
  ['minio version DEVELOPMENT', undefined],
])('reads the version of %j', (text, expected) => {
  expect(parseVersion(text)).toEqual(expected);
});

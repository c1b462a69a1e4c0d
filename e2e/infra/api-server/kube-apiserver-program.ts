import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory, findOnPath, isExecutable } from '@claimcheck/local-stack/find-program';
import { withProgress } from '@claimcheck/local-stack/progress';
import { runCommand } from '@claimcheck/local-stack/run-command';
import { z } from 'zod';

const VERSION = '1.34.1';
export const KUBERNETES_VERSION = `v${VERSION}`;
const MODULE = `k8s.io/kubernetes@${KUBERNETES_VERSION}`;
/** Libraries that Kubernetes keeps in its own repository; they are published as v0. */
const STAGED = /^\s*(k8s\.io\/[\w-]+) v0\.0\.0$/gm;
const STAGED_VERSION = VERSION.replace(/^1/, 'v0');

/** The command of Kubernetes itself cannot be installed by name: its module has `replace` lines. */
const MAIN = `package main

import (
	"os"

	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() { os.Exit(cli.Run(app.NewAPIServerCommand())) }
`;
const VERSION_VARIABLE = 'k8s.io/component-base/version.gitVersion';

const onProgress = (line: string) => process.stderr.write(`${line}\n`);
const downloaded = z.object({ GoMod: z.string() });

const compile = async (go: string, folder: string): Promise<void> => {
  const options = { env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=mod' }, cwd: folder };
  await writeFile(join(folder, 'main.go'), MAIN);
  await runCommand(go, ['mod', 'init', 'apiserver'], options);
  const { GoMod: file } = downloaded.parse(
    JSON.parse(await runCommand(go, ['mod', 'download', '-json', MODULE], options)),
  );
  const staged = [...(await readFile(file, 'utf8')).matchAll(STAGED)].map(([, name = '']) => name);
  const replaced = staged.map((name) => `-replace=${name}=${name}@${STAGED_VERSION}`);
  await runCommand(go, ['mod', 'edit', `-require=${MODULE}`, ...replaced], options);
  await runCommand(go, ['mod', 'tidy'], options);
  const flags = `-s -w -X ${VERSION_VARIABLE}=${KUBERNETES_VERSION}`;
  await runCommand(go, ['build', '-ldflags', flags, '-o', 'kube-apiserver', '.'], options);
};

/**
 * Returns Kubernetes' API server: from the cache, else compiled into it, which takes some minutes and 2 GiB of Go's cache.
 * @throws Error that says what is missing
 */
export const kubeApiserverProgram = async (): Promise<string> => {
  const cache = join(cacheDirectory(process.env), 'bin');
  const target = join(cache, `kube-apiserver-${KUBERNETES_VERSION}`);
  if (await isExecutable(target)) return target;
  const go = await findOnPath('go', process.env);
  if (go === undefined)
    throw new Error('kube-apiserver is compiled by Go, which is not on PATH: https://go.dev/dl');
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'compile-kube-apiserver-'));
  try {
    await withProgress(`kube-apiserver ${KUBERNETES_VERSION}: compiling, once`, onProgress, () =>
      compile(go, folder),
    );
    await rename(join(folder, 'kube-apiserver'), target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return target;
};

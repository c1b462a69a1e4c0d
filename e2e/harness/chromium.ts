import { findOnPath } from '@claimcheck/local-stack/find-program';
import { type Browser, chromium } from 'playwright-core';
import { CHROMIUM_NAMES } from './ensure-programs.ts';

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A microphone that beeps, and that the browser gives to a page without asking. */
export const WITH_MICROPHONE = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];

/** @throws Error that names what is missing */
export const launchChromium = async (args: readonly string[] = []): Promise<Browser> => {
  for (const name of CHROMIUM_NAMES) {
    const executablePath = await findOnPath(name, process.env);
    if (executablePath !== undefined) return chromium.launch({ executablePath, args: [...ARGS, ...args] });
  }
  throw new Error('no Chromium on PATH: "apt-get install chromium", or your system\'s package of that name');
};

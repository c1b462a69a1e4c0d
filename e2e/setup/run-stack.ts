// What `npm run test:stack` runs: the servers of the tests, until Ctrl-C. Test runs find and share them,
// which saves their start; each test file has its own database, prefix of subjects and keys.
import { announceStack, withdrawStack } from './running-stack.ts';
import { startTestStack } from './start-test-stack.ts';

const stack = await startTestStack();
await announceStack(stack.env);
console.log('The test stack is ready. Run tests in another terminal; Ctrl-C stops it.');

const stop = async () => {
  await withdrawStack();
  await stack.stop();
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void stop().then(() => process.exit(0));
  });
}
// Nothing else keeps the process from ending.
setInterval(() => undefined, 2 ** 30);

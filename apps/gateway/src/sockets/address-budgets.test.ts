import { expect, test } from 'vitest';
import { AddressBudgets } from './address-budgets.ts';

const takeAll = (budgets: AddressBudgets, address: string): number => {
  let taken = 0;
  while (taken < 100_000 && budgets.take(address)) taken += 1;
  return taken;
};

test('each address has its own budget, which grows again', () => {
  let now = 0;
  const budgets = new AddressBudgets(() => now);
  const burst = takeAll(budgets, '10.0.0.1');
  expect(burst).toBeLessThan(100_000);
  expect(budgets.take('10.0.0.1')).toBe(false);
  expect(takeAll(budgets, '10.0.0.2')).toBe(burst);
  now = 1_000;
  const refilled = takeAll(budgets, '10.0.0.1');
  expect(refilled).toBeGreaterThan(0);
  expect(refilled).toBeLessThan(burst);
});

test('an address in use is remembered however many others come', () => {
  const budgets = new AddressBudgets(() => 0);
  takeAll(budgets, '10.0.0.1');
  for (let count = 0; count < 30_000; count += 1) {
    budgets.take(`other-${count}`);
    if (count % 5_000 === 0) expect(budgets.take('10.0.0.1')).toBe(false);
  }
  expect(budgets.take('10.0.0.1')).toBe(false);
});

import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { HostileWorld } from '../corpus/hostile-world.ts';
import { checkFiles, complaintsOf } from '../corpus/kinds/check-file.ts';
import { films, randomFilm } from '../corpus/kinds/films.ts';
import { writeFormats } from '../corpus/kinds/formats-document.ts';
import { animations, pictures } from '../corpus/kinds/pictures.ts';
import { damaged, files, sounds } from '../corpus/kinds/sound-and-files.ts';
import { seeded } from '../harness/seeded.ts';
import { soakMs } from './soak-minutes.ts';

const WITHIN_MS = 600_000;
const WAVE = 6;

let world: HostileWorld;
beforeAll(async () => {
  world = await HostileWorld.start(inject('stack'));
});
afterAll(() => world?.stop());

test('every kind of file arrives as it must; docs/formats.md says how', async () => {
  const all = [...pictures(), ...animations(), ...films(), ...sounds(), ...files(), ...damaged()];
  const checked = await checkFiles(world, all, WITHIN_MS);
  expect(complaintsOf(checked)).toEqual([]);
  await writeFormats(checked);
}, 900_000);

test(
  'random films arrive upright and whole, for as long as the time allows',
  async () => {
    const random = seeded('random films');
    const endsAt = performance.now() + soakMs();
    let sent = 0;
    while (performance.now() < endsAt) {
      const wave = Array.from({ length: WAVE }, () => randomFilm(random));
      expect(complaintsOf(await checkFiles(world, wave, WITHIN_MS))).toEqual([]);
      sent += wave.length;
    }
    console.log(`${sent} random films`);
    expect(sent).toBeGreaterThan(0);
  },
  soakMs() + 900_000,
);

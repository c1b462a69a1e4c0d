import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { seeded } from '../harness/seeded.ts';
import { HostileWorld } from './hostile-world.ts';
import { checkFiles, complaintsOf } from './kinds/check-file.ts';
import { films, randomFilm } from './kinds/films.ts';
import { animations, pictures } from './kinds/pictures.ts';
import { damaged, files, sounds } from './kinds/sound-and-files.ts';

const WITHIN_MS = 120_000;
const RANDOM_FILMS = 4;
/** A few files of each group; `npm run corpus` sends all of them. */
const EVERY = 4;

let world: HostileWorld;
beforeAll(async () => {
  world = await HostileWorld.start(inject('stack'));
});
afterAll(() => world?.stop());

test('files of every kind arrive as required', async () => {
  const groups = [pictures(), animations(), films(), sounds(), files(), damaged()];
  const some = groups.flatMap((group) => group.filter((_, index) => index % EVERY === 0));
  expect(complaintsOf(await checkFiles(world, some, WITHIN_MS))).toEqual([]);
}, 240_000);

test('films of any container, codec, extra stream, rotation and brightness arrive upright and whole', async () => {
  const random = seeded('random films');
  const some = Array.from({ length: RANDOM_FILMS }, () => randomFilm(random));
  expect(complaintsOf(await checkFiles(world, some, WITHIN_MS))).toEqual([]);
}, 240_000);

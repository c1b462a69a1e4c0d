import { type Explained, explainMedia } from '../../media/reports/explain-media.ts';
import type { Command } from '../command.ts';
import { listMediaObjects, type MediaObjects } from '../list-media-objects.ts';
import { mediaIdArgument, withOperator } from '../operator.ts';
import { toFields, toTable } from '../to-lines.ts';

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', title, ...lines];

const SHOWN = 100;

const firstOf = (rows: readonly object[]): string[] => [
  ...toTable(rows.slice(0, SHOWN)),
  ...(rows.length > SHOWN ? [`and ${rows.length - SHOWN} more: see --json`] : []),
];

const toLines = (story: Explained & MediaObjects): string[] => [
  ...toFields({
    ...story.media,
    client_media_ids: story.client_media_ids.join(' '),
    references: story.references,
  }),
  ...section('states', toTable(story.states)),
  ...section('upload', story.upload === null ? [] : toFields(story.upload)),
  ...section('attempts', toTable(story.attempts)),
  ...section('results', toTable(story.results)),
  ...section('verdicts', toTable(story.verdicts)),
  ...section('derivatives', toTable(story.derivatives)),
  ...section('objects in the bucket', firstOf(story.objects)),
  ...section('objects in the bucket', story.objects_error === undefined ? [] : [story.objects_error]),
  ...section('referred to by', toTable(story.referrers)),
  ...section('fan-out', story.fanout === null ? [] : toFields(story.fanout)),
  ...section('swept again', toTable(story.sweeps)),
  ...section('taken down', story.takedown === null ? [] : toFields(story.takedown)),
];

export const mediaShowCommand: Command = {
  name: 'media show',
  summary:
    'the whole story of a media object: states with times, upload, attempts, results, verdicts, objects, references',
  positionals: ['id'],
  run: async ({ positionals, env, json, print }) => {
    const id = mediaIdArgument(positionals[0]);
    const story = await withOperator(env, async ({ database, settings, config }) => {
      const explained = await explainMedia(database, settings, id);
      return { ...explained, ...(await listMediaObjects(config, explained)) };
    });
    print(json ? JSON.stringify(story) : toLines(story).join('\n'));
    return 0;
  },
};
